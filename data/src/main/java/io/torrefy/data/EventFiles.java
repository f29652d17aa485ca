package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The event files of a folder, seen from outside: which there are, and what of one belongs to a run's first steps.
@Export(value = "data.EventFiles", since = "0.1")
public final class EventFiles {
    private EventFiles() {}

    /// Whether TensorBoard would take `file` for an event file.
    public static boolean isEventFile(Path file) {
        return String.valueOf(file.getFileName()).contains("tfevents") && Files.isRegularFile(file);
    }

    /// The event files directly in `folder`, in the order of their names.
    public static List<Path> files(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(EventFiles::isEventFile).sorted().toList();
        }
    }

    /// The bytes of `file` with the events of steps beyond `lastStep` left out, and with what follows the first
    /// damaged or incomplete record left out too. For a run that resumes from a checkpoint of `lastStep`; no writer
    /// may have the file open.
    ///
    /// @throws MalformedDataException where a record with a good checksum is no event
    public static byte[] through(Path file, long lastStep) throws IOException {
        var bytes = Files.readAllBytes(file);
        var source = ByteBuffer.wrap(bytes);
        var kept = new ByteArrayOutputStream(bytes.length);
        int at = 0;
        for (int next = RecordFrame.next(source, at); next > 0; next = RecordFrame.next(source, at)) {
            int length = next - at - RecordFrame.HEADER - RecordFrame.FOOTER;
            if (step(file, source.slice(at + RecordFrame.HEADER, length), at) <= lastStep) {
                kept.write(bytes, at, next - at);
            }
            at = next;
        }
        return kept.toByteArray();
    }

    /// The `step` field (2, a varint) of an event, which is 0 where it is missing.
    private static long step(Path file, ByteBuffer event, long offset) {
        try {
            event.order(ByteOrder.LITTLE_ENDIAN);
            while (event.hasRemaining()) {
                long tag = varint(event);
                if (tag == (2 << 3)) {
                    return varint(event);
                }
                switch ((int) (tag & 7)) {
                    case 0 -> varint(event);
                    case 1 -> event.getLong();
                    case 2 -> {
                        int length = Math.toIntExact(varint(event));
                        event.position(event.position() + length);
                    }
                    case 5 -> event.getInt();
                    default -> throw new IllegalArgumentException("wire type " + (tag & 7));
                }
            }
            return 0;
        } catch (IllegalArgumentException | ArithmeticException | BufferUnderflowException e) {
            throw new MalformedDataException(
                    file, offset, "[events] expected an event at byte " + offset + " of " + file + "; got " + e);
        }
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = bytes.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a varint of more than 10 bytes");
    }
}
