package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;

/// Characters of a UTF-8 file that remembers at which byte each line started, so that a parser of characters which
/// reads ahead can still say where in the file it stands. A byte-order mark at the start of the file is skipped, and
/// bytes that are no UTF-8 are an error that names their line. Lines end with `\n`, `\r` or `\r\n`.
final class Utf8Reader extends Reader {
    private final Path file;
    private final String format;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).flip();
    private final ArrayDeque<Long> lineStarts = new ArrayDeque<>();
    private long firstLine;
    private long offset;
    private boolean ended;

    /// Reads from byte `from.offset()`, which is where line `from.number() + 1` starts.
    Utf8Reader(Path file, String format, RecordSource.Position from) throws IOException {
        this.file = file;
        this.format = format;
        this.offset = from.offset();
        this.firstLine = from.number() + 1;
        var channel = FileChannel.open(file);
        try {
            in = Channels.newInputStream(offset == 0 ? channel : channel.position(offset));
            fill();
            if (offset == 0) {
                skipByteOrderMark();
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        lineStarts.add(offset);
    }

    private void skipByteOrderMark() {
        if (bytes.remaining() >= 3
                && bytes.get(0) == (byte) 0xef
                && bytes.get(1) == (byte) 0xbb
                && bytes.get(2) == (byte) 0xbf) {
            bytes.position(3);
            offset = 3;
        }
    }

    /// The byte at which `line` starts, or the end of what was read where there is no such line. Lines before it
    /// are forgotten.
    long offsetOfLine(long line) {
        while (firstLine < line && !lineStarts.isEmpty()) {
            lineStarts.poll();
            firstLine++;
        }
        return lineStarts.isEmpty() ? offset : lineStarts.element();
    }

    @Override
    public int read(char[] chars, int start, int length) throws IOException {
        var out = CharBuffer.wrap(chars, start, length).slice();
        while (out.position() == 0) {
            // One byte stays back, to see whether the line feed of a carriage return follows.
            if (bytes.remaining() <= 4 && !ended) {
                fill();
            }
            if (!bytes.hasRemaining()) {
                return -1;
            }
            decode(out);
        }
        return out.position();
    }

    private void decode(CharBuffer out) {
        int before = bytes.position();
        int limit = bytes.limit();
        bytes.limit(ended ? limit : limit - 1);
        CoderResult result = decoder.decode(bytes, out, ended);
        bytes.limit(limit);
        noteLines(before, bytes.position());
        offset += bytes.position() - before;
        if (result.isError() && out.position() == 0) {
            throw notUtf8();
        }
    }

    private void noteLines(int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = bytes.get(i);
            boolean pair = b == '\r' && i + 1 < bytes.limit() && bytes.get(i + 1) == '\n';
            if (b == '\n' || (b == '\r' && !pair)) {
                lineStarts.add(offset + (i - from) + 1);
            }
        }
    }

    private void fill() throws IOException {
        bytes.compact();
        while (bytes.position() < 5 && !ended) {
            int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
            ended = count < 0;
            bytes.position(bytes.position() + Math.max(0, count));
        }
        bytes.flip();
    }

    private MalformedDataException notUtf8() {
        long line = firstLine + lineStarts.size() - 1;
        long column = offset - lineStarts.getLast() + 1;
        return LineReader.notUtf8(file, format, line, bytes.get(bytes.position()), column);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
