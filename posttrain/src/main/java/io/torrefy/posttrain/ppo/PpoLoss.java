package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// The two losses of proximal policy optimisation (Schulman et al. 2017, eq. 7 and 9) on packed completions.
///
/// With ρ = exp(logProb - oldLogProb) and a token's advantage A,
///
/// ```
/// policy = max(-A ρ, -A clip(ρ, 1 - cliprange, 1 + cliprange))        where A < 0 at most -A dualClip
/// value  = max((V - R)², (clip(V, V_old ± cliprangeValue) - R)²) / 2
/// ```
///
/// each summed over the micro-batch's tokens and divided by those of the whole mini-batch, so that micro-batches add up
/// to it exactly. The log-ratio is held within ±20, as in verl, so that ρ is finite.
@Export(value = "posttrain.PpoLoss", since = "0.1")
public final class PpoLoss {
    private static final double LOG_RATIO_LIMIT = 20;

    /// Settings. Names are TRL's where TRL has them.
    ///
    /// @param cliprange 0.2 in TRL, verl and OpenRLHF
    /// @param cliprangeValue 0.2 in TRL; verl and OpenRLHF have 0.5. Infinity for none
    /// @param dualClip infinity, which is none, as in TRL; verl has 3 (Ye et al. 2020): bounds the loss of a token
    ///     with A < 0 that became much more likely
    public record Options(double cliprange, double cliprangeValue, double dualClip) {
        public Options {
            Checks checks = new Checks("ppo loss");
            checks.expect(cliprange > 0 && cliprange < 1, "cliprange in (0, 1)", cliprange);
            checks.expect(cliprangeValue > 0, "cliprangeValue > 0, infinity for none", cliprangeValue);
            checks.expect(
                    dualClip > 1 + cliprange,
                    "dualClip above 1 + cliprange, or it would cut what the clip leaves; infinity for none",
                    dualClip);
            checks.refuse();
        }

        /// TRL's: 0.2, 0.2 and no dual clip.
        public static Options defaults() {
            return new Options(0.2, 0.2, Double.POSITIVE_INFINITY);
        }

        /// These with another `cliprange`.
        public Options withCliprange(double value) {
            return new Options(value, cliprangeValue, dualClip);
        }

        /// These with another `cliprangeValue`.
        public Options withCliprangeValue(double value) {
            return new Options(cliprange, value, dualClip);
        }

        /// These with another `dualClip`.
        public Options withDualClip(double value) {
            return new Options(cliprange, cliprangeValue, value);
        }
    }

    /// A micro-batch's share of the mini-batch's policy loss, and of its means, which add up as the loss does.
    ///
    /// @param loss scalar, differentiable in `logProbs`
    /// @param clipfrac part of the tokens whose clipped term is the larger one
    /// @param approxkl mean of (log ρ)² / 2, as TRL's `policy/approxkl_avg`
    /// @param ratio mean of ρ
    public record Policy(Tensor loss, double clipfrac, double approxkl, double ratio) {}

    /// A micro-batch's share of the mini-batch's value loss, and of its means.
    ///
    /// @param loss scalar, differentiable in `values`
    /// @param clipfrac part of the tokens whose clipped term is the larger one
    public record Value(Tensor loss, double clipfrac) {}

    private final Options options;

    private PpoLoss(Options options) {
        this.options = options;
    }

    /// The losses with these settings.
    public static PpoLoss of(Options options) {
        return new PpoLoss(options);
    }

    /// The policy loss of a micro-batch.
    ///
    /// @param logProbs (tokens), of the policy that is trained
    /// @param oldLogProbs of the policy that drew the tokens, one a token
    /// @param advantages one a token
    /// @param tokens of the whole mini-batch, over all of its micro-batches
    /// @throws IllegalArgumentException naming everything that does not fit
    public Policy policy(Tensor logProbs, double[] oldLogProbs, double[] advantages, double tokens) {
        check("logProbs", logProbs, "oldLogProbs", oldLogProbs, "advantages", advantages, tokens);
        Tensor logRatio = logProbs.sub(vector(oldLogProbs, logProbs)).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT);
        Tensor ratio = logRatio.exp();
        Tensor minusA = vector(Arrays.stream(advantages).map(a -> -a).toArray(), logProbs);
        Tensor free = minusA.mul(ratio);
        Tensor clipped = minusA.mul(ratio.clamp(1 - options.cliprange, 1 + options.cliprange));
        Tensor perToken = free.maximum(clipped);
        if (options.dualClip < Double.POSITIVE_INFINITY) {
            double[] most = Arrays.stream(advantages)
                    .map(a -> a < 0 ? -a * options.dualClip : Double.POSITIVE_INFINITY)
                    .toArray();
            perToken = perToken.minimum(vector(most, logProbs));
        }
        double[] log = logRatio.detach().toDoubles();
        double squares = 0;
        double ratios = 0;
        for (double l : log) {
            squares += l * l / 2;
            ratios += Math.exp(l);
        }
        return new Policy(
                perToken.sum().div(tokens), larger(clipped, free) / tokens, squares / tokens, ratios / tokens);
    }

    /// The value loss of a micro-batch.
    ///
    /// @param values (tokens), of the critic that is trained
    /// @param oldValues the critic's when the advantages were made, one a token
    /// @param returns what the values are fitted to, one a token
    /// @param tokens of the whole mini-batch, over all of its micro-batches
    /// @throws IllegalArgumentException naming everything that does not fit
    public Value value(Tensor values, double[] oldValues, double[] returns, double tokens) {
        check("values", values, "oldValues", oldValues, "returns", returns, tokens);
        Tensor target = vector(returns, values);
        Tensor free = values.sub(target).square();
        if (options.cliprangeValue == Double.POSITIVE_INFINITY) {
            return new Value(free.sum().mul(0.5 / tokens), 0);
        }
        Tensor old = vector(oldValues, values);
        Tensor near = old.add(values.sub(old).clamp(-options.cliprangeValue, options.cliprangeValue));
        Tensor clipped = near.sub(target).square();
        return new Value(free.maximum(clipped).sum().mul(0.5 / tokens), larger(clipped, free) / tokens);
    }

    /// In how many places `a` is larger than `b`.
    private static int larger(Tensor a, Tensor b) {
        double[] left = a.detach().toDoubles();
        double[] right = b.detach().toDoubles();
        int count = 0;
        for (int i = 0; i < left.length; i++) {
            count += left[i] > right[i] ? 1 : 0;
        }
        return count;
    }

    private static Tensor vector(double[] values, Tensor like) {
        return Tensor.of(values, values.length).to(like.dtype());
    }

    private static void check(
            String name, Tensor tensor, String oldName, double[] old, String otherName, double[] other, double tokens) {
        Checks checks = new Checks("ppo loss");
        checks.expect(tensor.rank() == 1, name + " of shape (tokens)", Arrays.toString(tensor.shape()));
        long n = tensor.count();
        checks.expect(old.length == n, n + " " + oldName, old.length);
        checks.expect(other.length == n, n + " " + otherName, other.length);
        checks.expect(Arrays.stream(other).allMatch(Double::isFinite), "finite " + otherName, "one that is not");
        checks.expect(
                tokens >= n && tokens > 0,
                "a mini-batch of at least the " + n + " tokens given, and not empty",
                tokens);
        checks.refuse();
    }
}
