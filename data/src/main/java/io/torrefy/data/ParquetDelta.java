package io.torrefy.data;

/// Whole numbers as differences, packed in blocks (Apache Parquet, "Encodings", DELTA_BINARY_PACKED).
final class ParquetDelta {
    private static final int VARINT_BYTES = 10;

    private final byte[] data;
    private final int end;
    private final int blockValues;
    private final int miniblocks;
    private final long total;
    private final int[] widths;
    private int at;
    private long read;
    private long value;
    private long least;
    private int bit;

    ParquetDelta(byte[] data, int from, int to) {
        this.data = data;
        this.at = from;
        this.end = to;
        long block = varint();
        long parts = varint();
        this.total = varint();
        this.value = zigzag();
        ParquetFault.require(
                block > 0 && block <= 1 << 20 && parts > 0 && block % (8 * parts) == 0,
                "blocks of whole bytes, of at most 2^20 values",
                block + " values in " + parts + " parts");
        ParquetFault.require(total >= 0, "a number of values", total);
        this.blockValues = (int) block;
        this.miniblocks = (int) parts;
        this.widths = new int[miniblocks];
    }

    /// Seven bits a byte, the lowest first.
    static long varint(byte[] data, int from, int end) {
        long value = 0;
        for (int i = 0; i < VARINT_BYTES; i++) {
            ParquetFault.require(from + i < end, "a number", "the end of the page");
            value |= (long) (data[from + i] & 0x7f) << 7 * i;
            if (data[from + i] >= 0) {
                return value;
            }
        }
        throw new ParquetFault("a number of at most 10 bytes", "more");
    }

    /// How many bytes the number at `from` has, which [#varint] has read.
    static int varintLength(byte[] data, int from) {
        int length = 1;
        while (data[from + length - 1] < 0) {
            length++;
        }
        return length;
    }

    private long varint() {
        long number = varint(data, at, end);
        at += varintLength(data, at);
        return number;
    }

    private long zigzag() {
        long number = varint();
        return number >>> 1 ^ -(number & 1);
    }

    long next() {
        ParquetFault.require(read < total, "as many values as the page has", total);
        if (read == 0) {
            read++;
            return value;
        }
        int inBlock = (int) ((read - 1) % blockValues);
        if (inBlock == 0) {
            at += read > 1 ? bytes(miniblocks - 1) : 0;
            beginBlock();
        }
        int values = blockValues / miniblocks;
        if (inBlock % values == 0) {
            beginPart(inBlock / values, inBlock == 0);
        }
        value += least + unpack(widths[inBlock / values]);
        read++;
        return value;
    }

    private void beginBlock() {
        least = zigzag();
        for (int i = 0; i < miniblocks; i++) {
            ParquetFault.require(at < end, "the widths of a block", "the end of the page");
            widths[i] = data[at++] & 0xff;
            ParquetFault.require(widths[i] <= Long.SIZE, "numbers of at most 64 bits", widths[i]);
        }
    }

    /// Parts are whole bytes, the last one too, whose rest is no values.
    private void beginPart(int part, boolean first) {
        if (!first) {
            at += bytes(part - 1);
        }
        bit = 0;
        ParquetFault.require(bytes(part) <= end - at, "the values of a block", "the end of the page");
    }

    private int bytes(int part) {
        return (int) ((long) blockValues / miniblocks * widths[part] / 8);
    }

    private long unpack(int width) {
        long number = 0;
        for (int got = 0; got < width; ) {
            int inByte = bit % 8;
            int take = Math.min(8 - inByte, width - got);
            int part = (data[at + bit / 8] & 0xff) >>> inByte & (1 << take) - 1;
            number |= (long) part << got;
            got += take;
            bit += take;
        }
        return number;
    }

    /// Where the numbers end. Passes over those that are left, block by block.
    int end() {
        int values = blockValues / miniblocks;
        if (read > 1) {
            throw new IllegalStateException("numbers that nobody has begun to read");
        }
        for (long before = 1; before < total; before += blockValues) {
            beginBlock();
            for (int part = 0; part < miniblocks && before + (long) part * values < total; part++) {
                beginPart(part, true);
                at += bytes(part);
            }
        }
        return at;
    }
}
