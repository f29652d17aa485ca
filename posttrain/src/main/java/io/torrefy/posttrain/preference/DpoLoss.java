package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, eq. 7) and its relatives: the losses of TRL
/// 1.13's `DPOTrainer`, over the log-probabilities of whole answers.
///
/// With `lp` the sum of an answer's token log-probabilities, for the pair of the chosen answer c and the rejected r
///
/// ```
/// a = lp_c - ref_c        b = lp_r - ref_r        (log ratios to the reference)
/// u = g(a)                v = g(b)                (g of the f-divergence; the identity for the reverse KL)
/// d = u - v               σ the logistic function, ls = log σ
/// ```
///
/// and `LossType` says what a pair's loss is. Several types are a weighted sum (MPO, arXiv 2411.10442, is 0.8 SIGMOID +
/// 0.2 BCO_PAIR + 1 SFT). The losses of the micro-batches of a step add up to the step's, because all are divided by
/// the whole step's [Normaliser]; only the AOT types need the step's pairs together.
@Export(value = "posttrain.DpoLoss", since = "0.1")
public final class DpoLoss {
    /// exp of more than this is no longer finite in f32 with a margin: TRL's clamp of the α-divergence.
    private static final double EXPONENT_LIMIT = 80;

    /// What a pair's loss is. Names are TRL's `loss_type`; ε is `labelSmoothing`.
    @Export(value = "posttrain.DpoLossType", since = "0.1", members = "posttrain.dpo_losses")
    public enum LossType {
        /// -ls(β d) (DPO, eq. 7). As in TRL, ε has no part in it; see CDPO.
        SIGMOID,
        /// -(1 - ε) ls(β d) - ε ls(-β d): conservative DPO (Mitchell 2023), what the original repository and
        /// OpenRLHF do with label smoothing; TRL has it not.
        CDPO,
        /// (-(1 - ε) ls(β d) + ε ls(-β d)) / (1 - 2ε), unbiased under flipped labels (arXiv 2403.00409, eq.
        /// 12).
        ROBUST,
        /// max(0, 1 - β d) (SLiC, arXiv 2305.10425, on log ratios: RSO, arXiv 2309.06657).
        HINGE,
        /// (u / len_c - v / len_r - 1 / (2β))² (arXiv 2310.12036, eq. 17), over *means* of tokens as in TRL.
        /// The original DPO repository and OpenRLHF take sums: IPO_SUM.
        IPO,
        /// (d - 1 / (2β))²: IPO over sums of tokens.
        IPO_SUM,
        /// s (ls(β d) - ln(1 - ε)) + (1 - s)(ls(-β d) - ln ε) with s = σ(β d) (EXO, arXiv 2402.00856, eq. 16);
        /// ε > 0.
        EXO_PAIR,
        /// -ls(β u) - ½ ls(-β u) - ½ ls(-β v) (NCA, arXiv 2402.05369).
        NCA_PAIR,
        /// -ls(β u) - ls(-β v) (BCO, arXiv 2404.04656), without the running mean δ, as in TRL's DPOTrainer.
        BCO_PAIR,
        /// (u - 1 / (2β))² + (v + 1 / (2β))² (SPPO, arXiv 2405.00675, eq. 4.7 with a sure winner).
        SPPO_HARD,
        /// The CDPO form of β times sort(lp_c - lp_r) - sort(ref_c - ref_r), sorted over the step's pairs (AOT
        /// paired, arXiv 2406.05882).
        AOT,
        /// The CDPO form of β times sort(a) - sort(b), sorted over the step's pairs (AOT unpaired).
        AOT_UNPAIRED,
        /// 1 - σ(β a) + σ(β b) (APO-zero, arXiv 2408.06266, eq. 7).
        APO_ZERO,
        /// σ(β a) + 1 - σ(β d) (APO-down, eq. 8).
        APO_DOWN,
        /// -(1 - w) ls(β d) + w exp(-β d) with w = σ(β d / τ) (DiscoPOP, arXiv 2406.08414, eq. 5).
        DISCOPOP,
        /// -ls(β (u / len_c - v / len_r)): DPO on token means.
        SIGMOID_NORM,
        /// Mean negative log-probability of the chosen answers' tokens, as SFT has it: of the step's tokens,
        /// where TRL takes the mean of each micro-batch. For mixes.
        SFT;

        /// Whether a pair's loss depends on the other pairs of its batch.
        boolean sorts() {
            return this == AOT || this == AOT_UNPAIRED;
        }

        private boolean takesDivergence() {
            return switch (this) {
                case SIGMOID, CDPO, ROBUST, HINGE, IPO, IPO_SUM, EXO_PAIR, DISCOPOP, SIGMOID_NORM, SFT -> true;
                case NCA_PAIR, BCO_PAIR, SPPO_HARD, AOT, AOT_UNPAIRED, APO_ZERO, APO_DOWN -> false;
            };
        }
    }

