package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.GrpoLoss.ImportanceLevel;
import io.torrefy.posttrain.GrpoLoss.LossType;
import io.torrefy.posttrain.GrpoLoss.Metrics;
import io.torrefy.posttrain.GrpoLoss.Normaliser;
import io.torrefy.posttrain.GrpoLoss.Options;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Known values of the formulas, in float64, and the laws the losses keep.
class GrpoLossTest {
    private static final double[] OLD = {-1, -.5, -2, -.7, -.3, -1.2, -.9, -1.1, -.4};
    private static final double[] NEW = {-.9, -.8, -1.6, -.7, -.35, -1, -1.3, -.8, -.5};
    private static final double[] REF = {-1.2, -.6, -1.9, -.9, -.3, -1.1, -1, -1, -.6};
    private static final double[] ADVANTAGES = {1, -.5, -1.5};
    private static final int[] LENGTHS = {4, 3, 2};
    private static final Options PLAIN =
            Options.defaults().withMaxCompletionLength(8).withUseBiasCorrectionKl(false);

    /// A loss with its gradient.
    private record Value(double loss, double[] gradient, Metrics metrics) {}

    @Test
    void agreesWithTheTable() {
        row(PLAIN, 0.391654527, 0.091374588, 0.034265470);
        row(PLAIN.withBeta(.04), 0.392466292, 0.092269279, 0.034600980);
        row(PLAIN.withEpsilonHigh(.28), 0.384987861, 0.082485699, 0.030932137);
        row(PLAIN.withDelta(1.3), 0.379189825, 0.083064787, 0.031149295);
        var sequence = PLAIN.withImportanceLevel(ImportanceLevel.SEQUENCE);
        row(sequence, 0.355502496, 0.054499443, 0.020437291);
        row(sequence.withEpsilonLow(3e-4).withEpsilonHigh(4e-4), 0.385735459, 0.090384750, 0.033894281);
        single(PLAIN.withLossType(LossType.CISPO).withEpsilonHigh(5), 0.129210525);
        single(PLAIN.withLossType(LossType.CISPO).withEpsilonHigh(1.2), 0.098500796);
        single(PLAIN.withLossType(LossType.SAPO), 0.629842760);
        single(sequence.withLossType(LossType.LUSPO), 0.163498330);
        single(PLAIN.withLossType(LossType.LUSPO), 0.274123764);
        single(PLAIN.withLossType(LossType.GRPO).withBeta(.04).withUseBiasCorrectionKl(true), .392501, 1e-6);
    }

