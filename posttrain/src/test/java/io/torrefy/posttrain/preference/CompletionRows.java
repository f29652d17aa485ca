package io.torrefy.posttrain.preference;

import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Where the completions of a padded batch lie in it, as [Answers] has them: end to end.
///
/// @param ids (rows, columns), padded
/// @param mask 1 for a completion's tokens
/// @param order of the rows in what is made of them
record CompletionRows(long[][] ids, long[][] mask, int[] order) {
    static CompletionRows of(Golden ids, Golden mask) {
        int rows = (int) ids.shape()[0];
        return new CompletionRows(
                cut(ids, rows), cut(mask, rows), IntStream.range(0, rows).toArray());
    }

    private static long[][] cut(Golden values, int rows) {
        return IntStream.range(0, rows).mapToObj(r -> values.slice(r).longs()).toArray(long[][]::new);
    }

    /// From [chosen; rejected] to pairs that lie together.
    CompletionRows interleaved() {
        int half = ids.length / 2;
        return new CompletionRows(
                ids,
                mask,
                IntStream.range(0, ids.length).map(i -> i / 2 + half * (i % 2)).toArray());
    }

    /// What logits (rows, columns, vocab), each of which predicts the next token, say of the completions.
    Answers.Scores scores(Tensor logits) {
        List<Long> places = new ArrayList<>();
        List<Long> targets = new ArrayList<>();
        int[] lengths = new int[order.length];
        int columns = ids[0].length;
        for (int i = 0; i < order.length; i++) {
            int row = order[i];
            for (int t = 1; t < columns; t++) {
                if (mask[row][t] != 0) {
                    places.add((long) row * columns + t - 1);
                    targets.add(ids[row][t]);
                    lengths[i]++;
                }
            }
        }
        long vocab = logits.size(2);
        Tensor flat = logits.reshape((long) ids.length * columns, vocab).indexSelect(0, tensor(places));
        var scored = CrossEntropies.tokenLogProbs(flat, tensor(targets), 1);
        double[] squares = logSquares(flat.detach().toDoubles(), (int) vocab);
        return new Answers.Scores(lengths, scored.logProbs(), scored.entropy(), squares);
    }

    private static double[] logSquares(double[] logits, int vocab) {
        double[] result = new double[logits.length / vocab];
        for (int i = 0; i < result.length; i++) {
            double[] row = Arrays.copyOfRange(logits, i * vocab, (i + 1) * vocab);
            double sum = Arrays.stream(row).map(Math::exp).sum();
            result[i] = Math.log(Arrays.stream(row).map(z -> Math.exp(2 * z)).sum()) - 2 * Math.log(sum);
        }
        return result;
    }

    private static Tensor tensor(List<Long> values) {
        return Tensor.of(values.stream().mapToLong(Long::longValue).toArray(), values.size());
    }
}
