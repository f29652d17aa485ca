package io.torrefy.data;

import java.nio.charset.StandardCharsets;

/// Reads structures in Thrift's compact protocol out of a file that may be damaged: no length is believed that the
/// bytes do not hold, and nothing that takes no bytes is repeated. [CompactThrift] writes them.
final class ThriftReader {
    static final int TRUE = 1;
    static final int FALSE = 2;
    static final int I8 = 3;
    static final int I32 = 5;
    static final int I64 = 6;
    static final int BINARY = 8;
    static final int LIST = 9;
    static final int STRUCT = 12;

    private static final int I16 = 4;
    private static final int DOUBLE = 7;
    private static final int SET = 10;
    private static final int MAP = 11;
    private static final int LONG_LIST = 15;
    private static final int VARINT_BYTES = 10;

    /// Deeper than any metadata of Parquet, and shallow enough for every stack.
    private static final int DEPTH = 32;

    private final byte[] bytes;
    private final int end;
    private final long start;
    private int at;
    private int type;
    private int depth;

    /// Where the bytes end too early; more of them may help.
    static final class Cut extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Cut(long offset) {
            super("metadata cut at byte " + offset, null, false, false);
        }
    }

    /// @param start where `bytes` start in the file, for messages
    ThriftReader(byte[] bytes, int length, long start) {
        this.bytes = bytes;
        this.end = length;
        this.start = start;
    }

    /// How many bytes were read.
    int consumed() {
        return at;
    }

    private long offset() {
        return start + at;
    }

    private int next() {
        if (at == end) {
            throw new Cut(offset());
        }
        return bytes[at++] & 0xff;
    }

    /// The number of the next field of a structure, 0 at its end. `before` is the one before it, 0 at the start.
    int field(int before) {
        int header = next();
        type = header & 0xf;
        if (header == 0) {
            return 0;
        }
        int delta = header >>> 4;
        long field = delta == 0 ? zigzag() : before + delta;
        ParquetFault.require(
                field > 0 && field <= Short.MAX_VALUE, "a field of the metadata", field + " at byte " + offset());
        return (int) field;
    }

    /// The type of the field that [#field] found.
    int type() {
        return type;
    }

    private void require(int wanted) {
        ParquetFault.require(
                type == wanted, "metadata of Thrift type " + wanted, "type " + type + " at byte " + offset());
    }

    private long varint() {
        long value = 0;
        for (int i = 0; i < VARINT_BYTES; i++) {
            int b = next();
            value |= (long) (b & 0x7f) << 7 * i;
            if (b < 0x80) {
                return value;
            }
        }
        throw new ParquetFault("a number of at most 10 bytes in the metadata", "more at byte " + offset());
    }

    private long zigzag() {
        long value = varint();
        return value >>> 1 ^ -(value & 1);
    }

    int i32() {
        require(I32);
        long value = zigzag();
        ParquetFault.require(
                value == (int) value, "a number of 32 bits in the metadata", value + " at byte " + offset());
        return (int) value;
    }

    long i64() {
        require(I64);
        return zigzag();
    }

    boolean bool() {
        ParquetFault.require(
                type == TRUE || type == FALSE,
                "metadata that is true or false",
                "type " + type + " at byte " + offset());
        return type == TRUE;
    }

    /// That the field is a structure, whose fields are read next.
    void requireStruct() {
        require(STRUCT);
    }

    String string() {
        require(BINARY);
        return element();
    }

    /// A text in a list.
    String element() {
        int length = length();
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    /// A length that the bytes hold.
    private int length() {
        long length = varint();
        ParquetFault.require(length >= 0, "a length in the metadata", length + " at byte " + offset());
        if (length > end - at) {
            throw new Cut(offset());
        }
        return (int) length;
    }

    /// The size of a list whose elements are of type `wanted`; each takes a byte or more.
    int list(int wanted) {
        require(LIST);
        int size = size();
        ParquetFault.require(
                type == wanted || size == 0,
                "a list of Thrift type " + wanted + " in the metadata",
                "type " + type + " at byte " + offset());
        return size;
    }

    private int size() {
        int header = next();
        type = header & 0xf;
        int few = header >>> 4;
        long size = few == LONG_LIST ? varint() : few;
        ParquetFault.require(size >= 0, "a size in the metadata", size + " at byte " + offset());
        if (size > end - at) {
            throw new Cut(offset());
        }
        return (int) size;
    }

    /// Passes over the value of the field that [#field] found.
    void skip() {
        skip(type, false);
    }

    private void skip(int kind, boolean element) {
        switch (kind) {
            case TRUE, FALSE -> at += element ? (next() & 0) : 0;
            case I8 -> next();
            case I16, I32, I64 -> varint();
            case DOUBLE -> skipBytes(Long.BYTES);
            case BINARY -> skipBytes(length());
            case LIST, SET -> {
                int size = size();
                int of = type;
                deeper();
                for (int i = 0; i < size; i++) {
                    skip(of, true);
                }
                depth--;
            }
            case MAP -> skipMap();
            case STRUCT -> {
                deeper();
                for (int field = field(0); field != 0; field = field(field)) {
                    skip(type, false);
                }
                depth--;
            }
            default -> throw new ParquetFault("a Thrift type in the metadata", "type " + kind + " at byte " + offset());
        }
    }

    private void skipMap() {
        long size = varint();
        if (size == 0) {
            return;
        }
        ParquetFault.require(size > 0, "a size in the metadata", size + " at byte " + offset());
        if (size > end - at) {
            throw new Cut(offset());
        }
        int types = next();
        deeper();
        for (long i = 0; i < size; i++) {
            skip(types >>> 4, true);
            skip(types & 0xf, true);
        }
        depth--;
    }

    private void skipBytes(int count) {
        if (count > end - at) {
            throw new Cut(offset());
        }
        at += count;
    }

    private void deeper() {
        depth++;
        ParquetFault.require(depth <= DEPTH, "metadata at most " + DEPTH + " deep", "more at byte " + offset());
    }
}
