package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.preference.DpoLoss;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OnlineDpoTest {
    private static OnlineDpo.Options options(int problems, int generations) {
        return OnlineDpo.Options.of(Tiny.rollout(problems, generations, 4096), Tiny.optimization(4, 1e-3, 1, 1));
    }

    private static Map<String, Double> step(OnlineDpo.Options options, Scorer scorer) {
        try (CausalLm policy = Tiny.model(3);
                CausalLm reference = Tiny.model(3);
                OnlineDpo dpo = OnlineDpo.of(policy, reference, Tiny.tokenizer(), Tiny.task(), scorer, options)) {
            return dpo.step(0).metrics();
        }
    }

    /// With IPO the best policy is known: a preferred completion's log ratio is 1 / (2 beta) above the other's. Of
    /// completions of one token, a half of which is preferred, an almost uniform reference and beta 1 that puts
    /// √e / (1 + √e) = 0.62 on that half.
    @Test
    void ipoHoldsThePolicyAtItsMargin() {
        int steps = 120;
        var options = new OnlineDpo.Options(
                new RolloutOptions(48, 2, 1, 1, 0, 4096, 5),
                new Optimization(steps, 3e-3, 0, true, 1, 1, 1),
                DpoLoss.Options.defaults().withLossType(LossType.IPO_SUM).withBeta(1),
                true);
        double share = 0;
        try (CausalLm policy = Tiny.model(3);
                CausalLm reference = Tiny.model(3);
                OnlineDpo dpo = OnlineDpo.of(policy, reference, Tiny.tokenizer(), Tiny.task(), Tiny.EVEN, options)) {
            for (int step = 0; step < steps; step++) {
                double reward = dpo.step(step).metrics().get(RunMetrics.REWARD);
                share += step >= steps - 30 ? reward / 30 : 0;
            }
        }
        double root = Math.exp(0.5);
        assertThat(share).isCloseTo(root / (1 + root), within(0.04));
    }

    /// A policy that is the reference pays ln 2 a pair; ties pay nothing where they are dropped.
    @Test
    void theFirstLossIsLn2OfThePairs() {
        Map<String, Double> all = step(options(8, 2).withDropTies(false), Tiny.EVEN);
        assertThat(all.get(RunMetrics.LOSS)).isCloseTo(Math.log(2), within(1e-5));
        Scorer first = Scorer.ofFunction(
                "first letter", r -> r.text().isEmpty() ? 0 : r.text().charAt(0) % 2);
        Map<String, Double> some = step(options(8, 2), first);
        double ties = some.get(RunMetrics.ZERO_VARIANCE);
        assertThat(ties).isStrictlyBetween(0.0, 1.0);
        assertThat(some.get(RunMetrics.LOSS)).isCloseTo(Math.log(2) * (1 - ties), within(1e-5));
        assertThat(some.get("objective/scores_margin")).isCloseTo(1 - ties, within(1e-12));
        assertThat(some.get("objective/kl")).isCloseTo(0, within(1e-4));
        assertThat(some.get("implicit_rewards/margins")).isCloseTo(0, within(1e-5));
    }

    @Test
    void withoutAPreferenceNothingIsTrained() {
        try (CausalLm policy = Tiny.model(3);
                CausalLm reference = Tiny.model(3);
                OnlineDpo dpo = OnlineDpo.of(
                        policy,
                        reference,
                        Tiny.tokenizer(),
                        Tiny.task(),
                        Scorer.ofFunction("one", _ -> 1),
                        options(4, 2))) {
            Map<String, float[]> before = Tiny.weights(policy);
            Map<String, Double> m = dpo.step(0).metrics();
            assertThat(m.get(RunMetrics.ZERO_VARIANCE)).isEqualTo(1);
            assertThat(m.get(RunMetrics.LOSS)).isZero();
            Map<String, float[]> after = Tiny.weights(policy);
            before.forEach((name, values) -> assertThat(after.get(name)).isEqualTo(values));
        }
    }

    /// The best of four against the worst: its margin is the range of the scores.
    @Test
    void ofManyTheBestAndTheWorstAreThePair() {
        double[] range = new double[1];
        Scorer watched = rollouts -> {
            var scores = Tiny.EVEN.score(rollouts);
            for (int p = 0; p < 3; p++) {
                var stats = scores.subList(4 * p, 4 * p + 4).stream()
                        .mapToDouble(s -> s.total())
                        .summaryStatistics();
                range[0] += (stats.getMax() - stats.getMin()) / 3;
            }
            return scores;
        };
        Map<String, Double> m = step(options(3, 4), watched);
        assertThat(m.get("objective/scores_margin")).isCloseTo(range[0], within(1e-12));
        assertThat(range[0]).isPositive();
    }

    @Test
    void aJudgeComparesPairs() {
        PairJudge longer = (first, second) -> {
            int[] better = new int[first.size()];
            for (int i = 0; i < better.length; i++) {
                int a = first.get(i).text().length();
                int b = second.get(i).text().length();
                better[i] = a == b ? PairJudge.NEITHER : a > b ? 0 : 1;
            }
            return better;
        };
        Map<String, Double> m = step(options(8, 2), longer.scorer());
        assertThat(m.get("rewards/judge")).isEqualTo(0.5);
        assertThat(m.get("objective/scores_margin")).isCloseTo(1 - m.get(RunMetrics.ZERO_VARIANCE), within(1e-12));
        PairJudge lazy = (_, _) -> new int[0];
        assertThatThrownBy(() -> step(options(8, 2), lazy.scorer())).hasMessageContaining("each of 8 pairs; got 0");
        PairJudge odd = (first, _) -> first.stream().mapToInt(_ -> 7).toArray();
        assertThatThrownBy(() -> step(options(8, 2), odd.scorer())).hasMessageContaining("0, 1 or -1; got 7");
        assertThatThrownBy(() -> step(options(1, 3), longer.scorer())).hasMessageContaining("numGenerations is 2");
    }

    @Test
    void contradictionsAreNamed() {
        assertThatThrownBy(() -> options(8, 1)).hasMessageContaining("numGenerations of at least 2");
        DpoLoss.Options loss = DpoLoss.Options.defaults();
        assertThatThrownBy(() -> options(8, 2).withLoss(loss.withLossType(LossType.AOT)))
                .hasMessageContaining("single pairs");
        assertThatThrownBy(() -> options(8, 2).withLoss(loss.withUseWeighting(true)))
                .hasMessageContaining("useWeighting");
        var many = OnlineDpo.Options.of(Tiny.rollout(2, 2, 4096), Tiny.optimization(1, 1e-3, 1, 3));
        assertThatThrownBy(() -> step(many, Tiny.EVEN)).hasMessageContaining("at most the 2 pairs");
        try (CausalLm policy = Tiny.model(3);
                CausalLm other = Tiny.model(3, Tiny.tokenizer().vocabSize() + 1)) {
            for (CausalLm reference : List.of(other, policy)) {
                assertThatThrownBy(() -> OnlineDpo.of(
                                policy, reference, Tiny.tokenizer(), Tiny.task(), Tiny.EVEN, options(2, 2)))
                        .hasMessageContaining("[online dpo] expected a reference model");
            }
        }
    }
}
