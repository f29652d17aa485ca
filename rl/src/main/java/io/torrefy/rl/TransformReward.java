package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.function.DoubleUnaryOperator;

/// Rewards through a function. Adding a constant changes what is best where episodes end; scaling by a positive number
/// does not.
///
/// @param <O> observations
/// @param <A> actions
@Export(value = "rl.TransformReward", since = "0.1")
public final class TransformReward<O, A> extends Wrapper.SameSpaces<O, A> {
    private final DoubleUnaryOperator change;

    public TransformReward(Env<O, A> inside, DoubleUnaryOperator change) {
        super(inside);
        this.change = change;
    }

    @Override
    public Step<O> step(A action) {
        Step<O> step = inside().step(action);
        double reward = change.applyAsDouble(step.reward());
        return new Step<>(step.observation(), reward, step.terminated(), step.truncated());
    }
}
