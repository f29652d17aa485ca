package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.function.Function;

/// Other actions for the same environment: each goes through a function.
///
/// @param <O> observations
/// @param <A> actions of this one
/// @param <B> actions of the one inside
@Export(value = "rl.TransformAction", since = "0.1")
public final class TransformAction<O, A, B> extends Wrapper<O, A, O, B> {
    private final Space<A> space;
    private final Function<A, B> meaning;

    /// @param space what this one takes
    public TransformAction(Env<O, B> inside, Space<A> space, Function<A, B> meaning) {
        super(inside);
        this.space = space;
        this.meaning = meaning;
    }

    /// Takes any vector, and clips it to the bounds of the one inside.
    ///
    /// @throws IllegalArgumentException unless the actions are vectors
    public static <O> TransformAction<O, float[], float[]> clip(Env<O, float[]> inside) {
        Box box = box("clip", inside);
        Box any = Box.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, box.size());
        return new TransformAction<>(inside, any, action -> {
            any.require("clip", "an action", action);
            float[] clipped = new float[action.length];
            for (int i = 0; i < clipped.length; i++) {
                clipped[i] = Math.clamp(action[i], box.low(i), box.high(i));
            }
            return clipped;
        });
    }

    /// Takes vectors of numbers in `[-1, 1]`, and stretches them to the bounds of the one inside.
    ///
    /// @throws IllegalArgumentException unless the actions are vectors with finite bounds
    public static <O> TransformAction<O, float[], float[]> rescale(Env<O, float[]> inside) {
        Box box = box("rescale", inside);
        for (int i = 0; i < box.size(); i++) {
            if (!Float.isFinite(box.low(i)) || !Float.isFinite(box.high(i))) {
                throw new IllegalArgumentException("[rescale] expected finite bounds of actions; got " + box + ".");
            }
        }
        Box unit = Box.of(-1, 1, box.size());
        return new TransformAction<>(inside, unit, action -> {
            unit.require("rescale", "an action", action);
            float[] stretched = new float[action.length];
            for (int i = 0; i < stretched.length; i++) {
                double share = (action[i] + 1.0) / 2;
                double value = box.low(i) + share * ((double) box.high(i) - box.low(i));
                stretched[i] = Math.clamp((float) value, box.low(i), box.high(i));
            }
            return stretched;
        });
    }

    /// Takes the number of one of some actions of the one inside: a continuous environment for a learner of
    /// discrete ones.
    ///
    /// @throws IllegalArgumentException if there is none, or one that the one inside does not take
    public static <O> TransformAction<O, Integer, float[]> choice(Env<O, float[]> inside, float[]... choices) {
        Discrete numbers = Discrete.of(choices.length);
        float[][] all = Arrays.stream(choices).map(float[]::clone).toArray(float[][]::new);
        for (float[] one : all) {
            inside.actionSpace().require("choice", "an action", one);
        }
        return new TransformAction<>(inside, numbers, number -> {
            numbers.require("choice", "an action", number);
            return all[number].clone();
        });
    }

    private static Box box(String op, Env<?, float[]> inside) {
        if (inside.actionSpace() instanceof Box box) {
            return box;
        }
        throw new IllegalArgumentException("[" + op + "] expected actions in a Box; got " + inside.actionSpace() + ".");
    }

    @Override
    public Space<O> observationSpace() {
        return inside().observationSpace();
    }

    @Override
    public Space<A> actionSpace() {
        return space;
    }

    @Override
    public O reset(long seed) {
        return inside().reset(seed);
    }

    @Override
    public O reset() {
        return inside().reset();
    }

    @Override
    public Step<O> step(A action) {
        return inside().step(meaning.apply(action));
    }
}
