package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Walk;

/// n-step TD (Sutton and Barto, Section 7.1), `v(s_t) += alpha (r_{t+1} + ... + gamma^{n-1} r_{t+n} + gamma^n
/// v(s_{t+n}) - v(s_t))`: between TD(0), with n = 1, and Monte Carlo.
@Export(value = "rl.temporal.NStepTd", since = "0.1")
public final class NStepTd {
    private NStepTd() {}

    /// The values of a policy, by following it.
    ///
    /// @param settings epsilon plays no part; the listener sees the values as those of one action
    /// @throws IllegalArgumentException if n < 1; if states or actions are not numbered from 0; on gamma 1 for a
    ///     task without end
    public static double[] evaluate(Env<Integer, Integer> env, TabularPolicy policy, int n, TabularSettings settings) {
        var run = Training.prediction(env, settings);
        while (run.more()) {
            episode(run, policy, new Window(n, settings.maxSteps()));
        }
        return run.q;
    }

    private static void episode(Training run, TabularPolicy policy, Window window) {
        Walk walk = run.walk;
        double[] v = run.q;
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int next = walk.step(policy.action(s, run.random.unit()));
            window.add(s, walk.reward());
            s = next;
            total += walk.reward();
            t++;
            if (window.full() && !walk.terminated()) {
                update(run, window, v[s]);
            }
        } while (run.goesOn(t));
        while (!window.isEmpty()) {
            update(run, window, walk.terminated() ? 0 : v[s]);
        }
        run.end(total, t);
    }

    private static void update(Training run, Window window, double after) {
        int s = window.entry();
        run.q[s] += run.alpha(s) * (window.target(run.gamma, after) - run.q[s]);
        window.drop();
    }
}
