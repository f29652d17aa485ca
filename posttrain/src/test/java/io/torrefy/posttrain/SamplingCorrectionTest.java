package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.SamplingCorrection.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Weights computed by hand, and what they do to a step.
class SamplingCorrectionTest {
    private static final int STEPS = 4;
    private static final int STALE = 3;
    private static final Rewards EVEN = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);

    /// Probabilities of the tokens of two completions, before the update and at sampling: the ratios are 2, 1/2 and
    /// 4, whose product is 4, and 3.
    private static final List<double[]> TRAINED = List.of(logs(0.5, 0.2, 0.8), logs(0.9));

    private static final List<double[]> SAMPLED = List.of(logs(0.25, 0.4, 0.2), logs(0.3));

    @TempDir
    Path temporary;

    private static double[] logs(double... probabilities) {
        return Arrays.stream(probabilities).map(Math::log).toArray();
    }

    static Stream<Arguments> byHand() {
        double inf = Double.POSITIVE_INFINITY;
        return Stream.of(
                Arguments.of(Mode.NONE, 0, 3, new double[] {1, 1, 1}, new double[] {1}),
                Arguments.of(Mode.TOKEN_TRUNCATE, 0, inf, new double[] {2, 0.5, 4}, new double[] {3}),
                Arguments.of(Mode.TOKEN_TRUNCATE, 0, 2.5, new double[] {2, 0.5, 2.5}, new double[] {2.5}),
                Arguments.of(Mode.TOKEN_TRUNCATE, 0.75, 2.5, new double[] {2, 0.75, 2.5}, new double[] {2.5}),
                Arguments.of(Mode.TOKEN_MASK, 0, 2.5, new double[] {2, 0.5, 0}, new double[] {0}),
                Arguments.of(Mode.TOKEN_MASK, 0.75, 3.5, new double[] {2, 0, 0}, new double[] {3}),
                Arguments.of(Mode.SEQUENCE_TRUNCATE, 0, inf, new double[] {4, 4, 4}, new double[] {3}),
                Arguments.of(Mode.SEQUENCE_TRUNCATE, 0, 3.5, new double[] {3.5, 3.5, 3.5}, new double[] {3}),
                Arguments.of(Mode.SEQUENCE_TRUNCATE, 3.25, 5, new double[] {4, 4, 4}, new double[] {3.25}),
                Arguments.of(Mode.SEQUENCE_MASK, 0, 3.5, new double[] {0, 0, 0}, new double[] {3}),
                Arguments.of(Mode.SEQUENCE_MASK, 3.5, 5, new double[] {4, 4, 4}, new double[] {0}));
    }

    @ParameterizedTest
    @MethodSource
    void byHand(Mode mode, double clipMin, double clipMax, double[] first, double[] second) {
        SamplingCorrection correction = new SamplingCorrection(mode, clipMin, clipMax);
        List<double[]> expected = List.of(first, second);
        for (int i = 0; i < 2; i++) {
            double[] weights = correction.weights(TRAINED.get(i), SAMPLED.get(i));
            assertThat(weights).hasSameSizeAs(expected.get(i));
            for (int t = 0; t < weights.length; t++) {
                assertThat(weights[t]).isCloseTo(expected.get(i)[t], within(1e-12));
            }
        }
        assertThat(correction.weights(new double[0], new double[0])).isEmpty();
    }

    @Test
    void metricsCountACompletionOnceWhereItHasOneWeight() {
        List<double[]> weights = List.of(new double[] {2, 2, 2}, new double[0], new double[] {3});
        assertThat(new SamplingCorrection(Mode.SEQUENCE_MASK, 0, 5).counted(weights))
                .containsExactly(2, 3);
        assertThat(new SamplingCorrection(Mode.TOKEN_MASK, 0, 5).counted(weights))
                .containsExactly(2, 2, 2, 3);
    }

    @Test
    void boundsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new SamplingCorrection(Mode.TOKEN_MASK, -1, 0))
                .hasMessageContaining("clipMin of at least 0; got -1")
                .hasMessageContaining("a positive clipMax");
        assertThatThrownBy(() -> new SamplingCorrection(Mode.TOKEN_MASK, 2, 1))
                .hasMessageContaining("at least clipMin 2.0; got 1.0");
        assertThatThrownBy(() -> new SamplingCorrection(Mode.TOKEN_MASK, 0, 1).weights(new double[2], new double[1]))
                .hasMessageContaining("the same tokens; got 2 and 1");
    }

    // ---- in a step -------------------------------------------------------------------------------------------------

    /// @param wide whether nothing is clipped
    private static Grpo grpo(CausalLm policy, SamplingCorrection correction, boolean wide, GrpoLoss.LossType type) {
        Grpo.Options o = TinyBase.options(STEPS, 0.02, 1, 300, 0);
        GrpoLoss.Options loss = o.loss().withLossType(type);
        Grpo.Options options = new Grpo.Options(
                o.steps(),
                o.problems(),
                o.numGenerations(),
                o.maxCompletionLength(),
                o.temperature(),
                o.learningRate(),
                o.warmup(),
                o.decay(),
                o.numIterations(),
                o.scale(),
                wide ? loss.withEpsilonLow(1).withEpsilonHigh(1e9) : loss,
                o.maxGradNorm(),
                o.microBatchTokens(),
                o.seed());
        return Grpo.of(
                policy,
                null,
                null,
                TinyBase.tokenizer(),
                Countdown.standard(),
                EVEN,
                options,
                RolloutPlan.DEFAULT.withMaxStaleness(STALE).withCorrection(correction));
    }

    /// Metrics of the second step, whose batch the first weights sampled; the weights that are trained have the
    /// same bits whatever the correction.
    private Map<String, Double> second(SamplingCorrection correction) throws IOException {
        try (CausalLm policy = TinyBase.model(3)) {
            try (Grpo grpo = grpo(policy, SamplingCorrection.NONE, true, GrpoLoss.LossType.DAPO)) {
                grpo.step(0);
                grpo.save(temporary);
            }
            try (Grpo grpo = grpo(policy, correction, true, GrpoLoss.LossType.DAPO)) {
                grpo.restore(temporary);
                return grpo.step(1).metrics();
            }
        }
    }

    private static double metric(Map<String, Double> metrics, String name) {
        return Objects.requireNonNull(metrics.get(name), name);
    }

    /// Where nothing is clipped and nothing bounded, w · d(p/p) is d(p/q): both forms have one gradient.
    @Test
    void withoutBoundsItIsTheRatioToWhatSampled() throws IOException {
        Map<String, Double> direct = second(SamplingCorrection.NONE);
        Map<String, Double> weighted = second(new SamplingCorrection(Mode.TOKEN_TRUNCATE, 0, Double.POSITIVE_INFINITY));
        assertThat(metric(direct, RunMetrics.LOGP_DIFFERENCE)).as("stale").isGreaterThan(1e-3);
        assertThat(metric(weighted, RunMetrics.GRAD_NORM))
                .isCloseTo(metric(direct, RunMetrics.GRAD_NORM), within(2e-5 * metric(direct, RunMetrics.GRAD_NORM)));
        assertThat(metric(weighted, RunMetrics.SAMPLING_RATIO))
                .isCloseTo(metric(direct, RunMetrics.SAMPLING_RATIO), within(1e-5));
        assertThat(metric(weighted, RunMetrics.SAMPLING_RATIO_MAX)).isGreaterThan(1);
        assertThat(metric(weighted, RunMetrics.SAMPLING_RATIO_MIN)).isLessThan(1);
        assertThat(direct).doesNotContainKey(RunMetrics.SAMPLING_RATIO_MAX);
    }

    /// A bound that every weight is beyond leaves nothing of the step, or of each token as much as it says.
    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"TOKEN_MASK", "SEQUENCE_MASK"})
    void whatIsMaskedTeachesNothing(Mode mode) {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, new SamplingCorrection(mode, 0, 1e-9), false, GrpoLoss.LossType.DAPO)) {
            Map<String, Double> metrics = grpo.step(0).metrics();
            assertThat(metric(metrics, RunMetrics.GRAD_NORM)).isZero();
            assertThat(metric(metrics, RunMetrics.SAMPLING_RATIO_MAX)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"TOKEN_TRUNCATE", "SEQUENCE_TRUNCATE"})
    void aCapScalesTheGradient(Mode mode) {
        double[] norms = new double[2];
        for (int i = 0; i < 2; i++) {
            try (CausalLm policy = TinyBase.model(3);
                    Grpo grpo = grpo(
                            policy,
                            new SamplingCorrection(mode, 0, i == 0 ? 0.25 : 0.125),
                            false,
                            GrpoLoss.LossType.DAPO)) {
                norms[i] = metric(grpo.step(0).metrics(), RunMetrics.GRAD_NORM);
            }
        }
        assertThat(norms[0]).isPositive().isCloseTo(2 * norms[1], within(1e-6 * norms[0]));
    }

    @Test
    void vespoHasItsOwn() {
        try (CausalLm policy = TinyBase.model(3)) {
            assertThatThrownBy(() -> grpo(
                            policy, new SamplingCorrection(Mode.SEQUENCE_MASK, 0, 3), false, GrpoLoss.LossType.VESPO))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no sampling correction with VESPO");
        }
    }
}
