package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.rl.stochastic.Conditions;
import io.torrefy.tensor.SplitMix;
import java.util.List;

/// MC Exploring Starts (Zhao, Algorithm 5.2; Sutton and Barto, Section 5.3): episodes begin with any state and action
/// alike and go on greedily; each corrects all its pairs, and the policy is greedy under the result.
///
/// The books average over all returns, step size 1/k. Returns of policies long given up stay in that mean for ever: on
/// the 5 x 5 grid with forbidden cells at -1 it is right for 0 of 5 seeds after 20 000 episodes, and a constant 0.1 for
/// 5 of 5. So [TabularSettings]' constant is the default, and 1/k a choice.
@Export(value = "rl.montecarlo.McExploringStarts", since = "0.1")
public final class McExploringStarts {
    private McExploringStarts() {}

    /// Epsilon plays no part.
    ///
    /// @throws IllegalArgumentException where the environment cannot begin anywhere; on gamma 1 for a task without
    ///     end
    public static TabularResult learn(Env<Integer, Integer> env, Visits visits, TabularSettings settings) {
        Proper.require(env, settings.gamma());
        Walk walk = Walk.of(env, settings.seed());
        int actions = walk.actions();
        var random = new SplitMix(settings.seed(), 1);
        var q = ActionValues.of(walk.states(), actions, settings.initial());
        var averages = new Averages(q.values(), settings.alpha());
        var episode = new Episode();
        double[] returns = new double[settings.episodes()];
        int[] lengths = new int[settings.episodes()];
        long steps = 0;
        for (int e = 0; e < settings.episodes(); e++) {
            int first = walk.resetTo(random.below(walk.states()));
            episode.run(
                    walk,
                    first,
                    random.below(actions),
                    s -> Choice.greedy(q.values(), s * actions, actions, random),
                    settings.maxSteps());
            averages.learn(episode, (s, a) -> s * actions + a, settings.gamma(), visits, settings.dropLast());
            returns[e] = episode.discounted(1);
            lengths[e] = episode.length();
            steps += episode.length();
            settings.listener().episode(e, returns[e], lengths[e], q);
        }
        return new TabularResult(q, returns, lengths, steps, warnings(settings));
    }

    /// Why an average over everything is not what control wants.
    static List<String> warnings(TabularSettings settings) {
        return Conditions.bootstrapping(settings.alpha()).stream()
                .map(_ ->
                        "[monte carlo] step sizes " + settings.alpha() + " keep the returns of policies long given up."
                                + " Hint: a constant, such as 0.1, forgets them; 1/k is for the values of one policy.")
                .limit(1)
                .toList();
    }
}
