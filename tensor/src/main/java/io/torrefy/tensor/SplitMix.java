package io.torrefy.tensor;

import io.torrefy.export.Export;

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), keyed by a seed and a
/// position: what is drawn for item `index` never depends on the items before it. For scalars one by one, where [Rng]
/// would make a tensor of each. Written out here because what is drawn must come out the same on every Java release.
@Export(value = "tensor.SplitMix", since = "0.1")
public final class SplitMix {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    /// The numbers of item `index` under a seed.
    public SplitMix(long seed, long index) {
        state = mix(mix(seed + GOLDEN) ^ (index * GOLDEN));
    }

    private SplitMix(long state) {
        this.state = state;
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

    /// Standard normal, by Marsaglia's polar method; the second number of a pair is not kept, so that the state is
    /// all there is to save.
    public double gaussian() {
        while (true) {
            double x = 2 * unit() - 1;
            double y = 2 * unit() - 1;
            double square = x * x + y * y;
            if (square < 1 && square != 0) {
                return x * Math.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
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

    /// How far it is, for [#at].
    public long state() {
        return state;
    }

    /// A generator that goes on from a saved state.
    public static SplitMix at(long state) {
        return new SplitMix(state);
    }

    /// The finaliser alone: a bijection of 64 bits in which every bit of the result depends on every bit of `z`.
    public static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
