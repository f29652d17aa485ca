package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Completions with their prompts as one batch without padding, and which hidden states predict their tokens.
/// Completions of one prompt that follow each other share it: it is read once.
///
/// @param batch what the model reads: the different prompts, then the completions without their last tokens
/// @param places the row of the hidden state that predicts each completion token (tokens), I64: of a completion's first
///     token that of the prompt's last
/// @param targets the completions' tokens end to end (tokens), I64; of those that are masked only what counts
/// @param lengths tokens of each completion that count
@Export(value = "posttrain.PackedCompletions", since = "0.1")
public record PackedCompletions(TokenBatch batch, Tensor places, Tensor targets, int[] lengths) {
    /// Packs completion `i` behind prompt `i`.
    ///
    /// @throws IllegalArgumentException if there are not as many prompts as completions, or one of them is empty
    public static PackedCompletions of(List<int[]> prompts, List<int[]> completions) {
        check(prompts, completions);
        return of(
                prompts,
                completions,
                completions.stream().map(ids -> all(ids.length)).toList());
    }

    private static boolean[] all(int count) {
        boolean[] all = new boolean[count];
        Arrays.fill(all, true);
        return all;
    }

    /// As above, of completions in which some tokens do not count: an environment's. They are read, and nothing is
    /// asked of them.
    ///
    /// @param counts which tokens of each completion count
    public static PackedCompletions of(List<int[]> prompts, List<int[]> completions, List<boolean[]> counts) {
        check(prompts, completions);
        checkMasks(completions, counts);
        List<int[]> different = new ArrayList<>();
        List<int[]> inputs = new ArrayList<>();
        int[] promptOf = new int[completions.size()];
        for (int i = 0; i < promptOf.length; i++) {
            if (i == 0 || !Arrays.equals(prompts.get(i - 1), prompts.get(i))) {
                different.add(prompts.get(i));
            }
            promptOf[i] = different.size() - 1;
            int[] ids = completions.get(i);
            inputs.add(Arrays.copyOf(ids, ids.length - 1)); // the last token predicts nothing
        }
        TokenBatch packed = TokenBatch.fork(different, inputs, promptOf);
        int[] lengths = new int[completions.size()];
        for (int i = 0; i < lengths.length; i++) {
            for (boolean counted : counts.get(i)) {
                lengths[i] += counted ? 1 : 0;
            }
        }
        int total = Arrays.stream(lengths).sum();
        long[] places = new long[total];
        long[] targets = new long[total];
        int at = 0;
        for (int i = 0; i < promptOf.length; i++) {
            int[] ids = completions.get(i);
            long from = packed.offsets()[different.size() + i];
            for (int t = 0; t < ids.length; t++) {
                if (counts.get(i)[t]) {
                    // The prompt's last token predicts the completion's first.
                    places[at] = t == 0 ? packed.offsets()[promptOf[i] + 1] - 1L : from + t - 1;
                    targets[at++] = ids[t];
                }
            }
        }
        return new PackedCompletions(packed, Tensor.of(places, total), Tensor.of(targets, total), lengths);
    }

    private static void checkMasks(List<int[]> completions, List<boolean[]> counts) {
        boolean fits = counts.size() == completions.size();
        for (int i = 0; fits && i < counts.size(); i++) {
            fits = counts.get(i).length == completions.get(i).length;
        }
        if (!fits) {
            throw new IllegalArgumentException("[packed completions] expected for each token of "
                    + completions.stream().map(ids -> ids.length).toList() + " whether it counts; got "
                    + counts.stream().map(some -> some.length).toList());
        }
    }

    private static void check(List<int[]> prompts, List<int[]> completions) {
        if (prompts.size() != completions.size()) {
            throw new IllegalArgumentException("[packed completions] expected a prompt for each of "
                    + completions.size() + " completions; got " + prompts.size());
        }
        for (int i = 0; i < prompts.size(); i++) {
            if (prompts.get(i).length == 0 || completions.get(i).length == 0) {
                throw new IllegalArgumentException("[packed completions] expected at least a token in each prompt and"
                        + " completion; got " + prompts.get(i).length + " and " + completions.get(i).length + " in row "
                        + i + ". Hint: the first token needs one before it that predicts it.");
            }
        }
    }

    /// The hidden states (tokens, hidden) that predict the completions' tokens.
    public Tensor hidden(CausalLm model) {
        return model.hidden(batch).indexSelect(0, places);
    }

    /// Log-probabilities and entropies (tokens) of the completions' tokens. Logits are made for these alone, and
    /// where vocabulary and tokens are many, some at a time.
    ///
    /// @param temperature what they were sampled at: it divides the logits
    public TokenLogProbs logProbs(CausalLm model, double temperature) {
        return LinearCrossEntropy.tokenLogProbs(hidden(model), model.outputMatrix(), targets, temperature);
    }

    /// Cuts rows into micro-batches of about `tokens` tokens, in their order; those that share a prompt with the
    /// row before them count it once.
    ///
    /// @param rows indices into prompts and completions
    /// @return the same indices in parts; a row of more tokens has a part of its own
    public static List<int[]> microBatches(List<int[]> prompts, List<int[]> completions, int[] rows, int tokens) {
        List<int[]> parts = new ArrayList<>();
        List<Integer> open = new ArrayList<>();
        int used = 0;
        for (int row : rows) {
            int completion = completions.get(row).length;
            int all = prompts.get(row).length + completion;
            if (!open.isEmpty() && used + all > tokens) {
                parts.add(open.stream().mapToInt(Integer::intValue).toArray());
                open.clear();
                used = 0;
            }
            boolean shares = !open.isEmpty() && Arrays.equals(prompts.get(open.getLast()), prompts.get(row));
            open.add(row);
            used += shares ? completion : all;
        }
        if (!open.isEmpty()) {
            parts.add(open.stream().mapToInt(Integer::intValue).toArray());
        }
        return parts;
    }
}
