package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;

/// Stable sort of rows with the places the values came from: by insertion when short, by radix (11 bits a pass) when
/// long. Keys are the bits of the values made to order as unsigned numbers, both zeros alike and NaN above everything;
/// descending order sorts the complement.
final class Sorting {
    private static final int SHORT = 48;
    private static final int BITS = 11;
    private static final int BUCKETS = 1 << BITS;

    private Sorting() {}

    static void sort(DType type, long rows, long n, boolean descending, long x, long values, long indices) {
        if (n > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("[sort] expected rows of fewer than 2^31 elements; got " + n);
        }
        int size = type.bytes();
        int rowsPerTask = (int) Math.clamp(Blocks.SIZE / 4 / Math.max(1, n), 1, Blocks.SIZE);
        Blocks.run(rows, rowsPerTask, rowsPerTask, (start, count) -> {
            Buffers buffers = new Buffers((int) n);
            for (long r = start; r < start + count; r++) {
                buffers.sort(type, descending, x + size * r * n, values + size * r * n, indices + 8 * r * n);
            }
        });
    }

    private static long key(DType type, long address) {
        return switch (type) {
            case F32 -> floatKey(Mem.f32(address));
            case F64 -> doubleKey(Mem.f64(address));
            case I64 -> Mem.i64(address) ^ Long.MIN_VALUE;
            case I32 -> Mem.i32(address) ^ Long.MIN_VALUE;
            default ->
                throw new IllegalArgumentException(
                        "[sort] expected f32, f64, i64 or i32; got " + type + ". Hint: cast to f32 first.");
        };
    }

    private static long floatKey(float value) {
        if (Float.isNaN(value)) {
            return 0xffffffffL;
        }
        int bits = Float.floatToRawIntBits(value + 0f);
        return (bits ^ ((bits >> 31) | Integer.MIN_VALUE)) & 0xffffffffL;
    }

    private static long doubleKey(double value) {
        if (Double.isNaN(value)) {
            return -1L;
        }
        long bits = Double.doubleToRawLongBits(value + 0.0);
        return bits ^ ((bits >> 63) | Long.MIN_VALUE);
    }

    /// The working space of one task.
    private static final class Buffers {
        private final int n;
        private long[] keys;
        private long[] otherKeys;
        private int[] places;
        private int[] otherPlaces;

        Buffers(int n) {
            this.n = n;
            keys = new long[n];
            places = new int[n];
            otherKeys = n <= SHORT ? keys : new long[n];
            otherPlaces = n <= SHORT ? places : new int[n];
        }

        void sort(DType type, boolean descending, long x, long values, long indices) {
            int size = type.bytes();
            long flip = !descending ? 0 : type == DType.F32 ? 0xffffffffL : -1L;
            for (int i = 0; i < n; i++) {
                keys[i] = key(type, x + (long) size * i) ^ flip;
                places[i] = i;
            }
            if (n <= SHORT) {
                insertion();
            } else {
                int bits = type == DType.F32 ? Integer.SIZE : Long.SIZE;
                for (int shift = 0; shift < bits; shift += BITS) {
                    radixPass(shift);
                }
            }
            for (int i = 0; i < n; i++) {
                Mem.i64(indices + 8L * i, places[i]);
                long from = x + (long) size * places[i];
                if (size == Long.BYTES) {
                    Mem.i64(values + 8L * i, Mem.i64(from));
                } else {
                    Mem.i32(values + 4L * i, Mem.i32(from));
                }
            }
        }

        private void insertion() {
            for (int i = 1; i < n; i++) {
                long key = keys[i];
                int place = places[i];
                int at = i;
                for (; at > 0 && Long.compareUnsigned(keys[at - 1], key) > 0; at--) {
                    keys[at] = keys[at - 1];
                    places[at] = places[at - 1];
                }
                keys[at] = key;
                places[at] = place;
            }
        }

        private void radixPass(int shift) {
            int[] next = new int[BUCKETS + 1];
            for (int i = 0; i < n; i++) {
                next[(int) (keys[i] >>> shift & (BUCKETS - 1)) + 1]++;
            }
            if (next[(int) (keys[0] >>> shift & (BUCKETS - 1)) + 1] == n) {
                return;
            }
            for (int b = 0; b < BUCKETS; b++) {
                next[b + 1] += next[b];
            }
            for (int i = 0; i < n; i++) {
                int to = next[(int) (keys[i] >>> shift & (BUCKETS - 1))]++;
                otherKeys[to] = keys[i];
                otherPlaces[to] = places[i];
            }
            long[] k = keys;
            keys = otherKeys;
            otherKeys = k;
            int[] p = places;
            places = otherPlaces;
            otherPlaces = p;
        }
    }
}
