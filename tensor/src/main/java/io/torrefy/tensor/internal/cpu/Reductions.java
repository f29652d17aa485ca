package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.ReduceOp;

/// Reductions and scans along the middle dimension of (outer, n, inner). F32 sums, maxima and minima run in vector
/// loops
/// (`RowReductions`, `ColumnReductions`); the rest walks each lane of the result in double or long.
final class Reductions {
    /// Doubles are summed in runs of this length, and the runs then added.
    private static final int RUN = 256;

    private Reductions() {}

    static void reduce(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        boolean argument = op == ReduceOp.ARGMAX || op == ReduceOp.ARGMIN;
        if (n == 0) {
            double empty = op == ReduceOp.PROD ? 1 : op == ReduceOp.MAX ? Double.NEGATIVE_INFINITY : 0;
            double value = op == ReduceOp.MIN ? Double.POSITIVE_INFINITY : empty;
            Copies.fill(argument ? DType.I64 : type, outer * inner, y, value);
        } else if (type == DType.F32 && Mem.VECTOR && inner == 1 && op != ReduceOp.PROD) {
            RowReductions.reduce(op, outer, n, x, y);
        } else if (type == DType.F32 && Mem.VECTOR && inner >= Mem.FS.length() && !argument && op != ReduceOp.PROD) {
            ColumnReductions.reduce(op, outer, n, inner, x, y);
        } else {
            eachLane(outer, n, inner, (lane, first) -> {
                long from = x + first * type.bytes();
                long step = inner * type.bytes();
                if (argument) {
                    Mem.i64(y + 8 * lane, argument(op == ReduceOp.ARGMAX, type, n, from, step));
                } else {
                    lane(op, type, n, from, step, y + lane * type.bytes());
                }
            });
        }
    }

    /// One lane of the result: element `first` of x is its first one.
    @FunctionalInterface
    private interface Lane {
        void run(long lane, long first);
    }

    private static void eachLane(long outer, long n, long inner, Lane body) {
        int lanes = (int) Math.clamp(Blocks.SIZE / Math.max(1, n), 1, Blocks.SIZE);
        int serial = (int) Math.clamp(Blocks.SERIAL / Math.max(1, n), 1, Blocks.SERIAL);
        Blocks.run(outer * inner, lanes, serial, (start, count) -> {
            for (long lane = start; lane < start + count; lane++) {
                body.run(lane, lane / inner * n * inner + lane % inner);
            }
        });
    }

    private static void lane(ReduceOp op, DType type, long n, long x, long step, long y) {
        switch (type) {
            case F32, F64, BF16, F16 -> putDouble(type, y, reduceDoubles(op, type, n, x, step));
            case I64, I32, U8, BOOL -> putLong(type, y, reduceLongs(op, type, n, x, step));
        }
    }

    private static double reduceDoubles(ReduceOp op, DType type, long n, long x, long step) {
        double result = op == ReduceOp.SUM ? 0 : op == ReduceOp.PROD ? 1 : getDouble(type, x);
        for (long start = 0; start < n; start += RUN) {
            long end = Math.min(n, start + RUN);
            double run = op == ReduceOp.SUM ? 0 : result;
            for (long j = start; j < end; j++) {
                double v = getDouble(type, x + j * step);
                run = switch (op) {
                    case SUM -> run + v;
                    case PROD -> run * v;
                    case MAX -> Math.max(run, v);
                    default -> Math.min(run, v);
                };
            }
            result = op == ReduceOp.SUM ? result + run : run;
        }
        return result;
    }

    private static long reduceLongs(ReduceOp op, DType type, long n, long x, long step) {
        long result = op == ReduceOp.SUM ? 0 : op == ReduceOp.PROD ? 1 : getLong(type, x);
        for (long j = 0; j < n; j++) {
            long v = getLong(type, x + j * step);
            result = switch (op) {
                case SUM -> result + v;
                case PROD -> result * v;
                case MAX -> Math.max(result, v);
                default -> Math.min(result, v);
            };
        }
        return result;
    }

    private static long argument(boolean max, DType type, long n, long x, long step) {
        long best = 0;
        if (!type.isFloating()) {
            long extreme = getLong(type, x);
            for (long j = 1; j < n; j++) {
                long v = getLong(type, x + j * step);
                if (max ? v > extreme : v < extreme) {
                    extreme = v;
                    best = j;
                }
            }
            return best;
        }
        double extreme = getDouble(type, x);
        for (long j = 1; j < n && !Double.isNaN(extreme); j++) {
            double v = getDouble(type, x + j * step);
            if ((max ? v > extreme : v < extreme) || Double.isNaN(v)) {
                extreme = v;
                best = j;
            }
        }
        return best;
    }

    static void scan(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        if (op != ReduceOp.SUM && op != ReduceOp.PROD) {
            throw new IllegalArgumentException("[scan] expected SUM or PROD; got " + op);
        }
        boolean sum = op == ReduceOp.SUM;
        int size = type.bytes();
        eachLane(outer, n, inner, (lane, first) -> {
            if (type.isFloating()) {
                scanDoubles(sum, type, n, x + first * size, y + first * size, inner * size);
            } else {
                scanLongs(sum, type, n, x + first * size, y + first * size, inner * size);
            }
        });
    }

    private static void scanDoubles(boolean sum, DType type, long n, long x, long y, long step) {
        double running = sum ? 0 : 1;
        for (long j = 0; j < n; j++) {
            double v = getDouble(type, x + j * step);
            running = sum ? running + v : running * v;
            putDouble(type, y + j * step, running);
        }
    }

    private static void scanLongs(boolean sum, DType type, long n, long x, long y, long step) {
        long running = sum ? 0 : 1;
        for (long j = 0; j < n; j++) {
            long v = getLong(type, x + j * step);
            running = sum ? running + v : running * v;
            putLong(type, y + j * step, running);
        }
    }

    static void sort(DType type, long rows, long n, boolean descending, long x, long values, long indices) {
        Sorting.sort(type, rows, n, descending, x, values, indices);
    }

    private static double getDouble(DType type, long address) {
        return switch (type) {
            case F32 -> Mem.f32(address);
            case F64 -> Mem.f64(address);
            case BF16 -> Casts.fromBf16(Mem.i16(address));
            case F16 -> Float.float16ToFloat(Mem.i16(address));
            default -> throw new IllegalArgumentException("[reduce] expected a floating-point dtype; got " + type);
        };
    }

    private static void putDouble(DType type, long address, double value) {
        switch (type) {
            case F32 -> Mem.f32(address, (float) value);
            case F64 -> Mem.f64(address, value);
            case BF16 -> Mem.i16(address, Casts.toBf16((float) value));
            case F16 -> Mem.i16(address, Float.floatToFloat16((float) value));
            default -> throw new IllegalArgumentException("[reduce] expected a floating-point dtype; got " + type);
        }
    }

    private static long getLong(DType type, long address) {
        return switch (type) {
            case I64 -> Mem.i64(address);
            case I32 -> Mem.i32(address);
            case U8, BOOL -> Mem.i8(address) & 0xff;
            default -> throw new IllegalArgumentException("[reduce] expected an integer dtype; got " + type);
        };
    }

    private static void putLong(DType type, long address, long value) {
        switch (type) {
            case I64 -> Mem.i64(address, value);
            case I32 -> Mem.i32(address, (int) value);
            case U8 -> Mem.i8(address, (byte) value);
            case BOOL -> Mem.i8(address, (byte) (value != 0 ? 1 : 0));
            default -> throw new IllegalArgumentException("[reduce] expected an integer dtype; got " + type);
        }
    }
}
