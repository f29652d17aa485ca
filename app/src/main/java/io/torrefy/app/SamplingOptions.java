package io.torrefy.app;

import io.torrefy.lm.Sampling;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/// How a command that writes text chooses its tokens.
final class SamplingOptions {
    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Tokens to write at most. Default: ${DEFAULT-VALUE}, or what the model has room for.")
    private int maxTokens = 512;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "Divides the logits; 0 takes the most likely token. Default: ${DEFAULT-VALUE}.")
    private double temperature = 0.7;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Only the K most likely tokens; 0 for all. Default: ${DEFAULT-VALUE}.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Only the most likely tokens that together reach P. Default: ${DEFAULT-VALUE}.")
    private double topP = 0.95;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Only tokens of at least P times the likeliest one's probability. Default: ${DEFAULT-VALUE}.")
    private double minP;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Text that ends the answer and is left out of it; may be given more than once.")
    private List<String> stop = List.of();

    @Option(names = "--seed", paramLabel = "N", description = "The same seed writes the same text. Default: a new one.")
    private Optional<Long> seed = Optional.empty();

    /// The options as one value.
    ///
    /// @param stopIds tokens that end a text
    Sampling sampling(CommonOptions common, Set<Integer> stopIds) {
        common.check(stop.stream().noneMatch(String::isEmpty), "--stop", "a text", "an empty one");
        try {
            return new Sampling(
                    maxTokens,
                    temperature,
                    topK,
                    topP,
                    minP,
                    seed.orElseGet(() -> System.nanoTime() & Integer.MAX_VALUE),
                    stopIds,
                    stop);
        } catch (IllegalArgumentException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }
}
