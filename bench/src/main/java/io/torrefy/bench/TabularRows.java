package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Reinforcement learning on tables. The peer needs `--python` to be an interpreter with numpy.
final class TabularRows {
    private static final Contender PYTHON = Contender.python("python", "tabular");

    private TabularRows() {}

    static List<Row> rows() {
        return List.of(
                grid("grid-q", "Grid world with Q-learning, epsilon 0.1", 0.1),
                grid("grid-q-uniform", "Grid world with Q-learning, uniform behaviour", 1),
                Row.of(
                                "value-iteration",
                                "Value iteration, 1000 x 1000 grid, 200 sweeps",
                                "value-iteration",
                                Map.of("size", 1000, "sweeps", 200))
                        .against(PYTHON));
    }

    private static Row grid(String name, String title, double epsilon) {
        return Row.of(name, title, "grid-q", Map.of("epsilon", epsilon, "steps", 50_000_000, "pythonSteps", 100_000))
                .against(PYTHON)
                .atLeast(300)
                .onThreads(1);
    }
}
