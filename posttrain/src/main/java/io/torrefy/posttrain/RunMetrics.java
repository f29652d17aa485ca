package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.export.Export;

/// The names of the metrics that [Progress] and [Report] know how to show; a run may log any others beside them.
/// Lengths are in tokens, times in seconds, fractions in 0..1.
@Export(value = "posttrain.RunMetrics", since = "0.1", members = "posttrain.metrics")
public final class RunMetrics {
    /// Mean total reward of the step's completions.
    public static final String REWARD = "reward";
    /// Standard deviation of the reward over the step's completions.
    public static final String REWARD_STD = "reward_std";
    /// Prefix of the mean of each reward function: `rewards/format`.
    public static final String REWARD_PARTS = "rewards/";
    /// Suffix of the number of the step's completions that a reward could not score: `rewards/http/failed`; logged
    /// at the steps where there are some.
    public static final String REWARD_FAILED = "/failed";
    /// Fraction of the step's sampled completions that the verifier accepts.
    public static final String ACCURACY = "accuracy";
    /// Fraction of held-out problems solved greedily; logged at the steps that evaluate, at least the first and
    /// last.
    public static final String EVAL_ACCURACY = "eval/accuracy";
    /// Fraction of validation problems solved greedily, on the way.
    public static final String VALIDATION_ACCURACY = "eval/validation";
    /// Mean reward of the held-out problems' greedy completions.
    public static final String EVAL_REWARD = "eval/reward";
    /// The same of validation problems, on the way.
    public static final String VALIDATION_REWARD = "eval/validation_reward";
    /// Mean completion length.
    public static final String RESPONSE_LENGTH = "response_length";
    /// Fraction of completions cut off at the length limit.
    public static final String TRUNCATED = "truncated";
    /// Mean KL divergence to the reference model per token.
    public static final String KL = "kl";
    /// Mean entropy of the policy per token, in nats.
    public static final String ENTROPY = "entropy";
    /// Fraction of tokens whose ratio is clipped.
    public static final String CLIP_FRACTION = "clip_fraction";
    /// Norm of the gradient before clipping.
    public static final String GRAD_NORM = "grad_norm";
    /// The loss that is minimised.
    public static final String LOSS = "loss";
    /// Prefix of metrics of held-out samples, by TRL's names: `eval_loss`.
    public static final String HELD_OUT = "eval_";
    /// The loss of held-out samples.
    public static final String EVAL_LOSS = "eval_loss";
    /// The step's learning rate.
    public static final String LEARNING_RATE = "learning_rate";
    /// Fraction of groups whose rewards are all equal, which teach nothing.
    public static final String ZERO_VARIANCE = "frac_reward_zero_std";
    /// How often problems were drawn for the step, with dynamic sampling (verl's name).
    public static final String NUM_GEN_BATCHES = "num_gen_batches";
    /// Groups that dynamic sampling threw away.
    public static final String FILTERED_GROUPS = "filtered_groups";
    /// Completions that were cut off and are therefore left out of the loss.
    public static final String MASKED_TRUNCATED = "masked_truncated";
    /// By how many steps the weights that sampled lie behind those that are trained.
    public static final String STALENESS = "staleness";
    /// Mean over tokens of how far the log-probability at sampling lies from that at the update (TRL's name): 0 but
    /// for rounding where the same weights do both.
    public static final String LOGP_DIFFERENCE = "sampling/sampling_logp_difference/mean";
    /// The largest of them.
    public static final String LOGP_DIFFERENCE_MAX = "sampling/sampling_logp_difference/max";
    /// Mean of the ratio of the two probabilities (TRL's name); with a [SamplingCorrection] of its weights, which
    /// are within bounds.
    public static final String SAMPLING_RATIO = "sampling/importance_sampling_ratio/mean";
    /// The least of those weights (TRL's name).
    public static final String SAMPLING_RATIO_MIN = "sampling/importance_sampling_ratio/min";
    /// The greatest of them (TRL's name).
    public static final String SAMPLING_RATIO_MAX = "sampling/importance_sampling_ratio/max";
    /// Mean number of the model's turns, in episodes of several.
    public static final String TURNS = "num_turns";
    /// Tool calls per episode (TRL's name).
    public static final String TOOL_CALLS = "tools/call_frequency";
    /// Fraction of the tool calls that failed (TRL's name).
    public static final String TOOL_FAILURES = "tools/failure_frequency";
    /// Seconds that the thread of an asynchronous rollout took for the batch, rewards included; the step itself
    /// waited
    /// `time/rollout`.
    public static final String SAMPLER_SECONDS = "sampling/seconds";
    /// Completion tokens generated per second of rollout.
    public static final String TOKENS_PER_SECOND = "tokens_per_second";
    /// Prefix of the parts of a step's time: `time/rollout`, `time/reward`, `time/log_probs`, `time/update`.
    public static final String TIME = "time/";
    /// Seconds of the whole step.
    public static final String STEP_TIME = "time/step";

    private RunMetrics() {}

    /// A metric as it stands in `metrics.jsonl`, where NaN and infinities are strings; NaN for what is no number.
    static double number(JsonNode value) {
        return switch (value.asText()) {
            case "Infinity" -> Double.POSITIVE_INFINITY;
            case "-Infinity" -> Double.NEGATIVE_INFINITY;
            default -> value.isNumber() ? value.asDouble() : Double.NaN;
        };
    }
}
