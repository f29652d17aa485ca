package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.rl.stochastic.StepSize;

/// Q-learning (Watkins 1989; Zhao, Algorithms 7.2 and 7.3; Sutton and Barto, Section 6.5),
/// `q(s, a) += alpha (r + gamma max_a' q(s', a') - q(s, a))`: the values of the best policy, from any policy that
/// visits all pairs.
@Export(value = "rl.temporal.QLearning", since = "0.1")
public final class QLearning {
    private QLearning() {}

    /// On policy: acts epsilon-greedily by what it has learned.
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
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int a = run.choose(s);
            int next = walk.step(a);
            double r = walk.reward();
            double target = walk.terminated() ? r : r + run.gamma * run.max(next);
            run.move(s, s * run.actions + a, target);
            s = next;
            total += r;
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }

    /// Off policy: learns from what others did, in the order in which they did it.
    ///
    /// @param initial value of every entry
    public static ActionValues learn(Transitions data, double gamma, StepSize alpha, double initial) {
        var q = ActionValues.of(data.states(), data.actions(), initial);
        learn(q, data, 0, data.size(), gamma, alpha);
        return q;
    }

    /// The same for the transitions `[from, to)`, into values that are there already. Step sizes count the pairs'
    /// visits among these transitions.
    public static void learn(ActionValues into, Transitions data, int from, int to, double gamma, StepSize alpha) {
        Proper.range("q-learning", gamma);
        double[] q = into.values();
        int actions = into.actions();
        int[] visits = new int[q.length];
        for (int k = from; k < to; k++) {
            double r = data.reward()[k];
            double target = data.terminated()[k] ? r : r + gamma * Choice.max(q, data.next()[k] * actions, actions);
            int pair = data.state()[k] * actions + data.action()[k];
            q[pair] += alpha.at(++visits[pair]) * (target - q[pair]);
        }
    }
}
