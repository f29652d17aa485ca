package io.torrefy.examples;

import io.torrefy.posttrain.Advantages;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.montecarlo.McPrediction;
import io.torrefy.rl.planning.Bellman;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.Picture;
import io.torrefy.rl.stochastic.IncrementalMean;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// The pictures of `docs/rl.md` about GRPO's baseline, on the smallest language there is: a completion is three tokens
/// of two kinds, so that all eight can be written down and every expectation is exact. State 0 is the prompt, and state
/// `2 s + 1 + a` what token a makes of text s.
final class RlGroups {
    private static final int TEXTS = 7;
    private static final int TOKENS = 3;
    /// What each completion is rewarded with: right or wrong.
    private static final double[] REWARD = {1, 0, 1, 1, 0, 1, 0, 1};

    private static final int[] SIZES = {2, 4, 8, 16, 32, 64};

    private RlGroups() {}

    /// Writes a token more often the first kind in some texts, the second in others.
    private static TabularPolicy policy() {
        double[] rows = new double[2 * TEXTS];
        for (int s = 0; s < TEXTS; s++) {
            rows[2 * s] = s % 2 == 0 ? 0.6 : 0.35;
            rows[2 * s + 1] = 1 - rows[2 * s];
        }
        return new TabularPolicy(TEXTS, 2, rows);
    }

    private static TableEnv language() {
        return new TableEnv(FiniteMdp.of(TEXTS, 2, FiniteMdp.startIn(0, TEXTS), (s, a, to) -> {
            int next = 2 * s + 1 + a;
            boolean ends = next >= TEXTS;
            to.add(1, ends ? s : next, ends ? REWARD[next - TEXTS] : 0, ends);
        }));
    }

    /// The mean reward of a group while it grows, and the value of the prompt.
    static Picture baseline() {
        int most = SIZES[SIZES.length - 1];
        List<CurvePlot.Line> lines = new ArrayList<>();
        for (int group = 1; group <= 4; group++) {
            double[] returns = McPrediction.group(
                    language(), policy(), 0, most, TabularSettings.of(1).seed(group));
            var mean = new IncrementalMean();
            double[] means = new double[most];
            for (int i = 0; i < most; i++) {
                mean.add(returns[i]);
                means[i] = mean.value();
            }
            lines.add(CurvePlot.Line.of("group " + group, means));
        }
        double[] value = new double[most];
        Arrays.fill(value, Bellman.solve(language().mdp(), policy(), 1)[0]);
        lines.add(CurvePlot.Line.of("v(prompt), by Bellman's equation", value));
        return CurvePlot.of(
                        "The mean reward of a group: a Monte Carlo estimate of v(prompt)",
                        "completions in the group",
                        "mean reward",
                        lines)
                .picture();
    }

    /// How far the policy gradient of a group is from the true one.
    static Picture gradient() {
        return new CurvePlot(
                        "Error of the policy gradient from one group",
                        "completions in a group",
                        "RMS over 4000 groups",
                        List.of(
                                error("reward alone", rewards -> rewards),
                                error(
                                        "less the group's mean (GRPO)",
                                        rewards -> Advantages.group(rewards, rewards.length, Advantages.Scale.NONE)),
                                error(
                                        "less the others' mean (RLOO)",
                                        rewards -> Advantages.leaveOneOut(rewards, rewards.length))),
                        true)
                .picture();
    }

    private static CurvePlot.Line error(String name, UnaryOperator<double[]> advantages) {
        double[] probability = new double[REWARD.length];
        double[][] score = scores(policy(), probability);
        double[] truth = new double[2 * TEXTS];
        for (int c = 0; c < score.length; c++) {
            add(truth, probability[c] * REWARD[c], score[c]);
        }
        int groups = 4000;
        double[] errors = new double[SIZES.length];
        for (int i = 0; i < SIZES.length; i++) {
            double squares = 0;
            for (int group = 0; group < groups; group++) {
                int[] completions = sample(probability, SIZES[i], new SplitMix(group, i));
                double[] weight = advantages.apply(
                        Arrays.stream(completions).mapToDouble(c -> REWARD[c]).toArray());
                double[] estimate = new double[truth.length];
                for (int j = 0; j < completions.length; j++) {
                    add(estimate, weight[j] / completions.length, score[completions[j]]);
                }
                double rms = RlCurves.rms(estimate, truth);
                squares += rms * rms * truth.length;
            }
            errors[i] = Math.sqrt(squares / groups);
        }
        double[] at = Arrays.stream(SIZES).asDoubleStream().toArray();
        return new CurvePlot.Line(name, at, new double[][] {errors});
    }

    /// grad ln pi of each completion, by the logit of each token in each text; and the completions' probabilities.
    private static double[][] scores(TabularPolicy policy, double[] probability) {
        double[][] score = new double[REWARD.length][2 * TEXTS];
        for (int c = 0; c < score.length; c++) {
            probability[c] = 1;
            int s = 0;
            for (int t = TOKENS - 1; t >= 0; t--) {
                int token = c >> t & 1;
                probability[c] *= policy.probability(s, token);
                for (int a = 0; a < 2; a++) {
                    score[c][2 * s + a] = (a == token ? 1 : 0) - policy.probability(s, a);
                }
                s = 2 * s + 1 + token;
            }
        }
        return score;
    }

    private static int[] sample(double[] probability, int count, SplitMix random) {
        int[] completions = new int[count];
        for (int i = 0; i < count; i++) {
            double rest = random.unit();
            int c = 0;
            while (c < probability.length - 1 && rest >= probability[c]) {
                rest -= probability[c++];
            }
            completions[i] = c;
        }
        return completions;
    }

    private static void add(double[] into, double times, double[] vector) {
        for (int i = 0; i < into.length; i++) {
            into[i] += times * vector[i];
        }
    }
}
