package io.torrefy.lm;

import io.torrefy.export.Export;
import io.torrefy.nn.KvCache;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Sequences packed end to end, without padding: what a decoder reads.
///
/// @param ids token ids (tokens), I64
/// @param positions the place of each token in its sequence (tokens), I64
/// @param offsets where each sequence begins, and at the end the number of tokens
/// @param longest a bound above every position
/// @param cache where keys and values are kept, when generating
/// @param prefixes what the sequences see before themselves, when they share their beginnings
@Export(value = "lm.TokenBatch", since = "0.1")
public record TokenBatch(
        Tensor ids,
        Tensor positions,
        int[] offsets,
        int longest,
        @Nullable Cache cache,
        @Nullable SharedPrefixes prefixes) {

    TokenBatch(Tensor ids, Tensor positions, int[] offsets, int longest, @Nullable Cache cache) {
        this(ids, positions, offsets, longest, cache, null);
    }

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

    /// Packs prompts and then their continuations, whose rows are all that is computed: the samples of a group
    /// share the work on their prompt. Sequence `s` of the batch is prompt `s`, then come the continuations; the
    /// hidden states are those that each prompt and its continuation would have as one sequence.
    ///
    /// @param continuations may be empty
    /// @param promptOf the prompt of each continuation
    public static TokenBatch fork(List<int[]> prompts, List<int[]> continuations, int[] promptOf) {
        boolean fits = promptOf.length == continuations.size();
        for (int p : promptOf) {
            fits &= p >= 0 && p < prompts.size();
        }
        if (!fits) {
            throw new IllegalArgumentException("[fork] expected a prompt below " + prompts.size() + " for each of "
                    + continuations.size() + " continuations; got " + Arrays.toString(promptOf));
        }
        List<int[]> sequences = new ArrayList<>(prompts);
        sequences.addAll(continuations);
        int[] offsets = offsets(sequences);
        int total = offsets[sequences.size()];
        long[] ids = new long[total];
        long[] positions = new long[total];
        int longest = 1;
        for (int s = 0; s < sequences.size(); s++) {
            int before = s < prompts.size() ? 0 : prompts.get(promptOf[s - prompts.size()]).length;
            int[] sequence = sequences.get(s);
            longest = Math.max(longest, before + sequence.length);
            for (int i = 0; i < sequence.length; i++) {
                ids[offsets[s] + i] = sequence[i];
                positions[offsets[s] + i] = (long) before + i;
            }
        }
        return new TokenBatch(
                Tensor.of(ids, total),
                Tensor.of(positions, total),
                offsets,
                longest,
                null,
                SharedPrefixes.of(offsets, promptOf));
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