    /// What stands for the log ratio t (f-DPO, arXiv 2309.16240); names are TRL's `f_divergence_type`. Constants of
    /// g stay, as in TRL 1.13; they only matter to IPO and SIGMOID_NORM.
    @Export(value = "posttrain.FDivergence", since = "0.1", members = "posttrain.f_divergences")
    public enum FDivergence {
        /// g(t) = t.
        REVERSE_KL,
        /// g(t) = 1 - exp(-t).
        FORWARD_KL,
        /// g(t) = ln 2 + ls(t).
        JS_DIVERGENCE,
        /// g(t) = (exp((α - 1) t) - 1) / (α - 1); t itself for α = 1. The exponent is at most 80.
        ALPHA_DIVERGENCE
    }

    /// A loss and its weight in the sum.
    public record Term(LossType type, double weight) {}

    /// Settings. The defaults are those of TRL 1.13's DPOConfig.
    ///
    /// @param terms one SIGMOID of weight 1 (TRL's `loss_type` and `loss_weights`)
    /// @param beta 0.1 (TRL's `beta`): the strength of the pull to the reference; for IPO its τ
    /// @param labelSmoothing 0 (TRL's `label_smoothing`): ε, the part of the labels that are thought to be flipped
    /// @param divergence REVERSE_KL (TRL's `f_divergence_type`)
    /// @param alpha 0.5 (TRL's `f_alpha_divergence_coef`)
    /// @param discopopTau 0.05 (TRL's `discopop_tau`)
    /// @param ldAlpha 1, which is off (TRL's `ld_alpha`, there None): the weight of the tokens beyond the length of
    ///     the shorter answer (LD-DPO, arXiv 2409.06411), in policy and reference
    /// @param useWeighting false (TRL's `use_weighting`): pairs are weighted by how likely the policy is to say
    ///     them (WPO, arXiv 2406.11827, eq. 2)
    public record Options(
            List<Term> terms,
            double beta,
            double labelSmoothing,
            FDivergence divergence,
            double alpha,
            double discopopTau,
            double ldAlpha,
            boolean useWeighting) {
        public Options {
            terms = List.copyOf(terms);
            Wrong wrong = new Wrong("dpo");
            wrong.need(!terms.isEmpty(), "at least one term", terms);
            wrong.need(beta > 0 && Double.isFinite(beta), "a finite beta > 0", beta);
            wrong.need(labelSmoothing >= 0 && labelSmoothing < 0.5, "labelSmoothing in [0, 0.5)", labelSmoothing);
            wrong.need(Double.isFinite(alpha), "a finite alpha", alpha);
            wrong.need(discopopTau > 0, "discopopTau > 0", discopopTau);
            wrong.need(ldAlpha >= 0 && ldAlpha <= 1, "ldAlpha in [0, 1]", ldAlpha);
            for (Term term : terms) {
                LossType type = term.type;
                wrong.need(Double.isFinite(term.weight), "a finite weight of " + type, term.weight);
                wrong.need(
                        type != LossType.EXO_PAIR || labelSmoothing > 0,
                        "labelSmoothing > 0 for EXO_PAIR, whose loss has ln ε (1e-3 is usual)",
                        labelSmoothing);
                wrong.need(
                        divergence == FDivergence.REVERSE_KL || type.takesDivergence(),
                        "REVERSE_KL for " + type,
                        divergence);
                wrong.need(
                        !useWeighting || !type.sorts() && type != LossType.SFT,
                        "no useWeighting for " + type + ", which is not a loss of single pairs",
                        useWeighting);
            }
            wrong.refuse();
        }

        /// The defaults above.
        public static Options defaults() {
            return new Options(
                    List.of(new Term(LossType.SIGMOID, 1)), 0.1, 0, FDivergence.REVERSE_KL, 0.5, 0.05, 1, false);
        }

        /// These with one loss of weight 1.
        public Options withLossType(LossType type) {
            return withTerms(List.of(new Term(type, 1)));
        }

        /// These with another sum of losses.
        public Options withTerms(List<Term> value) {
            return new Options(value, beta, labelSmoothing, divergence, alpha, discopopTau, ldAlpha, useWeighting);
        }

        /// These with another `beta`.
        public Options withBeta(double value) {
            return new Options(terms, value, labelSmoothing, divergence, alpha, discopopTau, ldAlpha, useWeighting);
        }

        /// These with another loss of weight 1 and label smoothing, which some types want together.
        public Options withLossType(LossType type, double smoothing) {
            return new Options(
                    List.of(new Term(type, 1)), beta, smoothing, divergence, alpha, discopopTau, ldAlpha, useWeighting);
        }

        /// These with another divergence; `alpha` matters to ALPHA_DIVERGENCE only.
        public Options withDivergence(FDivergence value, double alpha) {
            return new Options(terms, beta, labelSmoothing, value, alpha, discopopTau, ldAlpha, useWeighting);
        }

        /// These with another `discopopTau`.
        public Options withDiscopopTau(double value) {
            return new Options(terms, beta, labelSmoothing, divergence, alpha, value, ldAlpha, useWeighting);
        }

        /// These with another `ldAlpha`; 1 is off.
        public Options withLdAlpha(double value) {
            return new Options(terms, beta, labelSmoothing, divergence, alpha, discopopTau, value, useWeighting);
        }

        /// These with another `useWeighting`.
        public Options withUseWeighting(boolean value) {
            return new Options(terms, beta, labelSmoothing, divergence, alpha, discopopTau, ldAlpha, value);
        }
    }

