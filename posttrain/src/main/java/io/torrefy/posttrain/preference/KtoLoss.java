package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// Kahneman-Tversky optimisation (Ethayarajh et al. 2024, arXiv 2402.01306, eq. 7 and 8), from answers that were liked
/// or not. With the log ratio t = lp - ref of an answer and z₀ the divergence of the policy from the reference,
///
/// ```
/// liked:    w_D (1 - σ(β (t - z₀)))        else:    w_U (1 - σ(β (z₀ - t)))
/// ```
///
/// z₀ = max(0, mean of t over answers set after *other* prompts of the batch), and no part of the graph. The values are
/// those of TRL 1.13's `KTOTrainer`: the mean is over all answers of the step, of both kinds.
@Export(value = "posttrain.KtoLoss", since = "0.1")
public final class KtoLoss {
    /// TRL's `loss_type`.
    @Export(value = "posttrain.KtoLossType", since = "0.1", members = "posttrain.kto_losses")
    public enum LossType {
        /// As above.
        KTO,
        /// The same without z₀: APO-zero for answers without a partner (arXiv 2408.06266, eq. 7).
        APO_ZERO_UNPAIRED
    }

    /// Settings. The defaults are those of TRL 1.13's KTOConfig.
    ///
    /// @param lossType KTO
    /// @param beta 0.1
    /// @param desirableWeight 1 (w_D); where liked and other answers are not as many, weights that make
    ///     w_D n_D / (w_U n_U) 1 to 4/3 are advised (the paper's section 4.2)
    /// @param undesirableWeight 1 (w_U)
    public record Options(LossType lossType, double beta, double desirableWeight, double undesirableWeight) {
        public Options {
            Wrong wrong = new Wrong("kto");
            wrong.need(beta > 0 && Double.isFinite(beta), "a finite beta > 0", beta);
            wrong.need(desirableWeight >= 0, "desirableWeight >= 0", desirableWeight);
            wrong.need(undesirableWeight >= 0, "undesirableWeight >= 0", undesirableWeight);
            wrong.need(desirableWeight + undesirableWeight > 0, "a weight that is not 0", "both 0");
            wrong.refuse();
        }

        /// The defaults above.
        public static Options defaults() {
            return new Options(LossType.KTO, 0.1, 1, 1);
        }

        /// These with another `lossType`.
        public Options withLossType(LossType value) {
            return new Options(value, beta, desirableWeight, undesirableWeight);
        }

        /// These with another `beta`.
        public Options withBeta(double value) {
            return new Options(lossType, value, desirableWeight, undesirableWeight);
        }

        /// These with other weights.
        public Options withWeights(double desirable, double undesirable) {
            return new Options(lossType, beta, desirable, undesirable);
        }
    }

    private final Options options;

    private KtoLoss(Options options) {
        this.options = options;
    }

    /// The loss with these settings.
    public static KtoLoss of(Options options) {
        return new KtoLoss(options);
    }

    /// Whether z₀ is wanted.
    boolean needsKl() {
        return options.lossType == LossType.KTO;
    }

    /// z₀ from the log-probabilities of answers after other prompts: max(0, mean(policy - reference)).
    ///
    /// @throws IllegalArgumentException if there are none, or not as many of both
    public static double kl(double[] policy, double[] reference) {
        Wrong wrong = new Wrong("kto");
        wrong.need(policy.length > 0, "at least one mismatched answer", "none");
        wrong.need(policy.length == reference.length, policy.length + " of the reference", reference.length);
        wrong.refuse();
        double sum = 0;
        for (int i = 0; i < policy.length; i++) {
            sum += policy[i] - reference[i];
        }
        return Math.max(0, sum / policy.length);
    }

    /// The loss, a scalar: the sum over these answers divided by the whole step's.
    ///
    /// @param logProbs (answers), of whole answers under the policy
    /// @param refLogProbs (answers), under the reference
    /// @param desirable of each answer
    /// @param kl z₀; ignored by APO_ZERO_UNPAIRED
    /// @param answers of the whole step
    /// @throws IllegalArgumentException naming everything that does not fit
    public Tensor loss(Tensor logProbs, Tensor refLogProbs, boolean[] desirable, double kl, double answers) {
        Wrong wrong = new Wrong("kto");
        long[] shape = {desirable.length};
        wrong.need(desirable.length > 0, "at least one answer", "none");
        for (Tensor tensor : new Tensor[] {logProbs, refLogProbs}) {
            wrong.need(
                    Arrays.equals(shape, tensor.shape()),
                    "log-probabilities of shape " + Arrays.toString(shape),
                    Arrays.toString(tensor.shape()));
        }
        wrong.need(answers > 0, "a positive number of answers", answers);
        wrong.need(!needsKl() || kl >= 0, "a divergence kl >= 0", kl);
        wrong.refuse();
        // σ is odd around ½: 1 - σ(β s (t - z₀)) = σ(-β s (t - z₀)) with s = 1 for liked answers and -1 for others.
        double[] slopes = new double[desirable.length];
        double[] weights = new double[desirable.length];
        for (int i = 0; i < slopes.length; i++) {
            slopes[i] = desirable[i] ? -options.beta : options.beta;
            weights[i] = (desirable[i] ? options.desirableWeight : options.undesirableWeight) / answers;
        }
        Tensor t = logProbs.sub(refLogProbs.detach()).sub(needsKl() ? kl : 0);
        return t.mul(Answers.vector(slopes, t.dtype()))
                .sigmoid()
                .mul(Answers.vector(weights, t.dtype()))
                .sum();
    }
}
