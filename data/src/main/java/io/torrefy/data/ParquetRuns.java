package io.torrefy.data;

/// Small numbers in Parquet's hybrid of runs of one value and runs of bits: levels and places in a dictionary (Apache
/// Parquet, "Encodings", RLE).
final class ParquetRuns {
    private static final int MAX_WIDTH = 32;

    private final byte[] data;
    private final int end;
    private final int width;
    private int at;
    private long left;
    private boolean packed;
    private int value;
    private long bits;
    private int held;

    /// The numbers in the bytes of `data` from `from` to `to`, of `width` bits each.
    ParquetRuns(byte[] data, int from, int to, int width) {
        ParquetFault.require(width <= MAX_WIDTH, "numbers of at most 32 bits", width);
        this.data = data;
        this.at = from;
        this.end = to;
        this.width = width;
    }

    int next() {
        if (width == 0) {
            return 0;
        }
        while (left == 0) {
            beginRun();
        }
        left--;
        return packed ? unpack() : value;
    }

    private void beginRun() {
        long header = ParquetDelta.varint(data, at, end);
        at += ParquetDelta.varintLength(data, at);
        packed = (header & 1) == 1;
        left = header >>> 1;
        if (packed) {
            left = Math.min(left, Integer.MAX_VALUE) * 8;
            bits = 0;
            held = 0;
            return;
        }
        int length = (width + 7) / 8;
        ParquetFault.require(length <= end - at, "values to the end of a run", "the end of the page");
        value = 0;
        for (int i = 0; i < length; i++) {
            value |= (data[at++] & 0xff) << 8 * i;
        }
    }

    private int unpack() {
        while (held < width) {
            ParquetFault.require(at < end, "values to the end of a run", "the end of the page");
            bits |= (long) (data[at++] & 0xff) << held;
            held += 8;
        }
        int next = (int) (bits & (1L << width) - 1);
        bits >>>= width;
        held -= width;
        return next;
    }
}
