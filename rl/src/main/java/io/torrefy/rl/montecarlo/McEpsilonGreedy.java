package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularResult;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Choice;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.tensor.SplitMix;

/// MC epsilon-greedy (Zhao, Algorithm 5.3; Sutton and Barto, Section 5.4): episodes of the epsilon-greedy policy, which
/// visits all pairs by itself, so that no start has to. It finds the best of the epsilon-greedy policies, which need
/// not be the best policy with some exploration added.
///
/// The step size is a constant by default, for the reason that [McExploringStarts] gives.
@Export(value = "rl.montecarlo.McEpsilonGreedy", since = "0.1")
public final class McEpsilonGreedy {
    private McEpsilonGreedy() {}

    /// @throws IllegalArgumentException if states or actions are not numbered from 0; on gamma 1 for a task without
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
            double epsilon = settings.epsilon().at(e, settings.episodes());
            Episode.Actor actor = s -> Choice.epsilonGreedy(q.values(), s * actions, actions, epsilon, random);
            int first = walk.reset();
            episode.run(walk, first, actor.action(first), actor, settings.maxSteps());
            averages.learn(episode, (s, a) -> s * actions + a, settings.gamma(), visits, settings.dropLast());
            returns[e] = episode.discounted(1);
            lengths[e] = episode.length();
            steps += episode.length();
            settings.listener().episode(e, returns[e], lengths[e], q);
        }
        return new TabularResult(q, returns, lengths, steps, McExploringStarts.warnings(settings));
    }
}
