package io.torrefy.lm;

import java.util.Arrays;

/// GPT-2's spelling of bytes as printable characters, in which byte-level vocabularies are written: printable Latin-1
/// stands for itself, the other 68 bytes take U+0100 and up in order (so a space is `Ġ`, a line feed `Ċ`).
final class ByteAlphabet {
    private static final char[] CHARS = new char[256];
    private static final short[] BYTES = new short[256 + 68];

    static {
        Arrays.fill(BYTES, (short) -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            char c = printable ? (char) b : next++;
            CHARS[b] = c;
            BYTES[c] = (short) b;
        }
    }

    private ByteAlphabet() {}

    /// The character of byte `b`, 0 to 255.
    static char charOf(int b) {
        return CHARS[b];
    }

    /// The byte that `c` spells, or -1.
    static int byteOf(char c) {
        return c < BYTES.length ? BYTES[c] : -1;
    }

    /// The UTF-8 bytes of `text`, spelled. A lone surrogate counts as U+FFFD.
    static String spell(String text) {
        var out = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); ) {
            int cp = text.codePointAt(i);
            i += Character.charCount(cp);
            append(cp >= 0xD800 && cp <= 0xDFFF ? 0xFFFD : cp, out);
        }
        return out.toString();
    }

    private static void append(int cp, StringBuilder out) {
        if (cp < 0x80) {
            out.append(CHARS[cp]);
        } else if (cp < 0x800) {
            out.append(CHARS[0xC0 | cp >> 6]).append(CHARS[0x80 | (cp & 0x3F)]);
        } else if (cp < 0x10000) {
            out.append(CHARS[0xE0 | cp >> 12])
                    .append(CHARS[0x80 | (cp >> 6 & 0x3F)])
                    .append(CHARS[0x80 | (cp & 0x3F)]);
        } else {
            out.append(CHARS[0xF0 | cp >> 18])
                    .append(CHARS[0x80 | (cp >> 12 & 0x3F)])
                    .append(CHARS[0x80 | (cp >> 6 & 0x3F)])
                    .append(CHARS[0x80 | (cp & 0x3F)]);
        }
    }
}
