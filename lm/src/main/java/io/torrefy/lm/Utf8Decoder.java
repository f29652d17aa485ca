package io.torrefy.lm;

/// UTF-8 to text, a byte at a time. Every maximal part of a broken sequence becomes one U+FFFD (Unicode 16, section
/// 3.9,
/// "U+FFFD substitution of maximal subparts"; the WHATWG decoder), also for encoded surrogates, where
/// `new String(bytes, UTF_8)` writes one for three bytes. An incomplete sequence is held back until it is decided.
final class Utf8Decoder {
    private static final char REPLACEMENT = '\uFFFD';

    private int needed;
    private int codePoint;
    private int lower = 0x80;
    private int upper = 0xBF;

    void accept(byte octet, StringBuilder out) {
        int b = octet & 0xFF;
        if (needed > 0) {
            if (b >= lower && b <= upper) {
                lower = 0x80;
                upper = 0xBF;
                codePoint = codePoint << 6 | (b & 0x3F);
                if (--needed == 0) {
                    out.appendCodePoint(codePoint);
                }
                return;
            }
            finish(out);
        }
        start(b, out);
    }

    void finish(StringBuilder out) {
        if (needed > 0) {
            out.append(REPLACEMENT);
        }
        needed = 0;
        lower = 0x80;
        upper = 0xBF;
    }

    private void start(int b, StringBuilder out) {
        if (b < 0x80) {
            out.append((char) b);
        } else if (b >= 0xC2 && b <= 0xDF) {
            needed = 1;
            codePoint = b & 0x1F;
        } else if (b >= 0xE0 && b <= 0xEF) {
            needed = 2;
            codePoint = b & 0x0F;
            lower = b == 0xE0 ? 0xA0 : 0x80;
            upper = b == 0xED ? 0x9F : 0xBF;
        } else if (b >= 0xF0 && b <= 0xF4) {
            needed = 3;
            codePoint = b & 0x07;
            lower = b == 0xF0 ? 0x90 : 0x80;
            upper = b == 0xF4 ? 0x8F : 0xBF;
        } else {
            out.append(REPLACEMENT);
        }
    }
}
