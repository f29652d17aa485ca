package io.torrefy.tensor.internal.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Copies between tensors in native memory and the packed arrays of the attention kernels: rows padded with zeros to
/// whole vectors, and transposes. Loads and stores are written out: a helper that returns a vector would box it once
/// C2's inlining limit is reached (see `VectorMath`), and these small methods end up inlined into large ones.
final class AttentionPack {
    /// Elements of a sequence up to which a sweep pays: what a share of the caches holds.
    static final int SWEEP = 400_000;

    private static final int LINE = 64;
    private static final int L = Mem.FS.length();

    private AttentionPack() {}

    /// `dim` rounded up to a multiple of 16: the row stride of packed rows.
    static int padded(int dim) {
        return (dim + 15) & -16;
    }

    /// Reads one element of every cache line of `rows` tokens in the order of memory, if the heads of a token lie
    /// side by side: there, one head after another reads a few lines of every token, a pattern that no prefetcher
    /// follows; after this sweep, which they do follow, the lines are in the cache. Returns a sum, so that the
    /// reads are not optimised away.
    static float sweep(long address, long tokenStride, long headStride, int heads, int rows) {
        if (headStride >= tokenStride) {
            return 0f;
        }
        float sum = 0f;
        long width = 4 * headStride * heads;
        for (int r = 0; r < rows; r++) {
            long start = address + 4 * tokenStride * r;
            for (long at = start; at < start + width; at += LINE) {
                sum += Mem.f32(at);
            }
        }
        return sum;
    }

    /// Copies `rows` rows of `dim` elements, `stride` elements apart, to rows of stride `ld`; pads to `padded`
    /// rows.
    static void rows(long address, long stride, int rows, int dim, float[] to, int at, int ld, int padded) {
        if (stride == dim && ld == dim) {
            // Rows that follow each other here and there are one long row.
            row(address, rows * dim, to, at, rows * dim);
        } else {
            for (int r = 0; r < rows; r++) {
                row(address + 4 * stride * r, dim, to, at + r * ld, ld);
            }
        }
        if (padded > rows) {
            Arrays.fill(to, at + rows * ld, at + padded * ld, 0f);
        }
    }

    private static void row(long address, int dim, float[] to, int at, int ld) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, address + 4L * d, Mem.ORDER)
                    .intoArray(to, at + d);
        }
        for (; d < dim; d++) {
            to[at + d] = Mem.f32(address + 4L * d);
        }
        for (; d < ld; d++) {
            to[at + d] = 0f;
        }
    }

    /// Stores `rows` rows of `dim` elements times their factor.
    static void store(
            float[] from, int at, int ld, int rows, int dim, float[] factor, int factorAt, long address, long stride) {
        for (int r = 0; r < rows; r++) {
            storeRow(from, at + r * ld, dim, factor[factorAt + r], address + 4 * stride * r);
        }
    }

    /// Stores `rows` rows of `dim` elements times `factor`.
    static void store(float[] from, int at, int ld, int rows, int dim, float factor, long address, long stride) {
        for (int r = 0; r < rows; r++) {
            storeRow(from, at + r * ld, dim, factor, address + 4 * stride * r);
        }
    }

    /// Adds `rows` rows of `dim` elements times `factor`.
    static void add(float[] from, int at, int ld, int rows, int dim, float factor, long address, long stride) {
        for (int r = 0; r < rows; r++) {
            addRow(from, at + r * ld, dim, factor, address + 4 * stride * r);
        }
    }

    private static void storeRow(float[] from, int at, int dim, float factor, long address) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector.fromArray(Mem.FS, from, at + d)
                    .mul(factor)
                    .intoMemorySegment(Mem.ALL, address + 4L * d, Mem.ORDER);
        }
        for (; d < dim; d++) {
            Mem.f32(address + 4L * d, from[at + d] * factor);
        }
    }

    private static void addRow(float[] from, int at, int dim, float factor, long address) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, address + 4L * d, Mem.ORDER)
                    .add(FloatVector.fromArray(Mem.FS, from, at + d).mul(factor))
                    .intoMemorySegment(Mem.ALL, address + 4L * d, Mem.ORDER);
        }
        for (; d < dim; d++) {
            Mem.f32(address + 4L * d, Mem.f32(address + 4L * d) + from[at + d] * factor);
        }
    }

    /// Adds `n` elements at `from` to those at `to`.
    static void add(long n, long from, long to) {
        long i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, to + 4 * i, Mem.ORDER)
                    .add(FloatVector.fromMemorySegment(Mem.FS, Mem.ALL, from + 4 * i, Mem.ORDER))
                    .intoMemorySegment(Mem.ALL, to + 4 * i, Mem.ORDER);
        }
        for (; i < n; i++) {
            Mem.f32(to + 4 * i, Mem.f32(to + 4 * i) + Mem.f32(from + 4 * i));
        }
    }

    /// Sets `rows` rows of `dim` elements to zero.
    static void zero(int rows, int dim, long address, long stride) {
        for (int r = 0; r < rows; r++) {
            Mem.ALL.asSlice(address + 4 * stride * r, 4L * dim).fill((byte) 0);
        }
    }
}
