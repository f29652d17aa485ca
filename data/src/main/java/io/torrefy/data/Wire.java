package io.torrefy.data;

/// Protocol-buffer wire format, the reading half: a cursor over an array. Nested messages are read by setting
/// [#limit] to their end and back.
final class Wire {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int GROUP = 3;
    static final int GROUP_END = 4;
    static final int FIXED32 = 5;
    private static final int DEEPEST_GROUP = 64;

    byte[] bytes = {};
    int at;
    int limit;
    private int start;

    /// A cursor at the start of `count` bytes from `from` on.
    static Wire over(byte[] bytes, int from, int count) {
        Wire wire = new Wire();
        wire.reset(bytes, from, count);
        return wire;
    }

    void reset(byte[] newBytes, int from, int count) {
        bytes = newBytes;
        start = from;
        at = from;
        limit = from + count;
    }

    boolean more() {
        return at < limit;
    }

    /// Field number and wire type: `number << 3 | type`.
    int tag() {
        long tag = varint();
        if (tag >>> 3 == 0 || tag >>> 32 != 0) {
            throw broken("a field number of 1 to 2^29 - 1", "tag " + Long.toUnsignedString(tag));
        }
        return (int) tag;
    }

    long varint() {
        if (at < limit && bytes[at] >= 0) {
            return bytes[at++];
        }
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= limit) {
                throw broken("a varint", "the end of its message");
            }
            byte next = bytes[at++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw broken("a varint of 10 bytes at most", "more");
    }

    /// The length in front of a string or a message; that many bytes are there.
    int length() {
        long length = varint();
        if (length < 0 || length > limit - at) {
            throw broken("a length of at most " + (limit - at) + " bytes", Long.toUnsignedString(length));
        }
        return (int) length;
    }

    int fixed32() {
        require(Integer.BYTES);
        int value = (int) RecordFrame.INT.get(bytes, at);
        at += Integer.BYTES;
        return value;
    }

    /// Goes over the value of a field.
    void skip(int tag) {
        skip(tag, 0);
    }

    private void skip(int tag, int depth) {
        switch (tag & 7) {
            case VARINT -> varint();
            case FIXED64 -> advance(Long.BYTES);
            case BYTES -> {
                int length = length();
                at += length;
            }
            case FIXED32 -> advance(Integer.BYTES);
            case GROUP -> skipGroup(tag, depth + 1);
            default -> throw broken("a wire type of 0 to 5", "the end of a group or type " + (tag & 7));
        }
    }

    private void skipGroup(int tag, int depth) {
        if (depth > DEEPEST_GROUP) {
            throw broken("groups nested " + DEEPEST_GROUP + " deep at most", "more");
        }
        for (int inner = tag(); inner != (tag & ~7 | GROUP_END); inner = tag()) {
            skip(inner, depth);
        }
    }

    private void advance(int count) {
        require(count);
        at += count;
    }

    private void require(int count) {
        if (count > limit - at) {
            throw broken(count + " bytes", "the end of their message");
        }
    }

    ExampleException broken(String expected, String got) {
        return new ExampleException(
                "expected " + expected + " at byte " + (at - start) + " of the message; got " + got);
    }
}
