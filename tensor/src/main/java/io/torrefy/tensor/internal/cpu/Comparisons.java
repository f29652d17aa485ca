package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.CompareOp;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Comparison and selection over broadcast shapes.
final class Comparisons {
    private static final int L = FS.length();
    private static final ValueLayout.OfLong LITTLE = Mem.I64.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_HALF = Mem.I32.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Comparisons() {}

    /// What an ordering comparison answers for a smaller, equal, greater and unordered left side: one loop per
    /// dtype then
    /// serves all six.
    private record Answers(byte less, byte equal, byte greater, byte unordered) {
        static Answers of(CompareOp op) {
            return switch (op) {
                case EQ -> new Answers((byte) 0, (byte) 1, (byte) 0, (byte) 0);
                case NE -> new Answers((byte) 1, (byte) 0, (byte) 1, (byte) 1);
                case LT -> new Answers((byte) 1, (byte) 0, (byte) 0, (byte) 0);
                case LE -> new Answers((byte) 1, (byte) 1, (byte) 0, (byte) 0);
                case GT -> new Answers((byte) 0, (byte) 0, (byte) 1, (byte) 0);
                case GE -> new Answers((byte) 0, (byte) 1, (byte) 1, (byte) 0);
                case AND, OR, XOR ->
                    throw new IllegalArgumentException(
                            "[compare] expected bool arguments for " + op + ". Hint: compare with zero first.");
            };
        }

        byte compare(double a, double b) {
            return a < b ? less : a > b ? greater : a == b ? equal : unordered;
        }

        /// Without branches: all integers of a dtype are ordered.
        byte compare(long a, long b) {
            int below = a < b ? less : 0;
            int above = a > b ? greater : 0;
            int same = a == b ? equal : 0;
            return (byte) (below | above | same);
        }
    }

    static void compare(
            CompareOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        Layout layout = Layout.of(shape, aStrides, bStrides, Layout.denseStrides(shape));
        int size = type.bytes();
        long as = size * layout.strides[0][0];
        long bs = size * layout.strides[1][0];
        boolean logical = op == CompareOp.AND || op == CompareOp.OR || op == CompareOp.XOR;
        if (logical && type == DType.BOOL) {
            Blocks.run(
                    layout.count,
                    (start, count) -> layout.forEach(
                            start,
                            start + count,
                            (n, at) -> logicalRow(op, n, a + at[0], as, b + at[1], bs, y + at[2])));
            return;
        }
        Answers answers = Answers.of(op);
        Blocks.run(
                layout.count,
                (start, count) -> layout.forEach(
                        start,
                        start + count,
                        (n, at) ->
                                compareRow(answers, type, n, a + size * at[0], as, b + size * at[1], bs, y + at[2])));
    }

    private static void logicalRow(CompareOp op, int n, long a, long as, long b, long bs, long y) {
        for (int i = 0; i < n; i++) {
            boolean p = Mem.i8(a + i * as) != 0;
            boolean q = Mem.i8(b + i * bs) != 0;
            boolean r = op == CompareOp.AND ? p & q : op == CompareOp.OR ? p | q : p ^ q;
            Mem.i8(y + i, (byte) (r ? 1 : 0));
        }
    }

