package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.posttrain.preference.DpoLoss.FDivergence;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import io.torrefy.posttrain.preference.DpoLoss.Normaliser;
import io.torrefy.posttrain.preference.DpoLoss.Term;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.GradCheck;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The losses against numbers computed in float64 from the papers' formulas, and their laws.
class PreferenceLossTest {
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    /// Policy (-12, -15), reference (-13, -14.5), lengths 4 and 6: a = 1, b = -0.5, d = 1.5.
    @ParameterizedTest
    @CsvSource({
        "SIGMOID, 0, 0.620957048, 0.386871006",
        "CDPO, 0.1, 0.635957048, 0.461871006",
        "ROBUST, 0.1, 0.602207048, 0.293121006",
        "HINGE, 0, 0.85, 0.25",
        "IPO, 0, 21.777777778, 0.444444444",
        "IPO_SUM, 0, 12.25, 0.25",
        "EXO_PAIR, 0.1, 0.431388457, 0.182789981",
        "NCA_PAIR, 0, 1.350824814, 1.249085186",
        "BCO_PAIR, 0, 1.312856308, 1.050016404",
        "SPPO_HARD, 0, 36.25, 0.25",
        "APO_ZERO, 0, 0.962523416, 0.815364168",
        "APO_DOWN, 0, 0.987549342, 0.943280632",
        "DISCOPOP, 0, 0.849337579, 0.472366527",
        "SIGMOID_NORM, 0, 0.676619396, 0.613282058"
    })
    void losesAsTheFormulasSay(LossType type, double eps, double atTenth, double atHalf) {
        DpoLoss.Options options = DpoLoss.Options.defaults().withLossType(type, eps);
        assertThat(loss(options.withBeta(0.1), one())).isCloseTo(atTenth, within(1e-8));
        assertThat(loss(options.withBeta(0.5), one())).isCloseTo(atHalf, within(1e-8));
    }

    @ParameterizedTest
    @CsvSource({
        "FORWARD_KL, 0.631154384, 0.423351211",
        "JS_DIVERGENCE, 0.660652163, 0.541527884",
        "ALPHA_DIVERGENCE, 0.627690947, 0.410709852"
    })
    void divergencesLoseAsTheFormulasSay(FDivergence divergence, double atTenth, double atHalf) {
        DpoLoss.Options options = DpoLoss.Options.defaults().withDivergence(divergence, 0.5);
        assertThat(loss(options.withBeta(0.1), one())).isCloseTo(atTenth, within(1e-8));
        assertThat(loss(options.withBeta(0.5), one())).isCloseTo(atHalf, within(1e-8));
    }

    @Test
    void withoutSmoothingTheSmoothedAreTheLogisticLoss() {
        for (long seed = 0; seed < 5; seed++) {
            double sigmoid = loss(DpoLoss.Options.defaults(), random(seed, 7));
            assertThat(loss(DpoLoss.Options.defaults().withLossType(LossType.CDPO), random(seed, 7)))
                    .isEqualTo(sigmoid);
            assertThat(loss(DpoLoss.Options.defaults().withLossType(LossType.ROBUST), random(seed, 7)))
                    .isEqualTo(sigmoid);
            assertThat(loss(
                            DpoLoss.Options.defaults().withDivergence(FDivergence.ALPHA_DIVERGENCE, 1),
                            random(seed, 7)))
                    .isEqualTo(sigmoid);
        }
    }

    /// Where policy and reference agree the first loss of DPO is ln 2.
    @Test
    void beginsAtLogTwo() {
        DpoLoss.Pairs same =
                pairs(new double[] {-3, -40}, new double[] {-8, -2}, new double[] {-3, -40}, new double[] {-8, -2});
        assertThat(loss(DpoLoss.Options.defaults(), same)).isCloseTo(Math.log(2), within(1e-12));
    }

    @ParameterizedTest
    @EnumSource(
            value = LossType.class,
            names = {"AOT", "AOT_UNPAIRED"},
            mode = EnumSource.Mode.EXCLUDE)
    void partsOfAStepAddUpToIt(LossType type) {
        DpoLoss.Options options = DpoLoss.Options.defaults().withLossType(type, 0.1);
        DpoLoss.Pairs all = random(3, 5);
        try (Scope _ = Scope.open()) {
            Normaliser whole = Normaliser.of(all);
            DpoLoss loss = DpoLoss.of(options);
            double parts = loss.loss(part(all, 0, 2), whole).item()
                    + loss.loss(part(all, 2, 5), whole).item();
            assertThat(parts).isCloseTo(loss.loss(all, whole).item(), within(1e-12));
        }
    }

