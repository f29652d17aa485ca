package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.nio.charset.StandardCharsets;

/// The sides of a task. Which side a problem is on is a function of the problem alone (see [Task]), so no seed, order
/// or amount of training can carry a problem across.
@Export(value = "posttrain.Split", since = "0.1")
public enum Split {
    /// Problems that reinforcement learning trains on.
    TRAINING,
    /// Problems to choose settings by, never trained on by reinforcement learning. Not every task has them.
    VALIDATION,
    /// Problems to measure on at the end, never trained on and never chosen by.
    HELD_OUT;

    /// The side of the split a canonical problem is on, where there is no validation.
    static Split of(String canonical, double heldOutFraction) {
        return of(canonical, heldOutFraction, 0);
    }

    /// The side of the split a canonical problem is on: FNV-1a over its UTF-8 bytes, finished by the mixer, as a
    /// fraction of 2^53. What is held out does not depend on how much of the rest validates.
    static Split of(String canonical, double heldOutFraction, double validationFraction) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : canonical.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        double place = (SplitMix.mix(hash) >>> 11) * 0x1.0p-53;
        return place < heldOutFraction
                ? Split.HELD_OUT
                : place < heldOutFraction + validationFraction ? Split.VALIDATION : Split.TRAINING;
    }
}
