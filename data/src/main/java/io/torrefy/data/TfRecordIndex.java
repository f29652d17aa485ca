package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/// Random access to the records of an uncompressed TFRecord file, and their exact number, by a file beside it:
/// `x.tfrecord.idx` holds the offset of every record (`u64`), the length of the record file (`u64`) and the masked
/// CRC-32C of both (`u32`), all little-endian. The record file stays one that TensorFlow reads.
///
/// The index is mapped into memory and needs no heap. Safe for use by several threads.
@Export(value = "data.TfRecordIndex", since = "0.1")
public final class TfRecordIndex implements AutoCloseable {
    private static final ValueLayout.OfLong OFFSET = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt CRC = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TAIL = Long.BYTES + Integer.BYTES;

    private final Path file;
    private final Arena arena;
    private final FileChannel channel;
    private final MemorySegment offsets;
    private final long count;

    private TfRecordIndex(Path file, Arena arena, FileChannel channel, MemorySegment offsets) {
        this.file = file;
        this.arena = arena;
        this.channel = channel;
        this.offsets = offsets;
        this.count = (offsets.byteSize() - TAIL) / Long.BYTES;
    }

    /// Told of the progress of a pass over a file.
    @FunctionalInterface
    public interface Progress {
        void at(long bytes, long records);
    }

    /// The index beside `file`.
    public static Path indexFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".idx");
    }

    /// Writes the index of `file`, whole or not at all. Reads and verifies the headers alone; the data are verified
    /// when they are read.
    ///
    /// @return the number of records
    /// @throws DataLossException at a damaged header or a cut record
    public static long build(Path file, Progress progress) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "[index] expected a regular file; got " + file + ". Hint: a pipe can be read from its start only.");
        }
        if (Compression.detect(file) != Compression.NONE) {
            throw new IllegalArgumentException("[index] expected an uncompressed file; got " + file
                    + ". Hint: a compressed file can be read from its start only.");
        }
        return UnfinishedFiles.write(indexFile(file), unfinished -> {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 16)) {
                return writeOffsets(file, out, progress);
            }
        });
    }

    private static long writeOffsets(Path file, OutputStream out, Progress progress) throws IOException {
        var checked = new CheckedOutputStream(out, new CRC32C());
        var data = new DataOutputStream(checked);
        long records = 0;
        long offset = 0;
        try (MappedBytes bytes = MappedBytes.open(file)) {
            byte[] header = new byte[RecordFrame.HEADER];
            while (bytes.left() > 0) {
                long next = offset + frameLength(file, bytes, header, records, offset);
                data.writeLong(Long.reverseBytes(offset));
                bytes.skip(next - offset - RecordFrame.HEADER);
                offset = next;
                records++;
                if (records % 65_536 == 0) {
                    progress.at(offset, records);
                }
            }
        }
        data.writeLong(Long.reverseBytes(offset));
        int crc = Crc32c.mask((int) checked.getChecksum().getValue());
        data.writeInt(Integer.reverseBytes(crc));
        data.flush();
        progress.at(offset, records);
        return records;
    }

    private static long frameLength(Path file, MappedBytes bytes, byte[] header, long record, long offset)
            throws IOException {
        long left = bytes.left();
        int got = 0;
        while (got < header.length && bytes.left() > 0) {
            got += bytes.read(header, got, header.length - got);
        }
        if (got < header.length || !RecordFrame.lengthIsSound(header, 0)) {
            throw damaged(file, record, offset, "a damaged or cut header");
        }
        long length = (long) RecordFrame.LONG.get(header, 0);
        if (length < 0 || length > left - RecordFrame.HEADER - RecordFrame.FOOTER) {
            throw damaged(
                    file,
                    record,
                    offset,
                    "a length of " + Long.toUnsignedString(length) + " bytes with " + left + " left in the file");
        }
        return RecordFrame.HEADER + length + RecordFrame.FOOTER;
    }

    private static DataLossException damaged(Path file, long record, long offset, String got) {
        return new DataLossException(
                file,
                record,
                offset,
                "[index] expected a sound record " + record + " at byte " + offset + " of " + file + "; got " + got
                        + ".");
    }

    /// Opens `file` with the index beside it.
    ///
    /// @throws MalformedDataException where the index is damaged, or was made for a file of another length
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    public static TfRecordIndex open(Path file) throws IOException {
        Path index = indexFile(file);
        if (!Files.exists(index)) {
            throw new NoSuchFileException(
                    index.toString(),
                    null,
                    "[index] expected it. Hint: `torrefy records index " + file + "` makes it.");
        }
        Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try (FileChannel indexChannel = FileChannel.open(index, StandardOpenOption.READ)) {
            MemorySegment offsets = indexChannel.map(FileChannel.MapMode.READ_ONLY, 0, indexChannel.size(), arena);
            check(file, index, offsets, channel.size());
            return new TfRecordIndex(file, arena, channel, offsets);
        } catch (IOException | RuntimeException e) {
            arena.close();
            channel.close();
            throw e;
        }
    }

    private static void check(Path file, Path index, MemorySegment offsets, long fileSize) {
        long size = offsets.byteSize();
        boolean sound = size >= TAIL
                && size % Long.BYTES == Integer.BYTES
                && offsets.get(CRC, size - Integer.BYTES) == masked(offsets, size - Integer.BYTES);
        if (!sound) {
            throw new MalformedDataException(
                    index,
                    0,
                    "[index] expected an index whose checksum matches; got " + index
                            + ". Hint: make it again with `torrefy records index " + file + "`.");
        }
        long expected = offsets.get(OFFSET, size - TAIL);
        if (expected != fileSize) {
            throw new MalformedDataException(
                    index,
                    size - TAIL,
                    "[index] expected " + file + " to have " + expected + " bytes, as when " + index
                            + " was made; it has " + fileSize + ". Hint: make the index again.");
        }
    }

    private static int masked(MemorySegment bytes, long length) {
        var crc = new CRC32C();
        byte[] block = new byte[1 << 16];
        for (long at = 0; at < length; at += block.length) {
            int n = (int) Math.min(block.length, length - at);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, block, 0, n);
            crc.update(block, 0, n);
        }
        return Crc32c.mask((int) crc.getValue());
    }

    /// How many records there are.
    public long count() {
        return count;
    }

    /// Where record `index` starts.
    public long offset(long index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException(
                    "[index] expected a record of 0 to " + (count - 1) + " of " + file + "; got " + index + ".");
        }
        return offsets.get(OFFSET, index * Long.BYTES);
    }

    /// The data of record `index`, verified.
    ///
    /// @throws DataLossException where a checksum does not match
    public byte[] read(long index) throws IOException {
        long offset = offset(index);
        long frame = offsets.get(OFFSET, (index + 1) * Long.BYTES) - offset;
        if (frame < RecordFrame.HEADER + RecordFrame.FOOTER || frame > RecordFrame.MAX_DATA) {
            throw damaged(file, index, offset, "an index that says it has " + frame + " bytes with its frame");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) frame);
        while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
            // until the record is there
        }
        if (RecordFrame.next(bytes.flip(), 0) != frame) {
            throw damaged(file, index, offset, "a checksum or length that does not match");
        }
        byte[] data = new byte[(int) frame - RecordFrame.HEADER - RecordFrame.FOOTER];
        bytes.get(RecordFrame.HEADER, data);
        return data;
    }

    @Override
    public void close() throws IOException {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        channel.close();
    }
}
