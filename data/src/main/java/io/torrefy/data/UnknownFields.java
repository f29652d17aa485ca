package io.torrefy.data;

import java.io.ByteArrayOutputStream;

/// Fields that a message has and its format does not know, kept as they came.
final class UnknownFields implements ValueLists.Unknown {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream(0);

    @Override
    public void field(Wire wire, int tag) {
        int from = wire.at;
        wire.skip(tag);
        Proto.varint(kept, Integer.toUnsignedLong(tag));
        kept.write(wire.bytes, from, wire.at - from);
    }

    void clear() {
        kept.reset();
    }

    byte[] bytes() {
        return kept.toByteArray();
    }
}
