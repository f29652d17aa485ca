package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;

/// Which returns of an episode count where it comes to a state, or a pair, more than once.
@Export(value = "rl.montecarlo.Visits", since = "0.1")
public enum Visits {
    /// The return from the first visit: independent between episodes, so that the mean is unbiased.
    FIRST,
    /// The return from every visit: more of them, which depend on each other; biased, but not in the limit.
    EVERY
}
