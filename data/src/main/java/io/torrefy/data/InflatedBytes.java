package io.torrefy.data;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// The contents of a GZIP (RFC 1952) or ZLIB (RFC 1950) file. The JDK's own streams take what follows a first member
/// and is no second one for the end of the file; here it is an error, as is a cut trailer.
final class InflatedBytes implements RecordBytes {
    private static final int GZIP_HEADER = 10;
    private static final int FLAG_HEADER_CRC = 2;
    private static final int FLAG_EXTRA = 4;
    private static final int FLAG_NAME = 8;
    private static final int FLAG_COMMENT = 16;

    private final InputStream in;
    private final boolean gzip;
    private final Inflater inflater;
    private final byte[] input = new byte[256 * 1024];
    private int inputAt;
    private int inputEnd;
    private boolean inMember;
    private long inputRead;
    private final CRC32 crc = new CRC32();

    InflatedBytes(InputStream in, boolean gzip) {
        this.in = in;
        this.gzip = gzip;
        this.inflater = new Inflater(gzip);
    }

    @Override
    public int read(byte[] target, int at, int length) throws IOException {
        while (inMember || startMember()) {
            int n = inflate(target, at, length);
            if (n > 0) {
                crc.update(target, at, n);
                return n;
            }
            if (inflater.finished()) {
                endMember();
            } else if (inflater.needsDictionary()) {
                throw broken(false, "compressed data that need a dictionary");
            } else {
                feed();
            }
        }
        return -1;
    }

    private int inflate(byte[] target, int at, int length) throws IOException {
        try {
            return inflater.inflate(target, at, length);
        } catch (DataFormatException e) {
            throw broken(false, "compressed data that are damaged (" + e.getMessage() + ")");
        }
    }

    private void feed() throws IOException {
        if (!more()) {
            throw broken(true, "the end of the file within compressed data");
        }
        inflater.setInput(input, inputAt, inputEnd - inputAt);
        inputAt = inputEnd;
    }

    private boolean startMember() throws IOException {
        if (!more()) {
            return false;
        }
        if (gzip) {
            gzipHeader();
        }
        inflater.reset();
        crc.reset();
        inMember = true;
        return true;
    }

    private void endMember() throws IOException {
        inputAt = inputEnd - inflater.getRemaining();
        inMember = false;
        if (gzip) {
            long expected = little(4);
            long size = little(4);
            if (expected != crc.getValue() || size != (inflater.getBytesWritten() & 0xffffffffL)) {
                throw broken(false, "a GZIP trailer whose checksum or size does not match");
            }
        }
    }

    private void gzipHeader() throws IOException {
        int[] header = new int[GZIP_HEADER];
        for (int i = 0; i < GZIP_HEADER; i++) {
            header[i] = next();
            if (i == 2 && (header[0] != 0x1f || header[1] != 0x8b || header[2] != 8)) {
                throw broken(false, "bytes that are no GZIP header");
            }
        }
        int flags = header[3];
        if ((flags & FLAG_EXTRA) != 0) {
            for (long left = little(2); left > 0; left--) {
                next();
            }
        }
        for (int text = flags & (FLAG_NAME | FLAG_COMMENT); text != 0; text &= text - 1) {
            while (next() != 0) {
                // a text that ends with a zero byte
            }
        }
        if ((flags & FLAG_HEADER_CRC) != 0) {
            little(2);
        }
    }

    private long little(int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) next() << (8 * i);
        }
        return value;
    }

    private int next() throws IOException {
        if (!more()) {
            throw broken(true, "the end of the file within a GZIP header or trailer");
        }
        return input[inputAt++] & 0xff;
    }

    private boolean more() throws IOException {
        if (inputAt < inputEnd) {
            return true;
        }
        inputAt = 0;
        inputEnd = Math.max(0, in.read(input));
        inputRead += inputEnd;
        return inputEnd > 0;
    }

    /// Offsets elsewhere are those of the inflated data, which nobody finds in the file.
    private BrokenStreamException broken(boolean cut, String what) {
        return new BrokenStreamException(cut, what + ", " + consumed() + " compressed bytes into the file");
    }

    @Override
    public long left() {
        return Long.MAX_VALUE;
    }

    @Override
    public long consumed() {
        return inputRead - (inputEnd - inputAt) - (inMember ? inflater.getRemaining() : 0);
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        in.close();
    }
}
