package io.torrefy.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Protocol-buffer wire format, the writing half. Fields come out in the order of the calls.
final class Proto {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Proto varint(int field, long value) {
        tag(field, VARINT);
        raw(value);
        return this;
    }

    Proto float64(int field, double value) {
        tag(field, FIXED64);
        return append(little(Double.BYTES).putDouble(value).array());
    }

    Proto float32(int field, float value) {
        tag(field, FIXED32);
        return append(little(Float.BYTES).putFloat(value).array());
    }

    Proto bytes(int field, byte[] value) {
        tag(field, BYTES);
        raw(value.length);
        return append(value);
    }

    Proto packed(int field, float[] values) {
        var packed = little(Math.multiplyExact(values.length, Float.BYTES));
        packed.asFloatBuffer().put(values);
        return bytes(field, packed.array());
    }

    Proto packed(int field, long[] values) {
        var packed = new ByteArrayOutputStream(values.length);
        for (long value : values) {
            varint(packed, value);
        }
        return bytes(field, packed.toByteArray());
    }

    /// Fields that are in wire format already.
    Proto raw(byte[] fields) {
        return append(fields);
    }

    Proto text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Proto message(int field, Proto value) {
        return bytes(field, value.toBytes());
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    private void tag(int field, int wireType) {
        raw((long) field << 3 | wireType);
    }

    private void raw(long value) {
        varint(out, value);
    }

    static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private Proto append(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
