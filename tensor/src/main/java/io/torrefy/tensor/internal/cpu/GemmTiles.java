package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.Mem.FS;

import java.util.Locale;
import jdk.incubator.vector.FloatVector;

/// The micro-kernels of the f32 matrix product: `t = A B` for a panel A (`kc` steps of `rows` values) and a panel B
/// (`kc`
/// steps of NR values), each element of t summed by fused multiply-adds in the order of k.
///
/// The accumulators are local variables, one k step is one trip, indices are int and affine: the form that C2 keeps
/// wholly in registers. Every method stands alone because vectors that cross a call may be boxed.
final class GemmTiles {
    static final int V = FS.length();
    /// Columns of a B panel.
    static final int NR = 2 * V;
    /// Rows of a full A panel: 24 accumulators where there are 32 vector registers, 12 where there are 16.
    static final int MR = V < 16 && x86() ? 6 : 12;

    private GemmTiles() {}

    private static boolean x86() {
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return arch.equals("amd64") || arch.equals("x86_64") || arch.equals("x86") || arch.equals("i386");
    }

    /// Rows of the smallest tile that holds `rows` rows; an A panel is packed to this height.
    static int height(int rows) {
        if (rows > 6) {
            return rows > 8 ? 12 : 8;
        }
        if (rows > 4) {
            return 6;
        }
        return rows == 3 ? 4 : rows;
    }

    /// Runs the tile of `height` rows; `wide` means both vectors of the B panel.
    static void run(int height, boolean wide, int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        if (wide) {
            switch (height) {
                case 12 -> tile12x2(kc, a, ao, b, bo, t);
                case 8 -> tile8x2(kc, a, ao, b, bo, t);
                case 6 -> tile6x2(kc, a, ao, b, bo, t);
                case 4 -> tile4x2(kc, a, ao, b, bo, t);
                case 2 -> tile2x2(kc, a, ao, b, bo, t);
                default -> tile1x2(kc, a, ao, b, bo, t);
            }
        } else {
            switch (height) {
                case 12 -> tile12x1(kc, a, ao, b, bo, t);
                case 8 -> tile8x1(kc, a, ao, b, bo, t);
                case 6 -> tile6x1(kc, a, ao, b, bo, t);
                case 4 -> tile4x1(kc, a, ao, b, bo, t);
                case 2 -> tile2x1(kc, a, ao, b, bo, t);
                default -> tile1x1(kc, a, ao, b, bo, t);
            }
        }
    }

