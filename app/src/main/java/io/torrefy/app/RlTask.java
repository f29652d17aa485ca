package io.torrefy.app;

import io.torrefy.rl.Exploration;
import io.torrefy.rl.TabularSettings;
import io.torrefy.rl.deep.Agent;
import io.torrefy.rl.envs.EnvSpec;
import io.torrefy.rl.envs.Envs;
import java.util.OptionalDouble;

/// What `torrefy rl` asks of an algorithm.
///
/// @param env an id of [Envs]
/// @param episodes of learners of tables
/// @param steps of networks
/// @param rate alpha of tables, the learning rate of networks; the algorithm's own where it is not given
/// @param n rewards before n-step methods bootstrap; sweeps of truncated policy iteration
/// @param error of planning: no value is farther from the true one
record RlTask(
        String env,
        double gamma,
        int episodes,
        long steps,
        OptionalDouble rate,
        double epsilon,
        int n,
        double error,
        long seed) {
    /// Told how far it is.
    @FunctionalInterface
    interface Watcher {
        /// @param done of `all` episodes or steps
        /// @param value the last return, or the mean of the last hundred
        void done(long done, long all, double value);

        /// Told of networks before they learn, which it may bring to where an earlier run has left them.
        ///
        /// @return the mean returns of that run until there
        default RlCurve begins(Agent<?, ?> agent) {
            return new RlCurve();
        }

        /// Told of networks now and then as they learn.
        default void reached(Agent<?, ?> agent) {}

        /// Told of networks that have taken all their steps.
        default void ended(Agent<?, ?> agent) {}
    }

    /// Steps of an episode that nothing else ends: enough to see the target, few enough to begin anew.
    private static final int UNLIMITED = 500;

    /// The share of a value that the rewards beyond a cut may be.
    private static final double MISSING = 0.01;

    TabularSettings tabular() {
        EnvSpec spec = Envs.spec(env);
        int most = spec.maxSteps() > 0 ? spec.maxSteps() : UNLIMITED;
        int missing = gamma < 1 ? (int) Math.ceil(Math.log(MISSING) / Math.log(Math.max(gamma, 1e-9))) : 0;
        TabularSettings settings = TabularSettings.of(gamma)
                .episodes(episodes)
                .maxSteps(most)
                .dropLast(Math.min(missing, most / 2))
                .epsilon(Exploration.constant(epsilon))
                .seed(seed);
        return rate.isPresent() ? settings.alpha(rate.getAsDouble()) : settings;
    }

    RlTask withSeed(long value) {
        return new RlTask(env, gamma, episodes, steps, rate, epsilon, n, error, value);
    }
}
