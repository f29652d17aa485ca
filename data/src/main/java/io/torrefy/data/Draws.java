package io.torrefy.data;

import io.torrefy.tensor.internal.Philox4x32;

/// Random numbers of one stage in one epoch, each a function of its position alone (Philox4x32-10), so that a restored
/// stage goes on with the numbers it would have drawn.
///
/// @param stream tells kinds of stages and epochs apart, so that stages of the same seed draw independently
record Draws(long seed, long stream) {
    /// The kinds of stages that draw.
    enum Kind {
        FILES,
        SHUFFLE,
        MIX
    }

    static Draws of(long seed, Kind kind, long epoch) {
        return new Draws(seed, ((long) kind.ordinal() + 1) << 56 ^ epoch);
    }

    /// 64 random bits.
    long bits(long position) {
        var words = new int[4];
        Philox4x32.words(seed, stream, position, words);
        return (long) words[0] << 32 | words[1] & 0xffffffffL;
    }

    /// Uniform in `0` to `bound - 1`; off by less than `bound / 2^64`.
    int below(long position, int bound) {
        return (int) Math.unsignedMultiplyHigh(bits(position), bound);
    }

    /// Uniform in [0, 1), 53 bits.
    double uniform(long position) {
        return (bits(position) >>> 11) * 0x1p-53;
    }

    /// `0` to `n - 1` in random order (Fisher and Yates).
    int[] permutation(int n) {
        var order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = below(i, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
