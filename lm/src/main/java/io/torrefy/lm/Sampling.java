package io.torrefy.lm;

import io.torrefy.tensor.Rng;
import java.util.ArrayList;
import java.util.Arrays;
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

    /// Chooses a token of a row of probabilities (already at this temperature).
    int choose(float[] probabilities, int from, int n, long stream, long position) {
        if (temperature == 0) {
            return greatest(probabilities, from, n);
        }
        float u = Rng.uniformAt(seed, stream, position);
        if (topK == 0 && topP == 1 && minP == 0) {
            return draw(probabilities, from, n, u);
        }
        float[] kept = keep(probabilities, from, n);
        return draw(kept, 0, n, u);
    }

    private static int greatest(float[] p, int from, int n) {
        int best = 0;
        for (int i = 1; i < n; i++) {
            if (p[from + i] > p[from + best]) {
                best = i;
            }
        }
        return best;
    }

    /// The first token at which the running sum passes u times the total.
    private static int draw(float[] p, int from, int n, float u) {
        double total = 0;
        for (int i = 0; i < n; i++) {
            total += p[from + i];
        }
        double goal = u * total;
        double sum = 0;
        int last = 0;
        for (int i = 0; i < n; i++) {
            if (p[from + i] > 0) {
                sum += p[from + i];
                last = i;
                if (sum > goal) {
                    return i;
                }
            }
        }
        return last;
    }

    /// Zeroes what top-k, top-p and min-p leave out, in that order.
    private float[] keep(float[] p, int from, int n) {
        int[] order = descending(p, from, n);
        int limit = topK == 0 ? n : Math.min(topK, n);
        double total = 0;
        for (int i = 0; i < limit; i++) {
            total += p[from + order[i]];
        }
        float[] kept = new float[n];
        double sum = 0;
        double floor = minP * p[from + order[0]];
        for (int i = 0; i < limit && (i == 0 || (sum < topP * total && p[from + order[i]] >= floor)); i++) {
            kept[order[i]] = p[from + order[i]];
            sum += p[from + order[i]];
        }
        return kept;
    }

    /// The places of `n` probabilities, greatest first, of equal ones the first first. Bits of floats from 0 up are
    /// in the floats' order, so that one sort of numbers does it: vocabularies are large.
    private static int[] descending(float[] p, int from, int n) {
        long[] keys = new long[n];
        for (int i = 0; i < n; i++) {
            keys[i] = (long) (Integer.MAX_VALUE - Float.floatToRawIntBits(p[from + i])) << 32 | i;
        }
        Arrays.sort(keys);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = (int) keys[i];
        }
        return order;
    }
}
