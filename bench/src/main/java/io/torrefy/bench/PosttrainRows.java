package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Whole steps of post-training.
final class PosttrainRows {
    private PosttrainRows() {}

    static List<Row> rows() {
        return List.of(grpo());
    }

    /// A Llama of 192 x 4 with 1.7 million parameters.
    private static Row grpo() {
        Map<String, Integer> sizes = Map.of(
                "hidden",
                192,
                "layers",
                4,
                "heads",
                6,
                "intermediate",
                448,
                "vocab",
                512,
                "prompts",
                8,
                "generations",
                8,
                "new",
                64);
        return Row.of("grpo", "GRPO step 192 x 4, 8 prompts x 8 samples x 64 tokens", "grpo", sizes)
                .against(Contender.python("trl", "grpo"))
                .onThreads(2)
                .warmUp(20)
                .atLeast(3);
    }
}
