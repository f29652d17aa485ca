package io.torrefy.posttrain.sft;

import io.torrefy.export.Export;
import io.torrefy.posttrain.formats.TokenSequence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/// Which sequences share a row, as TRL's `packing_strategy` (trl 1.13, `data_utils.pack_dataset`): best-fit decreasing
/// (Ding et al. 2024, "Fewer truncations improve language modeling"). Sequences keep their own positions and see
/// themselves alone, so packing changes how much is computed together and never what: TRL's `wrapped`, which lets
/// sequences see each other, is left out for that.
@Export(value = "posttrain.sft.Packing", since = "0.1")
public enum Packing {
    /// What is longer than a row is cut off (`bfd`, TRL's default).
    BFD,

    /// What is longer than a row is cut into pieces, all of which are kept (`bfd_split`).
    BFD_SPLIT;

    /// Rows of at most `maxLength` tokens, in the order in which they were begun; empty sequences are dropped. Of
    /// equally long sequences the earlier goes first, of equally full rows the one that became so first.
    ///
    /// @throws IllegalArgumentException if `maxLength` is not positive
    public List<List<TokenSequence>> pack(List<TokenSequence> sequences, int maxLength) {
        if (maxLength < 1) {
            throw new IllegalArgumentException("[packing] expected a positive maxLength; got " + maxLength);
        }
        List<TokenSequence> pieces = new ArrayList<>();
        for (TokenSequence sequence : sequences) {
            int end = this == BFD ? Math.min(sequence.length(), maxLength) : sequence.length();
            for (int from = 0; from < end; from += maxLength) {
                boolean whole = from == 0 && sequence.length() <= maxLength;
                pieces.add(whole ? sequence : sequence.slice(from, Math.min(end, from + maxLength)));
            }
        }
        pieces.sort(Comparator.comparingInt(TokenSequence::length).reversed());
        List<List<TokenSequence>> rows = new ArrayList<>();
        TreeMap<Integer, Deque<List<TokenSequence>>> byRoom = new TreeMap<>();
        for (TokenSequence piece : pieces) {
            var fullest = byRoom.ceilingEntry(piece.length());
            List<TokenSequence> row;
            int room = maxLength;
            if (fullest == null) {
                row = new ArrayList<>();
                rows.add(row);
            } else {
                room = fullest.getKey();
                row = fullest.getValue().remove();
                if (fullest.getValue().isEmpty()) {
                    byRoom.remove(room);
                }
            }
            row.add(piece);
            byRoom.computeIfAbsent(room - piece.length(), _ -> new ArrayDeque<>())
                    .add(row);
        }
        return rows;
    }
}
