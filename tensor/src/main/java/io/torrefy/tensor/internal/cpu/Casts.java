package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Conversion of runs of elements between dtypes. Every pair goes through a small buffer of double (floating-point
/// sources)
/// or long (integer sources), both of which hold their sources exactly; f32 and bf16 have vector loops.
final class Casts {
    private static final int L = Mem.IS.length();
    private static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, Mem.IS.vectorBitSize() / 2)));
    private static final boolean BF16_VECTORS = Mem.VECTOR && HALF.length() == L;
    private static final short BF16_NAN = 0x7fc0;

    private Casts() {}

    static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// Rounds to nearest, ties to even; NaN stays NaN, too large a value becomes infinite.
    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.isNaN(value) ? BF16_NAN : (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /// Converts n elements at x (byte step `xs`) to y (byte step `ys`).
    static void convert(DType from, DType to, int n, long x, long xs, long y, long ys) {
        int done = xs == from.bytes() && ys == to.bytes() ? convertVectors(from, to, n, x, y) : 0;
        Scratch scratch = Scratch.get();
        for (; done < n; done += Scratch.CHUNK) {
            int count = Math.min(Scratch.CHUNK, n - done);
            if (from.isFloating()) {
                read(from, count, x + done * xs, xs, scratch.doubles);
                write(to, count, scratch.doubles, y + done * ys, ys);
            } else {
                read(from, count, x + done * xs, xs, scratch.longs);
                write(to, count, scratch.longs, y + done * ys, ys);
            }
        }
    }

    /// Converts as many elements as fill whole vectors; returns their number.
    private static int convertVectors(DType from, DType to, int n, long x, long y) {
        if (BF16_VECTORS && from == DType.BF16 && to == DType.F32) {
            int full = Mem.IS.loopBound(n);
            widenBf16(full, x, y);
            return full;
        }
        if (BF16_VECTORS && from == DType.F32 && to == DType.BF16) {
            int full = Mem.IS.loopBound(n);
            narrowBf16(full, x, y);
            return full;
        }
        return 0;
    }

    private static void widenBf16(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            ShortVector s = ShortVector.fromMemorySegment(HALF, Mem.ALL, x + 2L * i, Mem.ORDER);
            IntVector v = (IntVector) s.convertShape(VectorOperators.ZERO_EXTEND_S2I, Mem.IS, 0);
            v.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(Mem.ALL, y + 4L * i, Mem.ORDER);
        }
    }

    private static void narrowBf16(int n, long x, long y) {
        for (int i = 0; i < n; i += L) {
            IntVector v = IntVector.fromMemorySegment(Mem.IS, Mem.ALL, x + 4L * i, Mem.ORDER);
            VectorMask<Integer> nan = v.and(Integer.MAX_VALUE).compare(VectorOperators.GT, 0x7f800000);
            IntVector even = v.lanewise(VectorOperators.LSHR, 16).and(1);
            IntVector r =
                    v.add(even).add(0x7fff).lanewise(VectorOperators.LSHR, 16).blend(BF16_NAN, nan);
            ShortVector s = (ShortVector) r.convertShape(VectorOperators.I2S, HALF, 0);
            s.intoMemorySegment(Mem.ALL, y + 2L * i, Mem.ORDER);
        }
    }

    private static void read(DType from, int n, long x, long xs, double[] buffer) {
        switch (from) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Mem.f32(x + i * xs);
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Mem.f64(x + i * xs);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = fromBf16(Mem.i16(x + i * xs));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Float.float16ToFloat(Mem.i16(x + i * xs));
                }
            }
            default -> throw new IllegalArgumentException("[copy] expected a floating-point dtype; got " + from);
        }
    }

    private static void read(DType from, int n, long x, long xs, long[] buffer) {
        switch (from) {
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Mem.i64(x + i * xs);
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Mem.i32(x + i * xs);
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < n; i++) {
                    buffer[i] = Mem.i8(x + i * xs) & 0xff;
                }
            }
            default -> throw new IllegalArgumentException("[copy] expected an integer dtype; got " + from);
        }
    }

    private static void write(DType to, int n, double[] buffer, long y, long ys) {
        switch (to) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f32(y + i * ys, (float) buffer[i]);
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f64(y + i * ys, buffer[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i16(y + i * ys, toBf16((float) buffer[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i16(y + i * ys, Float.floatToFloat16((float) buffer[i]));
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i64(y + i * ys, (long) buffer[i]);
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i32(y + i * ys, (int) buffer[i]);
                }
            }
            case U8 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i * ys, (byte) (long) buffer[i]);
                }
            }
            case BOOL -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i * ys, (byte) (buffer[i] != 0 ? 1 : 0));
                }
            }
        }
    }

    private static void write(DType to, int n, long[] buffer, long y, long ys) {
        switch (to) {
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f32(y + i * ys, (float) buffer[i]);
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.f64(y + i * ys, (double) buffer[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i16(y + i * ys, toBf16((float) buffer[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i16(y + i * ys, Float.floatToFloat16((float) buffer[i]));
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i64(y + i * ys, buffer[i]);
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i32(y + i * ys, (int) buffer[i]);
                }
            }
            case U8 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i * ys, (byte) buffer[i]);
                }
            }
            case BOOL -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i * ys, (byte) (buffer[i] != 0 ? 1 : 0));
                }
            }
        }
    }
}
