package io.torrefy.lm;

import io.torrefy.nn.KvCache;
import io.torrefy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Sequences packed end to end, without padding: what a decoder reads.
///
/// @param ids token ids (tokens), I64
/// @param positions the place of each token in its sequence (tokens), I64
/// @param offsets where each sequence begins, and at the end the number of tokens
/// @param longest a bound above every position
/// @param cache where keys and values are kept, when generating
public record TokenBatch(
        Tensor ids,
        Tensor positions,
        int[] offsets,
        int longest,
        @Nullable Cache cache) {

    /// The key-value caches of all layers and which of their rows these tokens are.
    ///
    /// @param rows the cache row of each token, I64
    /// @param slots the slot of each sequence
    /// @param lengths tokens in each slot once these are written
    /// @param decode one token a sequence, attending to the slot; otherwise whole prompts, attending to themselves
    record Cache(List<KvCache> layers, Tensor rows, int[] slots, int[] lengths, boolean decode) {}

    /// Packs whole sequences.
    public static TokenBatch pack(List<int[]> sequences) {
        int[] offsets = offsets(sequences);
        int total = offsets[sequences.size()];
        long[] ids = new long[total];
        long[] positions = new long[total];
        int longest = 1;
        for (int s = 0; s < sequences.size(); s++) {
            int[] sequence = sequences.get(s);
            longest = Math.max(longest, sequence.length);
            for (int i = 0; i < sequence.length; i++) {
                ids[offsets[s] + i] = sequence[i];
                positions[offsets[s] + i] = i;
            }
        }
        return new TokenBatch(Tensor.of(ids, total), Tensor.of(positions, total), offsets, longest, null);
    }

    static int[] offsets(List<int[]> sequences) {
        int[] offsets = new int[sequences.size() + 1];
        for (int s = 0; s < sequences.size(); s++) {
            offsets[s + 1] = offsets[s] + sequences.get(s).length;
        }
        return offsets;
    }

    /// Number of tokens.
    public int tokens() {
        return offsets[offsets.length - 1];
    }
}
