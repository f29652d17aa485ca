package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.NR;
import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.Mem.ALL;
import static io.torrefy.tensor.internal.cpu.Mem.FS;
import static io.torrefy.tensor.internal.cpu.Mem.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Copies operands of the f32 matrix product: B into panels (k, NR), which the micro-kernels read forwards without
/// gaps, A into rows side by side. Columns past the edge of a panel hold anything; what the tiles make of them is
/// never stored to C.
final class GemmPack {
    private GemmPack() {}

    /// One panel, of which `cols` columns exist and `kc` steps. `ldb` is in bytes, and so is `stride`, from step to
    /// step of the panel.
    static void panel(boolean transposed, long b, long ldb, int cols, int kc, long to, long stride) {
        if (transposed) {
            for (int j = 0; j < cols; j += V) {
                columns(b + j * ldb, ldb, Math.min(V, cols - j), kc, to + j * 4L, stride);
            }
        } else if (cols == NR && stride == NR * 4L) {
            whole(b, ldb, kc, to);
        } else {
            for (int j = 0; j < cols; j += V) {
                edge(b + j * 4L, ldb, kc, FS.indexInRange(j, cols), to + j * 4L, stride);
            }
        }
    }

    private static void whole(long from, long ldb, int kc, long to) {
        for (int p = 0; p < kc; p++) {
            long row = from + p * ldb;
            long at = to + p * NR * 4L;
            for (int j = 0; j < NR; j += V) {
                fromMemorySegment(FS, ALL, row + j * 4L, ORDER).intoMemorySegment(ALL, at + j * 4L, ORDER);
            }
        }
    }

    private static void edge(long from, long ldb, int kc, VectorMask<Float> mask, long to, long stride) {
        for (int p = 0; p < kc; p++) {
            FloatVector.fromMemorySegment(FS, ALL, from + p * ldb, ORDER, mask)
                    .intoMemorySegment(ALL, to + p * stride, ORDER);
        }
    }

    /// Up to V rows of a transposed B become columns.
    private static void columns(long from, long ldb, int rows, int kc, long to, long stride) {
        if (kc < V) {
            for (int i = 0; i < rows; i++) {
                for (int p = 0; p < kc; p++) {
                    Mem.f32(to + p * stride + i * 4L, Mem.f32(from + i * ldb + p * 4L));
                }
            }
            return;
        }
        for (int p = 0; p < kc; p += V) {
            // The last block overlaps the one before it rather than being short.
            int q = Math.min(p, kc - V);
            Transpose.square(from + q * 4L, ldb, rows, to + q * stride, stride);
        }
    }

    /// Copies `count` rows of `length` floats to rows `toStride` bytes apart.
    static void rows(long from, long stride, int count, int length, long to, long toStride) {
        int whole = length / V * V;
        VectorMask<Float> rest = FS.indexInRange(whole, length);
        for (int i = 0; i < count; i++) {
            long row = from + i * stride;
            long at = to + i * toStride;
            for (int j = 0; j < whole; j += V) {
                fromMemorySegment(FS, ALL, row + j * 4L, ORDER).intoMemorySegment(ALL, at + j * 4L, ORDER);
            }
            if (whole < length) {
                long last = row + whole * 4L;
                FloatVector.fromMemorySegment(FS, ALL, last, ORDER, rest)
                        .intoMemorySegment(ALL, at + whole * 4L, ORDER, rest);
            }
        }
    }
}
