package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;

/// A set of observations or actions.
@Export(value = "rl.Space", since = "0.1")
public interface Space<T> {
    /// One element, uniform over the set where it is bounded.
    T sample(SplitMix random);

    boolean contains(T value);
}
