package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Steps of environments for reinforcement learning. The peer needs `--python` to be an interpreter with Gymnasium.
final class EnvironmentRows {
    private static final int SLOTS = 1024;

    private EnvironmentRows() {}

    static List<Row> rows() {
        return List.of(
                row("cartpole", "CartPole, one environment", Map.of("env", "CartPole-v1", "steps", 2_000_000), 20_000)
                        .atLeast(100),
                row(
                                "cartpole-1024",
                                "CartPole, 1024 at once",
                                Map.of("env", "CartPole-v1", "slots", SLOTS, "steps", 4096 * SLOTS),
                                512 * SLOTS)
                        .atLeast(20));
    }

    /// @param theirs steps of a run of the peer's, which would take long for as many as ours
    private static Row row(String name, String title, Map<String, Object> args, int theirs) {
        return Row.of(name, title, "environments", args)
                .onThreads(1)
                .against(Contender.python("gymnasium", "environments", Map.of("steps", theirs)));
    }
}
