package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Walk;

/// Expected Sarsa (van Seijen et al. 2009; Zhao, Section 7.2.2; Sutton and Barto, Section 6.6),
/// `q(s, a) += alpha (r + gamma sum_a' pi(a'|s') q(s', a') - q(s, a))`: Sarsa without the chance in the next action.
/// Without exploration it is Q-learning.
@Export(value = "rl.temporal.ExpectedSarsa", since = "0.1")
public final class ExpectedSarsa {
    private ExpectedSarsa() {}

    /// Acts epsilon-greedily, and expects of the next state what acting so is worth.
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
        int actions = run.actions;
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int a = run.choose(s);
            int next = walk.step(a);
            double target = walk.reward();
            if (!walk.terminated()) {
                target += run.gamma * Choice.expected(q, next * actions, actions, run.epsilon());
            }
            int pair = s * actions + a;
            q[pair] += run.alpha(pair) * (target - q[pair]);
            s = next;
            total += walk.reward();
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }
}
