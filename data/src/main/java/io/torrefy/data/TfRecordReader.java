package io.torrefy.data;

import io.torrefy.data.RecordBytes.BrokenStreamException;
import io.torrefy.export.Export;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Reads the records of a TFRecord file in their order, each verified by its checksums. Uncompressed files are mapped
/// into memory window by window, compressed ones are inflated as they are read; neither needs more heap than the
/// largest record and 256 KiB. Not thread-safe.
///
/// Damage is an error ([DataLossException]) that names file, record and offset, unless [Options] say otherwise; then
/// [#skipped] tells which bytes were left out. TensorFlow's own reader takes a cut header for the end of the file,
/// and after any other damage leaves out the rest of it.
@Export(value = "data.TfRecordReader", since = "0.1")
public final class TfRecordReader implements AutoCloseable {
    private static final int CHUNK = 256 * 1024;

    /// What a file that ends within a record is.
    public enum TruncatedTail {
        /// Damage, which [OnCorruption] decides about.
        ERROR,
        /// The end of the file, as in one that is still written to. The cut record is in
        /// [TfRecordReader#skipped].
        IGNORE
    }

    /// What happens at a damaged record.
    public enum OnCorruption {
        /// A [DataLossException].
        FAIL,
        /// The rest of the file is left out.
        SKIP_FILE,
        /// Reading goes on at the next sound record. Where only the data of a record are damaged that is the
        /// one behind it; where its length is too, the next byte at which both checksums match.
        RESYNC
    }

    /// How to read.
    ///
    /// @param compression of the file; empty: found out from its first bytes
    /// @param maxRecordBytes the longest record to accept
    public record Options(
            Optional<Compression> compression,
            TruncatedTail truncatedTail,
            OnCorruption onCorruption,
            int maxRecordBytes) {
        /// Compression found out, all damage an error, records up to a quarter of the heap and to 2 GiB.
        public static final Options DEFAULT =
                new Options(Optional.empty(), TruncatedTail.ERROR, OnCorruption.FAIL, RecordFrame.MOST_DATA);

        public Options {
            if (maxRecordBytes < 0 || maxRecordBytes > RecordFrame.MAX_DATA) {
                throw new IllegalArgumentException("[tfrecord] expected maxRecordBytes of 0 to " + RecordFrame.MAX_DATA
                        + "; got " + maxRecordBytes + ".");
            }
        }

        public Options compression(Compression value) {
            return new Options(Optional.of(value), truncatedTail, onCorruption, maxRecordBytes);
        }

        public Options truncatedTail(TruncatedTail value) {
            return new Options(compression, value, onCorruption, maxRecordBytes);
        }

        public Options onCorruption(OnCorruption value) {
            return new Options(compression, truncatedTail, value, maxRecordBytes);
        }

        public Options maxRecordBytes(int value) {
            return new Options(compression, truncatedTail, onCorruption, value);
        }
    }

    /// A place between two records, to go on from.
    ///
    /// @param offset in bytes, of the inflated data where the file is compressed
    /// @param record how many records lie before it
    public record Position(long offset, long record) {
        public static final Position START = new Position(0, 0);
    }

    /// Bytes `from` to `to` (exclusive) of a file, which hold no record that could be read.
    public record Skipped(Path file, long from, long to, String why) {
        /// How many they are.
        public long length() {
            return to - from;
        }
    }

    private enum Found {
        RECORD,
        END,
        CUT_HEADER,
        CUT_DATA,
        BAD_LENGTH,
        TOO_LONG,
        BAD_DATA,
        BROKEN_STREAM,
        CUT_STREAM
    }

    private final Path file;
    private final Options options;
    private final RecordBytes bytes;
    private final CRC32C crc = new CRC32C();
    private final List<Skipped> skipped = new ArrayList<>();

    // Bytes start to end of the buffer are read and not consumed; byte 0 of it is byte `base` of the file.
    private byte[] buffer = new byte[CHUNK];
    private int start;
    private int end;
    private long base;
    private String broken = "";
    private boolean cut;
    private boolean ended;

    // The record that `next` found, at `start`.
    private boolean onRecord;
    private int length;
    private long record;

    private TfRecordReader(Path file, Options options, RecordBytes bytes, Position from) {
        this.file = file;
        this.options = options;
        this.bytes = bytes;
        this.base = from.offset;
        this.record = from.record;
    }

    /// Opens `file` at its start, with [Options#DEFAULT].
    public static TfRecordReader open(Path file) throws IOException {
        return open(file, Options.DEFAULT);
    }

    /// Opens `file` at its start.
    public static TfRecordReader open(Path file, Options options) throws IOException {
        return open(file, options, Position.START);
    }

