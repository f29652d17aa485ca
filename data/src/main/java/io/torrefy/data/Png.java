package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Writes PNG files (ISO/IEC 15948) of 8 bits a channel, without filters and interlacing. Needs no `java.desktop`.
@Export(value = "data.Png", since = "0.1")
public final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    /// The colour types of 1 to 4 channels.
    private static final int[] COLOUR_TYPES = {0, 4, 2, 6};

    private Png() {}

    /// An image as a PNG file.
    ///
    /// @param channels 1 grey, 2 grey and alpha, 3 red, green and blue, 4 with alpha
    /// @param pixels `(height, width, channels)`
    public static byte[] encode(int width, int height, int channels, byte[] pixels) {
        if (width < 1 || height < 1 || channels < 1 || channels > 4) {
            throw new IllegalArgumentException("[png] expected width and height of 1 or more and 1 to 4 channels; got "
                    + width + ", " + height + " and " + channels + ".");
        }
        long expected = (long) width * height * channels;
        if (pixels.length != expected) {
            throw new IllegalArgumentException("[png] expected " + expected + " bytes, (" + height + ", " + width + ", "
                    + channels + "); got " + pixels.length + ".");
        }
        var header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) 8)
                .put((byte) COLOUR_TYPES[channels - 1])
                .array();
        var out = new ByteArrayOutputStream();
        out.writeBytes(SIGNATURE);
        chunk(out, "IHDR", header);
        chunk(out, "IDAT", deflate(height, width * channels, pixels));
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    /// Every row with the number of its filter, 0 for none, in front.
    private static byte[] deflate(int rows, int rowLength, byte[] pixels) {
        var out = new ByteArrayOutputStream();
        var deflater = new Deflater();
        try {
            byte[] row = new byte[rowLength + 1];
            byte[] block = new byte[8192];
            for (int i = 0; i < rows; i++) {
                System.arraycopy(pixels, i * rowLength, row, 1, rowLength);
                deflater.setInput(row);
                while (!deflater.needsInput()) {
                    out.write(block, 0, deflater.deflate(block));
                }
            }
            deflater.finish();
            while (!deflater.finished()) {
                out.write(block, 0, deflater.deflate(block));
            }
        } finally {
            deflater.end();
        }
        return out.toByteArray();
    }

    /// Length, type, data and the CRC-32 of the last two.
    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        var crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(name);
        out.writeBytes(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
