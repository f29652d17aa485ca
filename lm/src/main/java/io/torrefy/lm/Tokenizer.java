package io.torrefy.lm;

import io.torrefy.export.Export;
import java.util.Optional;
import java.util.OptionalInt;

/// Text to token ids and back. Implementations are immutable to the caller and safe to use from many threads.
///
/// *Added tokens* are pieces of text that always become one id, whatever the vocabulary would do with them; those
/// marked
/// *special* (`<|im_end|>`) are control tokens, left out of text meant for people.
@Export(value = "lm.Tokenizer", since = "0.1")
public interface Tokenizer {
    /// The ids of `text`, no more and no less: text of added tokens becomes their id, nothing is put around it.
    /// This is what a rendered chat template needs.
    int[] encode(String text);

    /// As [#encode] but with the beginning and end tokens that the tokenizer's template puts around a text, if it
    /// has one
    /// (`add_special_tokens=True` in Hugging Face).
    int[] encodeWithSpecials(String text);

    /// As [#encode], but text that looks like a special token is ordinary text. For text from outside, which must
    /// not be
    /// able to end a turn.
    int[] encodeOrdinary(String text);

    /// The text of `ids`. Bytes that are not UTF-8 become U+FFFD; ids inside a padded vocabulary that have no token
    /// are passed over.
    ///
    /// @throws TokenizerException for a negative id
    String decode(int[] ids, boolean skipSpecial);

    /// The text of `ids`, special tokens included.
    default String decode(int[] ids) {
        return decode(ids, false);
    }

    /// A decoder for ids that arrive one at a time. Joined, what it returns is `decode` of all the ids.
    Stream stream(boolean skipSpecial);

    /// The id of a token in the vocabulary's own spelling (`Ġthe`, `<|im_end|>`).
    OptionalInt tokenToId(String token);

    /// The token of an id in the vocabulary's own spelling.
    Optional<String> idToToken(int id);

    /// Whether `id` is a special token.
    boolean isSpecial(int id);

    /// How many tokens there are, added ones included.
    int vocabSize();

    /// The highest id that [#encode] can return. A vocabulary with gaps has a highest id of more than its size - 1.
    int highestId();

    /// The token that begins a text, if the tokenizer's files name one.
    OptionalInt bosId();

    /// The token that ends a text, if the tokenizer's files name one.
    OptionalInt eosId();

    /// The token that fills a batch, if the tokenizer's files name one.
    OptionalInt padId();

    /// All ids at which generation stops, ascending: [#eosId] and those of `generation_config.json`.
    int[] stopIds();

    /// Checks that a model with `modelVocab` embedding rows can take every id of this tokenizer. More rows than
    /// tokens are
    /// fine: vocabularies are often padded.
    ///
    /// @throws TokenizerException if an id has no row; the message names the highest ids
    default void checkFits(int modelVocab) {
        if (highestId() < modelVocab) {
            return;
        }
        var beyond = new StringBuilder();
        int count = 0;
        for (int id = highestId(); id >= modelVocab; id--) {
            var token = idToToken(id);
            if (token.isPresent() && ++count <= 3) {
                beyond.append(count == 1 ? "" : ", ")
                        .append(id)
                        .append(" = '")
                        .append(token.get())
                        .append('\'');
            }
        }
        throw new TokenizerException(
                "[tokenizer] expected ids below the model's vocab_size " + modelVocab + "; got " + count
                        + " token(s) beyond it: " + beyond + (count > 3 ? ", …" : "")
                        + ". Hint: take tokenizer.json from the folder of the model's weights, or resize the model's embeddings to "
                        + (highestId() + 1) + " rows.");
    }

    /// Turns ids into text as they come. Not safe for use from many threads.
    interface Stream {
        /// The text that is certain after `id`: bytes that may be the beginning of a longer character are held
        /// back.
        String accept(int id);

        /// What is still held back, an incomplete character as U+FFFD. The stream then starts afresh.
        String finish();
    }
}
