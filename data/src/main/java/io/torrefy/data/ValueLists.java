package io.torrefy.data;

/// The wire format of `tf.train.Feature` and its three lists, read into columns.
final class ValueLists {
    private static final int PACKED = 1 << 3 | Wire.BYTES;
    private static final int UNPACKED_FLOAT = 1 << 3 | Wire.FIXED32;
    private static final int UNPACKED_LONG = 1 << 3 | Wire.VARINT;
    private static final int STRING = 1 << 3 | Wire.BYTES;

    private ValueLists() {}

    /// What is done with a field that the format does not know.
    interface Unknown {
        Unknown SKIP = Wire::skip;

        void field(Wire wire, int tag);
    }

    /// Appends the values of the feature between `wire.at` and `wire.limit` to `column`, and leaves the wire at its
    /// end. Several lists of the kind follow each other; of several kinds the last one counts.
    ///
    /// @return the field number of the feature's kind, 0 for none; values are appended only if it is the column's
    static int readFeature(Wire wire, ValueColumn column, Unknown unknown, Unknown unknownInList) {
        int before = column.size();
        int kind = 0;
        while (wire.more()) {
            int tag = wire.tag();
            int field = tag >>> 3;
            if ((tag & 7) != Wire.BYTES || field > 3) {
                unknown.field(wire, tag);
                continue;
            }
            if (field != kind) {
                column.truncate(before);
                kind = field;
            }
            int end = wire.length() + wire.at;
            if (field == column.kind().field()) {
                int outer = wire.limit;
                wire.limit = end;
                readList(wire, column, unknownInList);
                wire.limit = outer;
            }
            wire.at = end;
        }
        return kind;
    }

    private static void readList(Wire wire, ValueColumn column, Unknown unknown) {
        switch (column.kind()) {
            case STRING -> readStrings(wire, column, unknown);
            case FLOAT32 -> readFloats(wire, column, unknown);
            case INT64 -> readLongs(wire, column, unknown);
        }
    }

    private static void readStrings(Wire wire, ValueColumn column, Unknown unknown) {
        while (wire.more()) {
            int tag = wire.tag();
            if (tag == STRING) {
                int length = wire.length();
                column.add(wire.bytes, wire.at, length);
                wire.at += length;
            } else {
                unknown.field(wire, tag);
            }
        }
    }

    private static void readFloats(Wire wire, ValueColumn column, Unknown unknown) {
        int seen = 0;
        while (wire.more()) {
            int tag = wire.tag();
            if (tag == PACKED) {
                seen = same(wire, seen, tag);
                int length = wire.length();
                if (length % Float.BYTES != 0) {
                    throw wire.broken("packed floats of 4 bytes each", length + " bytes");
                }
                column.addFloats(wire.bytes, wire.at, length / Float.BYTES);
                wire.at += length;
            } else if (tag == UNPACKED_FLOAT) {
                seen = same(wire, seen, tag);
                column.add(Float.intBitsToFloat(wire.fixed32()));
            } else {
                unknown.field(wire, tag);
            }
        }
    }

    private static void readLongs(Wire wire, ValueColumn column, Unknown unknown) {
        int seen = 0;
        while (wire.more()) {
            int tag = wire.tag();
            if (tag == PACKED) {
                seen = same(wire, seen, tag);
                int outer = wire.limit;
                wire.limit = wire.length() + wire.at;
                while (wire.more()) {
                    column.add(wire.varint());
                }
                wire.limit = outer;
            } else if (tag == UNPACKED_LONG) {
                seen = same(wire, seen, tag);
                column.add(wire.varint());
            } else {
                unknown.field(wire, tag);
            }
        }
    }

    /// TensorFlow refuses packed and unpacked numbers in one list, so nobody has written them.
    private static int same(Wire wire, int seen, int tag) {
        if (seen != 0 && seen != tag) {
            throw wire.broken("numbers all packed or all unpacked", "both in one list");
        }
        return tag;
    }
}
