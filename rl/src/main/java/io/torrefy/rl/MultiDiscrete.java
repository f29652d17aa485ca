package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;
import java.util.Optional;

/// Vectors of integers, each from 0 to below its own bound.
@Export(value = "rl.MultiDiscrete", since = "0.1")
public final class MultiDiscrete implements Space<int[]> {
    private final int[] sizes;

    private MultiDiscrete(int[] sizes) {
        this.sizes = sizes;
    }

    /// @throws IllegalArgumentException if there is no bound, or one below 1
    public static MultiDiscrete of(int... sizes) {
        if (sizes.length == 0 || Arrays.stream(sizes).anyMatch(n -> n < 1)) {
            throw new IllegalArgumentException(
                    "[multidiscrete] expected sizes of at least 1; got " + Arrays.toString(sizes) + ".");
        }
        return new MultiDiscrete(sizes.clone());
    }

    /// How many values each number can have.
    public int[] sizes() {
        return sizes.clone();
    }

    @Override
    public int[] sample(SplitMix random) {
        return Arrays.stream(sizes).map(random::below).toArray();
    }

    @Override
    public boolean contains(int[] value) {
        return problem(value).isEmpty();
    }

    @Override
    public Optional<String> problem(int[] value) {
        if (value.length != sizes.length) {
            return Optional.of("a vector of " + value.length);
        }
        for (int i = 0; i < value.length; i++) {
            if (value[i] < 0 || value[i] >= sizes[i]) {
                return Optional.of(value[i] + " at " + i);
            }
        }
        return Optional.empty();
    }

    @Override
    public int flatSize() {
        return Arrays.stream(sizes).sum();
    }

    @Override
    public void flatten(int[] value, float[] into, int at) {
        require("flatten", "an element", value);
        int from = at;
        for (int i = 0; i < sizes.length; i++) {
            Arrays.fill(into, from, from + sizes[i], 0);
            into[from + value[i]] = 1;
            from += sizes[i];
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MultiDiscrete space && Arrays.equals(sizes, space.sizes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sizes);
    }

    /// `MultiDiscrete[3, 2]`.
    @Override
    public String toString() {
        return "MultiDiscrete" + Arrays.toString(sizes);
    }
}
