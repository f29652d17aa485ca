package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BeamSearchTest {
    private static final List<String> LETTERS = List.of("", "a", "b");
    private static final int MOST = 5;

    /// A model of random, fixed probabilities: any text may come after any.
    private static ScriptedPolicy random(long seed) {
        return new ScriptedPolicy(LETTERS, written -> distribution(seed, written));
    }

    private static double[] distribution(long seed, List<Integer> written) {
        SplittableRandom random = new SplittableRandom(seed * 31 + written.hashCode());
        double[] p = {0.02 + random.nextDouble(), 0.02 + random.nextDouble(), 0.02 + random.nextDouble()};
        double sum = Arrays.stream(p).sum();
        return Arrays.stream(p).map(x -> x / sum).toArray();
    }

    private record Whole(List<Integer> ids, double worth) {}

    /// All texts that end, or are as long as may be.
    private static List<Whole> all(long seed, double penalty) {
        List<Whole> all = new ArrayList<>();
        collect(seed, penalty, List.of(), 0, all);
        return all;
    }

    private static void collect(long seed, double penalty, List<Integer> ids, double logProb, List<Whole> all) {
        if (ids.size() == MOST || (!ids.isEmpty() && ids.getLast() == 0)) {
            all.add(new Whole(ids, logProb / Math.pow(ids.size(), penalty)));
            return;
        }
        double[] p = distribution(seed, ids);
        for (int id = 0; id < p.length; id++) {
            List<Integer> more = new ArrayList<>(ids);
            more.add(id);
            collect(seed, penalty, more, logProb + Math.log(p[id]), all);
        }
    }

    @Test
    void wideEnoughItFindsWhatBruteForceFinds() {
        for (double penalty : new double[] {0, 0.6, 1, 2}) {
            for (long seed = 0; seed < 25; seed++) {
                List<Whole> all = all(seed, penalty);
                Whole best =
                        all.stream().reduce((a, b) -> b.worth > a.worth ? b : a).orElseThrow();
                Solution found = new BeamSearch(all.size(), penalty)
                        .solve(ScriptedPolicy.session(random(seed), ScriptedPolicy.task(), MOST));
                assertThat(found.draft().ids())
                        .as("seed %d, penalty %s", seed, penalty)
                        .containsExactly(best.ids.stream().mapToInt(i -> i).toArray());
                assertThat(found.score()).isCloseTo(best.worth, within(1e-12));
            }
        }
    }

    /// Without a penalty a wider beam may not find better, but never better than all there is; what it says is
    /// worth is the log-probability of what it wrote.
    @Test
    void aNarrowBeamSaysWhatItsDraftIsWorth() {
        for (int n = 1; n <= 4; n++) {
            for (long seed = 0; seed < 25; seed++) {
                Solution found =
                        new BeamSearch(n, 0).solve(ScriptedPolicy.session(random(seed), ScriptedPolicy.task(), MOST));
                List<Integer> ids = Arrays.stream(found.draft().ids()).boxed().toList();
                Whole same = all(seed, 0).stream()
                        .filter(whole -> whole.ids.equals(ids))
                        .findFirst()
                        .orElseThrow();
                assertThat(found.score()).isCloseTo(same.worth, within(1e-12));
            }
        }
    }

    @Test
    void oneBeamIsGreedyTokenForToken() {
        for (long seed = 0; seed < 25; seed++) {
            ScriptedPolicy policy = random(seed);
            Session beam = ScriptedPolicy.session(policy, ScriptedPolicy.task(), MOST);
            Session greedy = ScriptedPolicy.session(policy, ScriptedPolicy.task(), MOST);
            Draft one = new BeamSearch(1, 1).solve(beam).draft();
            Draft other = new Greedy().solve(greedy).draft();
            assertThat(one.ids()).as("seed %d", seed).containsExactly(other.ids());
            assertThat(one.end()).isEqualTo(other.end());
            assertThat(beam.tokens()).isEqualTo(greedy.tokens()).isEqualTo(one.ids().length);
            assertThat(policy.given).isEqualTo(beam.tokens() + greedy.tokens());
        }
    }

    /// Greedy takes a (0.6) and then at best 0.4: 0.24. By b it is 0.4 * 0.9 = 0.36.
    @Test
    void twoBeamsSeePastTheFirstToken() {
        ScriptedPolicy policy = new ScriptedPolicy(LETTERS, written -> switch (written.size()) {
            case 0 -> new double[] {0, 0.6, 0.4};
            case 1 -> written.getFirst() == 1 ? new double[] {0.3, 0.4, 0.3} : new double[] {0.05, 0.9, 0.05};
            default -> new double[] {1, 0, 0};
        });
        assertThat(new Greedy()
                        .solve(ScriptedPolicy.session(policy, ScriptedPolicy.task(), MOST))
                        .draft()
                        .text())
                .isEqualTo("aa");
        Solution found = new BeamSearch(2, 0).solve(ScriptedPolicy.session(policy, ScriptedPolicy.task(), MOST));
        assertThat(found.draft().text()).isEqualTo("ba");
        assertThat(found.score()).isCloseTo(Math.log(0.36), within(1e-12));
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new BeamSearch(0, 1)).hasMessageContaining("n of at least 1; got 0");
        assertThatThrownBy(() -> new BeamSearch(1, -1)).hasMessageContaining("length_penalty");
    }

    @Test
    void theGreatestLogitsComeInOrderTheLowerIdFirst() {
        Policy.Next next = GeneratorPolicy.most(new float[] {9, 1, 3, 2, 3, 0}, 1, 5, 3);
        assertThat(next.ids()).containsExactly(1, 3, 2);
        double sum = Math.exp(1) + 2 * Math.exp(3) + Math.exp(2) + 1;
        assertThat(next.logProbs()[0]).isCloseTo(3 - Math.log(sum), within(1e-12));
        assertThat(next.logProbs()[2]).isCloseTo(2 - Math.log(sum), within(1e-12));
    }
}
