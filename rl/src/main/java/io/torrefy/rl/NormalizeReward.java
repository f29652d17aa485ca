package io.torrefy.rl;

import io.torrefy.export.Export;

/// Rewards over the running deviation of the discounted return: Gymnasium's `NormalizeReward`. The mean is left in, so
/// that signs stay.
///
/// @param <O> observations
/// @param <A> actions
@Export(value = "rl.NormalizeReward", since = "0.1")
public final class NormalizeReward<O, A> extends Wrapper.SameSpaces<O, A> {
    private final double gamma;
    private final RunningMoments moments = new RunningMoments(1);
    private double discounted;
    private boolean frozen;

    /// @param gamma the discount of the return, in [0, 1]
    /// @throws IllegalArgumentException if it is not
    public NormalizeReward(Env<O, A> inside, double gamma) {
        super(inside);
        if (!(gamma >= 0 && gamma <= 1)) {
            throw new IllegalArgumentException("[normalizereward] expected gamma in [0, 1]; got " + gamma + ".");
        }
        this.gamma = gamma;
    }

    /// Whether the deviation stays what it is.
    public void freeze(boolean value) {
        frozen = value;
    }

    @Override
    public Step<O> step(A action) {
        Step<O> step = inside().step(action);
        if (!frozen) {
            // Gymnasium's: a terminal step forgets what came before it, but not its own reward; a truncated one
            // nothing.
            discounted = discounted * gamma * (step.terminated() ? 0 : 1) + step.reward();
            moments.add(0, discounted);
            moments.counted();
        }
        double reward = step.reward() / moments.deviation(0);
        return new Step<>(step.observation(), reward, step.terminated(), step.truncated());
    }
}