    @Test
    void metricsAgreeWithTheTable() {
        Metrics plain = whole(PLAIN).metrics();
        assertThat(plain.kl()).isCloseTo(0.022367272, within(1e-9));
        assertThat(plain.clipLow()).isEqualTo(1 / 9.0);
        assertThat(plain.clipHigh()).isEqualTo(1 / 9.0);
        assertThat(plain.clipRegion()).isEqualTo(2 / 9.0);
        assertThat(plain.tokens()).isEqualTo(9);
        assertThat(plain.ratios()).isEqualTo(9);
        assertThat(whole(PLAIN.withUseBiasCorrectionKl(true)).metrics().kl()).isCloseTo(.023421, within(1e-6));
        assertThat(whole(PLAIN.withImportanceLevel(ImportanceLevel.SEQUENCE))
                        .metrics()
                        .ratios())
                .isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource
    void gradientIsTheDifferenceQuotient(LossType type) {
        for (var level : ImportanceLevel.values()) {
            var options = of(type).withImportanceLevel(level)
                    .withBeta(.1)
                    .withUseBiasCorrectionKl(true)
                    .withDelta(1.4);
            if (type == LossType.CISPO || type == LossType.VESPO) {
                continue; // they differ from the gradient of their value on purpose: part of it is held constant
            }
            Value value = whole(options);
            double[] quotient = new double[NEW.length];
            double h = 1e-6;
            for (int i = 0; i < NEW.length; i++) {
                double[] up = NEW.clone();
                double[] down = NEW.clone();
                up[i] += h;
                down[i] -= h;
                double[] advantages = ADVANTAGES;
                quotient[i] = (value(options, up, OLD, REF, advantages, LENGTHS, Normaliser.of(LENGTHS)).loss
                                - value(options, down, OLD, REF, advantages, LENGTHS, Normaliser.of(LENGTHS)).loss)
                        / (2 * h);
            }
            Close.check(type + " " + level, value.gradient, quotient, 1e-7, 1e-8);
        }
    }

    @ParameterizedTest
    @EnumSource
    void microBatchesAddUpToTheWhole(LossType type) {
        for (var level : ImportanceLevel.values()) {
            var options = of(type).withImportanceLevel(level).withBeta(.04);
            var normaliser = Normaliser.of(LENGTHS);
            Value whole = whole(options);
            double loss = 0;
            double[] gradient = new double[0];
            Metrics metrics = new Metrics(0, 0, 0, 0, 0, 0, 0);
            // The middle micro-batch has no token at all.
            for (int[] part : new int[][] {{0, 2}, {2, 2}, {2, 3}}) {
                Value value = part(options, part[0], part[1], normaliser);
                loss += value.loss;
                gradient = concat(gradient, value.gradient);
                metrics = metrics.plus(value.metrics);
            }
            if (type != LossType.BNPO) { // local by definition
                assertThat(loss).isCloseTo(whole.loss, within(1e-12));
                Close.check("gradient", gradient, whole.gradient, 1e-12, 1e-14);
            }
            assertThat(metrics.kl()).isCloseTo(whole.metrics.kl(), within(1e-12));
            assertThat(metrics.clipLow()).isCloseTo(whole.metrics.clipLow(), within(1e-12));
            assertThat(metrics.clipHigh()).isCloseTo(whole.metrics.clipHigh(), within(1e-12));
            assertThat(metrics.clipRegion()).isCloseTo(whole.metrics.clipRegion(), within(1e-12));
            assertThat(metrics.ratioMean()).isCloseTo(whole.metrics.ratioMean(), within(1e-12));
            assertThat(metrics.tokens()).isEqualTo(9);
        }
    }

    @Test
    void bnpoIsTheMeanOfLocalTokenMeans() {
        var normaliser = Normaliser.of(LENGTHS);
        var token = of(LossType.DAPO);
        double first = value(token, 0, 1).loss;
        double rest = value(token, 1, 3).loss;
        var local = of(LossType.BNPO);
        double sum = part(local, 0, 1, normaliser).loss + part(local, 1, 3, normaliser).loss;
        assertThat(sum).isCloseTo((first + 2 * rest) / 3, within(1e-12));
    }

    @ParameterizedTest
    @EnumSource
    void sequencesWithoutTokensChangeOnlyTheCount(LossType type) {
        for (var level : ImportanceLevel.values()) {
            var options = of(type).withImportanceLevel(level).withBeta(.04);
            double[] advantages = {9, 1, -.5, 4, -1.5, -7};
            int[] lengths = {0, 4, 3, 0, 2, 0};
            var normaliser = new Normaliser(3, 9);
            Value with = value(options, NEW, OLD, REF, advantages, lengths, normaliser);
            // BNPO weighs a micro-batch by its sequences: these are twice as many.
            double factor = type == LossType.BNPO ? 2 : 1;
            assertThat(with.loss).isCloseTo(factor * whole(options).loss, within(1e-12));
            assertThat(with.metrics).isEqualTo(whole(options).metrics);
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingToLearnFromIsAZeroThatStaysInTheGraph(LossType type) {
        Value value = value(
                of(type),
                new double[0],
                new double[0],
                null,
                new double[] {1, 2},
                new int[] {0, 0},
                new Normaliser(4, 0));
        assertThat(value.loss).isZero();
        assertThat(value.gradient).isEmpty();
        assertThat(value.metrics.tokens()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void equalRewardsGiveNoGradient(LossType type) {
        double[] advantages = Advantages.group(new double[] {.3, .3, .3}, 3, Advantages.Scale.GROUP);
        Value value = value(of(type), NEW, OLD, REF, advantages, LENGTHS, Normaliser.of(LENGTHS));
        assertThat(value.loss).isZero();
        assertThat(Arrays.stream(value.gradient)).hasSize(9).allMatch(g -> g == 0); // of either sign
    }

    @ParameterizedTest
    @EnumSource
    void betaZeroIsNoReference(LossType type) {
        Value with = whole(of(type));
        Value without = value(of(type), NEW, OLD, null, ADVANTAGES, LENGTHS, Normaliser.of(LENGTHS));
        assertThat(with.loss).isEqualTo(without.loss);
        assertThat(with.gradient).containsExactly(without.gradient);
        assertThat(with.metrics.kl()).isPositive();
        assertThat(without.metrics.kl()).isNaN();
    }

    /// With old == new a clipped loss is -mean A while its gradient is REINFORCE's, -A a token.
    @ParameterizedTest
    @EnumSource(names = {"GRPO", "BNPO", "DR_GRPO", "DAPO", "LUSPO"})
    void onPolicyTheRatioIsOneAndTheGradientIsReinforce(LossType type) {
        Value value = value(of(type), NEW, NEW, NEW, ADVANTAGES, LENGTHS, Normaliser.of(LENGTHS));
        assertThat(value.metrics.ratioMean()).isEqualTo(1);
        assertThat(value.metrics.clipRegion()).isZero();
        assertThat(value.metrics.kl()).isZero();
        double[] weight = switch (type) {
            case GRPO -> new double[] {1 / 12.0, 1 / 9.0, 1 / 6.0};
            case DR_GRPO -> new double[] {1 / 24.0, 1 / 24.0, 1 / 24.0};
            case LUSPO -> new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0};
            default -> new double[] {1 / 9.0, 1 / 9.0, 1 / 9.0};
        };
        double[] expected = IntStream.range(0, 9)
                .mapToDouble(t -> {
                    int i = t < 4 ? 0 : t < 7 ? 1 : 2;
                    return -ADVANTAGES[i] * weight[i];
                })
                .toArray();
        Close.check("gradient", value.gradient, expected, 1e-12, 0);
        assertThat(value.loss).isCloseTo(Arrays.stream(expected).sum(), within(1e-12));
    }

    @ParameterizedTest
    @EnumSource
    void weightsOfOneAreNoWeightsAndZeroLeavesOnlyTheKl(LossType type) {
        var options = of(type).withBeta(.5);
        double[] ones = new double[9];
        Arrays.fill(ones, 1);
        Value one = weighted(options, ADVANTAGES, ones);
        assertThat(one.loss).isEqualTo(whole(options).loss);
        Value zero = weighted(options, ADVANTAGES, new double[9]);
        Value kl = weighted(options, new double[3], null);
        assertThat(zero.loss).isCloseTo(kl.loss, within(1e-15)).isPositive();
        Close.check("gradient", zero.gradient, kl.gradient, 1e-12, 1e-15);
    }

    @Test
    void defaultsAreTrls() {
        assertThat(Options.defaults())
                .isEqualTo(new Options(
                        LossType.DAPO, ImportanceLevel.TOKEN, .2, .2, Double.POSITIVE_INFINITY, 0, true, 0));
        assertThat(Options.defaults().withEpsilon(.1))
                .isEqualTo(Options.defaults().withEpsilonLow(.1).withEpsilonHigh(.1));
    }

    @Test
    void refusesSettingsOutOfRangeAllAtOnce() {
        var bad = Options.defaults()
                .withLossType(LossType.DR_GRPO)
                .withEpsilon(-1)
                .withDelta(0)
                .withBeta(Double.NaN);
        assertThatThrownBy(() -> GrpoLoss.of(bad))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("epsilonLow", "epsilonHigh", "delta", "beta", "maxCompletionLength >= 1");
        assertThatThrownBy(() -> GrpoLoss.of(Options.defaults().withLossType(LossType.CISPO)))
                .hasMessageContaining("CISPO's cap itself");
    }

    @Test
    void refusesInputsThatDoNotFitAllAtOnce() {
        try (var _ = Scope.open()) {
            var loss = GrpoLoss.of(Options.defaults().withBeta(.1));
            assertThatThrownBy(() -> loss.loss(
                            Tensor.zeros(5),
                            Tensor.zeros(2, 2),
                            null,
                            new double[] {Double.NaN},
                            new int[] {2, 2},
                            new Normaliser(0, 0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(
                            "logProbs of shape [4], the sum of the lengths; got [5]",
                            "oldLogProbs of shape [4]",
                            "refLogProbs because beta is not 0",
                            "2 advantages; got 1",
                            "finite advantages",
                            "positive counts");
        }
    }

    /// A lossType with the settings it needs.
    private static Options of(LossType type) {
        return PLAIN.withLossType(type).withEpsilonHigh(type == LossType.CISPO ? 1.2 : .2);
    }

    private static void row(Options options, double sequenceMean, double tokenMean, double drGrpo) {
        single(options.withLossType(LossType.GRPO), sequenceMean);
        single(options.withLossType(LossType.BNPO), tokenMean);
        single(options.withLossType(LossType.DAPO), tokenMean);
        single(options.withLossType(LossType.DR_GRPO), drGrpo);
    }

    private static void single(Options options, double expected) {
        single(options, expected, 1e-9);
    }

    private static void single(Options options, double expected, double tolerance) {
        assertThat(whole(options).loss).as(options.toString()).isCloseTo(expected, within(tolerance));
    }

    private static Value whole(Options options) {
        return value(options, 0, 3);
    }

    /// Sequences [from, to) as a batch of their own.
    private static Value value(Options options, int from, int to) {
        return part(options, from, to, Normaliser.of(Arrays.copyOfRange(LENGTHS, from, to)));
    }

    /// Sequences [from, to) as part of a larger step.
    private static Value part(Options options, int from, int to, Normaliser normaliser) {
        int first = Arrays.stream(LENGTHS, 0, from).sum();
        int last = Arrays.stream(LENGTHS, 0, to).sum();
        return value(
                options,
                Arrays.copyOfRange(NEW, first, last),
                Arrays.copyOfRange(OLD, first, last),
                Arrays.copyOfRange(REF, first, last),
                Arrays.copyOfRange(ADVANTAGES, from, to),
                Arrays.copyOfRange(LENGTHS, from, to),
                normaliser);
    }

    private static Value value(
            Options options,
            double[] logProbs,
            double[] old,
            double @Nullable [] reference,
            double[] advantages,
            int[] lengths,
            Normaliser normaliser) {
        return value(options, logProbs, old, reference, advantages, lengths, normaliser, null);
    }

    private static Value weighted(Options options, double[] advantages, double @Nullable [] weights) {
        return value(options, NEW, OLD, REF, advantages, LENGTHS, Normaliser.of(LENGTHS), weights);
    }

    private static Value value(
            Options options,
            double[] logProbs,
            double[] old,
            double @Nullable [] reference,
            double[] advantages,
            int[] lengths,
            Normaliser normaliser,
            double @Nullable [] weights) {
        try (var _ = Scope.open()) {
            Tensor leaf = vector(logProbs).requiresGrad(true);
            var result = GrpoLoss.of(options)
                    .loss(
                            leaf,
                            vector(old),
                            reference == null ? null : vector(reference),
                            advantages,
                            lengths,
                            normaliser,
                            weights);
            result.loss().backward();
            return new Value(result.loss().item(), leaf.grad().orElseThrow().toDoubles(), result.metrics());
        }
    }

    private static Tensor vector(double[] values) {
        return Tensor.of(values, values.length).to(DType.F64);
    }

    private static double[] concat(double[] a, double[] b) {
        double[] out = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }
}
