package io.torrefy.data;

import java.util.Arrays;

/// Values of one kind that grow at the end, in the arrays that [FeatureValues] has.
final class ValueColumn {
    private static final int MAX = Integer.MAX_VALUE - 64;

    private final ValueKind kind;
    private long[] longs = {};
    private float[] floats = {};
    private byte[] bytes = {};
    private int[] offsets = {0};
    private int size;

    ValueColumn(ValueKind kind) {
        this.kind = kind;
    }

    ValueKind kind() {
        return kind;
    }

    int size() {
        return size;
    }

    void add(long value) {
        if (size == longs.length) {
            longs = Arrays.copyOf(longs, grown(size, 1));
        }
        longs[size++] = value;
    }

    void add(float value) {
        if (size == floats.length) {
            floats = Arrays.copyOf(floats, grown(size, 1));
        }
        floats[size++] = value;
    }

    /// `count` little-endian floats at `at` of `from`.
    void addFloats(byte[] from, int at, int count) {
        if (floats.length - size < count) {
            floats = Arrays.copyOf(floats, grown(size, count));
        }
        for (int i = 0; i < count; i++) {
            floats[size + i] = Float.intBitsToFloat((int) RecordFrame.INT.get(from, at + 4 * i));
        }
        size += count;
    }

    /// The `count` bytes at `at` of `from` as one string.
    void add(byte[] from, int at, int count) {
        int end = offsets[size];
        if (bytes.length - end < count) {
            bytes = Arrays.copyOf(bytes, grown(end, count));
        }
        if (size + 1 == offsets.length) {
            offsets = Arrays.copyOf(offsets, grown(size + 1, 1));
        }
        System.arraycopy(from, at, bytes, end, count);
        offsets[++size] = end + count;
    }

    /// Value `i` of `values`.
    void add(FeatureValues values, int i) {
        switch (values) {
            case FeatureValues.Longs(var array) -> add(array[i]);
            case FeatureValues.Floats(var array) -> add(array[i]);
            case FeatureValues.Strings(var all, var ends) -> add(all, ends[i], ends[i + 1] - ends[i]);
        }
    }

    /// Values `from` to `to` of `values`.
    void addAll(FeatureValues values, int from, int to) {
        for (int i = from; i < to; i++) {
            add(values, i);
        }
    }

    /// `count` times value 0 of `value`.
    void fill(FeatureValues value, int count) {
        for (int i = 0; i < count; i++) {
            add(value, 0);
        }
    }

    /// Forgets what follows the first `newSize` values.
    void truncate(int newSize) {
        size = newSize;
    }

    FeatureValues build() {
        return switch (kind) {
            case INT64 -> new FeatureValues.Longs(Arrays.copyOf(longs, size));
            case FLOAT32 -> new FeatureValues.Floats(Arrays.copyOf(floats, size));
            case STRING ->
                new FeatureValues.Strings(Arrays.copyOf(bytes, offsets[size]), Arrays.copyOf(offsets, size + 1));
        };
    }

    /// Zeros, or empty strings.
    static FeatureValues zero(ValueKind kind) {
        return switch (kind) {
            case INT64 -> new FeatureValues.Longs(new long[1]);
            case FLOAT32 -> new FeatureValues.Floats(new float[1]);
            case STRING -> new FeatureValues.Strings(new byte[0], new int[2]);
        };
    }

    /// The capacity for `more` than `size`, at least the double.
    static int grown(int size, int more) {
        long needed = (long) size + more;
        if (needed > MAX) {
            throw new ExampleException("[features] expected less than 2^31 values and bytes of one feature in a batch;"
                    + " got more. Hint: parse smaller batches.");
        }
        return (int) Math.min(Math.max(2L * size, Math.max(needed, 16)), MAX);
    }
}
