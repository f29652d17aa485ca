package io.torrefy.examples;

import io.torrefy.rl.ActionValues;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.montecarlo.McPrediction;
import io.torrefy.rl.montecarlo.OffPolicyMonteCarlo;
import io.torrefy.rl.montecarlo.OffPolicyMonteCarlo.Weighting;
import io.torrefy.rl.montecarlo.Visits;
import io.torrefy.rl.planning.Bellman;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.Picture;
import io.torrefy.rl.stochastic.GradientDescent;
import io.torrefy.rl.stochastic.RobbinsMonro;
import io.torrefy.rl.stochastic.StepSize;
import io.torrefy.rl.temporal.NStepTd;
import io.torrefy.rl.temporal.Td0;
import io.torrefy.rl.temporal.TdLambda;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// The pictures of `docs/rl.md` about estimates from samples: means, roots, and the values of a policy.
final class RlSamples {
    private RlSamples() {}

    // ---- stochastic approximation ----------------------------------------------------------------------------------

    /// The mean of 100 points in a square (Zhao, Section 6.4.3), by steps 1/k from a corner far away.
    static Picture descent() {
        var random = new SplitMix(1, 0);
        double[][] data = new double[100][];
        Arrays.setAll(data, _ -> new double[] {20 * random.unit() - 10, 20 * random.unit() - 10});
        double[] mean = {0, 0};
        for (double[] x : data) {
            mean[0] += x[0] / data.length;
            mean[1] += x[1] / data.length;
        }
        return CurvePlot.of(
                        "Towards the mean of 100 points in a square of side 20",
                        "steps",
                        "distance",
                        List.of(
                                descent("one sample a step: the incremental mean", 1, data, mean),
                                descent("5 samples", 5, data, mean),
                                descent("50 samples", 50, data, mean)))
                .picture();
    }

    private static CurvePlot.Line descent(String name, int size, double[][] data, double[] mean) {
        int steps = 40;
        double[][] runs = new double[50][];
        double[] at = new double[steps + 1];
        Arrays.setAll(at, k -> k);
        for (int seed = 0; seed < runs.length; seed++) {
            double[][] trace = GradientDescent.miniBatch(
                    GradientDescent.mean(), data, new double[] {15, 15}, StepSize.harmonic(), steps, size, seed);
            runs[seed] = Arrays.stream(trace)
                    .mapToDouble(w -> Math.hypot(w[0] - mean[0], w[1] - mean[1]))
                    .toArray();
        }
        return new CurvePlot.Line(name, at, runs);
    }

    /// Zhao, Section 6.2.1, with noise: the root of tanh(w - 1) from w = 3.
    static Picture robbinsMonro() {
        return CurvePlot.of(
                        "The root of tanh(w - 1), which is 1, seen through noise",
                        "steps",
                        "w",
                        List.of(
                                root("steps 1/k", StepSize.harmonic()),
                                root("0.3, constant: never at rest", StepSize.constant(0.3)),
                                root("1/k^2: stops short", StepSize.power(1, 2))))
                .picture();
    }

    /// One run, under the same noise whatever its steps.
    private static CurvePlot.Line root(String name, StepSize steps) {
        return CurvePlot.Line.of(
                name,
                RobbinsMonro.of(w -> StrictMath.tanh(w - 1))
                        .noise(random -> 0.5 * random.gaussian())
                        .steps(steps)
                        .seed(1)
                        .run(3, 150)
                        .trace());
    }

    // ---- the values of a policy ------------------------------------------------------------------------------------

    /// A walk that ends beyond either end, and pays 1 on the right. Action 0 goes left and 1 right.
    private static TableEnv walk(int states) {
        return new TableEnv(FiniteMdp.of(states, 2, FiniteMdp.startIn(states / 2, states), (s, a, to) -> {
            int next = s + 2 * a - 1;
            boolean ends = next < 0 || next == states;
            to.add(1, ends ? s : next, next == states ? 1 : 0, ends);
        }));
    }

    /// Goes right with a probability, everywhere.
    private static TabularPolicy right(int states, double probability) {
        double[] rows = new double[2 * states];
        Arrays.setAll(rows, i -> i % 2 == 1 ? probability : 1 - probability);
        return new TabularPolicy(states, 2, rows);
    }

    static Picture importanceSampling() {
        return CurvePlot.of(
                        "A walk that goes right 7 times of 10, from one that goes either way",
                        "episodes",
                        "RMS error of the values",
                        List.of(
                                offPolicy("ordinary importance sampling", Weighting.ORDINARY),
                                offPolicy("weighted", Weighting.WEIGHTED)))
                .picture();
    }

    private static CurvePlot.Line offPolicy(String name, Weighting weighting) {
        int episodes = 500;
        TabularPolicy target = right(5, 0.7);
        double[] truth = Bellman.solve(walk(5).mdp(), target, 1);
        double[][] runs = new double[100][episodes];
        for (int seed = 0; seed < runs.length; seed++) {
            double[] run = runs[seed];
            TabularSettings settings = TabularSettings.of(1)
                    .episodes(episodes)
                    .seed(seed)
                    .listener((e, _, _, q) -> run[e] = RlCurves.rms(values(target, q), truth));
            OffPolicyMonteCarlo.evaluate(walk(5), target, right(5, 0.5), weighting, settings);
        }
        return RlCurves.blocks(name, runs, 10);
    }

    /// v(s) = sum_a pi(a|s) q(s, a).
    private static double[] values(TabularPolicy policy, ActionValues q) {
        double[] v = new double[q.states()];
        for (int i = 0; i < q.values().length; i++) {
            v[i / q.actions()] += policy.probability()[i] * q.values()[i];
        }
        return v;
    }

    static Picture temporalDifferences() {
        TabularPolicy policy = right(19, 0.5);
        return CurvePlot.of(
                        "A walk of 19 states; 100 runs",
                        "episodes",
                        "RMS error of the values",
                        List.of(
                                evaluated(
                                        "Monte Carlo, alpha 0.02",
                                        0.02,
                                        s -> McPrediction.values(walk(19), policy, Visits.EVERY, s)),
                                evaluated("TD(0), 0.2", 0.2, s -> Td0.evaluate(walk(19), policy, s)),
                                evaluated("4-step TD, 0.2", 0.2, s -> NStepTd.evaluate(walk(19), policy, 4, s)),
                                evaluated("TD(0.8), 0.1", 0.1, s -> TdLambda.evaluate(walk(19), policy, 0.8, s))))
                .picture();
    }

    private static CurvePlot.Line evaluated(String name, double alpha, Consumer<TabularSettings> evaluation) {
        int episodes = 60;
        int seeds = 100;
        double[] truth = new double[19];
        Arrays.setAll(truth, s -> (s + 1) / 20.0);
        double[] mean = new double[episodes];
        for (int seed = 0; seed < seeds; seed++) {
            evaluation.accept(TabularSettings.of(1)
                    .alpha(alpha)
                    .initial(0.5)
                    .episodes(episodes)
                    .seed(seed)
                    .listener((e, _, _, v) -> mean[e] += RlCurves.rms(v.values(), truth) / seeds));
        }
        return CurvePlot.Line.of(name, mean);
    }
}
