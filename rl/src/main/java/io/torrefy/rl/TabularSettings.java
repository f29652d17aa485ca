package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.rl.stochastic.StepSize;

/// What the learners of tables have in common. Immutable; the methods give changed copies:
/// `TabularSettings.of(0.9).episodes(500).alpha(0.1).epsilon(0.1).seed(1)`.
///
/// @param gamma discount, in [0, 1); 1 where every episode ends
/// @param alpha step sizes; k counts the visits of the state or pair that is updated
/// @param epsilon of epsilon-greedy behaviour
/// @param episodes how many
/// @param maxSteps of an episode: one that is longer is truncated there, and learners that bootstrap do so
/// @param initial value of every entry before the first update
/// @param dropLast Monte Carlo only: how many steps at the end of a truncated episode teach nothing, since the returns
///     there lack the rewards beyond the cut: `gamma^dropLast` times the value is what is still missing
/// @param listener told after every episode
@Export(value = "rl.TabularSettings", since = "0.1")
public record TabularSettings(
        double gamma,
        StepSize alpha,
        Exploration epsilon,
        int episodes,
        int maxSteps,
        double initial,
        int dropLast,
        long seed,
        Listener listener) {
    /// Told after every episode of a learner.
    @FunctionalInterface
    public interface Listener {
        /// @param episode from 0
        /// @param total undiscounted sum of its rewards
        /// @param q the values now; the learner goes on to change them
        void episode(int episode, double total, int length, ActionValues q);
    }

    /// @throws IllegalArgumentException on gamma outside of [0, 1], and on lengths below 1
    public TabularSettings {
        if (!(gamma >= 0 && gamma <= 1)) {
            throw new IllegalArgumentException("[learn] expected gamma in [0, 1), or 1 where every episode ends; got "
                    + gamma
                    + ". Hint: values are sums of rewards weighted by gamma^t, which grow without bound from 1 on;"
                    + " 0.9 looks about 10 steps ahead.");
        }
        if (episodes < 1 || maxSteps < 1 || dropLast < 0 || dropLast >= maxSteps) {
            throw new IllegalArgumentException(
                    "[learn] expected episodes and maxSteps of at least 1, and dropLast in [0," + " maxSteps); got "
                            + episodes + ", " + maxSteps + " and " + dropLast + ".");
        }
        if (!Double.isFinite(initial)) {
            throw new IllegalArgumentException("[learn] expected a finite initial value; got " + initial + ".");
        }
    }

    /// 1000 episodes of at most 10 000 steps, alpha = epsilon = 0.1, values from 0, seed 0.
    public static TabularSettings of(double gamma) {
        return new TabularSettings(
                gamma, StepSize.constant(0.1), Exploration.constant(0.1), 1000, 10_000, 0, 0, 0, (_, _, _, _) -> {});
    }

    public TabularSettings alpha(double constant) {
        return alpha(StepSize.constant(constant));
    }

    public TabularSettings alpha(StepSize value) {
        return new TabularSettings(gamma, value, epsilon, episodes, maxSteps, initial, dropLast, seed, listener);
    }

    public TabularSettings epsilon(double constant) {
        return epsilon(Exploration.constant(constant));
    }

    public TabularSettings epsilon(Exploration value) {
        return new TabularSettings(gamma, alpha, value, episodes, maxSteps, initial, dropLast, seed, listener);
    }

    public TabularSettings episodes(int value) {
        return new TabularSettings(gamma, alpha, epsilon, value, maxSteps, initial, dropLast, seed, listener);
    }

    public TabularSettings maxSteps(int value) {
        return new TabularSettings(gamma, alpha, epsilon, episodes, value, initial, dropLast, seed, listener);
    }

    public TabularSettings initial(double value) {
        return new TabularSettings(gamma, alpha, epsilon, episodes, maxSteps, value, dropLast, seed, listener);
    }

    public TabularSettings dropLast(int value) {
        return new TabularSettings(gamma, alpha, epsilon, episodes, maxSteps, initial, value, seed, listener);
    }

    public TabularSettings seed(long value) {
        return new TabularSettings(gamma, alpha, epsilon, episodes, maxSteps, initial, dropLast, value, listener);
    }

    public TabularSettings listener(Listener value) {
        return new TabularSettings(gamma, alpha, epsilon, episodes, maxSteps, initial, dropLast, seed, value);
    }
}
