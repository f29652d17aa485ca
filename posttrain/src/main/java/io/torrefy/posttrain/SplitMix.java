package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.nio.charset.StandardCharsets;

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), keyed by a seed and a
/// position: what is drawn for item `index` never depends on the items before it. Written out here because a corpus
/// must come out the same on every Java release.
@Export(value = "posttrain.SplitMix", since = "0.1")
public final class SplitMix {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    /// The numbers of item `index` under a seed.
    public SplitMix(long seed, long index) {
        state = mix(mix(seed + GOLDEN) ^ (index * GOLDEN));
    }

    /// The next 64 bits.
    public long next() {
        state += GOLDEN;
        return mix(state);
    }

    /// Uniform in `[0, bound)`: Lemire's multiplication, with the rejection that makes it exact.
    public int below(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("[random] expected a bound of at least 1; got " + bound);
        }
        long product = (next() >>> 32) * bound;
        long threshold = (1L << 32) % bound;
        while ((product & 0xFFFFFFFFL) < threshold) {
            product = (next() >>> 32) * bound;
        }
        return (int) (product >>> 32);
    }

    /// Uniform in `[min, max]`.
    public int between(int min, int max) {
        return min + below(Math.addExact(Math.subtractExact(max, min), 1));
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    public double unit() {
        return (next() >>> 11) * 0x1.0p-53;
    }

    /// Whether an event of that probability happens.
    public boolean chance(double probability) {
        return unit() < probability;
    }

    /// A uniformly random order (Fisher-Yates).
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = below(i + 1);
            int swapped = values[i];
            values[i] = values[j];
            values[j] = swapped;
        }
    }

    /// The side of the split a canonical problem is on, where there is no validation.
    static Split splitOf(String canonical, double heldOutFraction) {
        return splitOf(canonical, heldOutFraction, 0);
    }

    /// The side of the split a canonical problem is on: FNV-1a over its UTF-8 bytes, finished by the mixer, as a
    /// fraction of 2^53. What is held out does not depend on how much of the rest validates.
    static Split splitOf(String canonical, double heldOutFraction, double validationFraction) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : canonical.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        double place = (mix(hash) >>> 11) * 0x1.0p-53;
        return place < heldOutFraction
                ? Split.HELD_OUT
                : place < heldOutFraction + validationFraction ? Split.VALIDATION : Split.TRAINING;
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
