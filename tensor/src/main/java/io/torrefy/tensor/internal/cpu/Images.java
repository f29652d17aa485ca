package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Conv2dPlan;

/// Convolution unfolding and bicubic interpolation, F32 and F64.
final class Images {
    private static final int TAPS = 4;
    private static final double A = -0.75;

    private Images() {}

    // ---- convolution ----------------------------------------------------------------------------------------------

    static void im2col(DType type, Conv2dPlan plan, long x, long columns) {
        int size = bytes("im2col", type);
        long pixels = (long) plan.oh() * plan.ow();
        int taps = plan.kh() * plan.kw();
        int rows = (int) Math.clamp(Blocks.SIZE / Math.max(1, pixels), 1, Blocks.SIZE);
        Blocks.run((long) plan.channels() * taps, rows, 2 * rows, (start, count) -> {
            for (long row = start; row < start + count; row++) {
                long image = x + size * (row / taps * plan.h() * plan.w());
                unfoldTap(size, plan, (int) (row % taps), image, columns + size * row * pixels);
            }
        });
    }

    /// First output column whose source lies in the image.
    private static int firstColumn(Conv2dPlan plan, int shift) {
        return shift >= 0 ? 0 : (-shift + plan.strideW() - 1) / plan.strideW();
    }

    /// One past the last output column whose source lies in the image.
    private static int endColumn(Conv2dPlan plan, int shift) {
        int last = plan.w() - 1 - shift;
        return last < 0 ? 0 : Math.min(plan.ow(), last / plan.strideW() + 1);
    }

    private static void unfoldTap(int size, Conv2dPlan plan, int tap, long image, long to) {
        int top = tap / plan.kw() * plan.dilationH() - plan.padH();
        int left = tap % plan.kw() * plan.dilationW() - plan.padW();
        int end = endColumn(plan, left);
        int first = Math.min(firstColumn(plan, left), end);
        for (int oy = 0; oy < plan.oh(); oy++) {
            int iy = oy * plan.strideH() + top;
            long row = to + (long) size * oy * plan.ow();
            if (iy < 0 || iy >= plan.h() || first == end) {
                zero((long) size * plan.ow(), row);
                continue;
            }
            long from = image + size * ((long) iy * plan.w() + (long) first * plan.strideW() + left);
            zero((long) size * first, row);
            if (plan.strideW() == 1) {
                Mem.copy((long) size * (end - first), from, row + (long) size * first);
            } else {
                stride(size, end - first, from, plan.strideW(), row + (long) size * first);
            }
            zero((long) size * (plan.ow() - end), row + (long) size * end);
        }
    }

    private static void zero(long bytes, long y) {
        for (long at = 0; at < bytes; at += 4) {
            Mem.i32(y + at, 0);
        }
    }

    private static void stride(int size, int n, long x, int step, long y) {
        if (size == 4) {
            for (int i = 0; i < n; i++) {
                Mem.i32(y + 4L * i, Mem.i32(x + 4L * i * step));
            }
        } else {
            for (int i = 0; i < n; i++) {
                Mem.i64(y + 8L * i, Mem.i64(x + 8L * i * step));
            }
        }
    }

    static void col2im(DType type, Conv2dPlan plan, long columns, long x) {
        int size = bytes("col2im", type);
        long pixels = (long) plan.oh() * plan.ow();
        int taps = plan.kh() * plan.kw();
        int channels = (int) Math.clamp(Blocks.SIZE / Math.max(1, pixels * taps), 1, Blocks.SIZE);
        Blocks.run(plan.channels(), channels, channels, (start, count) -> {
            for (long c = start; c < start + count; c++) {
                for (int tap = 0; tap < taps; tap++) {
                    long from = columns + size * (c * taps + tap) * pixels;
                    foldTap(type, plan, tap, from, x + size * c * plan.h() * plan.w());
                }
            }
        });
    }

    private static void foldTap(DType type, Conv2dPlan plan, int tap, long from, long image) {
        int size = type.bytes();
        int top = tap / plan.kw() * plan.dilationH() - plan.padH();
        int left = tap % plan.kw() * plan.dilationW() - plan.padW();
        int end = endColumn(plan, left);
        int first = Math.min(firstColumn(plan, left), end);
        for (int oy = 0; oy < plan.oh(); oy++) {
            int iy = oy * plan.strideH() + top;
            if (iy < 0 || iy >= plan.h()) {
                continue;
            }
            long row = from + (long) size * oy * plan.ow();
            long to = image + size * ((long) iy * plan.w() + left);
            for (int ox = first; ox < end; ox++) {
                long at = to + (long) size * ox * plan.strideW();
                if (type == DType.F32) {
                    Mem.f32(at, Mem.f32(at) + Mem.f32(row + 4L * ox));
                } else {
                    Mem.f64(at, Mem.f64(at) + Mem.f64(row + 8L * ox));
                }
            }
        }
    }

    // ---- bicubic --------------------------------------------------------------------------------------------------