    /// Pairs as their models see them, all tensors (pairs).
    ///
    /// @param chosen log-probabilities of the chosen answers under the policy, summed over tokens
    /// @param rejected those of the rejected
    /// @param refChosen the same under the reference
    /// @param refRejected the same under the reference
    /// @param chosenLengths tokens of each chosen answer
    /// @param rejectedLengths tokens of each rejected answer
    /// @param weights of each pair, no part of the graph, or null for 1; given exactly with `useWeighting`
    public record Pairs(
            Tensor chosen,
            Tensor rejected,
            Tensor refChosen,
            Tensor refRejected,
            int[] chosenLengths,
            int[] rejectedLengths,
            double @Nullable [] weights) {}

    /// What the whole optimiser step counts, over all its micro-batches.
    ///
    /// @param pairs what the pairs' losses are divided by
    /// @param chosenTokens what SFT's is divided by
    public record Normaliser(double pairs, double chosenTokens) {
        /// Of a step that is one batch.
        public static Normaliser of(Pairs pairs) {
            return new Normaliser(
                    pairs.chosenLengths.length,
                    Arrays.stream(pairs.chosenLengths).sum());
        }
    }

    private final Options options;

    private DpoLoss(Options options) {
        this.options = options;
    }

    /// The loss with these settings.
    public static DpoLoss of(Options options) {
        return new DpoLoss(options);
    }

    /// The settings.
    public Options options() {
        return options;
    }

    /// Whether the pairs of a step have to be together for the right loss.
    boolean needsWholeStep() {
        return options.terms.stream().anyMatch(term -> term.type.sorts());
    }

    /// The loss, a scalar: the mean over pairs of the weighted sum of the terms, where `normaliser` counts the
    /// pairs.
    ///
    /// @throws IllegalArgumentException naming everything that does not fit
    public Tensor loss(Pairs pairs, Normaliser normaliser) {
        check(pairs, normaliser);
        Ratios ratios = new Ratios(pairs);
        Tensor sum = null;
        for (Term term : options.terms) {
            Tensor part = term.type == LossType.SFT
                    ? pairs.chosen.sum().mul(-term.weight / normaliser.chosenTokens)
                    : weighted(perPair(term.type, pairs, ratios), pairs).sum().mul(term.weight / normaliser.pairs);
            sum = sum == null ? part : sum.add(part);
        }
        return Objects.requireNonNull(sum);
    }

    private static Tensor weighted(Tensor perPair, Pairs pairs) {
        return pairs.weights == null ? perPair : perPair.mul(vector(pairs.weights, perPair.dtype()));
    }

    /// The log ratios and what the divergence makes of them, each (pairs).
    private final class Ratios {
        final Tensor a;
        final Tensor b;
        final Tensor u;
        final Tensor v;
        final Tensor betaD;

        Ratios(Pairs pairs) {
            a = pairs.chosen.sub(pairs.refChosen.detach());
            b = pairs.rejected.sub(pairs.refRejected.detach());
            u = g(a);
            v = g(b);
            betaD = u.sub(v).mul(options.beta);
        }
    }

    private Tensor g(Tensor t) {
        return switch (options.divergence) {
            case REVERSE_KL -> t;
            case FORWARD_KL -> t.neg().exp().neg().add(1);
            case JS_DIVERGENCE -> t.logSigmoid().add(Math.log(2));
            case ALPHA_DIVERGENCE -> {
                double c = options.alpha - 1;
                yield Math.abs(c) < 1e-6
                        ? t
                        : t.mul(c)
                                .clamp(Double.NEGATIVE_INFINITY, EXPONENT_LIMIT)
                                .exp()
                                .sub(1)
                                .div(c);
            }
        };
    }

