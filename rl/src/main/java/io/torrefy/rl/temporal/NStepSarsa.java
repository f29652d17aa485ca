package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Walk;

/// n-step Sarsa (Zhao, Section 7.3; Sutton and Barto, Section 7.2),
/// `q(s_t, a_t) += alpha (r_{t+1} + ... + gamma^{n-1} r_{t+n} + gamma^n q(s_{t+n}, a_{t+n}) - q(s_t, a_t))`: Sarsa with
/// n = 1, and with n as long as the episode Monte Carlo.
@Export(value = "rl.temporal.NStepSarsa", since = "0.1")
public final class NStepSarsa {
    private NStepSarsa() {}

    /// Acts epsilon-greedily.
    ///
    /// @throws IllegalArgumentException if n < 1; if states or actions are not numbered from 0; on gamma 1 for a
    ///     task without end
    public static TabularResult learn(Env<Integer, Integer> env, int n, TabularSettings settings) {
        var run = Training.control(env, settings);
        while (run.more()) {
            episode(run, new Window(n, settings.maxSteps()));
        }
        return run.result();
    }

    private static void episode(Training run, Window window) {
        Walk walk = run.walk;
        double[] q = run.q;
        int s = walk.reset();
        int a = run.choose(s);
        double total = 0;
        int t = 0;
        do {
            int next = walk.step(a);
            window.add(s * run.actions + a, walk.reward());
            s = next;
            total += walk.reward();
            t++;
            if (!walk.terminated()) {
                a = run.choose(s);
                if (window.full()) {
                    update(run, window, q[s * run.actions + a]);
                }
            }
        } while (run.goesOn(t));
        // What is left has fewer than n steps before it; beyond a terminal state is nothing, beyond a cut the estimate.
        while (!window.isEmpty()) {
            update(run, window, walk.terminated() ? 0 : q[s * run.actions + a]);
        }
        run.end(total, t);
    }

    private static void update(Training run, Window window, double after) {
        int entry = window.entry();
        run.q[entry] += run.alpha(entry) * (window.target(run.gamma, after) - run.q[entry]);
        window.drop();
    }
}