    private static void tile12x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector d2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector d3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector d4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        FloatVector d5 = FloatVector.zero(FS);
        FloatVector c6 = FloatVector.zero(FS);
        FloatVector d6 = FloatVector.zero(FS);
        FloatVector c7 = FloatVector.zero(FS);
        FloatVector d7 = FloatVector.zero(FS);
        FloatVector c8 = FloatVector.zero(FS);
        FloatVector d8 = FloatVector.zero(FS);
        FloatVector c9 = FloatVector.zero(FS);
        FloatVector d9 = FloatVector.zero(FS);
        FloatVector c10 = FloatVector.zero(FS);
        FloatVector d10 = FloatVector.zero(FS);
        FloatVector c11 = FloatVector.zero(FS);
        FloatVector d11 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 12]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 12 + 1]);
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 12 + 2]);
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 12 + 3]);
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 12 + 4]);
            c4 = a4.fma(b0, c4);
            d4 = a4.fma(b1, d4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 12 + 5]);
            c5 = a5.fma(b0, c5);
            d5 = a5.fma(b1, d5);
            FloatVector a6 = FloatVector.broadcast(FS, a[ao + p * 12 + 6]);
            c6 = a6.fma(b0, c6);
            d6 = a6.fma(b1, d6);
            FloatVector a7 = FloatVector.broadcast(FS, a[ao + p * 12 + 7]);
            c7 = a7.fma(b0, c7);
            d7 = a7.fma(b1, d7);
            FloatVector a8 = FloatVector.broadcast(FS, a[ao + p * 12 + 8]);
            c8 = a8.fma(b0, c8);
            d8 = a8.fma(b1, d8);
            FloatVector a9 = FloatVector.broadcast(FS, a[ao + p * 12 + 9]);
            c9 = a9.fma(b0, c9);
            d9 = a9.fma(b1, d9);
            FloatVector a10 = FloatVector.broadcast(FS, a[ao + p * 12 + 10]);
            c10 = a10.fma(b0, c10);
            d10 = a10.fma(b1, d10);
            FloatVector a11 = FloatVector.broadcast(FS, a[ao + p * 12 + 11]);
            c11 = a11.fma(b0, c11);
            d11 = a11.fma(b1, d11);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, 1 * NR);
        d1.intoArray(t, 1 * NR + V);
        c2.intoArray(t, 2 * NR);
        d2.intoArray(t, 2 * NR + V);
        c3.intoArray(t, 3 * NR);
        d3.intoArray(t, 3 * NR + V);
        c4.intoArray(t, 4 * NR);
        d4.intoArray(t, 4 * NR + V);
        c5.intoArray(t, 5 * NR);
        d5.intoArray(t, 5 * NR + V);
        c6.intoArray(t, 6 * NR);
        d6.intoArray(t, 6 * NR + V);
        c7.intoArray(t, 7 * NR);
        d7.intoArray(t, 7 * NR + V);
        c8.intoArray(t, 8 * NR);
        d8.intoArray(t, 8 * NR + V);
        c9.intoArray(t, 9 * NR);
        d9.intoArray(t, 9 * NR + V);
        c10.intoArray(t, 10 * NR);
        d10.intoArray(t, 10 * NR + V);
        c11.intoArray(t, 11 * NR);
        d11.intoArray(t, 11 * NR + V);
    }

    private static void tile8x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector d2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector d3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector d4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        FloatVector d5 = FloatVector.zero(FS);
        FloatVector c6 = FloatVector.zero(FS);
        FloatVector d6 = FloatVector.zero(FS);
        FloatVector c7 = FloatVector.zero(FS);
        FloatVector d7 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 8]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 8 + 1]);
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 8 + 2]);
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 8 + 3]);
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 8 + 4]);
            c4 = a4.fma(b0, c4);
            d4 = a4.fma(b1, d4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 8 + 5]);
            c5 = a5.fma(b0, c5);
            d5 = a5.fma(b1, d5);
            FloatVector a6 = FloatVector.broadcast(FS, a[ao + p * 8 + 6]);
            c6 = a6.fma(b0, c6);
            d6 = a6.fma(b1, d6);
            FloatVector a7 = FloatVector.broadcast(FS, a[ao + p * 8 + 7]);
            c7 = a7.fma(b0, c7);
            d7 = a7.fma(b1, d7);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, 1 * NR);
        d1.intoArray(t, 1 * NR + V);
        c2.intoArray(t, 2 * NR);
        d2.intoArray(t, 2 * NR + V);
        c3.intoArray(t, 3 * NR);
        d3.intoArray(t, 3 * NR + V);
        c4.intoArray(t, 4 * NR);
        d4.intoArray(t, 4 * NR + V);
        c5.intoArray(t, 5 * NR);
        d5.intoArray(t, 5 * NR + V);
        c6.intoArray(t, 6 * NR);
        d6.intoArray(t, 6 * NR + V);
        c7.intoArray(t, 7 * NR);
        d7.intoArray(t, 7 * NR + V);
    }

    private static void tile6x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector d2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector d3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector d4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        FloatVector d5 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 6]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 6 + 1]);
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 6 + 2]);
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 6 + 3]);
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 6 + 4]);
            c4 = a4.fma(b0, c4);
            d4 = a4.fma(b1, d4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 6 + 5]);
            c5 = a5.fma(b0, c5);
            d5 = a5.fma(b1, d5);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, 1 * NR);
        d1.intoArray(t, 1 * NR + V);
        c2.intoArray(t, 2 * NR);
        d2.intoArray(t, 2 * NR + V);
        c3.intoArray(t, 3 * NR);
        d3.intoArray(t, 3 * NR + V);
        c4.intoArray(t, 4 * NR);
        d4.intoArray(t, 4 * NR + V);
        c5.intoArray(t, 5 * NR);
        d5.intoArray(t, 5 * NR + V);
    }

    private static void tile4x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector d2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector d3 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 4]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 4 + 1]);
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 4 + 2]);
            c2 = a2.fma(b0, c2);
            d2 = a2.fma(b1, d2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 4 + 3]);
            c3 = a3.fma(b0, c3);
            d3 = a3.fma(b1, d3);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, 1 * NR);
        d1.intoArray(t, 1 * NR + V);
        c2.intoArray(t, 2 * NR);
        d2.intoArray(t, 2 * NR + V);
        c3.intoArray(t, 3 * NR);
        d3.intoArray(t, 3 * NR + V);
    }

    private static void tile2x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector d1 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 2]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 2 + 1]);
            c1 = a1.fma(b0, c1);
            d1 = a1.fma(b1, d1);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
        c1.intoArray(t, 1 * NR);
        d1.intoArray(t, 1 * NR + V);
    }

    private static void tile1x2(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector d0 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector b1 = FloatVector.fromArray(FS, b, bo + p * NR + V);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p]);
            c0 = a0.fma(b0, c0);
            d0 = a0.fma(b1, d0);
        }
        c0.intoArray(t, 0);
        d0.intoArray(t, V);
    }

    private static void tile12x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        FloatVector c6 = FloatVector.zero(FS);
        FloatVector c7 = FloatVector.zero(FS);
        FloatVector c8 = FloatVector.zero(FS);
        FloatVector c9 = FloatVector.zero(FS);
        FloatVector c10 = FloatVector.zero(FS);
        FloatVector c11 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 12]);
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 12 + 1]);
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 12 + 2]);
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 12 + 3]);
            c3 = a3.fma(b0, c3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 12 + 4]);
            c4 = a4.fma(b0, c4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 12 + 5]);
            c5 = a5.fma(b0, c5);
            FloatVector a6 = FloatVector.broadcast(FS, a[ao + p * 12 + 6]);
            c6 = a6.fma(b0, c6);
            FloatVector a7 = FloatVector.broadcast(FS, a[ao + p * 12 + 7]);
            c7 = a7.fma(b0, c7);
            FloatVector a8 = FloatVector.broadcast(FS, a[ao + p * 12 + 8]);
            c8 = a8.fma(b0, c8);
            FloatVector a9 = FloatVector.broadcast(FS, a[ao + p * 12 + 9]);
            c9 = a9.fma(b0, c9);
            FloatVector a10 = FloatVector.broadcast(FS, a[ao + p * 12 + 10]);
            c10 = a10.fma(b0, c10);
            FloatVector a11 = FloatVector.broadcast(FS, a[ao + p * 12 + 11]);
            c11 = a11.fma(b0, c11);
        }
        c0.intoArray(t, 0);
        c1.intoArray(t, 1 * NR);
        c2.intoArray(t, 2 * NR);
        c3.intoArray(t, 3 * NR);
        c4.intoArray(t, 4 * NR);
        c5.intoArray(t, 5 * NR);
        c6.intoArray(t, 6 * NR);
        c7.intoArray(t, 7 * NR);
        c8.intoArray(t, 8 * NR);
        c9.intoArray(t, 9 * NR);
        c10.intoArray(t, 10 * NR);
        c11.intoArray(t, 11 * NR);
    }

    private static void tile8x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        FloatVector c6 = FloatVector.zero(FS);
        FloatVector c7 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 8]);
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 8 + 1]);
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 8 + 2]);
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 8 + 3]);
            c3 = a3.fma(b0, c3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 8 + 4]);
            c4 = a4.fma(b0, c4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 8 + 5]);
            c5 = a5.fma(b0, c5);
            FloatVector a6 = FloatVector.broadcast(FS, a[ao + p * 8 + 6]);
            c6 = a6.fma(b0, c6);
            FloatVector a7 = FloatVector.broadcast(FS, a[ao + p * 8 + 7]);
            c7 = a7.fma(b0, c7);
        }
        c0.intoArray(t, 0);
        c1.intoArray(t, 1 * NR);
        c2.intoArray(t, 2 * NR);
        c3.intoArray(t, 3 * NR);
        c4.intoArray(t, 4 * NR);
        c5.intoArray(t, 5 * NR);
        c6.intoArray(t, 6 * NR);
        c7.intoArray(t, 7 * NR);
    }

    private static void tile6x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        FloatVector c4 = FloatVector.zero(FS);
        FloatVector c5 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 6]);
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 6 + 1]);
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 6 + 2]);
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 6 + 3]);
            c3 = a3.fma(b0, c3);
            FloatVector a4 = FloatVector.broadcast(FS, a[ao + p * 6 + 4]);
            c4 = a4.fma(b0, c4);
            FloatVector a5 = FloatVector.broadcast(FS, a[ao + p * 6 + 5]);
            c5 = a5.fma(b0, c5);
        }
        c0.intoArray(t, 0);
        c1.intoArray(t, 1 * NR);
        c2.intoArray(t, 2 * NR);
        c3.intoArray(t, 3 * NR);
        c4.intoArray(t, 4 * NR);
        c5.intoArray(t, 5 * NR);
    }

    private static void tile4x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        FloatVector c2 = FloatVector.zero(FS);
        FloatVector c3 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 4]);
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 4 + 1]);
            c1 = a1.fma(b0, c1);
            FloatVector a2 = FloatVector.broadcast(FS, a[ao + p * 4 + 2]);
            c2 = a2.fma(b0, c2);
            FloatVector a3 = FloatVector.broadcast(FS, a[ao + p * 4 + 3]);
            c3 = a3.fma(b0, c3);
        }
        c0.intoArray(t, 0);
        c1.intoArray(t, 1 * NR);
        c2.intoArray(t, 2 * NR);
        c3.intoArray(t, 3 * NR);
    }

    private static void tile2x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        FloatVector c1 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p * 2]);
            c0 = a0.fma(b0, c0);
            FloatVector a1 = FloatVector.broadcast(FS, a[ao + p * 2 + 1]);
            c1 = a1.fma(b0, c1);
        }
        c0.intoArray(t, 0);
        c1.intoArray(t, 1 * NR);
    }

    private static void tile1x1(int kc, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector c0 = FloatVector.zero(FS);
        for (int p = 0; p < kc; p++) {
            FloatVector b0 = FloatVector.fromArray(FS, b, bo + p * NR);
            FloatVector a0 = FloatVector.broadcast(FS, a[ao + p]);
            c0 = a0.fma(b0, c0);
        }
        c0.intoArray(t, 0);
    }
}
