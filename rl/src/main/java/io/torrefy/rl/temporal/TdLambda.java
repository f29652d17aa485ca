package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Walk;
import java.util.Arrays;

/// TD(lambda) with accumulating traces (Sutton 1988; Sutton and Barto, Section 12.2). The target is the mean of all
/// n-step targets, weighted by `(1 - lambda) lambda^(n-1)`. Seen backwards, each error is shared out among the states
/// that led to it: `e(s_t) += 1; v += alpha delta e; e *= gamma lambda`. With lambda = 0 it is TD(0); with lambda = 1
/// and errors summed up over an episode it is Monte Carlo.
@Export(value = "rl.temporal.TdLambda", since = "0.1")
public final class TdLambda {
    private TdLambda() {}

    /// The values of a policy, by following it.
    ///
    /// @param lambda in [0, 1]
    /// @param settings epsilon plays no part; the listener sees the values as those of one action
    /// @throws IllegalArgumentException on another lambda; if states or actions are not numbered from 0; on gamma 1
    ///     for a task without end
    public static double[] evaluate(
            Env<Integer, Integer> env, TabularPolicy policy, double lambda, TabularSettings settings) {
        if (!(lambda >= 0 && lambda <= 1)) {
            throw new IllegalArgumentException("[td lambda] expected lambda in [0, 1]; got " + lambda
                    + ". Hint: 0 looks one step ahead, 1 to the end of the episode.");
        }
        var run = Training.prediction(env, settings);
        double[] trace = new double[run.q.length];
        while (run.more()) {
            Arrays.fill(trace, 0);
            episode(run, policy, lambda, trace);
        }
        return run.q;
    }

    private static void episode(Training run, TabularPolicy policy, double lambda, double[] trace) {
        Walk walk = run.walk;
        double[] v = run.q;
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int next = walk.step(policy.action(s, run.random.unit()));
            double delta = walk.reward() + (walk.terminated() ? 0 : run.gamma * v[next]) - v[s];
            double step = run.alpha(s) * delta;
            trace[s] += 1;
            for (int i = 0; i < v.length; i++) {
                v[i] += step * trace[i];
                trace[i] *= run.gamma * lambda;
            }
            s = next;
            total += walk.reward();
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }
}
