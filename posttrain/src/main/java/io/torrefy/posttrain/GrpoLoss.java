package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// The policy loss of GRPO (DeepSeekMath, arXiv 2402.03300) and of its relatives, on packed completions.
///
/// With ρ = exp(logProb - oldLogProb), the advantage A of the completion and the clip range, a token's loss is
///
/// ```
/// l = -min(min(ρ, delta) A, clip(ρ, 1 - epsilonLow, 1 + epsilonHigh) A) + beta k3
/// k3 = exp(ref - logProb) - (ref - logProb) - 1          (times ρ with useBiasCorrectionKl)
/// ```
///
/// and `LossType` says how tokens add up. Completions lie end to end without padding; a token that must not count
/// (of a tool, of a truncated completion) is left out of all inputs, which is what a mask does to a padded batch.
///
/// ```java
/// var loss = GrpoLoss.of(GrpoLoss.Options.defaults().withBeta(0.001));
/// loss.loss(logProbs, oldLogProbs, refLogProbs, advantages, lengths, normaliser).loss().backward();
/// ```
@Export(value = "posttrain.GrpoLoss", since = "0.1")
public final class GrpoLoss {
    /// The log of a VESPO weight stays within this, so that exp of it is finite in f32.
    private static final double VESPO_LOG_LIMIT = 20;

    /// How tokens are weighed against each other, and for the last three also what a token's loss is. S and T are
    /// the normaliser's sequences and tokens; names are TRL's `loss_type`.
    @Export(value = "posttrain.LossType", since = "0.1", members = "posttrain.losses")
    public enum LossType {
        /// Σ over sequences of the token mean, / S (DeepSeekMath). Long completions weigh less a token.
        GRPO,
        /// Token mean of this micro-batch, times its share of the sequences: TRL's and verl's local mean. The
        /// only type whose value depends on how the step is cut into micro-batches.
        BNPO,
        /// Σ / (S · maxCompletionLength): no length bias (Dr. GRPO, arXiv 2503.20783).
        DR_GRPO,
        /// Σ / T: the mean over all tokens of the step (DAPO, arXiv 2503.14476).
        DAPO,
        /// Σ / S: sequence sums, so each sequence's mean is scaled by its length (LUSPO).
        LUSPO,
        /// -stopgrad(min(ρ, epsilonHigh)) A logProb, Σ / T (MiniMax-M1, arXiv 2506.13585): no token loses its
        /// gradient. epsilonHigh is the cap itself, not an offset from 1; 5 is advised.
        CISPO,
        /// -A · 4/τ · sigmoid(τ (ρ - 1)), aggregated as GRPO: a soft gate in place of the clip; τ is 1 for A >
        /// 0, else 1.05 (TRL's `sapo_temperature_pos`, `_neg`).
        SAPO,
        /// -stopgrad(φ) A logProb, Σ / T, φ = exp(λ + k ln w - λ w) of the whole sequence's ratio w; (k, λ) is
        /// (2, 3) for A >= 0, else (3, 2) (TRL's `vespo_*`).
        VESPO
    }

    /// Over what the importance ratio ρ is taken.
    public enum ImportanceLevel {
        /// Each token has its own.
        TOKEN,
        /// The geometric mean over the sequence, exp(mean log ratio), for each of its tokens (GSPO, arXiv
        /// 2507.18071; its clip range is 3e-4 / 4e-4).
        SEQUENCE,
        /// The product over the sequence, exp(Σ log ratio): the ratio of TRL's RLOOTrainer, with LossType.GRPO.
        SEQUENCE_PRODUCT
    }

