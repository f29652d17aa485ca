package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.Optional;

/// A set of observations or actions. An environment's spaces draw nothing by themselves: who samples brings the random
/// numbers, so that no hidden generator has to be seeded.
@Export(value = "rl.Space", since = "0.1")
public interface Space<T> {
    /// One element, uniform over the set where it is bounded.
    T sample(SplitMix random);

    boolean contains(T value);

    /// Why a value is not an element, for people; empty if it is one.
    default Optional<String> problem(T value) {
        return contains(value) ? Optional.empty() : Optional.of(value + " is not in " + this);
    }

    /// How many numbers [#flatten] writes.
    ///
    /// @throws UnsupportedOperationException of a space that has no flat form
    default int flatSize() {
        throw new UnsupportedOperationException("[space] expected a space with a flat form; got " + this + ".");
    }

    /// Writes an element as numbers for a network, from `into[at]` on: a number one-hot, a vector as it is, parts
    /// one after the other.
    ///
    /// @throws UnsupportedOperationException of a space that has no flat form
    default void flatten(T value, float[] into, int at) {
        throw new UnsupportedOperationException("[space] expected a space with a flat form; got " + this + ".");
    }

    /// Refuses what is not an element.
    ///
    /// @param op what refuses, as in `[op] expected ...`
    /// @param what is expected: `an action`
    /// @throws IllegalArgumentException if it is not one
    default void require(String op, String what, T value) {
        if (!contains(value)) {
            throw refusal(op, what, value);
        }
    }

    /// What [#require] throws.
    default IllegalArgumentException refusal(String op, String what, T value) {
        return new IllegalArgumentException("[" + op + "] expected " + what + " in " + this + "; got "
                + problem(value).orElse(String.valueOf(value)) + ".");
    }
}
