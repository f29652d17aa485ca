package io.torrefy.lm;

import java.util.Optional;
import java.util.OptionalInt;

/// A tokenizer whose every token is one character of its own, for tests that need no vocabulary.
record OneLetterTokens(int vocabSize) implements Tokenizer {
    private static final char FIRST = '\u4e00';

    @Override
    public int[] encode(String text) {
        return text.chars().map(c -> c - FIRST).toArray();
    }

    @Override
    public int[] encodeWithSpecials(String text) {
        return encode(text);
    }

    @Override
    public int[] encodeOrdinary(String text) {
        return encode(text);
    }

    @Override
    public String decode(int[] ids, boolean skipSpecial) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append((char) (FIRST + id));
        }
        return text.toString();
    }

    @Override
    public Stream stream(boolean skipSpecial) {
        return new Stream() {
            @Override
            public String accept(int id) {
                return decode(new int[] {id}, skipSpecial);
            }

            @Override
            public String finish() {
                return "";
            }
        };
    }

    @Override
    public OptionalInt tokenToId(String token) {
        return OptionalInt.of(encode(token)[0]);
    }

    @Override
    public Optional<String> idToToken(int id) {
        return Optional.of(decode(new int[] {id}, false));
    }

    @Override
    public boolean isSpecial(int id) {
        return false;
    }

    @Override
    public int highestId() {
        return vocabSize - 1;
    }

    @Override
    public OptionalInt bosId() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt eosId() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt padId() {
        return OptionalInt.empty();
    }

    @Override
    public int[] stopIds() {
        return new int[0];
    }
}