    /// Settings. The defaults are those of TRL 1.13's GRPOConfig, where it has the setting.
    ///
    /// @param lossType DAPO (TRL's `loss_type`)
    /// @param importanceLevel TOKEN (TRL's `importance_sampling_level`)
    /// @param epsilonLow 0.2 (TRL's `epsilon`): ρ is clipped at 1 - epsilonLow
    /// @param epsilonHigh 0.2 (TRL's `epsilon_high`, there the same as `epsilon` if unset; DAPO's paper has 0.28):
    ///     ρ is clipped at 1 + epsilonHigh; for CISPO the cap itself
    /// @param delta infinity, which is none (TRL's `delta`; INTELLECT-2, arXiv 2505.07291): a cap of the ratio
    ///     that is not clipped, which bounds the loss of tokens with A < 0; above 1 + epsilonHigh to be of use
    /// @param beta 0 (TRL's `beta`; DeepSeekMath 0.04, R1 0.001): weight of the KL term
    /// @param useBiasCorrectionKl true (TRL's `use_bias_correction_kl`; DeepSeek-V3.2): k3 is multiplied by ρ,
    ///     with gradient, which makes it unbiased for tokens the old policy drew
    /// @param maxCompletionLength tokens, for DR_GRPO, which needs it; 0 is unset (TRL's name is
    ///     `max_completion_length`)
    public record Options(
            LossType lossType,
            ImportanceLevel importanceLevel,
            double epsilonLow,
            double epsilonHigh,
            double delta,
            double beta,
            boolean useBiasCorrectionKl,
            int maxCompletionLength) {
        /// The defaults above.
        public static Options defaults() {
            return new Options(LossType.DAPO, ImportanceLevel.TOKEN, 0.2, 0.2, Double.POSITIVE_INFINITY, 0, true, 0);
        }

        /// These with another `lossType`.
        public Options withLossType(LossType value) {
            return new Options(
                    value,
                    importanceLevel,
                    epsilonLow,
                    epsilonHigh,
                    delta,
                    beta,
                    useBiasCorrectionKl,
                    maxCompletionLength);
        }

        /// These with another `importanceLevel`.
        public Options withImportanceLevel(ImportanceLevel value) {
            return new Options(
                    lossType, value, epsilonLow, epsilonHigh, delta, beta, useBiasCorrectionKl, maxCompletionLength);
        }

        /// These with `epsilonLow` and `epsilonHigh` the same.
        public Options withEpsilon(double value) {
            return withEpsilonLow(value).withEpsilonHigh(value);
        }

        /// These with another `epsilonLow`.
        public Options withEpsilonLow(double value) {
            return new Options(
                    lossType,
                    importanceLevel,
                    value,
                    epsilonHigh,
                    delta,
                    beta,
                    useBiasCorrectionKl,
                    maxCompletionLength);
        }

        /// These with another `epsilonHigh`.
        public Options withEpsilonHigh(double value) {
            return new Options(
                    lossType,
                    importanceLevel,
                    epsilonLow,
                    value,
                    delta,
                    beta,
                    useBiasCorrectionKl,
                    maxCompletionLength);
        }

        /// These with another `delta`; infinity is none.
        public Options withDelta(double value) {
            return new Options(
                    lossType,
                    importanceLevel,
                    epsilonLow,
                    epsilonHigh,
                    value,
                    beta,
                    useBiasCorrectionKl,
                    maxCompletionLength);
        }

        /// These with another `beta`.
        public Options withBeta(double value) {
            return new Options(
                    lossType,
                    importanceLevel,
                    epsilonLow,
                    epsilonHigh,
                    delta,
                    value,
                    useBiasCorrectionKl,
                    maxCompletionLength);
        }

        /// These with another `useBiasCorrectionKl`.
        public Options withUseBiasCorrectionKl(boolean value) {
            return new Options(
                    lossType, importanceLevel, epsilonLow, epsilonHigh, delta, beta, value, maxCompletionLength);
        }

        /// These with another `maxCompletionLength`.
        public Options withMaxCompletionLength(int value) {
            return new Options(
                    lossType, importanceLevel, epsilonLow, epsilonHigh, delta, beta, useBiasCorrectionKl, value);
        }
    }