    private static void compareRow(Answers answers, DType type, int n, long a, long as, long b, long bs, long y) {
        switch (type) {
            case F32 -> {
                int done = 0;
                if (Mem.VECTOR && L % 4 == 0 && (as == 4 || as == 0) && (bs == 4 || bs == 0) && n >= L) {
                    done = Mem.FS.loopBound(n);
                    compareVectors(answers, done, a, (int) as / 4, b, (int) bs / 4, y);
                }
                for (int i = done; i < n; i++) {
                    Mem.i8(y + i, answers.compare((double) Mem.f32(a + i * as), Mem.f32(b + i * bs)));
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i, answers.compare(Mem.f64(a + i * as), Mem.f64(b + i * bs)));
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    float left = Casts.fromBf16(Mem.i16(a + i * as));
                    Mem.i8(y + i, answers.compare((double) left, Casts.fromBf16(Mem.i16(b + i * bs))));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    float left = Float.float16ToFloat(Mem.i16(a + i * as));
                    Mem.i8(y + i, answers.compare((double) left, Float.float16ToFloat(Mem.i16(b + i * bs))));
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i, answers.compare(Mem.i64(a + i * as), Mem.i64(b + i * bs)));
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i, answers.compare((long) Mem.i32(a + i * as), Mem.i32(b + i * bs)));
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < n; i++) {
                    Mem.i8(y + i, answers.compare((long) (Mem.i8(a + i * as) & 0xff), Mem.i8(b + i * bs) & 0xff));
                }
            }
        }
    }

    /// Strides are 0 or 1. The four outcomes are masks of bits, chosen by the answers and spread to bytes.
    private static void compareVectors(Answers answers, int n, long a, int as, long b, int bs, long y) {
        long less = -answers.less;
        long equal = -answers.equal;
        long greater = -answers.greater;
        long unordered = -answers.unordered;
        FloatVector p = FloatVector.broadcast(FS, Mem.f32(a));
        FloatVector q = FloatVector.broadcast(FS, Mem.f32(b));
        for (int i = 0; i < n; i += L) {
            p = as == 0 ? p : FloatVector.fromMemorySegment(FS, ALL, a + 4L * i, ORDER);
            q = bs == 0 ? q : FloatVector.fromMemorySegment(FS, ALL, b + 4L * i, ORDER);
            long lt = p.compare(VectorOperators.LT, q).toLong();
            long gt = p.compare(VectorOperators.GT, q).toLong();
            long eq = p.compare(VectorOperators.EQ, q).toLong();
            long bits = lt & less | gt & greater | eq & equal | ~(lt | gt | eq) & unordered;
            if (L == 4) {
                Mem.ALL.set(LITTLE_HALF, y + i, (int) Long.expand(bits, 0x01010101L));
            }
            for (int k = 0; k + 8 <= L; k += 8) {
                Mem.ALL.set(LITTLE, y + i + k, Long.expand(bits >>> k, 0x0101010101010101L));
            }
        }
    }

    static void where(
            DType type,
            long[] shape,
            long c,
            long[] cStrides,
            long a,
            long[] aStrides,
            long b,
            long[] bStrides,
            long y) {
        Layout layout = Layout.of(shape, cStrides, aStrides, bStrides, Layout.denseStrides(shape));
        int size = type.bytes();
        long cs = layout.strides[0][0];
        long as = size * layout.strides[1][0];
        long bs = size * layout.strides[2][0];
        Blocks.run(
                layout.count,
                (start, count) -> layout.forEach(
                        start,
                        start + count,
                        (n, at) -> whereRow(
                                size, n, c + at[0], cs, a + size * at[1], as, b + size * at[2], bs, y + size * at[3])));
    }

    private static void whereRow(int size, int n, long c, long cs, long a, long as, long b, long bs, long y) {
        switch (size) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    byte left = Mem.i8(a + i * as);
                    byte right = Mem.i8(b + i * bs);
                    Mem.i8(y + i, Mem.i8(c + i * cs) != 0 ? left : right);
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    short left = Mem.i16(a + i * as);
                    short right = Mem.i16(b + i * bs);
                    Mem.i16(y + 2L * i, Mem.i8(c + i * cs) != 0 ? left : right);
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    int left = Mem.i32(a + i * as);
                    int right = Mem.i32(b + i * bs);
                    Mem.i32(y + 4L * i, Mem.i8(c + i * cs) != 0 ? left : right);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    long left = Mem.i64(a + i * as);
                    long right = Mem.i64(b + i * bs);
                    Mem.i64(y + 8L * i, Mem.i8(c + i * cs) != 0 ? left : right);
                }
            }
        }
    }
}
