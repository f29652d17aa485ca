package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Optional;

/// An environment around another one that changes some of what passes through. What is not overridden passes.
///
/// @param <O> observations of this one
/// @param <A> actions of this one
/// @param <P> observations of the one inside
/// @param <B> actions of the one inside
@Export(value = "rl.Wrapper", since = "0.1")
public abstract class Wrapper<O, A, P, B> implements Env<O, A> {
    private final Env<P, B> inside;

    protected Wrapper(Env<P, B> inside) {
        this.inside = inside;
    }

    /// What it is wrapped around.
    public final Env<P, B> inside() {
        return inside;
    }

    @Override
    public final <T> Optional<T> find(Class<T> type) {
        return type.isInstance(this) ? Optional.of(type.cast(this)) : inside.find(type);
    }

    @Override
    public void close() {
        inside.close();
    }

    /// As Gymnasium shows it: `TimeLimit<OrderEnforcing<cartpole>>`.
    @Override
    public String toString() {
        return getClass().getSimpleName() + "<" + inside + ">";
    }

    /// A wrapper that leaves observations and actions what they are.
    ///
    /// @param <O> observations
    /// @param <A> actions
    @Export(value = "rl.SameSpaces", since = "0.1")
    public abstract static class SameSpaces<O, A> extends Wrapper<O, A, O, A> {
        protected SameSpaces(Env<O, A> inside) {
            super(inside);
        }

        @Override
        public Space<O> observationSpace() {
            return inside().observationSpace();
        }

        @Override
        public Space<A> actionSpace() {
            return inside().actionSpace();
        }

        @Override
        public O reset(long seed) {
            return begun(inside().reset(seed));
        }

        @Override
        public O reset() {
            return begun(inside().reset());
        }

        /// Hears of the first observation of each episode, and gives it on.
        protected O begun(O observation) {
            return observation;
        }

        @Override
        public Step<O> step(A action) {
            return inside().step(action);
        }
    }
}
