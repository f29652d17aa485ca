package io.torrefy.data;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// The framing of one TFRecord, the same for writers and readers:
/// `u64 length | u32 masked crc of the length | data | u32 masked crc of the data`, all little-endian.
final class RecordFrame {
    /// Length and its checksum.
    static final int HEADER = 12;
    /// Checksum of the data.
    static final int FOOTER = 4;
    /// The longest data of a record: with its frame it has to fit into a Java array.
    static final int MAX_DATA = Integer.MAX_VALUE - 64;

    /// The longest data that the heap can be expected to hold: as read, grown, and given away.
    static final int MOST_DATA = (int) Math.min(MAX_DATA, Runtime.getRuntime().maxMemory() / 4);

    /// Little-endian loads from arrays.
    static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private RecordFrame() {}

    /// Whether the 12 bytes at `offset` are a length and its checksum.
    static boolean lengthIsSound(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset + Long.BYTES) == Crc32c.mask(Crc32c.of(bytes, offset, Long.BYTES));
    }

    /// `data` with its header and footer.
    static byte[] frame(byte[] data) {
        var frame =
                ByteBuffer.allocate(Math.addExact(data.length, HEADER + FOOTER)).order(ByteOrder.LITTLE_ENDIAN);
        frame.putLong(data.length);
        frame.putInt(Crc32c.mask(Crc32c.of(frame.array(), 0, Long.BYTES)));
        frame.put(data);
        frame.putInt(Crc32c.mask(Crc32c.of(data)));
        return frame.array();
    }

    /// Where the record that starts at `offset` ends, or -1 where there is no sound one: too few bytes left, or a
    /// checksum that does not match. The length is not trusted before its own checksum is verified.
    static int next(ByteBuffer file, int offset) {
        var bytes = file.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int left = bytes.limit() - offset;
        if (left < HEADER + FOOTER || bytes.getInt(offset + Long.BYTES) != masked(bytes, offset, Long.BYTES)) {
            return -1;
        }
        long length = bytes.getLong(offset);
        if (length < 0 || length > left - HEADER - FOOTER) {
            return -1;
        }
        int data = offset + HEADER;
        int end = data + (int) length;
        return bytes.getInt(end) == masked(bytes, data, (int) length) ? end + FOOTER : -1;
    }

    private static int masked(ByteBuffer bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes.slice(offset, length));
        return Crc32c.mask((int) crc.getValue());
    }
}
