package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Optional;

/// An environment with Gymnasium's meaning (Towers et al. 2024, "Gymnasium: a standard interface for reinforcement
/// learning environments"): `reset` begins an episode, `step` takes an action, and a [Step] that is done is followed by
/// a reset. An environment belongs to one thread at a time.
///
/// @param <O> observations; whoever receives one owns it
/// @param <A> actions
@Export(value = "rl.Env", since = "0.1")
public interface Env<O, A> extends AutoCloseable {
    Space<O> observationSpace();

    Space<A> actionSpace();

    /// Begins an episode, and makes everything random from here on a function of `seed`.
    O reset(long seed);

    /// Begins an episode with the random numbers that follow; those of seed 0 where none was ever given.
    O reset();

    /// Takes one action.
    ///
    /// @throws IllegalStateException before the first `reset`, and after a step that was done
    /// @throws IllegalArgumentException when the action is not in [#actionSpace]
    Step<O> step(A action);

    /// This environment or the outermost of those that it wraps that is of a type: `env.find(FiniteEnv.class)` is
    /// where the model is, whatever was wrapped around it.
    default <T> Optional<T> find(Class<T> type) {
        return type.isInstance(this) ? Optional.of(type.cast(this)) : Optional.empty();
    }

    @Override
    default void close() {}
}
