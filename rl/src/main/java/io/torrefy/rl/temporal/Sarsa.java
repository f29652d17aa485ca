package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Walk;

/// Sarsa (Rummery and Niranjan 1994; Zhao, Algorithm 7.1; Sutton and Barto, Section 6.4), named for what an update
/// needs,
/// `(s, a, r, s', a')`: `q(s, a) += alpha (r + gamma q(s', a') - q(s, a))`. The values are those of exploring as it
/// does, which is why it keeps away from a cliff.
@Export(value = "rl.temporal.Sarsa", since = "0.1")
public final class Sarsa {
    private Sarsa() {}

    /// Acts epsilon-greedily.
    ///
    /// @throws IllegalArgumentException if states or actions are not numbered from 0; on gamma 1 for a task without
    ///     end
    public static TabularResult learn(Env<Integer, Integer> env, TabularSettings settings) {
        var run = Training.control(env, settings);
        while (run.more()) {
            episode(run);
        }
        return run.result();
    }

    private static void episode(Training run) {
        Walk walk = run.walk;
        double[] q = run.q;
        int s = walk.reset();
        int a = run.choose(s);
        double total = 0;
        int t = 0;
        do {
            int next = walk.step(a);
            double target = walk.reward();
            int nextAction = 0;
            if (!walk.terminated()) {
                nextAction = run.choose(next);
                target += run.gamma * q[next * run.actions + nextAction];
            }
            int pair = s * run.actions + a;
            q[pair] += run.alpha(pair) * (target - q[pair]);
            s = next;
            a = nextAction;
            total += walk.reward();
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }
}
