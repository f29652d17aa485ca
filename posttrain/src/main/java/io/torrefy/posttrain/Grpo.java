package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Schedule;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Group relative policy optimisation (Shao et al. 2024, "DeepSeekMath", algorithm 1; Guo et al. 2025, "DeepSeek-R1",
/// eq. 1), one rollout a step:
///
/// 1. take the next problems and sample a group of completions for each from the policy itself;
/// 2. score every completion by the rules;
/// 3. a completion's advantage is its reward against its group;
/// 4. raise the log-probability of each token in proportion, clipped where the policy has moved away from the one that
/// sampled;
/// 5. with `beta > 0`, stay near the reference by the k3 estimate of the divergence.
///
/// Token ids are kept from sampling to update: no text is tokenised again. What step `k` draws depends on (seed, k)
/// alone, so a run resumes from weights, optimiser state and the number of steps.
@Export(value = "posttrain.Grpo", since = "0.1")
public final class Grpo implements AutoCloseable {
    /// How to train. Names are TRL's where TRL has them.
    ///
    /// @param problems different problems a step
    /// @param numGenerations completions a problem, the group
    /// @param maxCompletionLength tokens a completion may have
    /// @param temperature of sampling; log-probabilities are taken at the same
    /// @param learningRate the peak, reached after `warmup` steps and held, or brought down linearly over `steps`
    ///     if `decay`
    /// @param numIterations updates a rollout; with more than one the ratio to the sampling policy matters
    /// @param scale what the advantage is divided by
    /// @param maxGradNorm the gradient is scaled down to it
    /// @param microBatchTokens tokens in memory at a time; does not change the result but for rounding
    public record Options(
            long steps,
            int problems,
            int numGenerations,
            int maxCompletionLength,
            double temperature,
            double learningRate,
            long warmup,
            boolean decay,
            int numIterations,
            Advantages.Scale scale,
            GrpoLoss.Options loss,
            double maxGradNorm,
            int microBatchTokens,
            long seed) {
        public Options {
            List<String> problemsFound = new ArrayList<>();
            expect(problemsFound, steps >= 1, "steps of at least 1; got " + steps);
            expect(problemsFound, problems >= 1, "problems of at least 1; got " + problems);
            expect(problemsFound, numGenerations >= 2, "numGenerations of at least 2, a group; got " + numGenerations);
            expect(
                    problemsFound,
                    maxCompletionLength >= 1,
                    "a positive maxCompletionLength; got " + maxCompletionLength);
            expect(problemsFound, temperature > 0, "a positive temperature; got " + temperature);
            expect(problemsFound, learningRate > 0, "a positive learningRate; got " + learningRate);
            expect(problemsFound, numIterations >= 1, "numIterations of at least 1; got " + numIterations);
            expect(problemsFound, maxGradNorm > 0, "a positive maxGradNorm; got " + maxGradNorm);
            expect(
                    problemsFound,
                    warmup >= 0 && warmup <= Math.max(steps, 0),
                    "a warmup from 0 to the " + steps + " steps; got " + warmup);
            expect(problemsFound, microBatchTokens >= 1, "microBatchTokens of at least 1; got " + microBatchTokens);
            if (!problemsFound.isEmpty()) {
                throw new IllegalArgumentException("[grpo] expected " + String.join("; and ", problemsFound));
            }
        }

        private static void expect(List<String> problems, boolean right, String what) {
            if (!right) {
                problems.add(what);
            }
        }
    }

    private final CausalLm policy;
    private final @Nullable CausalLm reference;
    private final Tokenizer tokenizer;
    private final Task task;
    private final Rewards rewards;
    private final Options options;
    private final GrpoLoss loss;
    private final Learner learner;
    private final Generator generator;
    private List<String> warnings = List.of();

    private Grpo(
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            Options options) {
        if (options.loss.beta() > 0 && reference == null) {
            throw new IllegalArgumentException(
                    "[grpo] expected a reference model with beta " + options.loss.beta() + "; got none");
        }
        tokenizer.checkFits(policy.config().vocab());
        checkReference(policy, reference);
        this.policy = policy;
        this.reference = reference;
        this.tokenizer = tokenizer;
        this.task = task;
        this.rewards = rewards;
        this.options = options;
        this.loss = GrpoLoss.of(options.loss);
        AdamW optimizer =
                AdamW.of(policy.trainableParameters(), options.learningRate).withBetas(0.9, 0.95);
        Schedule schedule = options.decay
                ? Schedule.linear(options.learningRate, options.warmup, options.steps)
                : Schedule.constantWithWarmup(options.learningRate, options.warmup);
        this.learner = Learner.of("grpo", policy, optimizer, schedule, options.maxGradNorm);
        this.generator = Generator.of(policy, tokenizer, options.problems * options.numGenerations);
    }

    private static void checkReference(CausalLm policy, @Nullable CausalLm reference) {
        if (reference == policy) {
            throw new IllegalArgumentException("[grpo] expected a reference model that stays as it is; got the policy"
                    + " itself. Hint: load it twice; from itself it has no distance.");
        }
        if (reference != null && reference.config().vocab() != policy.config().vocab()) {
            throw new IllegalArgumentException("[grpo] expected a reference model of the policy's vocabulary, "
                    + policy.config().vocab() + "; got " + reference.config().vocab()
                    + ". Hint: take the model that the policy began as.");
        }
    }

    /// @param reference the frozen model that the divergence is measured to; needed with `beta > 0` only
    /// @throws IllegalArgumentException if it is missing, the policy itself, or of another vocabulary
    public static Grpo of(
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            Options options) {
        return new Grpo(policy, reference, tokenizer, task, rewards, options);
    }

    AdamW optimizer() {
        return learner.optimizer();
    }

    Generator generator() {
        return generator;
    }

    /// What people should know of the last step: the rewards that failed, and what to do.
    List<String> warnings() {
        return warnings;
    }

    /// One completion with everything the update needs.
    private record Rollout(Problem problem, int[] prompt, Completion completion, RunSample sample) {}

    private record Scored(List<Rollout> rollouts, RewardBatch rewards) {}

    /// What a step did.
    ///
    /// @param metrics by their names in [RunMetrics]
    /// @param samples the completions with their rewards
    public record Step(Map<String, Double> metrics, List<RunSample> samples) {}

    /// Step number `step`, from 0: rollout, rewards, advantages, update.
    ///
    /// @throws RunException if the loss or the gradient is not finite
    public Step step(long step) {
        Clock clock = new Clock();
        List<Problem> problems = new ArrayList<>();
        for (int i = 0; i < options.problems; i++) {
            problems.add(task.training(options.seed, step * options.problems + i));
        }
        Scored sampled = sample(step, problems, clock);
        List<Rollout> rollouts = sampled.rollouts;
        double[] reward = rollouts.stream().mapToDouble(r -> r.sample.reward()).toArray();
        double[] advantages = Advantages.group(reward, options.numGenerations, options.scale);
        List<double[]> old = options.numIterations == 1 ? List.of() : logProbs(policy, rollouts);
        List<double[]> ref = reference == null || options.loss.beta() == 0 ? List.of() : logProbs(reference, rollouts);
        clock.lap("log_probs");
        Update update = new Update();
        for (int iteration = 0; iteration < options.numIterations; iteration++) {
            update = update(step, rollouts, advantages, old, ref);
        }
        clock.lap("update");
        Map<String, Double> metrics = metrics(rollouts, reward, update, clock);
        metrics.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        putFailures(metrics, sampled.rewards);
        warnings = sampled.rewards.messages();
        return new Step(metrics, rollouts.stream().map(Rollout::sample).toList());
    }

    // ---- 1, 2: rollout and rewards ---------------------------------------------------------------------------------

    private Scored sample(long step, List<Problem> problems, Clock clock) {
        List<int[]> prompts = new ArrayList<>();
        for (Problem problem : problems) {
            int[] ids = Tokens.prompt(tokenizer, problem.prompt());
            for (int g = 0; g < options.numGenerations; g++) {
                prompts.add(ids);
            }
        }
        Sampling sampling = Sampling.of(options.maxCompletionLength, options.temperature, options.seed)
                .withStopIds(Set.of(Tokens.end(tokenizer)));
        List<Completion> completions = generate(step, prompts, sampling);
        clock.lap("rollout");
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            attempts.add(Evaluation.attempt(problems.get(i / options.numGenerations), completions.get(i), tokenizer));
        }
        RewardBatch scored = rewards.scoreAll(attempts);
        List<Rollout> rollouts = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            RunSample judged = Evaluation.sample(
                    step + 1, "train", attempts.get(i), scored.breakdowns().get(i), task);
            rollouts.add(new Rollout(attempts.get(i).problem(), prompts.get(i), completions.get(i), judged));
        }
        clock.lap("reward");
        return new Scored(rollouts, scored);
    }

    /// Weights that are no numbers cannot be sampled from.
    private List<Completion> generate(long step, List<int[]> prompts, Sampling sampling) {
        try {
            return generator.generate(prompts, sampling, step * prompts.size(), (_, _) -> {});
        } catch (IllegalStateException e) {
            throw new RunException("[grpo] the rollout failed at step " + (step + 1) + ": " + e.getMessage());
        }
    }

    // ---- 4, 5: the update ------------------------------------------------------------------------------------------

    /// What an update measured.
    private static final class Update {
        double loss;
        double gradNorm;
        GrpoLoss.@Nullable Metrics metrics;
    }

    private Update update(
            long step, List<Rollout> rollouts, double[] advantages, List<double[]> old, List<double[]> ref) {
        double allTokens =
                rollouts.stream().mapToInt(r -> r.completion.ids().length).sum();
        GrpoLoss.Normaliser whole = new GrpoLoss.Normaliser(rollouts.size(), allTokens);
        Update update = new Update();
        for (int[] part : microBatches(rollouts, advantages)) {
            try (Scope _ = Scope.open()) {
                List<Rollout> batch =
                        Arrays.stream(part).mapToObj(rollouts::get).toList();
                Tensor logProbs = logProbsOf(policy, batch);
                Tensor sampledUnder = old.isEmpty() ? logProbs.detach() : packed(old, part);
                Tensor near = ref.isEmpty() ? null : packed(ref, part);
                double[] a = Arrays.stream(part).mapToDouble(i -> advantages[i]).toArray();
                int[] lengths =
                        batch.stream().mapToInt(r -> r.completion.ids().length).toArray();
                GrpoLoss.Result result = loss.loss(logProbs, sampledUnder, near, a, lengths, whole);
                update.loss += result.loss().item();
                update.metrics = update.metrics == null ? result.metrics() : update.metrics.plus(result.metrics());
                result.loss().backward();
            }
        }
        update.gradNorm = learner.update(step, update.loss);
        return update;
    }

    /// Indices of rollouts, some at a time. Those without advantage have no gradient and are left out, unless the
    /// divergence gives them one.
    private List<int[]> microBatches(List<Rollout> rollouts, double[] advantages) {
        int[] rows = IntStream.range(0, rollouts.size())
                .filter(i -> advantages[i] != 0 || options.loss.beta() != 0)
                .toArray();
        return PackedCompletions.microBatches(
                rollouts.stream().map(Rollout::prompt).toList(),
                rollouts.stream().map(r -> r.completion.ids()).toList(),
                rows,
                options.microBatchTokens);
    }

    private static Tensor packed(List<double[]> perSequence, int[] part) {
        double[] all = Arrays.stream(part)
                .mapToObj(perSequence::get)
                .flatMapToDouble(Arrays::stream)
                .toArray();
        float[] values = new float[all.length];
        for (int i = 0; i < all.length; i++) {
            values[i] = (float) all[i];
        }
        return Tensor.of(values, values.length);
    }

    /// Log-probabilities of all completions under a model, without gradients.
    private List<double[]> logProbs(CausalLm model, List<Rollout> rollouts) {
        List<double[]> result = new ArrayList<>();
        double[] everywhere = new double[rollouts.size()];
        Arrays.fill(everywhere, 1);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int[] part : microBatches(rollouts, everywhere)) {
                try (Scope _ = Scope.open()) {
                    List<Rollout> batch =
                            Arrays.stream(part).mapToObj(rollouts::get).toList();
                    double[] flat = logProbsOf(model, batch).toDoubles();
                    int at = 0;
                    for (Rollout r : batch) {
                        result.add(Arrays.copyOfRange(flat, at, at += r.completion.ids().length));
                    }
                }
            }
        }
        return result;
    }

    /// Log-probabilities of the completions' tokens, packed end to end. The completions of a problem follow each
    /// other: their prompt is read once.
    private Tensor logProbsOf(CausalLm model, List<Rollout> batch) {
        return PackedCompletions.of(
                        batch.stream().map(Rollout::prompt).toList(),
                        batch.stream().map(r -> r.completion.ids()).toList())
                .logProbs(model, options.temperature)
                .logProbs();
    }

    // ---- metrics ---------------------------------------------------------------------------------------------------

    private Map<String, Double> metrics(List<Rollout> rollouts, double[] reward, Update update, Clock clock) {
        Map<String, Double> m = new LinkedHashMap<>();
        double n = rollouts.size();
        double tokens =
                rollouts.stream().mapToInt(r -> r.completion.ids().length).sum();
        m.put(
                RunMetrics.REWARD,
                Arrays.stream(reward).filter(Double::isFinite).average().orElse(Double.NaN));
        m.put(RunMetrics.REWARD_STD, groupDeviation(reward));
        for (String name : rewards.names()) {
            m.put(
                    RunMetrics.REWARD_PARTS + name,
                    meanOfScored(rollouts.stream()
                            .mapToDouble(r -> r.sample.rewards().get(name))
                            .toArray()));
        }
        m.put(
                RunMetrics.ACCURACY,
                rollouts.stream().filter(r -> r.sample.correct()).count() / n);
        m.put(RunMetrics.RESPONSE_LENGTH, tokens / n);
        m.put(
                RunMetrics.TRUNCATED,
                rollouts.stream()
                                .filter(r -> r.completion.finish() == Completion.Finish.LENGTH)
                                .count()
                        / n);
        // The mean surprise of what was sampled estimates the entropy without a pass of its own.
        double surprise = 0;
        for (Rollout r : rollouts) {
            for (float logProb : r.completion.logProbs()) {
                surprise -= logProb;
            }
        }
        m.put(RunMetrics.ENTROPY, surprise / tokens);
        GrpoLoss.Metrics loss = update.metrics;
        if (reference != null) {
            m.put(RunMetrics.KL, loss == null ? 0 : loss.kl());
        }
        m.put(RunMetrics.CLIP_FRACTION, loss == null ? 0 : loss.clipRegion());
        m.put(RunMetrics.LOSS, update.loss);
        m.put(RunMetrics.GRAD_NORM, update.gradNorm);
        m.put(RunMetrics.ZERO_VARIANCE, Advantages.zeroVarianceFraction(reward, options.numGenerations));
        clock.put(m, tokens);
        return m;
    }

    /// Of the completions that have a score; NaN where none has.
    private static double meanOfScored(double[] scores) {
        double[] scored = Arrays.stream(scores).filter(Double::isFinite).toArray();
        return Arrays.stream(scored).sum() / scored.length;
    }

    private static void putFailures(Map<String, Double> metrics, RewardBatch rewards) {
        rewards.failed().forEach((name, count) -> {
            if (count > 0) {
                metrics.put(RunMetrics.REWARD_PARTS + name + RunMetrics.REWARD_FAILED, (double) count);
            }
        });
    }

    private double groupDeviation(double[] reward) {
        int g = options.numGenerations;
        double sum = 0;
        for (int i = 0; i < reward.length; i += g) {
            double[] scored =
                    Arrays.stream(reward, i, i + g).filter(Double::isFinite).toArray();
            double mean = Arrays.stream(scored).average().orElse(0);
            double squares =
                    Arrays.stream(scored).map(r -> (r - mean) * (r - mean)).sum();
            sum += Math.sqrt(squares / Math.max(1, scored.length - 1));
        }
        return sum / (reward.length / g);
    }

    /// Where a step's time goes.
    private static final class Clock {
        private final Map<String, Double> laps = new LinkedHashMap<>();
        private final long began = System.nanoTime();
        private long last = began;

        void lap(String name) {
            long now = System.nanoTime();
            laps.put(name, (now - last) * 1e-9);
            last = now;
        }

        void put(Map<String, Double> metrics, double tokens) {
            double all = (System.nanoTime() - began) * 1e-9;
            metrics.put(RunMetrics.TOKENS_PER_SECOND, tokens / all);
            laps.forEach((name, seconds) -> metrics.put(RunMetrics.TIME + name, seconds));
            metrics.put(RunMetrics.STEP_TIME, all);
        }
    }

    @Override
    public void close() {
        generator.close();
        learner.close();
    }
}
