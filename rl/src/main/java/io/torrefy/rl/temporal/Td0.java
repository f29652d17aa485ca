package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Walk;

/// TD(0) (Sutton 1988; Zhao, Section 7.1; Sutton and Barto, Section 6.1), `v(s) += alpha (r + gamma v(s') - v(s))`: the
/// values of a policy from each step, while it is followed. Step sizes 1/k are right for means and wrong here, since
/// the targets of the beginning are: k^-0.7, or a constant.
@Export(value = "rl.temporal.Td0", since = "0.1")
public final class Td0 {
    private Td0() {}

    /// The values of a policy, by following it.
    ///
    /// @param settings epsilon plays no part; the listener sees the values as those of one action
    /// @throws IllegalArgumentException if states or actions are not numbered from 0; on gamma 1 for a task without
    ///     end
    public static double[] evaluate(Env<Integer, Integer> env, TabularPolicy policy, TabularSettings settings) {
        var run = Training.prediction(env, settings);
        while (run.more()) {
            episode(run, policy);
        }
        return run.q;
    }

    private static void episode(Training run, TabularPolicy policy) {
        Walk walk = run.walk;
        double[] v = run.q;
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int next = walk.step(policy.action(s, run.random.unit()));
            double target = walk.reward() + (walk.terminated() ? 0 : run.gamma * v[next]);
            v[s] += run.alpha(s) * (target - v[s]);
            s = next;
            total += walk.reward();
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }
}
