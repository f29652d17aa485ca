package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Truncated importance sampling (Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL
/// training"; TRL's `vllm_importance_sampling_correction`) of tokens that older or rounded weights sampled. With the
/// policy p before the update and what sampled, q, each token's loss is multiplied by a weight that has no gradient,
///
/// ```
/// w = p(token) / q(token), or of all tokens of the completion the product of these
/// ```
///
/// held within bounds, and the ratio that the loss clips is taken to p. Without a bound a single token that q found
/// unlikely decides the step; the longer a completion, the further the product lies from 1.
///
/// Without correction the ratio that the loss clips is taken to q itself (verl's `bypass_mode`): the clip then bounds
/// it, but for tokens with A < 0, which [GrpoLoss.Options#delta] does. The correction takes a pass more over the batch.
///
/// @param mode NONE (TRL's `vllm_importance_sampling_mode` is `sequence_mask`, for engines whose numbers differ; here
///     nothing differs unless older weights sample, or rounded ones)
/// @param clipMin 0, which is none (TRL's `vllm_importance_sampling_clip_min`, unset): the least weight
/// @param clipMax 3 (TRL's `vllm_importance_sampling_clip_max`, once `vllm_importance_sampling_cap`; verl's
///     `rollout_is_threshold` is 2): the greatest weight; infinity for none
@Export(value = "posttrain.SamplingCorrection", since = "0.1")
public record SamplingCorrection(Mode mode, double clipMin, double clipMax) {
    /// Of what the weight is, and what becomes of one that is out of bounds. Names are TRL's.
    public enum Mode {
        /// There is none.
        NONE,
        /// Each token's own, brought to the bound.
        TOKEN_TRUNCATE,
        /// Each token's own, or 0.
        TOKEN_MASK,
        /// The completion's, brought to the bound.
        SEQUENCE_TRUNCATE,
        /// The completion's, or 0: such a completion teaches nothing.
        SEQUENCE_MASK;

        boolean ofSequences() {
            return this == SEQUENCE_TRUNCATE || this == SEQUENCE_MASK;
        }

        boolean masks() {
            return this == TOKEN_MASK || this == SEQUENCE_MASK;
        }
    }

    /// TRL's bounds, and no correction.
    public static final SamplingCorrection NONE = new SamplingCorrection(Mode.NONE, 0, 3);

    public SamplingCorrection {
        List<String> wrong = new ArrayList<>();
        if (!(clipMin >= 0)) {
            wrong.add("clipMin of at least 0; got " + clipMin);
        }
        if (!(clipMax > 0 && clipMax >= clipMin)) {
            wrong.add("a positive clipMax of at least clipMin " + clipMin + "; got " + clipMax);
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[sampling correction] expected " + String.join("; and ", wrong));
        }
    }

    /// These bounds in another mode.
    public SamplingCorrection withMode(Mode value) {
        return new SamplingCorrection(value, clipMin, clipMax);
    }

    /// The weights of a completion's tokens.
    ///
    /// @param trained log-probabilities under the policy before the update (tokens)
    /// @param sampled those under what sampled (tokens)
    public double[] weights(double[] trained, double[] sampled) {
        if (trained.length != sampled.length) {
            throw new IllegalArgumentException(
                    "[sampling correction] expected log-probabilities of the same tokens; got " + trained.length
                            + " and " + sampled.length);
        }
        double[] weights = new double[trained.length];
        switch (mode) {
            case NONE -> Arrays.fill(weights, 1);
            case TOKEN_TRUNCATE, TOKEN_MASK ->
                Arrays.setAll(weights, t -> bounded(StrictMath.exp(trained[t] - sampled[t])));
            case SEQUENCE_TRUNCATE, SEQUENCE_MASK -> {
                double gap = 0;
                for (int t = 0; t < trained.length; t++) {
                    gap += trained[t] - sampled[t];
                }
                Arrays.fill(weights, bounded(StrictMath.exp(gap)));
            }
        }
        return weights;
    }

    private double bounded(double ratio) {
        if (mode.masks()) {
            return ratio < clipMin || ratio > clipMax ? 0 : ratio;
        }
        return Math.clamp(ratio, clipMin, clipMax);
    }

    /// The weights that metrics are of, as TRL takes them: of sequences one each, else those of all tokens.
    double[] counted(List<double[]> weights) {
        return weights.stream()
                .filter(of -> of.length > 0)
                .flatMapToDouble(of -> Arrays.stream(of, 0, mode.ofSequences() ? 1 : of.length))
                .toArray();
    }
}