    /// Along one axis: output i is the sum over t of `weight[4i + t]` times input `index[4i + t]`. As PyTorch does,
    /// F32 finds the source position in float.
    private record Axis(int[] index, double[] weight) {
        static Axis of(DType type, long in, long out) {
            int n = Math.toIntExact(out);
            Axis axis = new Axis(new int[TAPS * n], new double[TAPS * n]);
            for (int i = 0; i < n; i++) {
                axis.taps(i, source(type, in, out, i), Math.toIntExact(in));
            }
            return axis;
        }

        private static double source(DType type, long in, long out, int i) {
            if (type == DType.F32) {
                float scale = (float) in / out;
                return scale * (i + 0.5f) - 0.5f;
            }
            return (double) in / out * (i + 0.5) - 0.5;
        }

        private void taps(int i, double source, int in) {
            int floor = (int) Math.floor(source);
            double t = source - floor;
            double[] w = {far(t + 1), near(t), near(1 - t), far(2 - t)};
            for (int k = 0; k < TAPS; k++) {
                index[TAPS * i + k] = Math.clamp(floor - 1 + k, 0, in - 1);
                weight[TAPS * i + k] = w[k];
            }
        }

        /// Keys' kernel up to distance 1.
        private static double near(double d) {
            return ((A + 2) * d - (A + 3)) * d * d + 1;
        }

        /// Keys' kernel between distances 1 and 2.
        private static double far(double d) {
            return ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
        }
    }

    static void bicubic(DType type, long planes, long h, long w, long oh, long ow, long x, long y) {
        int size = bytes("bicubic", type);
        Axis rows = Axis.of(type, h, oh);
        Axis columns = Axis.of(type, w, ow);
        Blocks.run(planes, 1, planes * oh * ow <= Blocks.SIZE / 4 ? Integer.MAX_VALUE : 1, (start, count) -> {
            for (long p = start; p < start + count; p++) {
                plane(type, rows, columns, (int) w, x + size * p * h * w, y + size * p * oh * ow);
            }
        });
    }

    private static void plane(DType type, Axis rows, Axis columns, int w, long x, long y) {
        int size = type.bytes();
        int oh = rows.index.length / TAPS;
        int ow = columns.index.length / TAPS;
        for (int oy = 0; oy < oh; oy++) {
            for (int ox = 0; ox < ow; ox++) {
                double sum = 0;
                for (int i = 0; i < TAPS; i++) {
                    long row = x + (long) size * rows.index[TAPS * oy + i] * w;
                    double line = 0;
                    for (int j = 0; j < TAPS; j++) {
                        line += columns.weight[TAPS * ox + j] * get(type, row, columns.index[TAPS * ox + j]);
                    }
                    sum += rows.weight[TAPS * oy + i] * line;
                }
                put(type, y, oy * (long) ow + ox, sum);
            }
        }
    }

    static void bicubicBackward(DType type, long planes, long h, long w, long oh, long ow, long dy, long dx) {
        int size = bytes("bicubic", type);
        Axis rows = Axis.of(type, h, oh);
        Axis columns = Axis.of(type, w, ow);
        Blocks.run(planes, 1, planes * oh * ow <= Blocks.SIZE / 4 ? Integer.MAX_VALUE : 1, (start, count) -> {
            for (long p = start; p < start + count; p++) {
                double[] sum = new double[Math.toIntExact(h * w)];
                scatter(type, rows, columns, (int) w, dy + size * p * oh * ow, sum);
                for (int i = 0; i < sum.length; i++) {
                    put(type, dx + size * p * h * w, i, sum[i]);
                }
            }
        });
    }

    private static void scatter(DType type, Axis rows, Axis columns, int w, long dy, double[] sum) {
        int oh = rows.index.length / TAPS;
        int ow = columns.index.length / TAPS;
        for (int oy = 0; oy < oh; oy++) {
            for (int ox = 0; ox < ow; ox++) {
                double g = get(type, dy, oy * (long) ow + ox);
                for (int i = 0; i < TAPS; i++) {
                    int row = rows.index[TAPS * oy + i] * w;
                    double gi = g * rows.weight[TAPS * oy + i];
                    for (int j = 0; j < TAPS; j++) {
                        sum[row + columns.index[TAPS * ox + j]] += gi * columns.weight[TAPS * ox + j];
                    }
                }
            }
        }
    }

    private static int bytes(String kernel, DType type) {
        if (type != DType.F32 && type != DType.F64) {
            throw new IllegalArgumentException(
                    "[" + kernel + "] expected f32 or f64; got " + type + ". Hint: cast to f32 first.");
        }
        return type.bytes();
    }

    private static double get(DType type, long x, long i) {
        return type == DType.F32 ? Mem.f32(x + 4 * i) : Mem.f64(x + 8 * i);
    }

    private static void put(DType type, long y, long i, double value) {
        if (type == DType.F32) {
            Mem.f32(y + 4 * i, (float) value);
        } else {
            Mem.f64(y + 8 * i, value);
        }
    }
}
