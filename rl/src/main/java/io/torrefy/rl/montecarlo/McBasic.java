package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.rl.stochastic.IncrementalMean;
import java.util.Arrays;

/// MC Basic (Zhao, Algorithm 5.1): policy iteration in which the action values are means of returns. In each round,
/// from every state and action, episodes that go on by the policy; then the best action everywhere. Not efficient; what
/// the others improve on. An episode of T steps sees rewards at most T steps ahead: where all is certain the result is
/// that of T sweeps of value iteration.
@Export(value = "rl.montecarlo.McBasic", since = "0.1")
public final class McBasic {
    private McBasic() {}

    /// What it came to.
    ///
    /// @param q means of returns under the policy of the last round
    /// @param choice the policy that is greedy under them
    /// @param rounds evaluations made
    /// @param stable whether the last one changed no action
    public record Result(ActionValues q, int[] choice, int rounds, boolean stable) {}

    /// @param first actions of the first policy
    /// @param episodes from each state and action, in each round
    /// @param length steps of an episode, at most
    /// @param rounds at most
    /// @throws IllegalArgumentException where the environment cannot begin anywhere; on gamma outside of [0, 1]
    public static Result learn(
            Env<Integer, Integer> env, double gamma, int[] first, int episodes, int length, int rounds, long seed) {
        Proper.range("mc basic", gamma);
        if (episodes < 1 || length < 1 || rounds < 1) {
            throw new IllegalArgumentException("[mc basic] expected episodes, length and rounds of at least 1; got "
                    + episodes + ", " + length + " and " + rounds + ".");
        }
        Walk walk = Walk.of(env, seed);
        TabularPolicy.of(walk.actions(), first);
        int[] choice = first.clone();
        ActionValues q = ActionValues.of(walk.states(), walk.actions(), 0);
        for (int round = 1; round <= rounds; round++) {
            int[] policy = choice.clone();
            evaluate(walk, q, gamma, s -> policy[s], episodes, length);
            Arrays.setAll(choice, s -> better(q, s, policy[s]));
            if (Arrays.equals(choice, policy)) {
                return new Result(q, choice, round, true);
            }
        }
        return new Result(q, choice, rounds, false);
    }

    private static void evaluate(
            Walk walk, ActionValues q, double gamma, Episode.Actor policy, int episodes, int length) {
        var episode = new Episode();
        for (int pair = 0; pair < q.values().length; pair++) {
            var mean = new IncrementalMean();
            for (int e = 0; e < episodes; e++) {
                int s = walk.resetTo(pair / q.actions());
                episode.run(walk, s, pair % q.actions(), policy, length);
                mean.add(episode.discounted(gamma));
            }
            q.values()[pair] = mean.value();
        }
    }

    /// The best action, but the old one where none is better by more than rounding.
    private static int better(ActionValues q, int s, int old) {
        int best = q.greedy(s);
        double margin = 1e-10 * Math.max(1, Math.abs(q.get(s, old)));
        return q.get(s, best) > q.get(s, old) + margin ? best : old;
    }
}
