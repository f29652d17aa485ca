package io.torrefy.data;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;

/// Writes structures in Thrift's compact protocol, in which Parquet keeps its metadata (Apache Thrift, "Thrift compact
/// protocol").
final class CompactThrift {
    private static final int I32 = 5;
    private static final int I64 = 6;
    private static final int BINARY = 8;
    private static final int LIST = 9;
    private static final int STRUCT = 12;
    private static final int LONG_LIST = 15;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ArrayDeque<Integer> outer = new ArrayDeque<>();
    private int last;

    CompactThrift i32(int field, int value) {
        header(field, I32);
        varint(zigzag(value));
        return this;
    }

    CompactThrift i64(int field, long value) {
        header(field, I64);
        varint(zigzag(value));
        return this;
    }

    CompactThrift string(int field, String value) {
        header(field, BINARY);
        text(value);
        return this;
    }

    CompactThrift i32List(int field, int... values) {
        listHeader(field, values.length, I32);
        for (int value : values) {
            varint(zigzag(value));
        }
        return this;
    }

    CompactThrift stringList(int field, List<String> values) {
        listHeader(field, values.size(), BINARY);
        values.forEach(this::text);
        return this;
    }

    /// Begins a structure in a field; [#end] ends it.
    CompactThrift begin(int field) {
        header(field, STRUCT);
        return beginElement();
    }

    /// Begins a list of `size` structures, each between [#beginElement] and [#end].
    CompactThrift structList(int field, int size) {
        listHeader(field, size, STRUCT);
        return this;
    }

    CompactThrift beginElement() {
        outer.push(last);
        last = 0;
        return this;
    }

    CompactThrift end() {
        out.write(0);
        last = outer.pop();
        return this;
    }

    /// The whole structure, which this ends.
    byte[] bytes() {
        out.write(0);
        return out.toByteArray();
    }

    private void header(int field, int type) {
        int delta = field - last;
        if (delta < 1 || delta > 15) {
            throw new IllegalArgumentException(
                    "fields in rising order, at most 15 apart; got " + field + " after " + last);
        }
        out.write(delta << 4 | type);
        last = field;
    }

    private void listHeader(int field, int size, int type) {
        header(field, LIST);
        out.write(Math.min(size, LONG_LIST) << 4 | type);
        if (size >= LONG_LIST) {
            varint(size);
        }
    }

    private void text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        varint(bytes.length);
        out.writeBytes(bytes);
    }

    private static long zigzag(long value) {
        return value << 1 ^ value >> 63;
    }

    private void varint(long value) {
        writeVarint(out, value);
    }

    /// Seven bits a byte, the lowest first.
    static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
            out.write((int) (rest & 0x7f | 0x80));
        }
        out.write((int) rest);
    }
}
