package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.GemmKernels.V;
import static io.torrefy.tensor.internal.cpu.GemmPacked.PANEL;

import io.torrefy.tensor.PackedWeights.Format;

/// Packed weights one element at a time: the layout of [GemmPacked] and the sums of [Gemm], so both oracle and
/// fallback.
final class GemmPackedScalar {
    /// Rows that a task unpacks.
    private static final long ROWS = 16;

    private GemmPackedScalar() {}

    static void pack(Format format, boolean transposed, long n, long k, long w, long ldw, long packed) {
        long rowStride = (transposed ? 1 : ldw) * 4;
        long stepStride = (transposed ? ldw : 1) * 4;
        long padded = Math.ceilDiv(n, (long) PANEL) * PANEL;
        for (long j = 0; j < padded; j++) {
            long row = w + j * rowStride;
            float largest = 0;
            for (long p = 0; p < k && j < n; p++) {
                largest = Math.max(largest, Math.abs(Mem.f32(row + p * stepStride)));
            }
            if (format == Format.INT8) {
                Mem.f32(GemmPacked.scalesAt(packed, n, k) + j * 4, GemmPacking.scale(largest));
            }
            for (long p = 0; p < k; p++) {
                float value = j < n ? Mem.f32(row + p * stepStride) : 0;
                long to = packed + place(format, k, j, p);
                switch (format) {
                    case F32 -> Mem.f32(to, value);
                    case BF16 -> Mem.i16(to, Casts.toBf16(value));
                    case INT8 -> Mem.i8(to, narrow(value, GemmPacking.factor(largest)));
                }
            }
        }
    }

    private static byte narrow(float value, float factor) {
        return (byte) Float.floatToRawIntBits(value * factor + GemmByteTiles.ROUND);
    }

    /// Byte offset of the weight (j, p). Within a step of k, 32-bit lanes hold 1, 2 or 4 columns that are V apart.
    private static long place(Format format, long k, long j, long p) {
        int size = GemmPacked.size(format);
        int columnsOfLane = 4 / size;
        long column = j % PANEL;
        long vector = column / V;
        long lane = vector / columnsOfLane * V + column % V;
        return (j / PANEL * k + p) * PANEL * size + lane * 4 + vector % columnsOfLane * size;
    }

    /// Rows j0 <= j < j1 of the weight as f32. Its cost is a product's with one row, where those that it is for
    /// have many: it has no other form.
    static void unpack(Format format, long n, long k, long packed, long j0, long j1, long y) {
        Parallel.run(Math.toIntExact(Math.ceilDiv(j1 - j0, ROWS)), task -> {
            long end = Math.min(j1, j0 + (task + 1L) * ROWS);
            for (long j = j0 + (long) task * ROWS; j < end; j++) {
                long from = packed + place(format, k, j, 0);
                long step = (long) PANEL * GemmPacked.size(format);
                float scale = format == Format.INT8 ? Mem.f32(GemmPacked.scalesAt(packed, n, k) + j * 4) : 1;
                long to = y + (j - j0) * k * 4;
                for (long p = 0; p < k; p++) {
                    Mem.f32(to + p * 4, weight(format, from + p * step) * scale);
                }
            }
        });
    }

    static void product(Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy) {
        long kc = Gemm.blockOfK(k);
        for (long i = 0; i < m; i++) {
            for (long j = 0; j < n; j++) {
                float sum = 0;
                for (long p0 = 0; p0 < k; p0 += kc) {
                    float part = 0;
                    for (long p = p0; p < Math.min(k, p0 + kc); p++) {
                        float weight = weight(format, packed + place(format, k, j, p));
                        part = Math.fma(Mem.f32(x + (i * ldx + p) * 4), weight, part);
                    }
                    sum = p0 == 0 ? part : sum + part;
                }
                float scale = format == Format.INT8 ? Mem.f32(GemmPacked.scalesAt(packed, n, k) + j * 4) : 1;
                Mem.f32(y + (i * ldy + j) * 4, sum * scale);
            }
        }
    }

    private static float weight(Format format, long at) {
        return switch (format) {
            case F32 -> Mem.f32(at);
            case BF16 -> Casts.fromBf16(Mem.i16(at));
            case INT8 -> Mem.i8(at) * GemmByteTiles.UNIT;
        };
    }
}
