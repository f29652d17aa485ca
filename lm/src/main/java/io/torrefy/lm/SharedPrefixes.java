package io.torrefy.lm;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CustomFunction;
import io.torrefy.tensor.Tensor;

/// Which keys each sequence of a batch sees when sequences share their beginnings: a prompt's rows are in the batch
/// once, and every continuation attends to them and then to its own.
///
/// Attention wants a sequence's keys side by side, so keys and values are copied into that order; everything else of a
/// layer runs on the shared rows alone. The gradient of a prompt's key is the sum over the prompt and its
/// continuations, in the order of the batch.
final class SharedPrefixes {
    private final Tensor rows;
    private final int[] offsets;
    private final Tensor first;
    private final Tensor again;
    private final Tensor againRows;
    private final long heads;

    private SharedPrefixes(Tensor rows, int[] offsets, Tensor first, Tensor again, Tensor againRows, long heads) {
        this.rows = rows;
        this.offsets = offsets;
        this.first = first;
        this.again = again;
        this.againRows = againRows;
        this.heads = heads;
    }

    /// For a batch of prompts and then continuations.
    ///
    /// @param batch where each sequence of the batch begins, and at the end the number of tokens
    /// @param prefixOf for each continuation its prompt, by place in the batch
    static SharedPrefixes of(int[] batch, int[] prefixOf) {
        int prompts = batch.length - 1 - prefixOf.length;
        int[] offsets = new int[batch.length];
        System.arraycopy(batch, 0, offsets, 0, prompts + 1);
        for (int c = 0; c < prefixOf.length; c++) {
            int s = prompts + c;
            offsets[s + 1] = offsets[s] + length(batch, prefixOf[c]) + length(batch, s);
        }
        long[] rows = new long[offsets[batch.length - 1]];
        long[] first = new long[batch[batch.length - 1]];
        int heads = batch[prompts];
        long[] again = new long[rows.length - first.length];
        long[] againRows = new long[again.length];
        for (int row = 0; row < heads; row++) {
            rows[row] = row;
            first[row] = row;
        }
        int copies = 0;
        for (int c = 0; c < prefixOf.length; c++) {
            int at = offsets[prompts + c];
            for (int row = batch[prefixOf[c]]; row < batch[prefixOf[c] + 1]; row++) {
                rows[at] = row;
                again[copies] = at++;
                againRows[copies++] = row;
            }
            for (int row = batch[prompts + c]; row < batch[prompts + c + 1]; row++) {
                rows[at] = row;
                first[row] = at++;
            }
        }
        return new SharedPrefixes(
                Tensor.of(rows, rows.length),
                offsets,
                Tensor.of(first, first.length),
                Tensor.of(again, again.length),
                Tensor.of(againRows, againRows.length),
                heads);
    }

    private static int length(int[] batch, int sequence) {
        return batch[sequence + 1] - batch[sequence];
    }

    /// Where each sequence's keys begin in what [#spread] gives, and at the end their number.
    int[] offsets() {
        return offsets;
    }

    /// Keys or values (tokens, kvHeads, dim) of the batch in the order in which its sequences see them.
    Tensor spread(Tensor x) {
        return new Spread().apply(x);
    }

    /// A gather, whose gradient would be a sum into rows. Nearly all rows have one source only, so that nearly all
    /// of it is a gather too.
    private final class Spread extends CustomFunction {
        @Override
        protected Tensor forward(Saved saved, Tensor... inputs) {
            return inputs[0].indexSelect(0, rows);
        }

        @Override
        protected Tensor[] backward(Context context, Tensor upstream) {
            Tensor dx = upstream.indexSelect(0, first);
            Tensor rest = upstream.indexSelect(0, again);
            if (Autograd.isEnabled()) {
                return new Tensor[] {dx.indexAdd(0, againRows, rest)};
            }
            Tensor prompts = dx.slice(0, 0, heads);
            prompts.copyFrom(prompts.indexAdd(0, againRows, rest));
            return new Tensor[] {dx};
        }
    }
}
