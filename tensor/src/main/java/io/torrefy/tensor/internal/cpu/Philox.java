package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Philox4x32;

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The key is
/// the
/// seed, low word first. The counter holds the position in its first two words and the stream in its last two; position
/// p gives the words of the elements 4p .. 4p+3.
///
/// F64 takes its second word from the same place of the counter whose position has its top bit set, so that n elements
/// span the same positions in both types, and an F64 draw begins with the bits of the F32 draw.
///
/// Normals come in pairs from `sqrt(-2 ln(1 - u)) (cos, sin)(2 pi v)`, u and v the uniforms of elements 2k and 2k+1.
/// The
/// arithmetic is double in both types, so that other devices can agree with it after rounding.
final class Philox {
    private static final long SECOND = Long.MIN_VALUE;
    private static final double F24 = 0x1p-24;
    private static final double F53 = 0x1p-53;

    private Philox() {}

    static void uniform(DType type, long n, long seed, long stream, long offset, long y) {
        switch (type) {
            case F32 -> Blocks.run(n, (start, count) -> uniformF32(count, seed, stream, offset + start, y + 4 * start));
            case F64 -> Blocks.run(n, (start, count) -> uniformF64(count, seed, stream, offset + start, y + 8 * start));
            default -> throw unsupported("uniform", type);
        }
    }

    static void normal(DType type, long n, long seed, long stream, long offset, long y) {
        if (type != DType.F32 && type != DType.F64) {
            throw unsupported("normal", type);
        }
        long size = type.bytes();
        Blocks.run(n, (start, count) -> normals(type, count, seed, stream, offset + start, y + size * start));
    }

    private static IllegalArgumentException unsupported(String kernel, DType type) {
        return new IllegalArgumentException(
                "[" + kernel + "] expected f32 or f64; got " + type + ". Hint: draw f32 and cast.");
    }

    private static void uniformF32(int n, long seed, long stream, long offset, long y) {
        int full = PhiloxVectors.SUPPORTED ? n - n % PhiloxVectors.STEP : 0;
        if (full > 0) {
            PhiloxVectors.uniform(full, seed, stream, offset >>> 2, y);
        }
        int[] words = new int[4];
        for (int i = full; i < n; i += 4) {
            Philox4x32.words(seed, stream, (offset + i) >>> 2, words);
            int count = Math.min(4, n - i);
            for (int k = 0; k < count; k++) {
                Mem.f32(y + 4L * (i + k), (words[k] >>> 8) * 0x1p-24f);
            }
        }
    }

    private static void uniformF64(int n, long seed, long stream, long offset, long y) {
        int[] words = new int[4];
        int[] more = new int[4];
        for (int i = 0; i < n; i += 4) {
            long position = (offset + i) >>> 2;
            Philox4x32.words(seed, stream, position, words);
            Philox4x32.words(seed, stream, position ^ SECOND, more);
            int count = Math.min(4, n - i);
            for (int k = 0; k < count; k++) {
                Mem.f64(y + 8L * (i + k), wide(words[k], more[k]));
            }
        }
    }

    /// 53 bits: 32 of the first word, then 21 of the second.
    private static double wide(int first, int second) {
        return (((first & 0xffffffffL) << 21) | (second >>> 11)) * F53;
    }

    private static void normals(DType type, int n, long seed, long stream, long offset, long y) {
        int[] words = new int[4];
        int[] more = new int[4];
        boolean narrow = type == DType.F32;
        for (int i = 0; i < n; i += 4) {
            long position = (offset + i) >>> 2;
            Philox4x32.words(seed, stream, position, words);
            if (!narrow) {
                Philox4x32.words(seed, stream, position ^ SECOND, more);
            }
            for (int k = 0; k < Math.min(4, n - i); k += 2) {
                double u = narrow ? (words[k] >>> 8) * F24 : wide(words[k], more[k]);
                double v = narrow ? (words[k + 1] >>> 8) * F24 : wide(words[k + 1], more[k + 1]);
                double radius = Math.sqrt(-2 * Math.log(1 - u));
                put(type, y, i + k, radius * Math.cos(2 * Math.PI * v));
                if (i + k + 1 < n) {
                    put(type, y, i + k + 1, radius * Math.sin(2 * Math.PI * v));
                }
            }
        }
    }

    private static void put(DType type, long y, int i, double value) {
        if (type == DType.F32) {
            Mem.f32(y + 4L * i, (float) value);
        } else {
            Mem.f64(y + 8L * i, value);
        }
    }
}
