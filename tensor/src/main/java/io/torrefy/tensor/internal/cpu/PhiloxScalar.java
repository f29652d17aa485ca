package io.torrefy.tensor.internal.cpu;

/// Single numbers of the Philox sequence.
public final class PhiloxScalar {
    private PhiloxScalar() {}

    /// Element `position` of (seed, stream), as the f32 kernel gives it.
    public static float uniform(long seed, long stream, long position) {
        int[] words = new int[4];
        Philox.words(seed, stream, position >>> 2, words);
        return (words[(int) (position & 3)] >>> 8) * 0x1p-24f;
    }
}
