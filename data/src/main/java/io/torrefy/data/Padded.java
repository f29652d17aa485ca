package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/// A batch of sequences of tokens, padded at their ends to the same width.
///
/// @param parts what the rows were made of
/// @param width of a row
/// @param tokens `(rows, width)` in row-major order
/// @param mask `(rows, width)`, true at tokens and false at padding
/// @param lengths `(rows)`, without the padding
@Export(value = "data.Padded", since = "0.1")
public record Padded<T>(List<T> parts, int width, int[] tokens, boolean[] mask, int[] lengths) {
    /// `parts` as rows, as wide as the longest and a multiple of `multiple`.
    ///
    /// @param tokensOf the tokens of one of them
    /// @param padding the token that fills up a row
    public static <T> Padded<T> of(List<T> parts, Function<? super T, int[]> tokensOf, int multiple, int padding) {
        Checks.positive("pad", "multiple", multiple);
        List<int[]> rows = parts.stream().<int[]>map(tokensOf).toList();
        int longest = rows.stream().mapToInt(row -> row.length).max().orElse(0);
        int width = Math.multiplyExact(Math.ceilDiv(longest, multiple), multiple);
        var tokens = new int[Math.multiplyExact(width, rows.size())];
        var mask = new boolean[tokens.length];
        var lengths = new int[rows.size()];
        Arrays.fill(tokens, padding);
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = rows.get(i).length;
            System.arraycopy(rows.get(i), 0, tokens, i * width, lengths[i]);
            Arrays.fill(mask, i * width, i * width + lengths[i], true);
        }
        return new Padded<>(List.copyOf(parts), width, tokens, mask, lengths);
    }
}
