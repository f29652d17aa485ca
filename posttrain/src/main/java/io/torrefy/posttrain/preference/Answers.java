package io.torrefy.posttrain.preference;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Answers to prompts, and how likely a model finds them. Answers to one prompt that follow each other share the work
/// on it; there is no padding, so nothing depends on a side or a length of it.
///
/// @param prompts of each answer, not empty
/// @param answers not empty
record Answers(List<int[]> prompts, List<int[]> answers) {
    /// The answers of pairs: chosen, rejected, chosen, rejected, ...
    static Answers of(List<PreferencePair> pairs) {
        List<int[]> prompts = new ArrayList<>();
        List<int[]> answers = new ArrayList<>();
        for (PreferencePair pair : pairs) {
            prompts.add(pair.prompt());
            answers.add(pair.chosen());
            prompts.add(pair.prompt());
            answers.add(pair.rejected());
        }
        return new Answers(prompts, answers);
    }

    int[] lengths() {
        return answers.stream().mapToInt(a -> a.length).toArray();
    }

    /// What a model says of every token of the answers, end to end.
    ///
    /// @param logProbs (tokens)
    /// @param entropy (tokens), of the distribution that each token was taken from, without gradient
    /// @param logSquares (tokens), ln Σ p² of that distribution, without gradient; empty where it was not asked for
    record Scores(int[] lengths, Tensor logProbs, Tensor entropy, double[] logSquares) {
        /// Sums over the tokens of each answer: (answers).
        Tensor sums() {
            return sums(logProbs);
        }

        private Tensor sums(Tensor perToken) {
            int[] owners = new int[(int) perToken.size(0)];
            int at = 0;
            for (int i = 0; i < lengths.length; i++) {
                Arrays.fill(owners, at, at += lengths[i], i);
            }
            return Tensor.zeros(perToken.dtype(), lengths.length)
                    .indexAdd(0, Tensor.of(owners, owners.length), perToken);
        }

        /// The sums of pairs (answers chosen, rejected, chosen, ...) as (pairs, 2), in which tokens beyond the
        /// length of a pair's shorter answer weigh `ldAlpha`.
        Tensor pairSums(double ldAlpha) {
            if (ldAlpha == 1) {
                return sums().reshape(lengths.length / 2, 2);
            }
            double[] weights = new double[Arrays.stream(lengths).sum()];
            int at = 0;
            for (int i = 0; i < lengths.length; i++) {
                int shared = Math.min(lengths[i], lengths[i ^ 1]); // its partner
                Arrays.fill(weights, at, at + shared, 1);
                Arrays.fill(weights, at + shared, at += lengths[i], ldAlpha);
            }
            return sums(logProbs.mul(vector(weights, logProbs.dtype()))).reshape(lengths.length / 2, 2);
        }

        /// Every other length: from 0 those of the chosen answers, from 1 those of the rejected.
        int[] lengthsFrom(int first) {
            int[] some = new int[lengths.length / 2];
            for (int i = 0; i < some.length; i++) {
                some[i] = lengths[2 * i + first];
            }
            return some;
        }

        /// The weight of each pair (WPO, arXiv 2406.11827, eq. 2): how likely the model is to give both answers
        /// itself, exp of the means over their tokens of ln p - ln Σ p², the log-probability against that of
        /// what the model would say on average.
        double[] pairWeights() {
            double[] aligned = logProbs.detach().toDoubles();
            for (int i = 0; i < aligned.length; i++) {
                aligned[i] -= logSquares[i];
            }
            double[] means = means(aligned);
            double[] weights = new double[lengths.length / 2];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = Math.exp(means[2 * i] + means[2 * i + 1]);
            }
            return weights;
        }

        /// The mean over each answer's tokens of a value per token.
        private double[] means(double[] perToken) {
            double[] means = new double[lengths.length];
            int at = 0;
            for (int i = 0; i < lengths.length; i++) {
                for (int end = at + lengths[i]; at < end; at++) {
                    means[i] += perToken[at] / lengths[i];
                }
            }
            return means;
        }
    }

    /// Only their lengths, where the rest is known already.
    Scores unscored() {
        return new Scores(lengths(), Tensor.zeros(0), Tensor.zeros(0), new double[0]);
    }

    /// Logits are made for the answers' tokens alone, and where vocabulary and tokens are many, some at a time.
    Scores scores(CausalLm model) {
        return scores(model, false);
    }

    /// @param squares whether ln Σ p² is wanted, which takes all logits of the answers' tokens at once
    Scores scores(CausalLm model, boolean squares) {
        PackedCompletions packed = PackedCompletions.of(prompts, answers);
        Tensor hidden = packed.hidden(model);
        var tokens = LinearCrossEntropy.tokenLogProbs(hidden, model.outputMatrix(), packed.targets(), 1);
        double[] logSquares = squares ? logSquares(model, hidden.detach()) : new double[0];
        return new Scores(packed.lengths(), tokens.logProbs(), tokens.entropy(), logSquares);
    }

    private static double[] logSquares(CausalLm model, Tensor hidden) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            Tensor logits = model.logits(hidden);
            Tensor twice = logits.mul(2).logsumexp(new int[] {-1}, false);
            return twice.sub(logits.logsumexp(new int[] {-1}, false).mul(2)).toDoubles();
        }
    }

    static Tensor vector(double[] values, DType dtype) {
        return Tensor.of(values, values.length).to(dtype);
    }
}