    /// What the whole optimiser step counts, over all its micro-batches and processes, so that the losses of the
    /// micro-batches (and their gradients) simply add up to the step's.
    ///
    /// @param sequences completions, those without tokens included (TRL counts them; verl does not: leave them out
    ///     for its numbers)
    /// @param tokens completion tokens that count
    public record Normaliser(double sequences, double tokens) {
        /// The counts of one batch that is the whole step.
        public static Normaliser of(int... lengths) {
            return new Normaliser(
                    lengths.length, Arrays.stream(lengths).asLongStream().sum());
        }
    }

    /// A micro-batch's loss and what was measured on the way.
    ///
    /// @param loss scalar: the micro-batch's share of the step's loss, differentiable in `logProbs`
    public record Result(Tensor loss, Metrics metrics) {}

    /// Means with their counts; `plus` averages those of micro-batches. TRL's names in brackets.
    ///
    /// @param kl token mean of k3, times ρ with useBiasCorrectionKl (`kl`); NaN without a reference. Measured also
    ///     if beta is 0
    /// @param clipLow part of the ratios below 1 - epsilonLow with A < 0 (`clip_ratio/low_mean`)
    /// @param clipHigh part above 1 + epsilonHigh with A > 0 (`clip_ratio/high_mean`), for CISPO above the cap
    ///     (`cispo_clip_ratio`). SAPO and VESPO do not clip: 0
    /// @param clipRegion the sum of both (`clip_ratio/region_mean`)
    /// @param ratioMean mean of ρ
    /// @param tokens what `kl` is a mean over
    /// @param ratios what the others are means over: tokens, or for sequence levels the sequences that have tokens
    public record Metrics(
            double kl,
            double clipLow,
            double clipHigh,
            double clipRegion,
            double ratioMean,
            double tokens,
            double ratios) {
        /// The means over both.
        public Metrics plus(Metrics other) {
            return new Metrics(
                    mean(kl, tokens, other.kl, other.tokens),
                    mean(clipLow, ratios, other.clipLow, other.ratios),
                    mean(clipHigh, ratios, other.clipHigh, other.ratios),
                    mean(clipRegion, ratios, other.clipRegion, other.ratios),
                    mean(ratioMean, ratios, other.ratioMean, other.ratios),
                    tokens + other.tokens,
                    ratios + other.ratios);
        }

        private static double mean(double a, double countA, double b, double countB) {
            if (countA == 0 || countB == 0) {
                return countA == 0 ? b : a;
            }
            return (a * countA + b * countB) / (countA + countB);
        }
    }

    private final Options options;

    private GrpoLoss(Options options) {
        this.options = options;
    }

    /// The loss with these settings.
    ///
    /// @throws IllegalArgumentException naming every setting that is out of its range
    public static GrpoLoss of(Options options) {
        var wrong = new ArrayList<String>();
        need(wrong, options.epsilonLow >= 0, "epsilonLow >= 0", options.epsilonLow);
        if (options.lossType == LossType.CISPO) {
            need(
                    wrong,
                    options.epsilonHigh >= 1,
                    "epsilonHigh >= 1, CISPO's cap itself (5 is usual)",
                    options.epsilonHigh);
        } else {
            need(wrong, options.epsilonHigh >= 0, "epsilonHigh >= 0", options.epsilonHigh);
        }
        need(wrong, options.delta > 0, "delta > 0, infinity for none", options.delta);
        need(wrong, options.beta >= 0 && Double.isFinite(options.beta), "a finite beta >= 0", options.beta);
        int least = options.lossType == LossType.DR_GRPO ? 1 : 0;
        need(
                wrong,
                options.maxCompletionLength >= least,
                "maxCompletionLength >= " + least + " for " + options.lossType,
                options.maxCompletionLength);
        refuse(wrong);
        return new GrpoLoss(options);
    }

    /// The settings.
    public Options options() {
        return options;
    }

