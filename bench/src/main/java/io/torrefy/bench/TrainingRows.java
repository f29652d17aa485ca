package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Training steps of whole models.
final class TrainingRows {
    private static final Contender EAGER = Contender.python("torch", "training");
    private static final Contender COMPILED = Contender.python("torch.compile", "training", Map.of("compile", true));
    /// GPT-2 with 13.9 million parameters.
    private static final Map<String, Integer> LARGE =
            Map.of("layers", 6, "hidden", 384, "heads", 6, "sequence", 256, "batch", 8, "vocab", 8192);
    private static final Map<String, Integer> SMALL =
            Map.of("layers", 4, "hidden", 192, "heads", 6, "sequence", 128, "batch", 32, "vocab", 512);

    private TrainingRows() {}

    static List<Row> rows() {
        return List.of(
                step("training-384", "Training step, GPT 6 x 384, 8 x 256 tokens, vocabulary 8192", LARGE)
                        .atLeast(1.2),
                step("training-192", "Training step, GPT 4 x 192, 32 x 128 tokens, vocabulary 512", SMALL)
                        .atLeast(1.35),
                step("training-384-memory", "Peak memory of the 6 x 384 step", LARGE)
                        .onThreads(2)
                        .memoryAtMost(0.7));
    }

    private static Row step(String name, String title, Map<String, Integer> sizes) {
        return Row.of(name, title, "training", sizes).against(EAGER, COMPILED).warmUp(20);
    }
}
