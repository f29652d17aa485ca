package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// The lines of a UTF-8 file, which `\n` or `\r\n` ends; the last one may lack its end. A byte-order mark at the start
/// of the file is skipped, and bytes that are no UTF-8 are an error that names their line.
final class LineReader implements AutoCloseable {
    /// The longest line in bytes: a file that is no text does not eat the memory. A line is held as bytes, as
    /// characters and as text.
    private static final int LONGEST =
            (int) Math.min(1L << 28, Runtime.getRuntime().maxMemory() / 8);

    private final Path file;
    private final String format;
    private final InputStream in;
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;
    private long offset;
    private long number;

    /// Reads from byte `from.offset()`, which is where line `from.number() + 1` starts.
    LineReader(Path file, String format, RecordSource.Position from) throws IOException {
        this.file = file;
        this.format = format;
        this.offset = from.offset();
        this.number = from.number();
        var channel = FileChannel.open(file);
        try {
            in = Channels.newInputStream(offset == 0 ? channel : channel.position(offset));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /// The next line without its end, or nothing at the end of the file.
    Optional<String> next() throws IOException {
        int length = lengthOfLine();
        if (length == 0) {
            return Optional.empty();
        }
        number++;
        String line = decode(start, withoutEnd(length));
        start += length;
        offset += length;
        return Optional.of(number == 1 && line.startsWith("\ufeff") ? line.substring(1) : line);
    }

    /// The bytes of the next line with its end; 0 at the end of the file.
    private int lengthOfLine() throws IOException {
        for (int at = start; ; at++) {
            if (at == end) {
                int scanned = at - start;
                if (!more()) {
                    return scanned;
                }
                at = start + scanned;
            }
            if (buffer[at] == '\n') {
                return at + 1 - start;
            }
        }
    }

    private boolean more() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, end - start);
        end -= start;
        start = 0;
        if (end == buffer.length) {
            if (end >= LONGEST) {
                throw new MalformedDataException(
                        file,
                        number + 1,
                        "[" + format + "] " + file + ":" + (number + 1) + ": expected a line of at most " + LONGEST
                                + " bytes; got a longer one. Hint: with more heap (-Xmx), lines of up to 256 MB can be"
                                + " read.");
            }
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int count = in.read(buffer, end, buffer.length - end);
        end += Math.max(0, count);
        return count > 0;
    }

    private int withoutEnd(int length) {
        int last = start + length;
        if (buffer[last - 1] != '\n') {
            return length;
        }
        return length > 1 && buffer[last - 2] == '\r' ? length - 2 : length - 1;
    }

    private String decode(int from, int length) {
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        var bytes = ByteBuffer.wrap(buffer, from, length);
        try {
            return decoder.decode(bytes).toString();
        } catch (CharacterCodingException _) {
            throw notUtf8(file, format, number, buffer[bytes.position()], bytes.position() - from + 1L);
        }
    }

    /// The error about a byte that is no UTF-8.
    ///
    /// @param column of the byte in its line, in bytes, from 1
    static MalformedDataException notUtf8(Path file, String format, long line, byte got, long column) {
        return new MalformedDataException(
                file,
                line,
                "[" + format + "] " + file + ":" + line + ": expected UTF-8; got byte 0x"
                        + Integer.toHexString(got & 0xff) + " at column " + column
                        + " (in bytes). Hint: convert the file, for example with `iconv -f latin1 -t utf-8`.");
    }

    /// The line that [#next] gave last, from 1.
    long number() {
        return number;
    }

    /// The place after it.
    RecordSource.Position position() {
        return new RecordSource.Position(offset, number);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
