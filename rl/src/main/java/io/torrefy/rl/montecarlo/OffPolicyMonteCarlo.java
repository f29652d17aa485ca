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

/// The values of one policy from the episodes of another (Sutton and Barto, Sections 5.5 to 5.7): a return G counts
/// with the weight W, the product over its steps of `target(a|s) / behaviour(a|s)`. Every visit counts.
@Export(value = "rl.montecarlo.OffPolicyMonteCarlo", since = "0.1")
public final class OffPolicyMonteCarlo {
    private OffPolicyMonteCarlo() {}

    /// How weighted returns are averaged.
    public enum Weighting {
        /// `sum W G / n`: unbiased, with a variance that may be infinite.
        ORDINARY,
        /// `sum W G / sum W`: biased but for many episodes, with a small variance.
        WEIGHTED
    }

    /// What an evaluation came to; entries that were never visited are as they began.
    public record Result(double[] values, ActionValues q) {}

    /// Evaluates `target` from episodes of `behaviour`.
    ///
    /// @param settings alpha and epsilon play no part: the estimates are means
    /// @throws IllegalArgumentException where behaviour never does what target does; on gamma 1 for a task without
    ///     end
    public static Result evaluate(
            Env<Integer, Integer> env,
            TabularPolicy target,
            TabularPolicy behaviour,
            Weighting weighting,
            TabularSettings settings) {
        covers(target, behaviour);
        var run = new Run(env, behaviour, settings);
        var q = ActionValues.of(run.walk.states(), run.walk.actions(), settings.initial());
        double[] v = new double[q.states()];
        Arrays.fill(v, settings.initial());
        double[] pairWeight = new double[q.values().length];
        double[] stateWeight = new double[v.length];
        for (int e = 0; e < settings.episodes(); e++) {
            Episode episode = run.next();
            double g = 0;
            double w = 1;
            for (int t = episode.length() - 1; t >= 0; t--) {
                int s = episode.state(t);
                int a = episode.action(t);
                g = episode.reward(t) + settings.gamma() * g;
                boolean taught = t < episode.taught(settings.dropLast());
                if (taught) {
                    add(q.values(), pairWeight, s * q.actions() + a, g, w, weighting);
                }
                w *= target.probability(s, a) / behaviour.probability(s, a);
                if (taught) {
                    add(v, stateWeight, s, g, w, weighting);
                }
            }
            settings.listener().episode(e, episode.discounted(1), episode.length(), q);
        }
        return new Result(v, q);
    }

    private static void add(double[] values, double[] sums, int i, double g, double w, Weighting weighting) {
        if (weighting == Weighting.ORDINARY) {
            sums[i] += 1;
            values[i] += (w * g - values[i]) / sums[i];
        } else if (w > 0) {
            sums[i] += w;
            values[i] += w / sums[i] * (g - values[i]);
        }
    }

    /// Off-policy control with weighted averages (Sutton and Barto, Section 5.7): the target is the greedy policy
    /// of what is learned. It learns from the tail of an episode after the last action that is not greedy.
    ///
    /// @param settings alpha and epsilon play no part
    /// @throws IllegalArgumentException where behaviour leaves out an action; on gamma 1 for a task without end
    public static ActionValues control(Env<Integer, Integer> env, TabularPolicy behaviour, TabularSettings settings) {
        covers(TabularPolicy.uniform(behaviour.states(), behaviour.actions()), behaviour);
        var run = new Run(env, behaviour, settings);
        var q = ActionValues.of(run.walk.states(), run.walk.actions(), settings.initial());
        double[] weights = new double[q.values().length];
        for (int e = 0; e < settings.episodes(); e++) {
            Episode episode = run.next();
            double g = 0;
            double w = 1;
            for (int t = episode.length() - 1; t >= 0; t--) {
                int s = episode.state(t);
                int a = episode.action(t);
                g = episode.reward(t) + settings.gamma() * g;
                if (t < episode.taught(settings.dropLast())) {
                    add(q.values(), weights, s * q.actions() + a, g, w, Weighting.WEIGHTED);
                }
                if (a != q.greedy(s)) {
                    break;
                }
                w /= behaviour.probability(s, a);
            }
            settings.listener().episode(e, episode.discounted(1), episode.length(), q);
        }
        return q;
    }

    private static void covers(TabularPolicy target, TabularPolicy behaviour) {
        if (target.states() != behaviour.states() || target.actions() != behaviour.actions()) {
            throw new IllegalArgumentException("[off-policy] expected policies over the same states and actions; got "
                    + target + " and " + behaviour + ".");
        }
        for (int pair = 0; pair < target.probability().length; pair++) {
            if (target.probability()[pair] > 0 && behaviour.probability()[pair] == 0) {
                throw new IllegalArgumentException("[off-policy] expected a behaviour that can do all that the target"
                        + " does; got probability 0 in state " + pair / target.actions() + " for action "
                        + pair % target.actions() + ". Hint: what is never tried cannot be judged; let it explore.");
            }
        }
    }

    private static final class Run {
        final Walk walk;
        private final Episode episode = new Episode();
        private final Episode.Actor actor;
        private final int maxSteps;

        Run(Env<Integer, Integer> env, TabularPolicy behaviour, TabularSettings settings) {
            Proper.require(env, settings.gamma());
            walk = Walk.of(env, settings.seed());
            var random = new SplitMix(settings.seed(), 1);
            actor = s -> behaviour.action(s, random.unit());
            maxSteps = settings.maxSteps();
        }

        Episode next() {
            int first = walk.reset();
            episode.run(walk, first, actor.action(first), actor, maxSteps);
            return episode;
        }
    }
}
