package io.torrefy.tensor.internal;

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), one counter
/// at a time. The key is the seed, low word first. The counter holds the position in its first two words and the stream
/// in its last two.
public final class Philox4x32 {
    public static final int M0 = 0xD2511F53;
    public static final int M1 = 0xCD9E8D57;
    public static final int W0 = 0x9E3779B9;
    public static final int W1 = 0xBB67AE85;
    public static final int ROUNDS = 10;

    private Philox4x32() {}

    /// The four words of one counter.
    public static void words(long seed, long stream, long position, int[] out) {
        int c0 = (int) position;
        int c1 = (int) (position >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (c0 & 0xffffffffL) * (M0 & 0xffffffffL);
            long p1 = (c2 & 0xffffffffL) * (M1 & 0xffffffffL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /// Element `position` of (seed, stream), in [0, 1), as the f32 kernels give it.
    public static float uniform(long seed, long stream, long position) {
        int[] words = new int[4];
        words(seed, stream, position >>> 2, words);
        return (words[(int) (position & 3)] >>> 8) * 0x1p-24f;
    }
}
