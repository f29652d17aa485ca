package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.Optional;

/// The integers `start` to `start + n - 1`.
///
/// @param n how many, at least one
@Export(value = "rl.Discrete", since = "0.1")
public record Discrete(int n, int start) implements Space<Integer> {
    /// @throws IllegalArgumentException if there is none
    public Discrete {
        if (n < 1) {
            throw new IllegalArgumentException("[discrete] expected at least one element; got n = " + n + ".");
        }
        Math.addExact(start, n - 1);
    }

    /// The integers 0 to n - 1.
    public static Discrete of(int n) {
        return new Discrete(n, 0);
    }

    @Override
    public Integer sample(SplitMix random) {
        return start + random.below(n);
    }

    @Override
    public boolean contains(Integer value) {
        return value >= start && value <= start + (n - 1);
    }

    @Override
    public Optional<String> problem(Integer value) {
        return contains(value) ? Optional.empty() : Optional.of(String.valueOf(value));
    }

    @Override
    public int flatSize() {
        return n;
    }

    @Override
    public void flatten(Integer value, float[] into, int at) {
        require("flatten", "an element", value);
        for (int i = 0; i < n; i++) {
            into[at + i] = value - start == i ? 1 : 0;
        }
    }

    /// `Discrete(4)`, or with where it starts: `Discrete(4 from 1)`.
    @Override
    public String toString() {
        return "Discrete(" + n + (start == 0 ? "" : " from " + start) + ")";
    }
}
