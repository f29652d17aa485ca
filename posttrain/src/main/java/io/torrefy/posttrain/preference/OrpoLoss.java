package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;

/// Odds ratio preference optimisation (Hong et al. 2024, arXiv 2403.07691, eq. 6 and 7), without a reference. With p
/// the geometric mean of an answer's token probabilities, odds = p / (1 - p),
///
/// ```
/// L = nll(chosen) - β ls(ln odds(chosen) - ln odds(rejected))
/// ```
///
/// β is the paper's λ. The first term is the mean over the chosen answers' tokens, as in the paper; TRL 1.13's
/// `ORPOTrainer` takes it over prompt and answer, and over each micro-batch.
@Export(value = "posttrain.OrpoLoss", since = "0.1")
public final class OrpoLoss {
    /// Where ln(1 - eˣ) is -∞ (x = 0, an answer of probability 1) its argument is kept this far away.
    private static final double LEAST_DOUBT = 1e-7;

    private OrpoLoss() {}

    /// The second term, a scalar: -β Σ ls(log odds ratio) / pairs.
    ///
    /// @param chosen (pairs), the mean log-probability of each chosen answer's tokens
    /// @param rejected (pairs), of each rejected one's
    /// @param beta 0.1 in TRL and in the paper
    /// @param pairs of the whole step
    @Export(value = "posttrain.odds_ratio_loss", since = "0.1")
    public static Tensor oddsRatio(Tensor chosen, Tensor rejected, double beta, double pairs) {
        return logOddsRatio(chosen, rejected).logSigmoid().sum().mul(-beta / pairs);
    }

    /// ln odds(chosen) - ln odds(rejected), (pairs), from mean log-probabilities.
    static Tensor logOddsRatio(Tensor chosen, Tensor rejected) {
        return chosen.sub(rejected).sub(log1mexp(chosen).sub(log1mexp(rejected)));
    }

    /// ln(1 - eˣ) for x < 0: ln(-expm1(x)), which is right near 0, where most answers of a trained model are.
    private static Tensor log1mexp(Tensor x) {
        return x.clamp(Double.NEGATIVE_INFINITY, -LEAST_DOUBT).expm1().neg().log();
    }
}
