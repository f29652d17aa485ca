package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Arrays;

/// Group-relative advantages: how much better a completion did than the others of its prompt. They take the place
/// of a value network (DeepSeekMath, 4.1.1).
///
/// Rewards come as one flat array, the completions of a prompt next to each other: group g has the `groupSize` rows
/// from `g * groupSize` on. `Double.NaN` is a row without a reward (no reward function could score it): its
/// advantage is 0 and no mean or deviation counts it.
@Export(value = "posttrain.Advantages", since = "0.1", members = "posttrain.advantages")
public final class Advantages {
    /// What the deviations from the group's mean are divided by. Names and default (GROUP) are TRL's
    /// `scale_rewards`.
    public enum Scale {
        /// The standard deviation of the row's own group, as in DeepSeekMath.
        GROUP,
        /// The standard deviation of the whole batch; the mean stays the group's.
        BATCH,
        /// Nothing: r - mean (Dr. GRPO), which keeps easy and hard prompts from weighing more than the others.
        NONE
    }

    /// The divisor under the square root.
    public enum Deviation {
        /// n - 1: TRL, verl, OpenRLHF.
        SAMPLE,
        /// n: GRPO-Zero.
        POPULATION
    }

    /// Added to the standard deviation: TRL's value (verl has 1e-6, OpenRLHF 1e-9).
    public static final double EPSILON = 1e-4;

    /// Groups whose rewards are no further apart than this have zero variance.
    private static final double SAME = 1e-8;

    private Advantages() {}

    /// (r - mean) / (std + 1e-4) with the sample deviation: the numbers of TRL's GRPOTrainer.
    ///
    /// @param rewards one a row, groups next to each other, NaN for none
    /// @param groupSize completions of a prompt, at least 2
    /// @return one advantage a row
    /// @throws IllegalArgumentException if the groups do not fill the rows, are of 1, or a reward is infinite
    public static double[] group(double[] rewards, int groupSize, Scale scale) {
        return group(rewards, groupSize, scale, Deviation.SAMPLE, EPSILON);
    }

