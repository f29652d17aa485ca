package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// Losses of pairs without a reference: contrastive preference optimisation (Xu et al. 2024, arXiv 2401.08417, eq. 3
/// and 5) and SimPO (Meng et al. 2024, arXiv 2405.14734, eq. 6), as TRL 1.13's `CPOTrainer` has them. With h = lp_c -
/// lp_r, of the answers' sums for CPO and of their token means for SimPO, and ε the label smoothing,
///
/// ```
/// SIGMOID  -(1 - ε) ls(β h) - ε ls(-β h)                 HINGE  max(0, 1 - β h)
/// SIMPO    the same of β h - γ                           IPO    (h - 1 / (2β))²
/// ```
///
/// IPO is over token means too, as in TRL. [Cpo] adds `cpoAlpha` times the negative log-probability of the chosen
/// answers; SimPO is without it.
@Export(value = "posttrain.CpoLoss", since = "0.1")
public final class CpoLoss {
    /// TRL's `loss_type`.
    @Export(value = "posttrain.CpoLossType", since = "0.1", members = "posttrain.cpo_losses")
    public enum LossType {
        /// CPO: the logistic loss of the sums' difference.
        SIGMOID,
        /// SLiC's hinge on the sums' difference.
        HINGE,
        /// The squared distance of the means' difference from 1 / (2β).
        IPO,
        /// SimPO: the logistic loss of the means' difference beyond a margin.
        SIMPO;

        /// Whether h is of token means.
        boolean means() {
            return this == IPO || this == SIMPO;
        }
    }

    /// Settings. The defaults are those of TRL 1.13's CPOConfig.
    ///
    /// @param lossType SIGMOID
    /// @param beta 0.1; SimPO's paper has 2 to 10
    /// @param labelSmoothing 0
    /// @param cpoAlpha 1 (TRL's `cpo_alpha`): the weight of the chosen answers' negative log-probability, a mean
    ///     over the step's tokens; 0 for SimPO as published
    /// @param simpoGamma 0.5 (TRL's `simpo_gamma`): SimPO's target margin γ; the paper has γ / β of 0.3 to 0.8
    public record Options(LossType lossType, double beta, double labelSmoothing, double cpoAlpha, double simpoGamma) {
        public Options {
            Wrong wrong = new Wrong("cpo");
            wrong.need(beta > 0 && Double.isFinite(beta), "a finite beta > 0", beta);
            wrong.need(labelSmoothing >= 0 && labelSmoothing < 0.5, "labelSmoothing in [0, 0.5)", labelSmoothing);
            wrong.need(cpoAlpha >= 0 && Double.isFinite(cpoAlpha), "a finite cpoAlpha >= 0", cpoAlpha);
            wrong.need(Double.isFinite(simpoGamma), "a finite simpoGamma", simpoGamma);
            boolean smooths = lossType == LossType.SIGMOID || lossType == LossType.SIMPO;
            wrong.need(smooths || labelSmoothing == 0, "no labelSmoothing for " + lossType, labelSmoothing);
            wrong.refuse();
        }

        /// The defaults above.
        public static Options defaults() {
            return new Options(LossType.SIGMOID, 0.1, 0, 1, 0.5);
        }

        /// SimPO as published (beta 2 and gamma 1 are its first example), without the term of `cpoAlpha`.
        public static Options simPo(double beta, double gamma) {
            return new Options(LossType.SIMPO, beta, 0, 0, gamma);
        }
    }

    private CpoLoss() {}

    /// The loss, a scalar: the sum over these pairs divided by the whole step's.
    ///
    /// @param chosen (pairs), log-probabilities of the chosen answers, summed over tokens
    /// @param rejected (pairs), of the rejected ones
    /// @param chosenLengths tokens of each chosen answer
    /// @param rejectedLengths tokens of each rejected answer
    /// @param pairs of the whole step
    @Export(value = "posttrain.cpo_loss", since = "0.1")
    public static Tensor loss(
            Options options, Tensor chosen, Tensor rejected, int[] chosenLengths, int[] rejectedLengths, double pairs) {
        boolean means = options.lossType.means();
        Tensor c = means ? chosen.mul(inverse(chosenLengths, chosen)) : chosen;
        Tensor r = means ? rejected.mul(inverse(rejectedLengths, rejected)) : rejected;
        Tensor h = c.sub(r);
        Tensor x = h.mul(options.beta);
        Tensor perPair = switch (options.lossType) {
            case SIGMOID -> smoothed(x, options.labelSmoothing);
            case SIMPO -> smoothed(x.sub(options.simpoGamma), options.labelSmoothing);
            case HINGE -> x.neg().add(1).relu();
            case IPO -> h.sub(1 / (2 * options.beta)).square();
        };
        return perPair.sum().div(pairs);
    }

    private static Tensor smoothed(Tensor x, double eps) {
        Tensor clean = x.logSigmoid().mul(eps - 1);
        return eps == 0 ? clean : clean.sub(x.neg().logSigmoid().mul(eps));
    }

    private static Tensor inverse(int[] lengths, Tensor like) {
        return Answers.vector(Arrays.stream(lengths).mapToDouble(n -> 1.0 / n).toArray(), like.dtype());
    }
}
