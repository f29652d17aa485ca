package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.VectorEnv;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What an id of [Envs] stands for. Immutable; the methods give changed copies.
///
/// @param id a name, with a version where there may be several: `CartPole-v1`
/// @param maker makes the environment without a limit on time
/// @param maxSteps after which an episode is truncated; 0 for never
/// @param threshold mean return from which on it counts as solved; NaN where nobody set one
/// @param vector makes a vector environment of a number of slots that is faster than slots of their own
@Export(value = "rl.envs.EnvSpec", since = "0.1")
public record EnvSpec(
        String id,
        Supplier<? extends Env<?, ?>> maker,
        int maxSteps,
        double threshold,
        @Nullable IntFunction<? extends VectorEnv<?>> vector) {
    /// @throws IllegalArgumentException if the id has a blank or nothing in it, or the limit is negative
    public EnvSpec {
        if (id.isEmpty() || id.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException("[envs] expected an id without blanks; got '" + id + "'.");
        }
        if (maxSteps < 0) {
            throw new IllegalArgumentException(
                    "[envs] expected a limit of at least one step, or 0 for none; got " + maxSteps + ".");
        }
    }

    /// Without a limit on time or a threshold.
    public static EnvSpec of(String id, Supplier<? extends Env<?, ?>> maker) {
        return new EnvSpec(id, maker, 0, Double.NaN, null);
    }

    public EnvSpec maxSteps(int steps) {
        return new EnvSpec(id, maker, steps, threshold, vector);
    }

    public EnvSpec threshold(double meanReturn) {
        return new EnvSpec(id, maker, maxSteps, meanReturn, vector);
    }

    EnvSpec vector(IntFunction<? extends VectorEnv<?>> slots) {
        return new EnvSpec(id, maker, maxSteps, threshold, slots);
    }
}