    /// As `group(rewards, groupSize, scale)` with the deviation and the epsilon of another implementation: verl is
    /// (SAMPLE, 1e-6), OpenRLHF (SAMPLE, 1e-9), GRPO-Zero (POPULATION, 1e-4).
    ///
    /// @throws IllegalArgumentException as there, or if epsilon is negative or not finite
    public static double[] group(double[] rewards, int groupSize, Scale scale, Deviation deviation, double epsilon) {
        check(rewards, groupSize);
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("[advantages] expected a finite epsilon >= 0; got " + epsilon);
        }
        double batchStd = std(rewards, 0, rewards.length, deviation);
        double[] advantages = new double[rewards.length];
        for (int from = 0; from < rewards.length; from += groupSize) {
            int to = from + groupSize;
            double mean = mean(rewards, from, to);
            double divisor = switch (scale) {
                case GROUP -> std(rewards, from, to, deviation) + epsilon;
                case BATCH -> batchStd + epsilon;
                case NONE -> 1;
            };
            for (int i = from; i < to; i++) {
                double centred = rewards[i] - mean;
                // NaN: not scored. 0 is kept apart because an epsilon of 0 makes equal rewards 0 / 0.
                advantages[i] = Double.isNaN(centred) || centred == 0 ? 0 : centred / divisor;
            }
        }
        return advantages;
    }

    /// REINFORCE leave-one-out: r_i minus the mean of the other scored rows of its group, n / (n - 1) * (r_i -
    /// mean) (Ahmadian et al. 2024; TRL's RLOOTrainer). A row that is the only scored one of its group gets 0.
    ///
    /// @throws IllegalArgumentException as `group`
    public static double[] leaveOneOut(double[] rewards, int groupSize) {
        double[] advantages = leaveOneOutOrNaN(rewards, groupSize);
        zeroNaN(advantages);
        return advantages;
    }

    /// Leave-one-out advantages normalised over the batch: (a - mean) / (std + 1e-4), sample deviation (TRL's
    /// RLOOTrainer with `normalize_advantages`, which is off by default there).
    ///
    /// @throws IllegalArgumentException as `group`
    public static double[] leaveOneOutNormalized(double[] rewards, int groupSize) {
        return normalized(leaveOneOutOrNaN(rewards, groupSize));
    }

    /// Several rewards, each normalised in its group on its own, weighted, summed, and the sum normalised over the
    /// batch (GDPO; TRL's `multi_objective_aggregation = "normalize_then_sum"`): a reward of small spread keeps
    /// its say. The usual way is to sum first and call `group`.
    ///
    /// @param rewards one array a reward function, NaN where it has no opinion; it then adds nothing to that row
    /// @param weights one a reward function
    /// @return 0 for rows that no function scored
    /// @throws IllegalArgumentException as `group`, or if the arrays do not fit together
    public static double[] normalizeThenSum(double[][] rewards, double[] weights, int groupSize) {
        if (rewards.length == 0 || rewards.length != weights.length) {
            throw new IllegalArgumentException("[advantages] expected one weight for each of at least one reward; got "
                    + rewards.length + " rewards and " + weights.length + " weights");
        }
        double[] sum = new double[rewards[0].length];
        boolean[] scored = new boolean[sum.length];
        for (int f = 0; f < rewards.length; f++) {
            if (rewards[f].length != sum.length) {
                throw new IllegalArgumentException("[advantages] expected every reward to score " + sum.length
                        + " rows, as the first does; got " + rewards[f].length + " from reward " + f);
            }
            double[] own = group(rewards[f], groupSize, Scale.GROUP);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += weights[f] * own[i];
                scored[i] |= !Double.isNaN(rewards[f][i]);
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] = scored[i] ? sum[i] : Double.NaN;
        }
        return normalized(sum);
    }

    /// Whether a group's rewards are all the same (or fewer than two rows were scored), so that it teaches
    /// nothing. One entry a group.
    ///
    /// @throws IllegalArgumentException as `group`
    public static boolean[] zeroVariance(double[] rewards, int groupSize) {
        check(rewards, groupSize);
        boolean[] zero = new boolean[rewards.length / groupSize];
        for (int g = 0; g < zero.length; g++) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (int i = g * groupSize; i < (g + 1) * groupSize; i++) {
                if (!Double.isNaN(rewards[i])) {
                    low = Math.min(low, rewards[i]);
                    high = Math.max(high, rewards[i]);
                }
            }
            zero[g] = high - low <= SAME;
        }
        return zero;
    }

    /// The part of the groups with zero variance, 0 to 1 (TRL's metric `frac_reward_zero_std`); 0 if there is no
    /// group.
    ///
    /// @throws IllegalArgumentException as `group`
    public static double zeroVarianceFraction(double[] rewards, int groupSize) {
        boolean[] zero = zeroVariance(rewards, groupSize);
        int count = 0;
        for (boolean z : zero) {
            count += z ? 1 : 0;
        }
        return zero.length == 0 ? 0 : (double) count / zero.length;
    }

    private static double[] leaveOneOutOrNaN(double[] rewards, int groupSize) {
        check(rewards, groupSize);
        double[] advantages = new double[rewards.length];
        for (int from = 0; from < rewards.length; from += groupSize) {
            int to = from + groupSize;
            int n = count(rewards, from, to);
            double mean = mean(rewards, from, to);
            for (int i = from; i < to; i++) {
                double centred = rewards[i] - mean;
                advantages[i] = n > 1 || Double.isNaN(centred) ? centred * n / (n - 1) : 0;
            }
        }
        return advantages;
    }

    private static double[] normalized(double[] values) {
        double mean = mean(values, 0, values.length);
        double std = std(values, 0, values.length, Deviation.SAMPLE);
        double[] out =
                Arrays.stream(values).map(v -> (v - mean) / (std + EPSILON)).toArray();
        zeroNaN(out);
        return out;
    }

    private static void zeroNaN(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Double.isNaN(values[i]) ? 0 : values[i];
        }
    }

    private static int count(double[] values, int from, int to) {
        int n = 0;
        for (int i = from; i < to; i++) {
            n += Double.isNaN(values[i]) ? 0 : 1;
        }
        return n;
    }

    /// The mean of the scored rows, taken from the first of them: equal rewards then have exactly their own mean
    /// and no advantage of a rounding error's size.
    private static double mean(double[] values, int from, int to) {
        double first = Double.NaN;
        double sum = 0;
        int n = 0;
        for (int i = from; i < to; i++) {
            if (!Double.isNaN(values[i])) {
                first = n == 0 ? values[i] : first;
                sum += values[i] - first;
                n++;
            }
        }
        return n == 0 ? Double.NaN : first + sum / n;
    }

    /// The standard deviation of the scored rows, 0 if there are fewer than the divisor needs.
    private static double std(double[] values, int from, int to, Deviation deviation) {
        double mean = mean(values, from, to);
        double squares = 0;
        for (int i = from; i < to; i++) {
            double centred = values[i] - mean;
            squares += Double.isNaN(centred) ? 0 : centred * centred;
        }
        int divisor = count(values, from, to) - (deviation == Deviation.SAMPLE ? 1 : 0);
        return divisor <= 0 ? 0 : Math.sqrt(squares / divisor);
    }

    private static void check(double[] rewards, int groupSize) {
        if (groupSize < 2) {
            throw new IllegalArgumentException("[advantages] expected groups of at least 2; got " + groupSize
                    + ". Hint: a completion alone in its group has nothing to be compared with");
        }
        if (rewards.length % groupSize != 0) {
            throw new IllegalArgumentException(
                    "[advantages] expected whole groups of " + groupSize + "; got " + rewards.length + " rewards");
        }
        for (int i = 0; i < rewards.length; i++) {
            if (Double.isInfinite(rewards[i])) {
                throw new IllegalArgumentException(
                        "[advantages] expected finite rewards, or NaN for none; got " + rewards[i] + " in row " + i);
            }
        }
    }
}