    /// Opens `file` where [#position] of another reader said.
    ///
    /// @throws DataLossException where the file ends before it
    public static TfRecordReader open(Path file, Options options, Position from) throws IOException {
        RecordBytes bytes = RecordBytes.open(file, options.compression);
        try {
            goTo(file, bytes, from);
            return new TfRecordReader(file, options, bytes, from);
        } catch (IOException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    private static void goTo(Path file, RecordBytes bytes, Position from) throws IOException {
        String got;
        try {
            long skipped = bytes.skip(from.offset);
            if (skipped == from.offset) {
                return;
            }
            got = skipped + " bytes";
        } catch (BrokenStreamException e) {
            got = e.getMessage();
        }
        throw new DataLossException(
                file,
                from.record,
                from.offset,
                "[tfrecord] expected to go on with record " + from.record + " at byte " + from.offset + " of " + file
                        + "; got " + got + ". Hint: is this the file that the position was taken in?");
    }

    /// The file that is read.
    public Path file() {
        return file;
    }

    /// Goes to the next record; false at the end of the file.
    ///
    /// @throws DataLossException at damage, where the options do not skip it; the reader stays before it
    public boolean next() throws IOException {
        leaveRecord();
        Found found = examine(0);
        if (found != Found.RECORD && found != Found.END) {
            found = handle(found);
        }
        onRecord = found == Found.RECORD;
        return onRecord;
    }

    private void leaveRecord() {
        if (onRecord) {
            start += RecordFrame.HEADER + length + RecordFrame.FOOTER;
            record++;
            onRecord = false;
        }
    }

    /// What lies at `start + ahead`. Leaves the length of a record in `length`, where it could be read.
    private Found examine(int ahead) throws IOException {
        int there = available(ahead + RecordFrame.HEADER) - ahead;
        if (there < RecordFrame.HEADER) {
            return there > 0 ? whyCut(Found.CUT_HEADER) : broken.isEmpty() ? Found.END : whyCut(Found.END);
        }
        int header = start + ahead;
        if ((int) RecordFrame.INT.get(buffer, header + Long.BYTES) != masked(header, Long.BYTES)) {
            return Found.BAD_LENGTH;
        }
        long claimed = (long) RecordFrame.LONG.get(buffer, header);
        if (claimed < 0 || claimed > options.maxRecordBytes) {
            return Found.TOO_LONG;
        }
        length = (int) claimed;
        return examineData(ahead);
    }

    private Found examineData(int ahead) throws IOException {
        long frame = (long) RecordFrame.HEADER + length + RecordFrame.FOOTER;
        boolean known = bytes.left() != Long.MAX_VALUE;
        if (known && ahead + frame > end - start + bytes.left()) {
            return Found.CUT_DATA;
        }
        if (ahead + frame > RecordFrame.MAX_DATA || available((int) (ahead + frame)) < ahead + frame) {
            return whyCut(Found.CUT_DATA);
        }
        int data = start + ahead + RecordFrame.HEADER;
        return (int) RecordFrame.INT.get(buffer, data + length) == masked(data, length) ? Found.RECORD : Found.BAD_DATA;
    }

    private int masked(int at, int count) {
        crc.reset();
        crc.update(buffer, at, count);
        return Crc32c.mask((int) crc.getValue());
    }

    private Found whyCut(Found otherwise) {
        return broken.isEmpty() ? otherwise : cut ? Found.CUT_STREAM : Found.BROKEN_STREAM;
    }

    /// Reads until `count` bytes from `start` on are in the buffer or the file ends; returns how many are. The
    /// buffer at most doubles for bytes that were really there, whatever a length promises.
    private int available(int count) throws IOException {
        while (end - start < count && !ended) {
            if (end == buffer.length) {
                makeRoom(count);
            }
            try {
                int n = bytes.read(buffer, end, buffer.length - end);
                ended = n < 0;
                end += Math.max(n, 0);
            } catch (BrokenStreamException e) {
                ended = true;
                cut = e.cut();
                broken = String.valueOf(e.getMessage());
            }
        }
        return end - start;
    }

    private void makeRoom(int count) {
        if (start == 0) {
            long doubled = Math.min(2L * buffer.length, Math.max(count, CHUNK));
            buffer = Arrays.copyOf(buffer, (int) Math.max(doubled, buffer.length + 1L));
            return;
        }
        System.arraycopy(buffer, start, buffer, 0, end - start);
        base += start;
        end -= start;
        start = 0;
    }

    private Found handle(Found found) throws IOException {
        boolean tail = found == Found.CUT_HEADER || found == Found.CUT_DATA || found == Found.CUT_STREAM;
        if (tail && options.truncatedTail == TruncatedTail.IGNORE) {
            return skipRest(found);
        }
        return switch (options.onCorruption) {
            case FAIL ->
                throw new DataLossException(
                        file,
                        record,
                        offset(),
                        "[tfrecord] expected a sound record " + record + " at byte " + offset() + " of " + file
                                + "; got " + describe(found) + "." + hint(found));
            case SKIP_FILE -> skipRest(found);
            case RESYNC -> resync(found);
        };
    }

    private String describe(Found found) {
        return switch (found) {
            case CUT_HEADER -> "a header cut after " + (end - start) + " of " + RecordFrame.HEADER + " bytes";
            case CUT_DATA -> "the end of the file before the " + length + " bytes of its data and their checksum";
            case BAD_LENGTH -> "a length whose checksum does not match";
            case TOO_LONG ->
                "a length of " + Long.toUnsignedString((long) RecordFrame.LONG.get(buffer, start)) + " bytes, above "
                        + options.maxRecordBytes;
            case BAD_DATA ->
                "data (from byte " + (offset() + RecordFrame.HEADER) + ", " + length
                        + " bytes) whose checksum does not match";
            case BROKEN_STREAM, CUT_STREAM -> broken;
            case RECORD, END -> throw new IllegalStateException("[tfrecord] " + found + " is no damage");
        };
    }

    private String hint(Found found) {
        if (found == Found.BAD_LENGTH && offset() == 0) {
            return " Hint: is this a TFRecord file, and not compressed in another way?";
        }
        return switch (found) {
            case CUT_HEADER -> " Hint: TruncatedTail.IGNORE reads a file that is still written to.";
            case TOO_LONG ->
                " Hint: Options.maxRecordBytes sets the bound, which else is a quarter of the heap (-Xmx).";
            case CUT_DATA, BAD_DATA, BAD_LENGTH ->
                " Hint: OnCorruption.RESYNC (`torrefy records convert --resync`) goes on at the next sound record.";
            default -> "";
        };
    }

    private Found skipRest(Found found) throws IOException {
        long from = offset();
        String why = describe(found);
        start = end;
        while (available(1) > 0) {
            start = end;
        }
        skipped.add(new Skipped(file, from, offset(), why));
        broken = "";
        return Found.END;
    }

    private Found resync(Found damage) throws IOException {
        Found found = damage;
        while (found != Found.RECORD && found != Found.END) {
            found = switch (found) {
                case BAD_DATA -> goOverRecord(describe(found), length);
                case TOO_LONG -> goOverRecord(describe(found), (long) RecordFrame.LONG.get(buffer, start));
                default -> goOverBytes(describe(found));
            };
        }
        broken = found == Found.END ? "" : broken;
        return found;
    }

    /// A record that claims so many bytes is left out where a sound length, or the end of the file, follows it.
    /// Without that the length may not be the one that was written, whatever its checksum says.
    private Found goOverRecord(String why, long claimed) throws IOException {
        if (claimed < 0 || claimed > RecordFrame.MOST_DATA) {
            return goOverBytes(why);
        }
        long from = offset();
        int frame = RecordFrame.HEADER + (int) claimed + RecordFrame.FOOTER;
        Found behind = examine(frame);
        if (behind == Found.BAD_LENGTH || behind == Found.CUT_HEADER || available(frame) < frame) {
            return goOverBytes(why);
        }
        start += frame;
        skipped.add(new Skipped(file, from, offset(), why));
        return examine(0);
    }

    /// Goes to the next byte at which both checksums match.
    private Found goOverBytes(String why) throws IOException {
        long from = offset();
        Found found = Found.BAD_LENGTH;
        while (found != Found.RECORD && found != Found.END) {
            start = Math.min(start + 1, end);
            found = plausible() ? examine(0) : Found.BAD_LENGTH;
            if (start == end && found != Found.RECORD) {
                found = Found.END;
            }
        }
        boolean brokeToo = found == Found.END && !broken.isEmpty() && !broken.equals(why);
        skipped.add(new Skipped(file, from, offset(), brokeToo ? why + "; then " + broken : why));
        return found;
    }

    /// Whether a length could stand at `start`: no record has more than 2³¹ bytes. Spares most checksums.
    private boolean plausible() throws IOException {
        return available(Long.BYTES) < Long.BYTES || (int) RecordFrame.INT.get(buffer, start + Integer.BYTES) == 0;
    }

    /// The number of the record that [#next] went to, or would: sound records count, from 0.
    public long number() {
        return record;
    }

    /// Where the record that [#next] went to starts, in bytes (of the inflated data where the file is compressed).
    public long offset() {
        return base + start;
    }

    /// How many bytes of the file itself were read, compressed where it is: for a progress, since a buffer may be
    /// filled beyond the record.
    public long bytesRead() {
        return bytes.consumed();
    }

    /// The length of the record's data in bytes.
    public int length() {
        requireRecord();
        return length;
    }

    /// The record's data, copied.
    public byte[] record() {
        requireRecord();
        return Arrays.copyOfRange(buffer, dataStart(), dataStart() + length);
    }

    /// The record's data, read-only and valid until the next call of [#next].
    public MemorySegment view() {
        requireRecord();
        return MemorySegment.ofArray(buffer).asSlice(dataStart(), length).asReadOnly();
    }

    /// The array that holds the record's data from [#dataStart] on, valid until the next call of [#next].
    byte[] buffer() {
        return buffer;
    }

    int dataStart() {
        return start + RecordFrame.HEADER;
    }

    private void requireRecord() {
        if (!onRecord) {
            throw new IllegalStateException("[tfrecord] expected a call of next() that returned true before this one.");
        }
    }

    /// The place behind the current record, where another reader may go on.
    public Position position() {
        return onRecord
                ? new Position(offset() + RecordFrame.HEADER + length + RecordFrame.FOOTER, record + 1)
                : new Position(offset(), record);
    }

    /// What was left out so far.
    public List<Skipped> skipped() {
        return Collections.unmodifiableList(skipped);
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}
