package io.torrefy.tensor.internal.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Copies between tensors in native memory and the packed arrays of the attention kernels: rows padded with zeros to
/// whole
/// vectors, and transposes.
final class AttentionPack {
    private static final int L = Mem.FS.length();

    private AttentionPack() {}

    /// `dim` rounded up to a multiple of 16: the row stride of packed rows.
    static int padded(int dim) {
        return (dim + 15) & -16;
    }

    /// Copies `rows` rows of `dim` elements, `stride` elements apart, to rows of stride `ld`; pads to `padded`
    /// rows.
    static void rows(long address, long stride, int rows, int dim, float[] to, int at, int ld, int padded) {
        for (int r = 0; r < rows; r++) {
            row(address + 4 * stride * r, dim, to, at + r * ld, ld);
        }
        if (padded > rows) {
            Arrays.fill(to, at + rows * ld, at + padded * ld, 0f);
        }
    }

    private static void row(long address, int dim, float[] to, int at, int ld) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            Mem.load(address + 4L * d).intoArray(to, at + d);
        }
        for (; d < dim; d++) {
            to[at + d] = Mem.f32(address + 4L * d);
        }
        for (; d < ld; d++) {
            to[at + d] = 0f;
        }
    }

    /// `to[d * QUERIES + i] = scale * from[i * ld + d]` for `rows` (a multiple of 16) rows.
    static void transpose(float[] from, int at, int ld, int rows, int dim, float scale, float[] to, int toAt) {
        for (int d = 0; d < dim; d++) {
            int column = toAt + d * AttentionView.QUERIES;
            for (int i = 0; i < rows; i++) {
                to[column + i] = scale * from[at + i * ld + d];
            }
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
            Mem.store(FloatVector.fromArray(Mem.FS, from, at + d).mul(factor), address + 4L * d);
        }
        for (; d < dim; d++) {
            Mem.f32(address + 4L * d, from[at + d] * factor);
        }
    }

    private static void addRow(float[] from, int at, int dim, float factor, long address) {
        int d = 0;
        for (; d <= dim - L; d += L) {
            FloatVector x = FloatVector.fromArray(Mem.FS, from, at + d).mul(factor);
            Mem.store(Mem.load(address + 4L * d).add(x), address + 4L * d);
        }
        for (; d < dim; d++) {
            Mem.f32(address + 4L * d, Mem.f32(address + 4L * d) + from[at + d] * factor);
        }
    }

    /// Adds `n` elements at `from` to those at `to`.
    static void add(long n, long from, long to) {
        long i = 0;
        for (; i <= n - L; i += L) {
            Mem.store(Mem.load(to + 4 * i).add(Mem.load(from + 4 * i)), to + 4 * i);
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
