package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/// Several sequences of tokens in one row of fixed length, and what attention needs to keep them apart.
///
/// @param parts what the sequences were made of, in the order in which they lie in the row
/// @param tokens `(length)`, the sequences one after the other, then padding
/// @param positions `(length)`, from 0 in every sequence; 0 in the padding
/// @param sequenceIds `(length)`, 1 in the first sequence, 2 in the second, …; 0 in the padding. A token attends only
///     to tokens of the same id
/// @param cuSeqlens `(parts + 1)`, where each sequence starts and the last one ends, as FlashAttention's `cu_seqlens`;
///     the padding lies behind the last
@Export(value = "data.Packed", since = "0.1")
public record Packed<T>(List<T> parts, int[] tokens, int[] positions, int[] sequenceIds, int[] cuSeqlens) {
    /// `parts` in a row of `length`, which holds them all.
    static <T> Packed<T> of(List<T> parts, Function<? super T, int[]> tokensOf, int length, int padding) {
        var tokens = new int[length];
        var positions = new int[length];
        var ids = new int[length];
        var starts = new int[parts.size() + 1];
        int at = 0;
        for (int i = 0; i < parts.size(); i++) {
            for (int token : tokensOf.apply(parts.get(i))) {
                tokens[at] = token;
                positions[at] = at - starts[i];
                ids[at] = i + 1;
                at++;
            }
            starts[i + 1] = at;
        }
        Arrays.fill(tokens, at, length, padding);
        return new Packed<>(List.copyOf(parts), tokens, positions, ids, starts);
    }

    /// How many of the tokens are no padding.
    public int used() {
        return cuSeqlens[cuSeqlens.length - 1];
    }
}