    /// The loss of a micro-batch.
    ///
    /// @param logProbs (tokens), of the policy that is trained, completions end to end; logits divided by the
    ///     sampling temperature
    /// @param oldLogProbs (tokens), of the policy that drew the tokens; `logProbs.detach()` if that is the same
    ///     one
    /// @param refLogProbs (tokens), of the reference policy; needed if beta is not 0
    /// @param advantages one a sequence
    /// @param lengths tokens of each sequence; 0 for one that is fully masked
    /// @param normaliser counts of the whole optimiser step
    /// @throws IllegalArgumentException naming everything that does not fit
    public Result loss(
            Tensor logProbs,
            Tensor oldLogProbs,
            @Nullable Tensor refLogProbs,
            double[] advantages,
            int[] lengths,
            Normaliser normaliser) {
        return loss(logProbs, oldLogProbs, refLogProbs, advantages, lengths, normaliser, null);
    }

    /// As the form above, each token's policy term (not its KL term) multiplied by a weight, the normaliser
    /// untouched: the importance ratio of a sampler whose numbers differ from the trainer's, a mask of the tokens
    /// of highest entropy (arXiv 2506.01939), or 0 for the tokens of a sequence that is too far off policy
    /// (DeepSeek-V3.2).
    ///
    /// @param policyWeights one a token, or null for none
    /// @throws IllegalArgumentException naming everything that does not fit
    public Result loss(
            Tensor logProbs,
            Tensor oldLogProbs,
            @Nullable Tensor refLogProbs,
            double[] advantages,
            int[] lengths,
            Normaliser normaliser,
            double @Nullable [] policyWeights) {
        check(logProbs, oldLogProbs, refLogProbs, advantages, lengths, normaliser, policyWeights);
        int tokens = Arrays.stream(lengths).sum();
        if (tokens == 0) {
            double kl = refLogProbs == null ? Double.NaN : 0;
            return new Result(logProbs.sum(), new Metrics(kl, 0, 0, 0, 0, 0, 0)); // 0, and still part of the graph
        }
        Tensor logRatio = logProbs.sub(oldLogProbs.detach());
        Tensor ratio = ratio(logRatio, lengths); // (tokens)
        double[] advantage = perToken(advantages, lengths);
        Tensor perToken = policyTerm(logProbs, logRatio, ratio, advantage, lengths);
        if (policyWeights != null) {
            perToken = perToken.mul(vector(policyWeights, logProbs));
        }
        if (options.beta != 0 && refLogProbs != null) {
            Tensor toRef = refLogProbs.detach().sub(logProbs);
            Tensor k3 = toRef.exp().sub(toRef).sub(1);
            perToken = perToken.add((options.useBiasCorrectionKl ? k3.mul(ratio) : k3).mul(options.beta));
        }
        Tensor loss = perToken.mul(vector(tokenWeights(lengths, tokens, normaliser), logProbs))
                .sum();
        return new Result(loss, metrics(logProbs, refLogProbs, ratio, advantage, lengths));
    }

    /// ρ of each token, (tokens).
    private Tensor ratio(Tensor logRatio, int[] lengths) {
        return switch (options.importanceLevel) {
            case TOKEN -> logRatio.exp();
            case SEQUENCE -> spread(sequenceSums(logRatio, lengths, true).exp(), lengths);
            case SEQUENCE_PRODUCT ->
                spread(sequenceSums(logRatio, lengths, false).exp(), lengths);
        };
    }

