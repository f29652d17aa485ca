package io.torrefy.posttrain.ppo;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.RewardBatch;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Rollouts and scores of a step, and the log-probabilities of what was sampled: what the algorithms have in common.
/// What step `k` draws depends on (seed, k) alone.
final class Sampler implements AutoCloseable {
    private final String op;
    private final Tokenizer tokenizer;
    private final Task task;
    private final Scorer scorer;
    private final RolloutOptions options;
    private final Generator generator;

    Sampler(
            String op,
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            RolloutOptions options,
            KlPenalty kl) {
        Checks checks = new Checks(op);
        checks.expect(
                reference != null || kl.coefficient() == 0,
                "a reference model with the KL coefficient " + kl.coefficient(),
                "none");
        if (reference != null) {
            checks.expect(
                    reference.config().vocab() == policy.config().vocab(),
                    "a reference model of the policy's vocabulary, "
                            + policy.config().vocab(),
                    reference.config().vocab());
            checks.expect(
                    reference != policy,
                    "a reference model that stays as it is, such as a copy of the policy",
                    "the policy itself, from which it has no distance");
        }
        checks.refuse();
        tokenizer.checkFits(policy.config().vocab());
        this.op = op;
        this.tokenizer = tokenizer;
        this.task = task;
        this.scorer = scorer;
        this.options = options;
        this.generator = Generator.of(policy, tokenizer, options.batch());
    }

    Generator generator() {
        return generator;
    }

    /// What was sampled in a step, without the groups that have no scores.
    ///
    /// @param rewards of each rollout
    /// @param scores of each rollout: the reward less the penalty for one that was cut off
    /// @param failed how many completions each reward could not score
    /// @param warnings what people should know of that
    /// @param verified whether the task can tell right from wrong
    record Batch(
            List<Rollout> rollouts,
            List<RewardBreakdown> rewards,
            double[] scores,
            Map<String, Integer> failed,
            List<String> warnings,
            boolean verified) {
        int size() {
            return rollouts.size();
        }

        int[] lengths() {
            return rollouts.stream().mapToInt(Rollout::tokens).toArray();
        }

        int tokens() {
            return Arrays.stream(lengths()).sum();
        }
    }

