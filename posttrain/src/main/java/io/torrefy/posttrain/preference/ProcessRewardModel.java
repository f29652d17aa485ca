package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.TokenBatch;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// Judges solutions step by step (Lightman et al. 2023, arXiv 2305.20050): a step's score is the probability that it is
/// right, σ of a [ValueModel]'s number at the step's last token.
///
/// TRL's `PRMTrainer` has two numbers a token and their softmax; the difference of the two is this one.
@Export(value = "posttrain.ProcessRewardModel", since = "0.1")
public record ProcessRewardModel(ValueModel model, StepAggregation aggregation) {
    /// The loss of step labels, a scalar: binary cross-entropy Σ -(y ls(z) + (1 - y) ls(-z)) over these steps,
    /// divided by the whole training step's.
    ///
    /// @param logits (steps), the model's numbers z
    /// @param labels y of each, in [0, 1]
    /// @param steps of the whole training step
    @Export(value = "posttrain.step_reward_loss", since = "0.1")
    public static Tensor loss(Tensor logits, double[] labels, double steps) {
        Wrong wrong = new Wrong("steps");
        wrong.need(labels.length > 0, "at least one step", "none");
        wrong.need(
                Arrays.equals(new long[] {labels.length}, logits.shape()),
                "logits of shape [" + labels.length + "], as many as labels",
                Arrays.toString(logits.shape()));
        wrong.need(Arrays.stream(labels).allMatch(y -> y >= 0 && y <= 1), "labels in [0, 1]", Arrays.toString(labels));
        wrong.need(steps > 0, "a positive number of steps", steps);
        wrong.refuse();
        Tensor y = Answers.vector(labels, logits.dtype());
        // ls(-z) = ls(z) - z, so y ls(z) + (1 - y) ls(-z) = ls(z) - (1 - y) z.
        return logits.sub(y.mul(logits)).sub(logits.logSigmoid()).sum().div(steps);
    }

    /// The score of each step, in [0, 1], without gradients.
    ///
    /// @param steps each with the separator that ends it, as in training; at least one
    /// @throws IllegalArgumentException if there is no step, an empty one, or a score that is not finite
    public double[] stepScores(int[] prompt, List<int[]> steps) {
        Wrong wrong = new Wrong("steps");
        wrong.need(!steps.isEmpty(), "at least one step", "none");
        wrong.need(steps.stream().allMatch(s -> s.length > 0), "steps of at least a token", "an empty one");
        wrong.refuse();
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            TokenBatch batch = TokenBatch.pack(List.of(StepwiseExample.join(prompt, steps)));
            double[] scores = model.values(batch, StepwiseExample.ends(prompt, steps))
                    .sigmoid()
                    .toDoubles();
            wrong.hint(
                    Arrays.stream(scores).allMatch(Double::isFinite),
                    "finite scores",
                    Arrays.toString(scores),
                    "the reward model's weights are damaged");
            wrong.refuse();
            return scores;
        }
    }

    /// The score of a whole solution, by this model's aggregation.
    public double score(int[] prompt, List<int[]> steps) {
        return aggregation.of(stepScores(prompt, steps));
    }
}