    /// The loss of each token without its KL term, (tokens).
    private Tensor policyTerm(Tensor logProbs, Tensor logRatio, Tensor ratio, double[] advantage, int[] lengths) {
        Tensor a = vector(advantage, logProbs);
        return switch (options.lossType) {
            case GRPO, BNPO, DR_GRPO, DAPO, LUSPO -> {
                Tensor clipped = ratio.clamp(1 - options.epsilonLow, 1 + options.epsilonHigh);
                Tensor capped = options.delta == Double.POSITIVE_INFINITY
                        ? ratio
                        : ratio.clamp(Double.NEGATIVE_INFINITY, options.delta);
                yield capped.mul(a).minimum(clipped.mul(a)).neg();
            }
            case CISPO -> {
                Tensor weight = ratio.detach().clamp(Double.NEGATIVE_INFINITY, options.epsilonHigh);
                yield weight.mul(a).mul(logProbs).neg();
            }
            case SAPO -> {
                double[] temperature = each(advantage, x -> x > 0 ? 1.0 : 1.05);
                Tensor gate = ratio.sub(1).mul(vector(temperature, logProbs)).sigmoid();
                yield gate.mul(vector(each(temperature, t -> 4 / t), logProbs))
                        .mul(a)
                        .neg();
            }
            case VESPO -> {
                Tensor logWeight = spread(sequenceSums(logRatio.detach(), lengths, false), lengths)
                        .clamp(-VESPO_LOG_LIMIT, VESPO_LOG_LIMIT);
                Tensor k = vector(each(advantage, x -> x >= 0 ? 2 : 3), logProbs);
                Tensor lambda = vector(each(advantage, x -> x >= 0 ? 3 : 2), logProbs);
                Tensor phi = lambda.add(k.mul(logWeight))
                        .sub(lambda.mul(logWeight.exp()))
                        .exp();
                yield phi.mul(a).mul(logProbs).neg();
            }
        };
    }

    /// The weight of each token in the sum that is the loss.
    private double[] tokenWeights(int[] lengths, int tokens, Normaliser normaliser) {
        double[] ofSequence = new double[lengths.length];
        for (int i = 0; i < lengths.length; i++) {
            ofSequence[i] = switch (options.lossType) {
                case GRPO, SAPO -> 1 / (normaliser.sequences * Math.max(1, lengths[i]));
                case BNPO -> lengths.length / (normaliser.sequences * tokens);
                case DR_GRPO -> 1 / (normaliser.sequences * options.maxCompletionLength);
                case DAPO, CISPO, VESPO -> 1 / normaliser.tokens;
                case LUSPO -> 1 / normaliser.sequences;
            };
        }
        return perToken(ofSequence, lengths);
    }

    private Metrics metrics(
            Tensor logProbs, @Nullable Tensor refLogProbs, Tensor ratio, double[] advantage, int[] lengths) {
        double[] ratios = ratio.detach().toDoubles();
        boolean perSequence = options.importanceLevel != ImportanceLevel.TOKEN;
        int low = 0;
        int high = 0;
        int count = 0;
        double sum = 0;
        int t = 0;
        for (int length : lengths) {
            // A sequence's tokens share one ratio: its first stands for all.
            for (int i = 0; i < (perSequence ? Math.min(1, length) : length); i++) {
                low += clipsLow(ratios[t + i], advantage[t + i]) ? 1 : 0;
                high += clipsHigh(ratios[t + i], advantage[t + i]) ? 1 : 0;
                sum += ratios[t + i];
                count++;
            }
            t += length;
        }
        double kl = refLogProbs == null ? Double.NaN : kl(logProbs, refLogProbs, ratios);
        double n = count;
        return new Metrics(kl, low / n, high / n, (low + high) / n, sum / n, ratios.length, n);
    }

    private double kl(Tensor logProbs, Tensor refLogProbs, double[] ratios) {
        double[] policy = logProbs.detach().toDoubles();
        double[] reference = refLogProbs.detach().toDoubles();
        double sum = 0;
        for (int i = 0; i < policy.length; i++) {
            double toRef = reference[i] - policy[i];
            sum += (Math.exp(toRef) - toRef - 1) * (options.useBiasCorrectionKl ? ratios[i] : 1);
        }
        return sum / policy.length;
    }

    private boolean clipsLow(double ratio, double advantage) {
        return switch (options.lossType) {
            case GRPO, BNPO, DR_GRPO, DAPO, LUSPO -> advantage < 0 && ratio < 1 - options.epsilonLow;
            case CISPO, SAPO, VESPO -> false;
        };
    }

    private boolean clipsHigh(double ratio, double advantage) {
        return switch (options.lossType) {
            case GRPO, BNPO, DR_GRPO, DAPO, LUSPO -> advantage > 0 && ratio > 1 + options.epsilonHigh;
            case CISPO -> advantage > 0 && ratio > options.epsilonHigh;
            case SAPO, VESPO -> false;
        };
    }

