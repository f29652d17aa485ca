package io.torrefy.lm;

import io.torrefy.export.Export;
import io.torrefy.tensor.TokenChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// How tokens are chosen and when to stop.
///
/// @param temperature divides the logits; 0 takes the most likely token
/// @param topK keep the k most likely tokens; 0 for all
/// @param topP keep the smallest set of most likely tokens whose probability reaches p; 1 for all
/// @param minP keep tokens of at least p times the most likely one's probability; 0 for all
/// @param seed of the draws: a sample is a function of (seed, its stream, its position), whatever else is generated
///     beside it
/// @param stopIds tokens that end a sequence, kept as its last token
/// @param stopStrings texts that end a sequence
@Export(value = "lm.Sampling", since = "0.1")
public record Sampling(
        int maxNewTokens,
        double temperature,
        int topK,
        double topP,
        double minP,
        long seed,
        Set<Integer> stopIds,
        List<String> stopStrings) {

    public Sampling {
        List<String> problems = new ArrayList<>();
        if (maxNewTokens < 1) {
            problems.add("maxNewTokens must be positive; got " + maxNewTokens);
        }
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            problems.add("temperature must be at least 0; got " + temperature);
        }
        if (topK < 0) {
            problems.add("topK must be at least 0; got " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            problems.add("topP must be in (0, 1]; got " + topP);
        }
        if (!(minP >= 0 && minP <= 1)) {
            problems.add("minP must be in [0, 1]; got " + minP);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("[sampling] " + String.join("; ", problems));
        }
        stopIds = Set.copyOf(stopIds);
        stopStrings = List.copyOf(stopStrings);
    }

    /// The most likely token each time.
    public static Sampling greedy(int maxNewTokens) {
        return new Sampling(maxNewTokens, 0, 0, 1, 0, 0, Set.of(), List.of());
    }

    /// From the model's own distribution.
    public static Sampling of(int maxNewTokens, double temperature, long seed) {
        return new Sampling(maxNewTokens, temperature, 0, 1, 0, seed, Set.of(), List.of());
    }

    public Sampling withStopIds(Set<Integer> ids) {
        return new Sampling(maxNewTokens, temperature, topK, topP, minP, seed, ids, stopStrings);
    }

    public Sampling withStopStrings(List<String> texts) {
        return new Sampling(maxNewTokens, temperature, topK, topP, minP, seed, stopIds, texts);
    }

    /// The part of this that chooses one token.
    TokenChoice choice() {
        return new TokenChoice(temperature, topK, topP, minP, seed);
    }
}
