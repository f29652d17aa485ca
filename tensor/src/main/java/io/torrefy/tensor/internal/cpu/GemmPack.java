package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmTiles.NR;
import static io.torrefy.tensor.internal.cpu.GemmTiles.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;

import jdk.incubator.vector.FloatVector;

/// Copies operands of the f32 matrix product into panels, in which the micro-kernels read forwards without gaps:
/// a panel of A is (k, rows), a panel of B is (k, NR). Rows and columns past the edge hold
/// anything; what the tiles make of them is never stored to C.
final class GemmPack {
    private GemmPack() {}

    /// One panel of A, `height` rows high of which `rows` exist, `kc` steps. `lda` is in bytes. May write up to V
    /// floats
    /// past the panel.
    static void a(boolean transposed, long a, long lda, int rows, int height, int kc, float[] to, int at) {
        if (transposed) {
            if (height <= V) {
                copyNarrow(a, lda, kc, rows, to, at, height);
            } else {
                strided(a, 4, lda, rows, height, kc, to, at, height);
            }
        } else {
            columns(a, lda, rows, height, kc, to, at, height);
        }
    }

    /// One panel of B of which `cols` columns exist, `kc` steps. `ldb` is in bytes.
    static void b(boolean transposed, long b, long ldb, int cols, int kc, float[] to, int at) {
        if (transposed) {
            for (int j = 0; j < cols; j += V) {
                columns(b + j * ldb, ldb, Math.min(V, cols - j), V, kc, to, at + j, NR);
            }
        } else if (cols == NR) {
            copyWide(b, ldb, kc, to, at);
        } else {
            int j = 0;
            for (; j + V <= cols; j += V) {
                copy(b + j * 4L, ldb, kc, to, at + j, NR);
            }
            if (j < cols) {
                copyNarrow(b + j * 4L, ldb, kc, cols - j, to, at + j, NR);
            }
        }
    }

    /// `to[p, 0..V-1] = from[p, ..]`: rows that stay rows.
    private static void copy(long from, long stride, int kc, float[] to, int at, int toStride) {
        for (int p = 0; p < kc; p++) {
            FloatVector.fromMemorySegment(FS, ALL, from + p * stride, ORDER).intoArray(to, at + p * toStride);
        }
    }

    /// Rows shorter than a vector, filled with zeros: whole vectors are written, each row over the excess of the
    /// one before.
    private static void copyNarrow(long from, long stride, int kc, int width, float[] to, int at, int toStride) {
        var mask = FS.indexInRange(0, width);
        for (int p = 0; p < kc; p++) {
            FloatVector.fromMemorySegment(FS, ALL, from + p * stride, ORDER, mask)
                    .intoArray(to, at + p * toStride);
        }
    }

    private static void copyWide(long from, long stride, int kc, float[] to, int at) {
        for (int p = 0; p < kc; p++) {
            long row = from + p * stride;
            FloatVector.fromMemorySegment(FS, ALL, row, ORDER).intoArray(to, at + p * NR);
            FloatVector.fromMemorySegment(FS, ALL, row + V * 4L, ORDER).intoArray(to, at + p * NR + V);
        }
    }

    /// `to[p, i] = from[i, p]`: rows that become columns, `rows` of them, repeated to `height`.
    private static void columns(
            long from, long stride, int rows, int height, int kc, float[] to, int at, int toStride) {
        if (V == 16 && kc >= 16 && height <= 16 && rows > 1) {
            for (int p = 0; p < kc; p += 16) {
                int q = Math.min(p, kc - 16);
                Transpose.square16(from + q * 4L, stride, rows, to, at + q * toStride, toStride);
            }
        } else {
            strided(from, stride, 4, rows, height, kc, to, at, toStride);
        }
    }

    /// The general form, element by element: `to[p, i] = from(i * iStride + p * pStride)`, strides in bytes.
    private static void strided(
            long from, long iStride, long pStride, int rows, int height, int kc, float[] to, int at, int toStride) {
        for (int i = 0; i < height; i++) {
            long row = from + Math.min(i, rows - 1) * iStride;
            for (int p = 0; p < kc; p++) {
                to[at + p * toStride + i] = Mem.f32(row + p * pStride);
            }
        }
    }
}
