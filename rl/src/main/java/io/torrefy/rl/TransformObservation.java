package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.function.Function;

/// Another look at the same environment: each observation goes through a function.
///
/// @param <O> observations of this one
/// @param <A> actions
/// @param <P> observations of the one inside
@Export(value = "rl.TransformObservation", since = "0.1")
public final class TransformObservation<O, A, P> extends Wrapper<O, A, P, A> {
    private final Space<O> space;
    private final Function<P, O> look;

    /// @param space where the function's results are
    public TransformObservation(Env<P, A> inside, Space<O> space, Function<P, O> look) {
        super(inside);
        this.space = space;
        this.look = look;
    }

    /// Observations as vectors for a network, by their space's [Space#flatten]: a state's number one-hot.
    ///
    /// @throws UnsupportedOperationException if the space has no flat form
    public static <A, P> TransformObservation<float[], A, P> flat(Env<P, A> inside) {
        Space<P> before = inside.observationSpace();
        int size = before.flatSize();
        return new TransformObservation<>(inside, flatBox(before, size), observation -> {
            float[] flat = new float[size];
            before.flatten(observation, flat, 0);
            return flat;
        });
    }

    private static Box flatBox(Space<?> before, int size) {
        if (before instanceof Box box) {
            return box;
        }
        float[] low = new float[size];
        float[] high = new float[size];
        boolean oneHot = before instanceof Discrete || before instanceof MultiDiscrete;
        Arrays.fill(low, oneHot ? 0 : Float.NEGATIVE_INFINITY);
        Arrays.fill(high, oneHot ? 1 : Float.POSITIVE_INFINITY);
        return Box.of(low, high);
    }

    @Override
    public Space<O> observationSpace() {
        return space;
    }

    @Override
    public Space<A> actionSpace() {
        return inside().actionSpace();
    }

    @Override
    public O reset(long seed) {
        return look.apply(inside().reset(seed));
    }

    @Override
    public O reset() {
        return look.apply(inside().reset());
    }

    @Override
    public Step<O> step(A action) {
        Step<P> step = inside().step(action);
        return new Step<>(look.apply(step.observation()), step.reward(), step.terminated(), step.truncated());
    }
}
