package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.ppo.Algorithm.Run;
import io.torrefy.posttrain.ppo.Algorithm.Setup;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What holds for every trainer, on a tiny random model.
class PpoTrainersTest {
    private final int threads = Threads.count();

    @TempDir
    Path temporary;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    @ParameterizedTest
    @EnumSource
    void theRewardRises(Algorithm algorithm) throws Exception {
        int steps = 30;
        var setup = new Setup(
                Tiny.rollout(8, 2, 4096), Tiny.optimization(steps, 1e-2, 2, 1), KlPenalty.fixed(0.001), Tiny.EVEN);
        double[] reward = new double[steps];
        try (Run run = algorithm.open(3, setup)) {
            for (int step = 0; step < steps; step++) {
                reward[step] = run.step(step).metrics().get(RunMetrics.REWARD);
            }
        }
        assertThat(mean(reward, steps - 5, steps)).isGreaterThan(mean(reward, 0, 5) + 0.3);
    }

    /// With completions of one token the best policy is known: the reference times exp(reward / coefficient). A
    /// reward of 1 for the even half of an almost uniform reference and a coefficient of 1 put e / (1 + e) = 0.73
    /// there, not 1. Online DPO has another penalty (OnlineDpoTest).
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ONLINE_DPO")
    void thePenaltyHoldsThePolicyAtTheTiltedReference(Algorithm algorithm) throws Exception {
        int steps = 80;
        var setup = new Setup(
                new RolloutOptions(32, 4, 1, 1, 0, 4096, 5),
                new Optimization(steps, 3e-3, 0, true, 1, 1, 1),
                KlPenalty.fixed(1),
                Tiny.EVEN);
        double share = 0;
        try (Run run = algorithm.open(3, setup)) {
            for (int step = 0; step < steps; step++) {
                double reward = run.step(step).metrics().get(RunMetrics.REWARD);
                share += step >= steps - 20 ? reward / 20 : 0;
            }
        }
        assertThat(share).isCloseTo(Math.E / (1 + Math.E), within(0.04));
    }

