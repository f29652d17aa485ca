package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Walk;
import java.util.Arrays;

/// Double Q-learning (van Hasselt 2010; Sutton and Barto, Section 6.7). The maximum of noisy values is too great on the
/// mean; so one of two tables chooses the action and the other says what it is worth, and a coin says which of them
/// learns:
/// `q1(s, a) += alpha (r + gamma q2(s', argmax q1(s', .)) - q1(s, a))`.
@Export(value = "rl.temporal.DoubleQLearning", since = "0.1")
public final class DoubleQLearning {
    private DoubleQLearning() {}

    /// Acts epsilon-greedily by the mean of both tables, which is what it gives.
    ///
    /// @throws IllegalArgumentException if states or actions are not numbered from 0; on gamma 1 for a task without
    ///     end
    public static TabularResult learn(Env<Integer, Integer> env, TabularSettings settings) {
        var run = Training.control(env, settings);
        double[] first = new double[run.q.length];
        Arrays.fill(first, settings.initial());
        double[] second = first.clone();
        while (run.more()) {
            episode(run, first, second);
        }
        return run.result();
    }

    private static void episode(Training run, double[] first, double[] second) {
        Walk walk = run.walk;
        int actions = run.actions;
        int s = walk.reset();
        double total = 0;
        int t = 0;
        do {
            int a = run.choose(s);
            int next = walk.step(a);
            boolean coin = run.random.next() < 0;
            double[] learns = coin ? first : second;
            double[] judges = coin ? second : first;
            double target = walk.reward();
            if (!walk.terminated()) {
                int at = next * actions;
                target += run.gamma * judges[at + Choice.greedy(learns, at, actions, run.random)];
            }
            int pair = s * actions + a;
            learns[pair] += run.alpha(pair) * (target - learns[pair]);
            run.q[pair] = (first[pair] + second[pair]) / 2;
            s = next;
            total += walk.reward();
            t++;
        } while (run.goesOn(t));
        run.end(total, t);
    }
}
