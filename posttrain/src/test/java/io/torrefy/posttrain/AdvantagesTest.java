package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.Advantages.Deviation;
import io.torrefy.posttrain.Advantages.Scale;
import io.torrefy.testkit.Close;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class AdvantagesTest {
    private static final double NONE = Double.NaN;
    private static final double[] REWARDS = {1, 0, 0, 1, 0, 0, 0.5, 1};

    static Stream<Fixture> cases() {
        return Fixtures.open().ofKind("advantages").stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithTrl(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        JsonNode settings = fixture.settings();
        double[][] rewards =
                columns(tensors.get("in.rewards." + settings.get("rewards").asText()));
        double[] weights = doubles(settings.get("reward_weights"));
        double[] total = total(rewards, weights);
        int groupSize = settings.get("num_generations").asInt();
        if (settings.has("beta")) {
            subtractKl(
                    total, settings.get("beta").asDouble(), tensors.get("in.old_logps"), tensors.get("in.ref_logps"));
        }

        double[] actual;
        if (settings.get("algorithm").asText().equals("rloo")) {
            actual = settings.path("normalize_advantages").asBoolean(false)
                    ? Advantages.leaveOneOutNormalized(total, groupSize)
                    : Advantages.leaveOneOut(total, groupSize);
        } else if (settings.get("aggregation").asText().equals("normalize_then_sum")) {
            actual = Advantages.normalizeThenSum(rewards, weights, groupSize);
        } else {
            String scale = settings.get("scale_rewards").asText().toUpperCase(Locale.ROOT);
            actual = Advantages.group(total, groupSize, Scale.valueOf(scale));
            if (!scale.equals("BATCH")) { // TRL looks at the deviation it divides by
                assertThat(Advantages.zeroVarianceFraction(total, groupSize))
                        .isEqualTo(
                                fixture.expected().get("frac_reward_zero_std").asDouble());
            }
        }
        tensors.get("out.advantages").assertClose(actual, fixture.tolerance());
    }

    @Test
    void publishedImplementationsDifferInDeviationAndEpsilon() {
        double[] trl = {.86587543, -.78318585, -.78318585, .26106195, 1.305309749};
        checkTable(Advantages.group(REWARDS, 4, Scale.GROUP), trl);
        double[] verl = {.866023904, -.783347815, -.783347815, .261115938, 1.305579692};
        checkTable(Advantages.group(REWARDS, 4, Scale.GROUP, Deviation.SAMPLE, 1e-6), verl);
        double[] openRlhf = {.866025402, -.78334945, -.78334945, .261116483, 1.305582417};
        checkTable(Advantages.group(REWARDS, 4, Scale.GROUP, Deviation.SAMPLE, 1e-9), openRlhf);
        double[] population = {.99980004, -.904315905, -.904315905, .301438635, 1.507193174};
        checkTable(Advantages.group(REWARDS, 4, Scale.GROUP, Deviation.POPULATION, 1e-4), population);
        double[] batch = {1.008846363, -.756634772, -.756634772, .252211591, 1.261057954};
        checkTable(Advantages.group(REWARDS, 4, Scale.BATCH), batch);
        checkTable(Advantages.group(REWARDS, 4, Scale.NONE), new double[] {.5, -.375, -.375, .125, .625});
        double[] leaveOneOut = {.666666667, -.5, -.5, .166666667, .833333333};
        checkTable(Advantages.leaveOneOut(REWARDS, 4), leaveOneOut);
    }

    @ParameterizedTest
    @EnumSource
    void aConstantAddedToAGroupChangesNothing(Scale scale) {
        double[] moved = REWARDS.clone();
        for (int i = 0; i < 4; i++) {
            moved[i] += 7; // only the first group: the batch's deviation would see it
        }
        int to = scale == Scale.BATCH ? 8 : 4;
        for (int i = 4; i < to; i++) {
            moved[i] += 7;
        }
        Close.check("shifted", Advantages.group(moved, 4, scale), Advantages.group(REWARDS, 4, scale), 1e-12, 1e-12);
    }

    @ParameterizedTest
    @EnumSource
    void equalRewardsGiveExactlyZero(Scale scale) {
        double[] equal = {0.1, 0.1, 0.1, 0.7, 0.7, 0.7};
        assertThat(Advantages.group(equal, 3, scale)).containsOnly(0);
        assertThat(Advantages.group(equal, 3, scale, Deviation.POPULATION, 0)).containsOnly(0);
        assertThat(Advantages.leaveOneOut(equal, 3)).containsOnly(0);
        assertThat(Advantages.zeroVariance(equal, 3)).containsExactly(true, true);
    }

    @ParameterizedTest
    @EnumSource
    void rowsWithoutRewardAreAsIfTheyWereNotThere(Scale scale) {
        double[] with = {1, NONE, 0, 0.25, 3, NONE, NONE, 1, 0.5, NONE};
        double[] first = Advantages.group(new double[] {1, 0, 0.25, 3}, 4, Scale.GROUP);
        double[] actual = Advantages.group(with, 5, scale);
        assertThat(new double[] {actual[1], actual[5], actual[6], actual[9]}).containsOnly(0);
        assertThat(actual[0] + actual[2] + actual[3] + actual[4]).isCloseTo(0, within(1e-12));
        assertThat(actual[7]).isEqualTo(-actual[8]).isPositive();
        if (scale == Scale.GROUP) {
            assertThat(new double[] {actual[0], actual[2], actual[3], actual[4]})
                    .containsExactly(first);
        }
    }

    @Test
    void oneScoredRowOrNoneTeachesNothing() {
        double[] rewards = {NONE, 3, NONE, NONE, NONE, NONE, 1, 1, 2};
        double[] onlyLast = Advantages.leaveOneOut(rewards, 3);
        assertThat(Arrays.copyOf(onlyLast, 6)).containsOnly(0);
        assertThat(onlyLast[8]).isEqualTo(1);
        assertThat(Arrays.copyOf(Advantages.group(rewards, 3, Scale.GROUP), 6)).containsOnly(0);
        assertThat(Advantages.zeroVariance(rewards, 3)).containsExactly(true, true, false);
        assertThat(Advantages.zeroVarianceFraction(rewards, 3)).isEqualTo(2.0 / 3);
    }

    @Test
    void anEmptyBatchIsEmpty() {
        assertThat(Advantages.group(new double[0], 4, Scale.GROUP)).isEmpty();
        assertThat(Advantages.zeroVarianceFraction(new double[0], 4)).isZero();
    }

    @Test
    void refusesWhatCannotBeCompared() {
        assertThatThrownBy(() -> Advantages.group(new double[] {1, 2}, 1, Scale.GROUP))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("groups of at least 2; got 1");
        assertThatThrownBy(() -> Advantages.group(new double[] {1, 2, 3}, 2, Scale.GROUP))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole groups of 2; got 3 rewards");
        assertThatThrownBy(() -> Advantages.leaveOneOut(new double[] {1, Double.POSITIVE_INFINITY}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Infinity in row 1");
        assertThatThrownBy(() -> Advantages.group(REWARDS, 4, Scale.GROUP, Deviation.SAMPLE, NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Advantages.normalizeThenSum(new double[][] {REWARDS}, new double[] {1, 1}, 4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Advantages.normalizeThenSum(new double[][] {REWARDS, {1, 2}}, new double[] {1, 1}, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /// `row` is the first group's rows of reward 1, then the second group.
    private static void checkTable(double[] actual, double[] row) {
        double a = row[0];
        Close.check("table", actual, new double[] {a, -a, -a, a, row[1], row[2], row[3], row[4]}, 0, 1e-8);
    }

    private static double[][] columns(Golden rewards) {
        int functions = (int) rewards.shape()[1];
        double[][] columns = new double[functions][(int) rewards.shape()[0]];
        for (int i = 0; i < rewards.size(); i++) {
            double value = rewards.at(i);
            columns[i % functions][i / functions] = value == -999 ? NONE : value;
        }
        return columns;
    }

    /// Weighted sum that leaves missing rewards out; NaN where all are missing.
    private static double[] total(double[][] rewards, double[] weights) {
        double[] total = new double[rewards[0].length];
        for (int i = 0; i < total.length; i++) {
            int scored = 0;
            for (int f = 0; f < rewards.length; f++) {
                if (!Double.isNaN(rewards[f][i])) {
                    total[i] += weights[f] * rewards[f][i];
                    scored++;
                }
            }
            total[i] = scored == 0 ? NONE : total[i];
        }
        return total;
    }

    private static void subtractKl(double[] total, double beta, Golden old, Golden reference) {
        int length = (int) old.shape()[1];
        for (int i = 0; i < old.size(); i++) {
            total[i / length] -= beta * (old.at(i) - reference.at(i));
        }
    }

    private static double[] doubles(JsonNode array) {
        double[] out = new double[array.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = array.get(i).asDouble();
        }
        return out;
    }
}