    private static double mean(double[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum / (to - from);
    }

    @ParameterizedTest
    @EnumSource
    void weightsDoNotDependOnThreads(Algorithm algorithm) throws Exception {
        Threads.use(1);
        List<Map<String, float[]>> one = after(algorithm, 3, Setup.of(3, 100));
        Threads.use(2);
        same(after(algorithm, 3, Setup.of(3, 100)), one);
    }

    private static List<Map<String, float[]>> after(Algorithm algorithm, int steps, Setup setup) throws Exception {
        try (Run run = algorithm.open(3, setup)) {
            List<Map<String, float[]>> before = weights(run);
            for (int step = 0; step < steps; step++) {
                run.step(step);
            }
            List<Map<String, float[]>> after = weights(run);
            for (int i = 0; i < after.size(); i++) {
                Map<String, float[]> old = before.get(i);
                assertThat(after.get(i).entrySet())
                        .as("training moved the weights")
                        .anyMatch(e -> !Arrays.equals(e.getValue(), old.get(e.getKey())));
            }
            return after;
        }
    }

    /// The second trainer begins with other weights, all of which the saved ones replace.
    @ParameterizedTest
    @EnumSource
    void aResumedRunEndsAsOneThatWasNotStopped(Algorithm algorithm) throws Exception {
        Setup setup = Setup.of(4, 100);
        Map<String, Double> last;
        List<Map<String, float[]>> whole;
        try (Run run = algorithm.open(3, setup)) {
            run.step(0);
            run.step(1);
            run.save().at(temporary);
            run.step(2);
            last = Tiny.timeless(run.step(3).metrics());
            whole = weights(run);
        }
        try (Run run = algorithm.open(8, setup)) {
            run.restore().at(temporary);
            run.step(2);
            assertThat(Tiny.timeless(run.step(3).metrics())).isEqualTo(last);
            same(weights(run), whole);
        }
    }

    /// The first update alone: those after it begin from Adam's steps, in which a gradient of a rounding error's
    /// size moves a weight as far as any other.
    @ParameterizedTest
    @EnumSource
    void microBatchesDoNotChangeTheUpdate(Algorithm algorithm) throws Exception {
        try (Run whole = algorithm.open(3, oneUpdate(1_000_000));
                Run cut = algorithm.open(3, oneUpdate(1))) {
            Map<String, Double> expected = Tiny.timeless(whole.step(0).metrics());
            Map<String, Double> actual = Tiny.timeless(cut.step(0).metrics());
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, value) ->
                    assertThat(actual.get(name)).as(name).isCloseTo(value, within(1e-4 * Math.abs(value) + 1e-5)));
        }
    }

    private static Setup oneUpdate(int microBatchTokens) {
        return new Setup(
                Tiny.rollout(4, 2, microBatchTokens),
                Tiny.optimization(1, 1e-2, 1, 1),
                KlPenalty.fixed(0.05),
                Tiny.EVEN);
    }

    /// Where the time went is in the metrics of every step, which the report adds up.
    @ParameterizedTest
    @EnumSource
    void aStepSaysWhereItsTimeWent(Algorithm algorithm) throws Exception {
        try (Run run = algorithm.open(3, Setup.of(1, 100))) {
            Map<String, Double> metrics = run.step(0).metrics();
            double parts = 0;
            for (String part : List.of("rollout", "reward", "log_probs", "update")) {
                parts += metrics.get(RunMetrics.TIME + part);
            }
            assertThat(parts).isPositive().isLessThanOrEqualTo(metrics.get(RunMetrics.STEP_TIME));
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryStaysFlatAndComesBack(Algorithm algorithm) throws Exception {
        long start = Memory.stats().liveBytes();
        List<Long> live = new ArrayList<>();
        try (Run run = algorithm.open(3, Setup.of(8, 100))) {
            for (int step = 0; step < 8; step++) {
                run.step(step);
                live.add(Memory.stats().liveBytes());
            }
        }
        assertThat(live.subList(1, 8)).containsOnly(live.get(1));
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
    }

    @ParameterizedTest
    @EnumSource
    void aScoreThatIsNoNumberNamesTheProblemAndTrainsNothing(Algorithm algorithm) throws Exception {
        Scorer broken = Scorer.ofFunction("broken", _ -> Double.NaN);
        try (Run run = algorithm.open(3, Setup.of(1, 100).withScorer(broken))) {
            List<Map<String, float[]>> before = weights(run);
            assertThatThrownBy(() -> run.step(0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("finite score; got NaN on problem");
            same(weights(run), before);
        }
        try (Run run = algorithm.open(3, Setup.of(1, 100).withScorer(_ -> List.of()))) {
            assertThatThrownBy(() -> run.step(0)).hasMessageContaining("each of 8 completions; got 0");
        }
    }

    /// A group with a completion that has no score teaches nothing, and is counted.
    @ParameterizedTest
    @EnumSource
    void aRewardThatMayFailIsBorne(Algorithm algorithm) throws Exception {
        Rewards odd = Rewards.of("odd", (_, text) -> {
                    if (text.length() % 4 == 0) {
                        throw new IllegalArgumentException("four");
                    }
                    return text.length();
                })
                .withMaxFailures(1);
        try (Run run = algorithm.open(3, Setup.of(2, 100).withScorer(Scorer.of(odd)))) {
            TrainingStep step = run.step(0);
            double failed = step.metrics().get("rewards/odd/failed");
            assertThat(failed).isPositive();
            assertThat((double) step.samples().size()).isPositive().isLessThanOrEqualTo(8 - failed);
            assertThat(step.samples())
                    .allSatisfy(sample ->
                            assertThat(sample.completion().length() % 4).isNotZero());
            assertThat(step.metrics().values())
                    .allSatisfy(value -> assertThat(value).isFinite());
            assertThat(step.warnings()).hasSize(1);
            assertThat(step.warnings().getFirst()).contains("[reward odd]", "four", (int) failed + " of 8", "Hint");
        }
        Rewards never = Rewards.of("never", (_, _) -> Double.NaN).withMaxFailures(1);
        try (Run run = algorithm.open(3, Setup.of(1, 100).withScorer(Scorer.of(never)))) {
            List<Map<String, float[]>> before = weights(run);
            assertThatThrownBy(() -> run.step(0))
                    .hasMessageContaining("a group whose completions all have a score; got none of")
                    .hasMessageContaining("[reward never]");
            same(weights(run), before);
        }
    }

    private static List<Map<String, float[]>> weights(Run run) {
        return run.trained().stream().map(Tiny::weights).toList();
    }

    private static void same(List<Map<String, float[]>> actual, List<Map<String, float[]>> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            Map<String, float[]> model = actual.get(i);
            assertThat(model.keySet()).isEqualTo(expected.get(i).keySet());
            expected.get(i)
                    .forEach((name, values) ->
                            assertThat(model.get(name)).as(name).isEqualTo(values));
        }
    }
}
