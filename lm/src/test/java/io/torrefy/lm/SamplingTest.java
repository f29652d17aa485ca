package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Laws of what may be drawn and how often.
class SamplingTest {
    private static final float[] P = {0.05f, 0.4f, 0.1f, 0.25f, 0.2f};

    @Test
    void temperatureZeroTakesTheGreatestAndTheFirstOfEqualOnes() {
        Sampling greedy = Sampling.greedy(1);
        assertThat(choose(greedy, P, 0, 0)).isEqualTo(1);
        assertThat(choose(greedy, new float[] {0.1f, 0.4f, 0.1f, 0.4f}, 7, 7)).isEqualTo(1);
    }

    @Test
    void withoutFiltersTokensComeAsOftenAsTheyAreLikely() {
        int[] counts = counts(new Sampling(1, 1, 0, 1, 0, 3, Set.of(), List.of()), P);
        for (int i = 0; i < P.length; i++) {
            // Five standard deviations of a binomial.
            double n = 20_000;
            assertThat(counts[i] / n).isCloseTo(P[i], within(5 * Math.sqrt(P[i] * (1 - P[i]) / n)));
        }
    }

    @Test
    void topKKeepsTheKMostLikelyAndTheirRatios() {
        int[] counts = counts(sampling(2, 1, 0), P);
        assertThat(drawn(counts)).containsExactly(1, 3);
        assertThat((double) counts[1] / counts[3]).isCloseTo(0.4 / 0.25, within(0.1));
        assertThat(drawn(counts(sampling(99, 1, 0), P))).hasSize(5);
        assertThat(drawn(counts(sampling(1, 1, 0), P))).containsExactly(1);
    }

    @Test
    void topPKeepsTheSmallestSetThatReachesP() {
        assertThat(drawn(counts(sampling(0, 0.39, 0), P))).containsExactly(1);
        assertThat(drawn(counts(sampling(0, 0.41, 0), P))).containsExactly(1, 3);
        assertThat(drawn(counts(sampling(0, 0.84, 0), P))).containsExactly(1, 3, 4);
        assertThat(drawn(counts(sampling(0, 0.999, 0), P))).hasSize(5);
        assertThat(drawn(counts(sampling(0, 1e-9, 0), P))).containsExactly(1);
    }

    @Test
    void minPIsAShareOfTheGreatest() {
        assertThat(drawn(counts(sampling(0, 1, 0.6), P))).containsExactly(1, 3);
        assertThat(drawn(counts(sampling(0, 1, 0.2), P))).containsExactly(1, 2, 3, 4);
        assertThat(drawn(counts(sampling(0, 1, 1), P))).containsExactly(1);
    }

    /// The rules by their definitions, in HF transformers' order: top-k, then top-p of what is left, then min-p.
    @Test
    void filtersTogetherAreThoseOfTheirDefinitions() {
        Random random = new Random(5);
        for (int round = 0; round < 40; round++) {
            int n = 1 + random.nextInt(9);
            float[] p = new float[n];
            float sum = 0;
            for (int i = 0; i < n; i++) {
                p[i] = random.nextFloat() + 0.01f;
                sum += p[i];
            }
            for (int i = 0; i < n; i++) {
                p[i] /= sum;
            }
            int k = random.nextInt(n + 2);
            double topP = 0.2 + 0.8 * random.nextDouble();
            double minP = random.nextDouble() * 0.7;
            Set<Integer> allowed = allowed(p, k, topP, minP);
            assertThat(allowed).containsAll(drawn(counts(sampling(k, topP, minP), p)));
            // Each is at least 1 in 100 or so of what is left: 20,000 draws find all.
            assertThat(drawn(counts(sampling(k, topP, minP), p))).containsAll(allowed);
        }
    }

    private static Set<Integer> allowed(float[] p, int k, double topP, double minP) {
        Set<Integer> kept = new TreeSet<>();
        double mass = 0;
        for (int i = 0; i < p.length; i++) {
            if (k == 0 || rank(p, i) < k) {
                kept.add(i);
                mass += p[i];
            }
        }
        Set<Integer> out = new TreeSet<>();
        for (int i : kept) {
            double above = 0;
            for (int j : kept) {
                above += rank(p, j) < rank(p, i) ? p[j] : 0;
            }
            double greatest = kept.stream().mapToDouble(j -> p[j]).max().orElseThrow();
            if ((above < topP * mass && p[i] >= minP * greatest) || above == 0) {
                out.add(i);
            }
        }
        return out;
    }

    private static int rank(float[] p, int i) {
        int rank = 0;
        for (int j = 0; j < p.length; j++) {
            rank += p[j] > p[i] || (p[j] == p[i] && j < i) ? 1 : 0;
        }
        return rank;
    }

    @Test
    void aDrawIsAFunctionOfSeedStreamAndPosition() {
        Sampling one = Sampling.of(1, 1, 11);
        Sampling other = Sampling.of(1, 1, 12);
        int same = 0;
        int alike = 0;
        for (int i = 0; i < 200; i++) {
            assertThat(choose(one, P, 4, i)).isEqualTo(choose(one, P, 4, i));
            same += choose(one, P, 4, i) == choose(one, P, 5, i) ? 1 : 0;
            alike += choose(one, P, 4, i) == choose(other, P, 4, i) ? 1 : 0;
        }
        // Independent draws agree with probability sum p² = 0.275.
        assertThat(same).isBetween(20, 90);
        assertThat(alike).isBetween(20, 90);
    }

    @Test
    void anImpossibleTokenIsNeverDrawn() {
        float[] p = {0, 0, 1e-30f, 0, 0};
        assertThat(drawn(counts(Sampling.of(1, 1, 0), p))).containsExactly(2);
        assertThat(drawn(counts(sampling(3, 0.9, 0), p))).containsExactly(2);
    }

    @Test
    void allThatIsWrongIsSaidAtOnce() {
        assertThatThrownBy(() -> new Sampling(0, -1, -1, 0, 2, 0, Set.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("maxNewTokens", "temperature", "topK", "topP", "minP");
        assertThatThrownBy(() -> Sampling.of(1, Double.NaN, 0)).hasMessageContaining("temperature");
    }

    private static Sampling sampling(int topK, double topP, double minP) {
        return new Sampling(1, 1, topK, topP, minP, 9, Set.of(), List.of());
    }

    /// The token of 20 000 draws, as often as it came.
    private static int[] counts(Sampling sampling, float[] p) {
        int draws = 20_000;
        long[] streams = new long[draws];
        int[] places = new int[draws];
        for (int i = 0; i < draws; i++) {
            streams[i] = i / 100;
            places[i] = i % 100;
        }
        int[] counts = new int[p.length];
        for (int id : choose(sampling, p, streams, places)) {
            counts[id]++;
        }
        return counts;
    }

    private static int choose(Sampling sampling, float[] p, long stream, int draw) {
        return choose(sampling, p, new long[] {stream}, new int[] {draw})[0];
    }

    private static int[] choose(Sampling sampling, float[] p, long[] streams, int[] draws) {
        try (Scope _ = Scope.open()) {
            Tensor logits = Tensor.of(p, 1, p.length).log().expand(streams.length, p.length);
            return sampling.choice().choose(logits, streams, draws).ids();
        }
    }

    private static Set<Integer> drawn(int[] counts) {
        Set<Integer> drawn = new TreeSet<>();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                drawn.add(i);
            }
        }
        return drawn;
    }
}
