package io.torrefy.posttrain;

import io.torrefy.data.Dataset;
import io.torrefy.data.Datasets;
import io.torrefy.data.Packed;
import io.torrefy.data.Row;
import io.torrefy.export.Export;
import io.torrefy.lm.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/// Texts in files as batches to pre-train on: JSONL, CSV, Parquet, TFRecord of tf.Examples, and plain text, of which a
/// line is a text. What the files hold is streamed, never held whole.
@Export(value = "posttrain.TextFiles", since = "0.1")
public final class TextFiles {
    /// Texts packed together: enough for rows that are nearly full, few enough to be packed again on resuming.
    private static final int WINDOW = 256;

    private static final int TOKENIZING = 2;
    private static final int AHEAD = 2;

    private TextFiles() {}

    /// How texts become batches.
    ///
    /// @param field the field of a record that holds its text
    /// @param length tokens a row at most; a longer text is cut into pieces of it
    /// @param rows rows a batch
    /// @param shuffle texts among which the next one is drawn
    /// @param seed of the order of files and texts, another one in every epoch
    public record Options(String field, int length, int rows, int shuffle, long seed) {
        public Options {
            if (field.isEmpty() || length < 1 || rows < 1 || shuffle < 1) {
                throw new IllegalArgumentException(
                        "[texts] expected a field, and a positive length, rows and shuffle; got field \"" + field
                                + "\", length " + length + ", rows " + rows + ", shuffle " + shuffle);
            }
        }
    }

    /// The texts in their order; blank ones are left out.
    ///
    /// @throws IllegalArgumentException for a file of an unknown format
    public static Dataset<String> texts(List<Path> files, String field) {
        return texts(files, field, OptionalLong.empty());
    }

    private static Dataset<String> texts(List<Path> files, String field, OptionalLong seed) {
        return Datasets.texts(seed, files).map(row -> text(row, field)).filter(text -> !text.isBlank());
    }

    private static String text(Row row, String field) {
        // A missing text is a hole in the data, an absent field a wrong name.
        return row.values().containsKey(field) && row.isMissing(field) ? "" : row.text(field);
    }

    /// Batches without end. A batch is `rows` rows, each of them as many whole texts, or pieces of one, as fit into
    /// `length` (best-fit); its elements are those texts' ids, each with the token that follows its last input, as
    /// [Pretraining] takes them. Every token of every text is a target exactly once an epoch; only the last rows of
    /// one epoch may hold texts of the next.
    ///
    /// @throws IllegalArgumentException for a file of an unknown format
    public static Dataset<List<int[]>> batches(List<Path> files, Tokenizer tokenizer, Options options) {
        return texts(files, options.field, OptionalLong.of(options.seed))
                .shuffle(options.shuffle, options.seed)
                .repeat()
                .map(text -> Pretraining.ids(tokenizer, text, ""), TOKENIZING)
                .flatMap(ids -> pieces(ids, options.length))
                .pack(piece -> Arrays.copyOf(piece, piece.length - 1), options.length, 0, WINDOW)
                .map(Packed::parts)
                .batch(options.rows)
                .map(rows -> rows.stream().flatMap(List::stream).toList())
                .prefetch(AHEAD);
    }

    /// Inputs of at most `length` tokens, each piece with one token more, which is the next one's first.
    static List<int[]> pieces(int[] ids, int length) {
        List<int[]> pieces = new ArrayList<>();
        for (int from = 0; from + 1 < ids.length; from += length) {
            pieces.add(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + length + 1)));
        }
        return pieces;
    }
}
