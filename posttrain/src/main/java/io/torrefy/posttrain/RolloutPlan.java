package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.tensor.PackedWeights;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What [Grpo] may do beyond sampling a group for each problem and training on it.
///
/// @param filterGroups which groups are thrown away for teaching nothing, and sampled again from other problems
///     (DAPO's dynamic sampling, Yu et al. 2025, eq. 11; verl's `algorithm.filter_groups.metric`)
/// @param maxNumGenBatches how often problems are drawn for a step, at most (verl's `max_num_gen_batches`). Where
///     that is not enough the step is made with the groups that there are, of which there may be none
/// @param maskTruncatedCompletions whether completions that were cut off take no part in the loss: their tokens
///     count neither in it nor in its normaliser; rewards and advantages see them (TRL's
///     `mask_truncated_completions`; DAPO's overlong filtering)
/// @param maxStaleness by how many steps the weights that sample may lie behind those that are trained; above 0
///     batches are sampled on a thread of its own while the model is updated ([AsyncRollout]; TRL's
///     `async_grpo` has `max_staleness`)
/// @param weights how matrices are kept for sampling. F32 samples from the very distribution that is trained; the
///     others from a near one, and ratios are then taken to it
/// @param environment what answers the model, for episodes of several turns; null for completions of one
/// @param maxTurns the model's turns in an episode, at most (TRL's `max_tool_calling_iterations` + 1)
/// @param template how messages become text; null: their texts one after another
/// @param correction what becomes of the ratio between the weights that are trained and those that sampled
@Export(value = "posttrain.RolloutPlan", since = "0.1")
public record RolloutPlan(
        FilterGroups filterGroups,
        int maxNumGenBatches,
        boolean maskTruncatedCompletions,
        int maxStaleness,
        PackedWeights.Format weights,
        @Nullable ConversationEnvironment environment,
        int maxTurns,
        @Nullable ChatTemplate template,
        SamplingCorrection correction) {
    /// By what the completions of a group must differ for it to be kept. Names are verl's.
    public enum FilterGroups {
        /// Every group is kept.
        NONE,
        /// By being right: groups all right and all wrong go, as in DAPO's paper.
        ACC,
        /// By their rewards: also by a shaped one, which rarely is the same for all.
        SEQ_REWARD
    }

    /// Nothing of it: a group for each problem, from the weights of the step.
    public static final RolloutPlan DEFAULT = new RolloutPlan(
            FilterGroups.NONE, 10, false, 0, PackedWeights.Format.F32, null, 5, null, SamplingCorrection.NONE);

    public RolloutPlan {
        List<String> wrong = new ArrayList<>();
        if (maxNumGenBatches < 1) {
            wrong.add("maxNumGenBatches of at least 1; got " + maxNumGenBatches);
        }
        if (maxStaleness < 0) {
            wrong.add("maxStaleness of at least 0; got " + maxStaleness);
        }
        if (maxTurns < 1) {
            wrong.add("maxTurns of at least 1; got " + maxTurns);
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("[rollout] expected " + String.join("; and ", wrong));
        }
    }

    public RolloutPlan withFilterGroups(FilterGroups by, int maxNumGenBatches) {
        return new RolloutPlan(
                by,
                maxNumGenBatches,
                maskTruncatedCompletions,
                maxStaleness,
                weights,
                environment,
                maxTurns,
                template,
                correction);
    }

    public RolloutPlan withMaskTruncatedCompletions(boolean mask) {
        return new RolloutPlan(
                filterGroups,
                maxNumGenBatches,
                mask,
                maxStaleness,
                weights,
                environment,
                maxTurns,
                template,
                correction);
    }

    public RolloutPlan withMaxStaleness(int steps) {
        return new RolloutPlan(
                filterGroups,
                maxNumGenBatches,
                maskTruncatedCompletions,
                steps,
                weights,
                environment,
                maxTurns,
                template,
                correction);
    }

    public RolloutPlan withWeights(PackedWeights.Format format) {
        return new RolloutPlan(
                filterGroups,
                maxNumGenBatches,
                maskTruncatedCompletions,
                maxStaleness,
                format,
                environment,
                maxTurns,
                template,
                correction);
    }

    public RolloutPlan withEnvironment(ConversationEnvironment with, int maxTurns, @Nullable ChatTemplate template) {
        return new RolloutPlan(
                filterGroups,
                maxNumGenBatches,
                maskTruncatedCompletions,
                maxStaleness,
                weights,
                with,
                maxTurns,
                template,
                correction);
    }

    public RolloutPlan withCorrection(SamplingCorrection value) {
        return new RolloutPlan(
                filterGroups,
                maxNumGenBatches,
                maskTruncatedCompletions,
                maxStaleness,
                weights,
                environment,
                maxTurns,
                template,
                value);
    }

    /// Whether completions come from another distribution than the one that is trained: then the ratio is taken to
    /// the log-probabilities that the tokens were sampled with, unless it is corrected.
    boolean samplesElsewhere() {
        return maxStaleness > 0 || weights != PackedWeights.Format.F32;
    }

    /// Whether the ratio is taken to the weights before the update, and what sampled is corrected for by a weight.
    boolean corrects() {
        return samplesElsewhere() && correction.mode() != SamplingCorrection.Mode.NONE;
    }
}