    /// Samples the completions of step `step` and scores them.
    ///
    /// @throws IllegalStateException if a score is missing or not finite; names the problem
    Batch sample(long step, StepClock clock) {
        List<Problem> problems = new ArrayList<>();
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < options.problems(); i++) {
            Problem problem = task.training(options.seed(), step * options.problems() + i);
            int[] ids = Tokens.prompt(tokenizer, problem);
            for (int g = 0; g < options.numGenerations(); g++) {
                problems.add(problem);
                prompts.add(ids);
            }
        }
        Sampling sampling = Sampling.of(options.maxCompletionLength(), options.temperature(), options.seed())
                .withStopIds(Set.of(Tokens.end(tokenizer)));
        List<Completion> completions = generate(step, prompts, sampling);
        List<Rollout> rollouts = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            Completion completion = completions.get(i);
            String text = tokenizer.decode(completion.ids(), true);
            rollouts.add(new Rollout(problems.get(i), prompts.get(i), completion, text));
        }
        clock.lap("rollout");
        RewardBatch rewards = scored(rollouts);
        clock.lap("reward");
        return batch(rollouts, rewards);
    }

    /// The groups all of whose completions have a score.
    private Batch batch(List<Rollout> all, RewardBatch scored) {
        List<Rollout> rollouts = new ArrayList<>();
        List<RewardBreakdown> rewards = new ArrayList<>();
        int group = options.numGenerations();
        for (int from = 0; from < all.size(); from += group) {
            List<RewardBreakdown> of = scored.breakdowns().subList(from, from + group);
            if (of.stream().noneMatch(reward -> Double.isNaN(reward.total()))) {
                rollouts.addAll(all.subList(from, from + group));
                rewards.addAll(of);
            }
        }
        if (rollouts.isEmpty()) {
            throw new IllegalStateException(
                    "[" + op + "] expected a group whose completions all have a score; got none of "
                            + all.size() / group + ". " + String.join(" ", scored.messages()));
        }
        double[] scores = new double[rollouts.size()];
        for (int i = 0; i < scores.length; i++) {
            double penalty = rollouts.get(i).ended() ? 0 : options.missingEosPenalty();
            scores[i] = rewards.get(i).total() - penalty;
        }
        return new Batch(rollouts, rewards, scores, scored.failed(), scored.messages(), task.verifies());
    }

    /// Weights that are no numbers cannot be sampled from.
    private List<Completion> generate(long step, List<int[]> prompts, Sampling sampling) {
        try {
            return generator.generate(prompts, sampling, step * prompts.size(), (_, _) -> {});
        } catch (IllegalStateException e) {
            throw new RunException("[" + op + "] the rollout failed at step " + (step + 1) + ": " + e.getMessage());
        }
    }

    private RewardBatch scored(List<Rollout> rollouts) {
        RewardBatch batch = scorer.scoreAll(rollouts);
        List<RewardBreakdown> rewards = batch.breakdowns();
        if (rewards.size() != rollouts.size()) {
            throw new IllegalStateException("[" + op + "] expected a score for each of " + rollouts.size()
                    + " completions; got " + rewards.size());
        }
        boolean failures = batch.failed().values().stream().anyMatch(count -> count > 0);
        List<String> names = names(rewards.getFirst());
        for (int i = 0; i < rewards.size(); i++) {
            if (!names(rewards.get(i)).equals(names)) {
                throw new IllegalStateException("[" + op + "] expected every completion to be judged by " + names
                        + ", as the first is; got " + names(rewards.get(i)) + " in row " + i);
            }
            double total = rewards.get(i).total();
            if (!Double.isFinite(total) && !(failures && Double.isNaN(total))) {
                throw new IllegalStateException("[" + op + "] expected a finite score; got " + total + " on problem "
                        + rollouts.get(i).problem().id() + ". Hint: a reward that cannot judge must say so, not NaN.");
            }
        }
        return batch;
    }

    private static List<String> names(RewardBreakdown reward) {
        return reward.parts().stream().map(RewardBreakdown.Part::name).toList();
    }

    // ---- log-probabilities and values ------------------------------------------------------------------------------

    /// The rows as one batch for a model.
    PackedCompletions pack(List<Rollout> rollouts, int[] rows) {
        return PackedCompletions.of(
                Arrays.stream(rows).mapToObj(i -> rollouts.get(i).prompt()).toList(),
                Arrays.stream(rows)
                        .mapToObj(i -> rollouts.get(i).completion().ids())
                        .toList());
    }

    /// The rows, as many at a time as fit into memory.
    List<int[]> microBatches(List<Rollout> rollouts, int[] rows) {
        return PackedCompletions.microBatches(
                rollouts.stream().map(Rollout::prompt).toList(),
                rollouts.stream().map(r -> r.completion().ids()).toList(),
                rows,
                options.microBatchTokens());
    }

    /// Log-probabilities of all tokens (tokens, rollouts end to end) under a model, without gradients.
    double[] logProbs(CausalLm model, Batch batch) {
        return perToken(
                batch, packed -> packed.logProbs(model, options.temperature()).logProbs());
    }

    /// One number a token of all rollouts, without gradients.
    double[] perToken(Batch batch, Function<PackedCompletions, Tensor> function) {
        double[] all = new double[batch.tokens()];
        int at = 0;
        try (Autograd.Mode _ = Autograd.noGrad()) {
            int[] rows = IntStream.range(0, batch.size()).toArray();
            for (int[] part : microBatches(batch.rollouts(), rows)) {
                try (Scope _ = Scope.open()) {
                    double[] some = function.apply(pack(batch.rollouts(), part)).toDoubles();
                    System.arraycopy(some, 0, all, at, some.length);
                    at += some.length;
                }
            }
        }
        return all;
    }

    // ---- mini-batches ----------------------------------------------------------------------------------------------

    /// The rows of a step in random order, in `count` parts as equal as can be. The rows of a part are in their own
    /// order, so that completions of one prompt share it.
    ///
    /// @param rows completions, or other things that are learnt from, such as pairs
    List<int[]> miniBatches(long step, int epoch, Optimization optimization, int rows) {
        int count = Math.min(rows, optimization.numMiniBatches());
        // Another seed than sampling's, whose streams are numbered by sample.
        long stream = step * optimization.numPpoEpochs() + epoch;
        int[] order = Rng.of(~options.seed()).stream(stream).permutation(rows);
        List<int[]> parts = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            int[] part =
                    Arrays.copyOfRange(order, (int) ((long) rows * b / count), (int) ((long) rows * (b + 1) / count));
            Arrays.sort(part);
            parts.add(part);
        }
        return parts;
    }

    /// Refuses more mini-batches than completions.
    void checkMiniBatches(Optimization optimization) {
        Checks checks = new Checks(op);
        checks.expect(
                optimization.numMiniBatches() <= options.batch(),
                "numMiniBatches of at most the " + options.batch() + " completions of a step",
                optimization.numMiniBatches());
        checks.refuse();
    }

    // ---- what people see -------------------------------------------------------------------------------------------

    List<RunSample> samples(long step, Batch batch) {
        List<RunSample> samples = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            Rollout r = batch.rollouts().get(i);
            RewardBreakdown reward = batch.rewards().get(i);
            Map<String, Double> parts = new LinkedHashMap<>();
            reward.parts().forEach(part -> parts.put(part.name(), part.weight() * part.score()));
            samples.add(new RunSample(
                    step + 1,
                    "train",
                    r.problem().prompt(),
                    r.text(),
                    String.valueOf(r.problem().goal()),
                    task.verify(r.problem(), r.text()).correct(),
                    reward.total(),
                    parts,
                    r.tokens(),
                    r.ended() ? "stop" : "length"));
        }
        return samples;
    }

    @Override
    public void close() {
        generator.close();
    }
}
