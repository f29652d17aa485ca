package io.torrefy.lm;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/// Tokens to text, one at a time: the decoders of Hugging Face `tokenizers`, written so that what has been given out
/// never
/// changes when more tokens come.
sealed interface TokenDecoder {
    void accept(String token, StringBuilder out);

    /// Gives out what was held back and starts afresh.
    void finish(StringBuilder out);

    /// Tokens spell bytes in [ByteAlphabet]. One that has any other character stands for its own UTF-8.
    static Supplier<TokenDecoder> byteLevel() {
        return ByteLevel::new;
    }

    /// No decoder in the file: tokens joined by spaces.
    static Supplier<TokenDecoder> joined() {
        return Joined::new;
    }

    /// SentencePiece's spelling.
    ///
    /// @param replacements pairs of a text and what it stands for
    /// @param byteFallback whether runs of `<0x0A>` tokens are bytes
    /// @param strip the character taken from the beginning of the text
    /// @param count how many of it at most
    static Supplier<TokenDecoder> pieces(List<String[]> replacements, boolean byteFallback, String strip, int count) {
        return () -> new Pieces(replacements, byteFallback, strip, count);
    }

    final class ByteLevel implements TokenDecoder {
        private final Utf8Decoder utf8 = new Utf8Decoder();

        @Override
        public void accept(String token, StringBuilder out) {
            for (int i = 0; i < token.length(); i++) {
                if (ByteAlphabet.byteOf(token.charAt(i)) < 0) {
                    for (byte b : token.getBytes(StandardCharsets.UTF_8)) {
                        utf8.accept(b, out);
                    }
                    return;
                }
            }
            for (int i = 0; i < token.length(); i++) {
                utf8.accept((byte) ByteAlphabet.byteOf(token.charAt(i)), out);
            }
        }

        @Override
        public void finish(StringBuilder out) {
            utf8.finish(out);
        }
    }

    final class Joined implements TokenDecoder {
        private boolean begun;

        @Override
        public void accept(String token, StringBuilder out) {
            out.append(begun ? " " : "").append(token);
            begun = true;
        }

        @Override
        public void finish(StringBuilder out) {
            begun = false;
        }
    }

    final class Pieces implements TokenDecoder {
        private final List<String[]> replacements;
        private final boolean byteFallback;
        private final String strip;
        private final int count;
        /// A run of byte tokens waits for its end: if it is not UTF-8 as a whole, each byte of it becomes
        /// U+FFFD.
        private final StringBuilder run = new StringBuilder();
        private int left;

        Pieces(List<String[]> replacements, boolean byteFallback, String strip, int count) {
            this.replacements = replacements;
            this.byteFallback = byteFallback;
            this.strip = strip;
            this.count = count;
            this.left = count;
        }

        @Override
        public void accept(String token, StringBuilder out) {
            String text = token;
            for (String[] pair : replacements) {
                text = text.replace(pair[0], pair[1]);
            }
            if (byteFallback && text.matches("<0x[0-9A-Fa-f]{2}>")) {
                run.append((char) Integer.parseInt(text, 3, 5, 16));
                return;
            }
            flush(out);
            give(text, out);
        }

        @Override
        public void finish(StringBuilder out) {
            flush(out);
            left = count;
        }

        private void flush(StringBuilder out) {
            if (run.isEmpty()) {
                return;
            }
            byte[] bytes = run.toString().getBytes(StandardCharsets.ISO_8859_1);
            String text = new String(bytes, StandardCharsets.UTF_8);
            boolean whole = Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8));
            give(whole ? text : "\uFFFD".repeat(bytes.length), out);
            run.setLength(0);
        }

        private void give(String text, StringBuilder out) {
            int from = 0;
            while (left > 0 && !strip.isEmpty() && text.startsWith(strip, from)) {
                from += strip.length();
                left--;
            }
            if (from < text.length()) {
                left = 0;
            }
            out.append(text, from, text.length());
        }
    }
}