    @ParameterizedTest
    @EnumSource(value = LossType.class, names = "SFT", mode = EnumSource.Mode.EXCLUDE)
    void gradientsAreThoseOfTheValues(LossType type) {
        DpoLoss loss = DpoLoss.of(DpoLoss.Options.defaults().withLossType(type, 0.1));
        DpoLoss.Pairs at = random(11, 5);
        try (Scope _ = Scope.open()) {
            Tensor x = at.chosen().detach().requiresGrad(true);
            GradCheck.check(
                    c -> loss.loss(
                            new DpoLoss.Pairs(
                                    c.get(0),
                                    c.get(1),
                                    at.refChosen(),
                                    at.refRejected(),
                                    at.chosenLengths(),
                                    at.rejectedLengths(),
                                    null),
                            Normaliser.of(at)),
                    x,
                    at.rejected().detach().requiresGrad(true));
        }
    }

    @Test
    void staysFiniteAtExtremeLogProbabilities() {
        DpoLoss.Pairs extreme =
                pairs(new double[] {410}, new double[] {-610}, new double[] {-810.5}, new double[] {110.6});
        for (FDivergence divergence :
                List.of(FDivergence.REVERSE_KL, FDivergence.JS_DIVERGENCE, FDivergence.ALPHA_DIVERGENCE)) {
            assertThat(loss(DpoLoss.Options.defaults().withDivergence(divergence, 0.5), extreme))
                    .isFinite();
        }
    }

    @Test
    void refusesWhatContradictsItself() {
        assertThatThrownBy(() -> DpoLoss.Options.defaults().withLossType(LossType.EXO_PAIR))
                .hasMessageContaining("labelSmoothing > 0 for EXO_PAIR");
        assertThatThrownBy(() ->
                        DpoLoss.Options.defaults().withLossType(LossType.AOT).withUseWeighting(true))
                .hasMessageContaining("no useWeighting for AOT");
        assertThatThrownBy(() -> DpoLoss.Options.defaults()
                        .withLossType(LossType.NCA_PAIR)
                        .withDivergence(FDivergence.FORWARD_KL, 0.5))
                .hasMessageContaining("REVERSE_KL for NCA_PAIR");
        assertThatThrownBy(() ->
                        new DpoLoss.Options(List.<Term>of(), -1, 0.7, FDivergence.REVERSE_KL, 0.5, 0.05, 1, false))
                .hasMessageContaining("at least one term")
                .hasMessageContaining("beta > 0; got -1")
                .hasMessageContaining("labelSmoothing in [0, 0.5); got 0.7");
        assertThatThrownBy(() -> loss(
                        DpoLoss.Options.defaults(), pairs(new double[0], new double[0], new double[0], new double[0])))
                .hasMessageContaining("at least one pair");
    }

    @Test
    void ktoLosesAsTheFormulasSay() {
        KtoLoss loss = KtoLoss.of(KtoLoss.Options.defaults());
        try (Scope _ = Scope.open()) {
            // t = 1 liked, t = -0.5 not, z = 0.2.
            assertThat(loss.loss(vector(-12), vector(-13), new boolean[] {true}, 0.2, 1)
                            .item())
                    .isCloseTo(0.480010660, within(1e-8));
            assertThat(loss.loss(vector(-15), vector(-14.5), new boolean[] {false}, 0.2, 1)
                            .item())
                    .isCloseTo(0.482507142, within(1e-8));
        }
        assertThat(KtoLoss.kl(new double[] {-3, -5}, new double[] {-4, -5})).isEqualTo(0.5);
        assertThat(KtoLoss.kl(new double[] {-5}, new double[] {-4})).isEqualTo(0);
        assertThatThrownBy(() -> KtoLoss.kl(new double[0], new double[0])).hasMessageContaining("mismatched");
    }

    @Test
    void rewardModelsLoseAsTheFormulasSay() {
        try (Scope _ = Scope.open()) {
            Tensor chosen = vector(1.2, -0.4);
            Tensor rejected = vector(0.3, 0.9);
            double[] none = new double[2];
            assertThat(RewardLoss.loss(chosen, rejected, none, 0, 2).item()).isCloseTo(0.941081164, within(1e-8));
            assertThat(RewardLoss.loss(chosen, rejected, none, 0.01, 2).item()).isCloseTo(0.953581164, within(1e-8));
            assertThat(RewardLoss.loss(vector(1.2), vector(0.3), new double[] {0.5}, 0, 1)
                            .item())
                    .isCloseTo(0.513015252, within(1e-8));
            assertThatThrownBy(() -> RewardLoss.loss(chosen, rejected, new double[] {Double.NaN, 0}, 0, 2))
                    .hasMessageContaining("finite margins");
        }
    }

    /// Mean token log-probabilities -0.5 and -1, β 0.1: p = 0.606530660 and 0.367879441, odds 1.541494083 and
    /// 0.581976707, the log of their ratio 0.974076984, its log sigmoid -0.320215436.
    @Test
    void orpoLosesAsTheFormulaSays() {
        double p = Math.exp(-0.5);
        double q = Math.exp(-1);
        double logOdds = Math.log(p / (1 - p)) - Math.log(q / (1 - q));
        try (Scope _ = Scope.open()) {
            assertThat(OrpoLoss.oddsRatio(vector(-0.5), vector(-1), 0.1, 1).item())
                    .isCloseTo(0.1 * Math.log(1 + Math.exp(-logOdds)), within(1e-12));
            assertThat(OrpoLoss.oddsRatio(vector(0, -1), vector(-1, 0), 0.1, 2).item())
                    .isFinite();
        }
    }

