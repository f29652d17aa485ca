package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import java.util.Arrays;

/// A given policy beta(a|s) that acts while another is learned.
@FunctionalInterface
@Export(value = "rl.deep.Behavior", since = "0.1")
public interface Behavior {
    /// Every action is as likely as another.
    Behavior UNIFORM = (_, _, into) -> Arrays.fill(into, 1.0 / into.length);

    /// Writes the probability of every action; each has to be above 0 where the learned policy's may be.
    ///
    /// @param observations several, of which the one at `from` counts
    void probabilities(float[] observations, int from, double[] into);
}
