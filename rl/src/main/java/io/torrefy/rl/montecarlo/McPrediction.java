package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;
import io.torrefy.rl.ActionValues;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.internal.Proper;
import io.torrefy.rl.internal.Walk;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;

/// The values of a policy as means of returns (Zhao, Section 5.1; Sutton and Barto, Section 5.1). Step sizes
/// [io.torrefy.rl.stochastic.StepSize#harmonic] make the estimate the mean, which is right for a policy that stays the
/// same.
@Export(value = "rl.montecarlo.McPrediction", since = "0.1")
public final class McPrediction {
    private McPrediction() {}

    /// The values of states, from episodes of the policy.
    ///
    /// @param settings epsilon plays no part; the listener sees the values as those of one action
    /// @throws IllegalArgumentException if states or actions are not numbered from 0; on gamma 1 for a task without
    ///     end
    public static double[] values(
            Env<Integer, Integer> env, TabularPolicy policy, Visits visits, TabularSettings settings) {
        return run(env, policy, visits, settings, 1, (s, _) -> s).values();
    }

    /// The values of pairs, from episodes of the policy: only of those that it visits.
    ///
    /// @throws IllegalArgumentException as [#values] does
    public static ActionValues actionValues(
            Env<Integer, Integer> env, TabularPolicy policy, Visits visits, TabularSettings settings) {
        int actions = policy.actions();
        return run(env, policy, visits, settings, actions, (s, a) -> s * actions + a);
    }

    private static ActionValues run(
            Env<Integer, Integer> env,
            TabularPolicy policy,
            Visits visits,
            TabularSettings settings,
            int actions,
            Averages.Entry entry) {
        Proper.require(env, settings.gamma());
        Walk walk = Walk.of(env, settings.seed());
        var random = new SplitMix(settings.seed(), 1);
        var values = ActionValues.of(walk.states(), actions, settings.initial());
        var averages = new Averages(values.values(), settings.alpha());
        var episode = new Episode();
        Episode.Actor actor = s -> policy.action(s, random.unit());
        for (int e = 0; e < settings.episodes(); e++) {
            int s = walk.reset();
            episode.run(walk, s, actor.action(s), actor, settings.maxSteps());
            averages.learn(episode, entry, settings.gamma(), visits, settings.dropLast());
            settings.listener().episode(e, episode.discounted(1), episode.length(), values);
        }
        return values;
    }

    /// The return from a state as the mean of so many episodes that begin there: GRPO's baseline, where the state
    /// is a prompt and the episodes are the group.
    ///
    /// @return the returns; their mean is the estimate
    /// @throws IllegalArgumentException where the environment cannot begin anywhere
    public static double[] group(
            Env<Integer, Integer> env, TabularPolicy policy, int state, int episodes, TabularSettings settings) {
        Walk walk = Walk.of(env, settings.seed());
        var random = new SplitMix(settings.seed(), 1);
        var episode = new Episode();
        Episode.Actor actor = s -> policy.action(s, random.unit());
        double[] returns = new double[episodes];
        Arrays.setAll(returns, _ -> {
            int s = walk.resetTo(state);
            episode.run(walk, s, actor.action(s), actor, settings.maxSteps());
            return episode.discounted(settings.gamma());
        });
        return returns;
    }
}
