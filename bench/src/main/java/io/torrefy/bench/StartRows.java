package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// What a user waits for before anything happens.
final class StartRows {
    private StartRows() {}

    static List<Row> rows() {
        return List.of(Row.of("start", "Start: torrefy --version; import of the peer", "start", Map.of())
                .against(
                        Contender.python("torch", "start", Map.of("module", "torch")),
                        Contender.python("trl", "start", Map.of("module", "trl.trainer.grpo_trainer")))
                .onThreads(Machine.cores()));
    }
}