    /// The loss of each pair, (pairs), without its weight.
    private Tensor perPair(LossType type, Pairs pairs, Ratios r) {
        double beta = options.beta;
        double eps = options.labelSmoothing;
        Tensor x = r.betaD;
        return switch (type) {
            case SIGMOID -> x.logSigmoid().neg();
            case CDPO -> smoothed(x, 1 - eps, eps);
            case ROBUST -> smoothed(x, (1 - eps) / (1 - 2 * eps), -eps / (1 - 2 * eps));
            case HINGE -> x.neg().add(1).relu();
            case IPO -> meanDifference(pairs, r).sub(1 / (2 * beta)).square();
            case IPO_SUM -> r.u.sub(r.v).sub(1 / (2 * beta)).square();
            case EXO_PAIR -> {
                Tensor s = x.sigmoid();
                Tensor other = x.neg().sigmoid();
                yield s.mul(x.logSigmoid().sub(Math.log1p(-eps)))
                        .add(other.mul(x.neg().logSigmoid().sub(Math.log(eps))));
            }
            case NCA_PAIR -> {
                Tensor chosen = r.u.mul(beta);
                Tensor rejected = r.v.mul(beta);
                yield chosen.logSigmoid()
                        .add(chosen.neg().logSigmoid().mul(0.5))
                        .add(rejected.neg().logSigmoid().mul(0.5))
                        .neg();
            }
            case BCO_PAIR ->
                r.u.mul(beta).logSigmoid().add(r.v.mul(-beta).logSigmoid()).neg();
            case SPPO_HARD ->
                r.u.sub(0.5 / beta).square().add(r.v.add(0.5 / beta).square());
            case AOT -> {
                Tensor policy = sorted(pairs.chosen.sub(pairs.rejected));
                Tensor reference = sorted(pairs.refChosen.sub(pairs.refRejected).detach());
                yield smoothed(policy.sub(reference).mul(beta), 1 - eps, eps);
            }
            case AOT_UNPAIRED -> smoothed(sorted(r.a).sub(sorted(r.b)).mul(beta), 1 - eps, eps);
            case APO_ZERO ->
                r.a.mul(beta).sigmoid().neg().add(1).add(r.b.mul(beta).sigmoid());
            case APO_DOWN -> r.a.mul(beta).sigmoid().add(1).sub(x.sigmoid());
            case DISCOPOP -> {
                Tensor w = x.div(options.discopopTau).sigmoid();
                yield x.logSigmoid().mul(w.sub(1)).add(x.neg().exp().mul(w));
            }
            case SIGMOID_NORM -> meanDifference(pairs, r).mul(beta).logSigmoid().neg();
            case SFT -> throw new IllegalArgumentException("[dpo] SFT is a loss of tokens, not of pairs");
        };
    }

    /// -right ls(x) - flipped ls(-x).
    private static Tensor smoothed(Tensor x, double right, double flipped) {
        Tensor clean = x.logSigmoid().mul(-right);
        return flipped == 0 ? clean : clean.sub(x.neg().logSigmoid().mul(flipped));
    }

    /// u / len_c - v / len_r.
    private static Tensor meanDifference(Pairs pairs, Ratios r) {
        return r.u.mul(inverse(pairs.chosenLengths, r.u)).sub(r.v.mul(inverse(pairs.rejectedLengths, r.v)));
    }

    private static Tensor inverse(int[] lengths, Tensor like) {
        return vector(
                Arrays.stream(lengths).mapToDouble(n -> 1.0 / Math.max(1, n)).toArray(), like.dtype());
    }

    /// Ascending; gradients go back to where the values came from.
    private static Tensor sorted(Tensor values) {
        double[] x = values.detach().toDoubles();
        int[] order = IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> x[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        return values.indexSelect(0, Tensor.of(order, order.length));
    }

    private static Tensor vector(double[] values, DType dtype) {
        return Tensor.of(values, values.length).to(dtype);
    }

    private void check(Pairs pairs, Normaliser normaliser) {
        Wrong wrong = new Wrong("dpo");
        long[] shape = {pairs.chosenLengths.length};
        wrong.need(shape[0] > 0, "at least one pair", "none");
        List<Tensor> all = new ArrayList<>(List.of(pairs.chosen, pairs.rejected, pairs.refChosen, pairs.refRejected));
        for (Tensor tensor : all) {
            wrong.need(
                    Arrays.equals(shape, tensor.shape()),
                    "log-probabilities of shape " + Arrays.toString(shape) + ", as many as lengths",
                    Arrays.toString(tensor.shape()));
        }
        wrong.need(
                pairs.rejectedLengths.length == shape[0],
                "as many rejected lengths as chosen: " + shape[0],
                pairs.rejectedLengths.length);
        double[] weights = pairs.weights;
        wrong.need(
                options.useWeighting == (weights != null),
                options.useWeighting ? "weights because of useWeighting" : "no weights without useWeighting",
                weights == null ? "none" : weights.length);
        wrong.need(
                normaliser.pairs > 0 && normaliser.chosenTokens > 0, "a normaliser with positive counts", normaliser);
        wrong.refuse();
    }
}