    /// Sums -2 and -6 over 4 and 3 tokens, so means -0.5 and -2.
    @Test
    void simPoAndCpoLoseAsTheFormulasSay() {
        assertThat(cpo(CpoLoss.Options.simPo(2, 1))).isCloseTo(Math.log(1 + Math.exp(-(2 * 1.5 - 1))), within(1e-12));
        assertThat(cpo(CpoLoss.Options.defaults())).isCloseTo(Math.log(1 + Math.exp(-0.4)), within(1e-12));
        assertThat(cpo(new CpoLoss.Options(CpoLoss.LossType.SIGMOID, 0.1, 0.2, 1, 0)))
                .isCloseTo(0.8 * Math.log(1 + Math.exp(-0.4)) + 0.2 * Math.log(1 + Math.exp(0.4)), within(1e-12));
        assertThat(cpo(new CpoLoss.Options(CpoLoss.LossType.HINGE, 0.1, 0, 1, 0)))
                .isCloseTo(0.6, within(1e-12));
        assertThat(cpo(new CpoLoss.Options(CpoLoss.LossType.IPO, 0.5, 0, 1, 0))).isCloseTo(0.25, within(1e-12));
    }

    @Test
    void stepsLoseAsTheFormulaSays() {
        double[] z = {2, -1, 0.5};
        double[] y = {1, 0, 0.25};
        double expected = 0;
        for (int i = 0; i < z.length; i++) {
            double p = 1 / (1 + Math.exp(-z[i]));
            expected -= (y[i] * Math.log(p) + (1 - y[i]) * Math.log(1 - p)) / z.length;
        }
        try (Scope _ = Scope.open()) {
            assertThat(ProcessRewardModel.loss(vector(z), y, 3).item()).isCloseTo(expected, within(1e-12));
            assertThatThrownBy(() -> ProcessRewardModel.loss(vector(z), new double[] {1, 0, 2}, 3))
                    .hasMessageContaining("labels in [0, 1]");
        }
    }

    @Test
    void stepsBecomeOneScore() {
        double[] steps = {0.5, 0.25, 0.75};
        assertThat(StepAggregation.MIN.of(steps)).isEqualTo(0.25);
        assertThat(StepAggregation.PRODUCT.of(steps)).isEqualTo(0.09375);
        assertThat(StepAggregation.LAST.of(steps)).isEqualTo(0.75);
        assertThatThrownBy(() -> StepAggregation.MIN.of(new double[0])).hasMessageContaining("at least one step");
        assertThatThrownBy(() -> StepAggregation.LAST.of(new double[] {Double.NaN}))
                .hasMessageContaining("scores in [0, 1]");
    }

    private static double cpo(CpoLoss.Options options) {
        try (Scope _ = Scope.open()) {
            return CpoLoss.loss(options, vector(-2), vector(-6), new int[] {4}, new int[] {3}, 1)
                    .item();
        }
    }

    private static double loss(DpoLoss.Options options, DpoLoss.Pairs pairs) {
        try (Scope _ = Scope.open()) {
            return DpoLoss.of(options).loss(pairs, Normaliser.of(pairs)).item();
        }
    }

    private static DpoLoss.Pairs one() {
        return pairs(new double[] {-12}, new double[] {-15}, new double[] {-13}, new double[] {-14.5});
    }

    /// In f64, of lengths 4, 5, ... and 6, 7, ...
    private static DpoLoss.Pairs pairs(double[] chosen, double[] rejected, double[] refChosen, double[] refRejected) {
        int[] lengths = new int[chosen.length];
        int[] others = new int[chosen.length];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = 4 + i;
            others[i] = 6 + i;
        }
        return new DpoLoss.Pairs(
                vector(chosen), vector(rejected), vector(refChosen), vector(refRejected), lengths, others, null);
    }

    private static DpoLoss.Pairs random(long seed, int n) {
        Random random = new Random(seed);
        double[][] x = new double[4][n];
        for (double[] row : x) {
            for (int i = 0; i < n; i++) {
                row[i] = -10 + 3 * random.nextGaussian();
            }
        }
        return pairs(x[0], x[1], x[2], x[3]);
    }

    private static DpoLoss.Pairs part(DpoLoss.Pairs all, int from, int to) {
        return new DpoLoss.Pairs(
                all.chosen().slice(0, from, to),
                all.rejected().slice(0, from, to),
                all.refChosen().slice(0, from, to),
                all.refRejected().slice(0, from, to),
                Arrays.copyOfRange(all.chosenLengths(), from, to),
                Arrays.copyOfRange(all.rejectedLengths(), from, to),
                null);
    }

    private static Tensor vector(double... values) {
        return Tensor.of(values, values.length).to(DType.F64);
    }
}