    /// Sums, or means, over the tokens of each sequence: (tokens) to (sequences). Empty sequences have 0.
    private static Tensor sequenceSums(Tensor perToken, int[] lengths, boolean mean) {
        Tensor sums = Tensor.zeros(perToken.dtype(), lengths.length).indexAdd(0, owners(lengths), perToken);
        if (!mean) {
            return sums;
        }
        return sums.mul(vector(
                Arrays.stream(lengths).mapToDouble(n -> 1.0 / Math.max(1, n)).toArray(), perToken));
    }

    /// Each sequence's value for each of its tokens: (sequences) to (tokens).
    private static Tensor spread(Tensor perSequence, int[] lengths) {
        return perSequence.indexSelect(0, owners(lengths));
    }

    /// The sequence of each token.
    private static Tensor owners(int[] lengths) {
        int[] owners = new int[Arrays.stream(lengths).sum()];
        int t = 0;
        for (int i = 0; i < lengths.length; i++) {
            Arrays.fill(owners, t, t + lengths[i], i);
            t += lengths[i];
        }
        return Tensor.of(owners, owners.length);
    }

    private static double[] perToken(double[] perSequence, int[] lengths) {
        double[] out = new double[Arrays.stream(lengths).sum()];
        int t = 0;
        for (int i = 0; i < lengths.length; i++) {
            Arrays.fill(out, t, t + lengths[i], perSequence[i]);
            t += lengths[i];
        }
        return out;
    }

    private static double[] each(double[] values, DoubleUnaryOperator f) {
        return Arrays.stream(values).map(f).toArray();
    }

    private static Tensor vector(double[] values, Tensor like) {
        return Tensor.of(values, values.length).to(like.dtype());
    }

    private void check(
            Tensor logProbs,
            Tensor oldLogProbs,
            @Nullable Tensor refLogProbs,
            double[] advantages,
            int[] lengths,
            Normaliser normaliser,
            double @Nullable [] policyWeights) {
        var wrong = new ArrayList<String>();
        need(wrong, Arrays.stream(lengths).allMatch(n -> n >= 0), "lengths >= 0", Arrays.toString(lengths));
        long tokens = Arrays.stream(lengths).asLongStream().sum();
        long[] shape = {tokens};
        needShape(wrong, "logProbs", shape, logProbs);
        needShape(wrong, "oldLogProbs", shape, oldLogProbs);
        if (refLogProbs != null) {
            needShape(wrong, "refLogProbs", shape, refLogProbs);
        }
        need(wrong, options.beta == 0 || refLogProbs != null, "refLogProbs because beta is not 0", "null");
        need(wrong, advantages.length == lengths.length, lengths.length + " advantages", advantages.length);
        need(
                wrong,
                Arrays.stream(advantages).allMatch(Double::isFinite),
                "finite advantages",
                Arrays.toString(advantages));
        need(
                wrong,
                policyWeights == null || policyWeights.length == tokens,
                tokens + " policyWeights",
                policyWeights == null ? 0 : policyWeights.length);
        boolean counts = tokens == 0 || normaliser.sequences > 0 && normaliser.tokens > 0;
        need(wrong, counts, "a normaliser with positive counts", normaliser);
        refuse(wrong);
    }

    private static void needShape(List<String> wrong, String name, long[] shape, Tensor tensor) {
        need(
                wrong,
                Arrays.equals(shape, tensor.shape()),
                name + " of shape " + Arrays.toString(shape) + ", the sum of the lengths",
                Arrays.toString(tensor.shape()));
    }

    private static void need(List<String> wrong, boolean holds, String expected, Object got) {
        if (!holds) {
            wrong.add("expected " + expected + "; got " + got);
        }
    }

    private static void refuse(List<String> wrong) {
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[grpo] " + String.join(". Also ", wrong));
        }
    }
}
