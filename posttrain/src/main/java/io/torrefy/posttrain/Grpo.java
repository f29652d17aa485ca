package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Lora;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Schedule;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
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
/// alone, so a run resumes from weights, optimiser state and the number of steps, and with asynchronous rollout from
/// the batches that wait.
///
/// The first two points are [GroupSampler]; what it may do beyond them is said by a [RolloutPlan]. The probability
/// ratio is taken to the policy that sampled: with a plan that samples from other weights than those of the step (older
/// ones, or rounded ones) to the log-probabilities that the tokens were sampled with (verl's `bypass_mode`), or, with a
/// [SamplingCorrection], to the policy before the update, each token weighted by how far that lies from what sampled.
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
    private final @Nullable Lora adapter;
    private final Options options;
    private final RolloutPlan plan;
    private final GrpoLoss loss;
    private final Learner learner;
    private final Generator generator;
    private final Episodes evaluated;
    private final GroupSampler sampler;
    private final @Nullable AsyncRollout async;
    private List<String> warnings = List.of();

    private Grpo(
            CausalLm policy,
            @Nullable CausalLm reference,
            @Nullable Lora adapter,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            Options options,
            RolloutPlan plan) {
        if (options.loss.beta() > 0 && reference == null && adapter == null) {
            throw new IllegalArgumentException(
                    "[grpo] expected a reference model with beta " + options.loss.beta() + "; got none");
        }
        if (plan.corrects() && options.loss.lossType() == GrpoLoss.LossType.VESPO) {
            throw new IllegalArgumentException("[grpo] expected no sampling correction with VESPO, whose weight is of"
                    + " the ratio itself; got " + plan.correction().mode());
        }
        tokenizer.checkFits(policy.config().vocab());
        checkReference(policy, reference);
        this.policy = policy;
        this.reference = reference;
        this.adapter = adapter;
        this.options = options;
        this.plan = plan;
        this.loss = GrpoLoss.of(options.loss);
        AdamW optimizer =
                AdamW.of(policy.trainableParameters(), options.learningRate).withBetas(0.9, 0.95);
        Schedule schedule = options.decay
                ? Schedule.linear(options.learningRate, options.warmup, options.steps)
                : Schedule.constantWithWarmup(options.learningRate, options.warmup);
        this.learner = Learner.of("grpo", policy, optimizer, schedule, options.maxGradNorm);
        int slots = options.problems * options.numGenerations;
        int positions = policy.config().maxPositions();
        Function<Generator, GroupSampler> samplerOf =
                from -> new GroupSampler(from, tokenizer, positions, task, rewards, options, plan);
        this.generator = Generator.of(policy, tokenizer, slots, plan.weights());
        this.evaluated = new Episodes(generator, tokenizer, positions, plan);
        this.sampler = samplerOf.apply(generator);
        this.async = plan.maxStaleness() == 0
                ? null
                : new AsyncRollout(
                        policy,
                        adapter,
                        options.steps,
                        plan.maxStaleness(),
                        copy -> Generator.of(copy, tokenizer, slots, plan.weights()),
                        samplerOf);
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
        return new Grpo(policy, reference, null, tokenizer, task, rewards, options, RolloutPlan.DEFAULT);
    }

    /// The same by a plan, and of an adapter, if there is one.
    ///
    /// @param adapter the policy's, which alone is trained; the policy without it is the reference where none is
    ///     given, without a second copy of the weights
    /// @throws IllegalArgumentException without a reference and an adapter where `beta > 0`
    public static Grpo of(
            CausalLm policy,
            @Nullable CausalLm reference,
            @Nullable Lora adapter,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            Options options,
            RolloutPlan plan) {
        return new Grpo(policy, reference, adapter, tokenizer, task, rewards, options, plan);
    }

    AdamW optimizer() {
        return learner.optimizer();
    }

    /// Episodes of the policy as it is, for evaluation: with the plan's weights and environment.
    Episodes episodes() {
        return evaluated;
    }

    /// What people should know of the last step: the rewards that failed, and what to do.
    List<String> warnings() {
        return warnings;
    }

    /// Writes what must outlive a kill beside weights and optimiser.
    void save(Path folder) throws IOException {
        if (async != null) {
            async.save(folder);
        }
    }

    /// Takes it up again.
    void restore(Path folder) throws IOException {
        if (async != null) {
            async.restore(folder);
        }
    }

    /// What a step did.
    ///
    /// @param metrics by their names in [RunMetrics]
    /// @param samples the completions with their rewards; with dynamic sampling those that were kept
    /// @param tokens sampled, in completions that were thrown away too
    public record Step(Map<String, Double> metrics, List<RunSample> samples, long tokens) {}

    /// Step number `step`, from 0: rollout, rewards, advantages, update.
    ///
    /// @throws RunException if the loss or the gradient is not finite
    public Step step(long step) {
        StepClock clock = new StepClock();
        RolloutBatch batch = async == null ? sampler.sample(step, step) : async.next(step);
        clock.lap("rollout");
        List<Rollout> rollouts = batch.rollouts();
        double[] advantages = Advantages.group(batch.rewards(), options.numGenerations, options.scale);
        List<double[]> old = old(rollouts);
        List<double[]> weights = weights(rollouts, old);
        List<double[]> ref = reference(rollouts);
        clock.lap("log_probs");
        Update update = new Update();
        for (int iteration = 0; iteration < options.numIterations; iteration++) {
            update = update(step, rollouts, advantages, new LogProbs(old, weights, ref), update.sampling);
        }
        clock.lap("update");
        warnings = batch.warnings();
        return new Step(
                metrics(step, batch, update, weights, clock),
                rollouts.stream().map(Rollout::sample).toList(),
                batch.tokens());
    }

    /// What an update compares with, by rollout; each may be none.
    ///
    /// @param old log-probabilities that the ratio is taken to
    /// @param weights of the tokens' losses
    /// @param ref log-probabilities under the reference
    private record LogProbs(List<double[]> old, List<double[]> weights, List<double[]> ref) {}

    /// Log-probabilities under the policy that sampled, or with a correction under the policy before the update;
    /// none where that is the policy of the update itself.
    private List<double[]> old(List<Rollout> rollouts) {
        if (plan.samplesElsewhere() && !plan.corrects()) {
            return rollouts.stream().map(r -> r.episode().sampledLogProbs()).toList();
        }
        return options.numIterations == 1 && !plan.corrects() ? List.of() : logProbs(policy, rollouts);
    }

    /// The weights of the sampled tokens; none without a correction, and of a rollout that takes no part.
    private List<double[]> weights(List<Rollout> rollouts, List<double[]> old) {
        if (!plan.corrects()) {
            return List.of();
        }
        List<double[]> weights = new ArrayList<>();
        for (int i = 0; i < rollouts.size(); i++) {
            Rollout rollout = rollouts.get(i);
            weights.add(
                    counts(rollout)
                            ? plan.correction()
                                    .weights(old.get(i), rollout.episode().sampledLogProbs())
                            : new double[0]);
        }
        return weights;
    }

    private List<double[]> reference(List<Rollout> rollouts) {
        if (options.loss.beta() == 0) {
            return List.of();
        }
        return reference != null
                ? logProbs(reference, rollouts)
                : Objects.requireNonNull(adapter).without(() -> logProbs(policy, rollouts));
    }

    // ---- 4, 5: the update ------------------------------------------------------------------------------------------

    /// What an update measured.
    private static final class Update {
        double loss;
        double gradNorm;
        GrpoLoss.@Nullable Metrics metrics;
        /// Of the first update of a rollout, which others hand on.
        @Nullable
        SamplingGap sampling;
    }

    private Update update(
            long step, List<Rollout> rollouts, double[] advantages, LogProbs compared, @Nullable SamplingGap known) {
        double allTokens = rollouts.stream()
                .filter(this::counts)
                .mapToInt(r -> r.episode().sampledTokens())
                .sum();
        GrpoLoss.Normaliser whole = new GrpoLoss.Normaliser(rollouts.size(), allTokens);
        Update update = new Update();
        SamplingGap gap = new SamplingGap();
        for (int[] part : microBatches(rollouts, advantages)) {
            try (Scope _ = Scope.open()) {
                List<Rollout> batch =
                        Arrays.stream(part).mapToObj(rollouts::get).toList();
                Tensor logProbs = logProbsOf(policy, batch);
                if (known == null) {
                    gap.add(logProbs, batch);
                }
                Tensor sampledUnder = compared.old.isEmpty() ? logProbs.detach() : packed(compared.old, part);
                Tensor near = compared.ref.isEmpty() ? null : packed(compared.ref, part);
                double[] weights = compared.weights.isEmpty() ? null : flat(compared.weights, part);
                double[] a = Arrays.stream(part).mapToDouble(i -> advantages[i]).toArray();
                int[] lengths = batch.stream()
                        .mapToInt(r -> r.episode().sampledTokens())
                        .toArray();
                GrpoLoss.Result result = loss.loss(logProbs, sampledUnder, near, a, lengths, whole, weights);
                update.loss += result.loss().item();
                update.metrics = update.metrics == null ? result.metrics() : update.metrics.plus(result.metrics());
                result.loss().backward();
            }
        }
        update.sampling = known == null ? gap : known;
        update.gradNorm = learner.update(step, update.loss);
        return update;
    }

    /// How far the log-probabilities of sampling lie from those of the first update.
    private static final class SamplingGap {
        private double sum;
        private double max;
        private double ratios;
        private long tokens;

        void add(Tensor logProbs, List<Rollout> batch) {
            double[] now = logProbs.detach().toDoubles();
            int at = 0;
            for (Rollout rollout : batch) {
                for (double sampled : rollout.episode().sampledLogProbs()) {
                    double gap = now[at++] - sampled;
                    sum += Math.abs(gap);
                    max = Math.max(max, Math.abs(gap));
                    ratios += StrictMath.exp(gap);
                    tokens++;
                }
            }
        }

        void put(Map<String, Double> metrics) {
            if (tokens > 0) {
                metrics.put(RunMetrics.LOGP_DIFFERENCE, sum / tokens);
                metrics.put(RunMetrics.LOGP_DIFFERENCE_MAX, max);
                metrics.put(RunMetrics.SAMPLING_RATIO, ratios / tokens);
            }
        }
    }

    /// Whether a completion takes part in the loss.
    private boolean counts(Rollout rollout) {
        return !plan.maskTruncatedCompletions() || !rollout.episode().truncated();
    }

    /// Indices of rollouts, some at a time. Those without advantage have no gradient and are left out, unless the
    /// divergence gives them one.
    private List<int[]> microBatches(List<Rollout> rollouts, double[] advantages) {
        int[] rows = IntStream.range(0, rollouts.size())
                .filter(i -> counts(rollouts.get(i)) && (advantages[i] != 0 || options.loss.beta() != 0))
                .toArray();
        return PackedCompletions.microBatches(
                rollouts.stream().map(Rollout::prompt).toList(),
                rollouts.stream().map(Rollout::ids).toList(),
                rows,
                options.microBatchTokens);
    }

    private static double[] flat(List<double[]> perSequence, int[] part) {
        return Arrays.stream(part)
                .mapToObj(perSequence::get)
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }

    private static Tensor packed(List<double[]> perSequence, int[] part) {
        double[] all = flat(perSequence, part);
        float[] values = new float[all.length];
        for (int i = 0; i < all.length; i++) {
            values[i] = (float) all[i];
        }
        return Tensor.of(values, values.length);
    }

    /// Log-probabilities under a model, without gradients, of all completions that take part in the loss; the
    /// others have none.
    private List<double[]> logProbs(CausalLm model, List<Rollout> rollouts) {
        double[][] result = new double[rollouts.size()][0];
        double[] everywhere = new double[rollouts.size()];
        Arrays.fill(everywhere, 1);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int[] part : microBatches(rollouts, everywhere)) {
                try (Scope _ = Scope.open()) {
                    List<Rollout> batch =
                            Arrays.stream(part).mapToObj(rollouts::get).toList();
                    double[] flat = logProbsOf(model, batch).toDoubles();
                    int at = 0;
                    for (int i : part) {
                        result[i] = Arrays.copyOfRange(
                                flat, at, at += rollouts.get(i).episode().sampledTokens());
                    }
                }
            }
        }
        return List.of(result);
    }

    /// Log-probabilities of the tokens that were sampled, packed end to end. The completions of a problem follow
    /// each other: their prompt is read once.
    private Tensor logProbsOf(CausalLm model, List<Rollout> batch) {
        return PackedCompletions.of(
                        batch.stream().map(Rollout::prompt).toList(),
                        batch.stream().map(Rollout::ids).toList(),
                        batch.stream().map(r -> r.episode().sampled()).toList())
                .logProbs(model, options.temperature)
                .logProbs();
    }

    // ---- metrics ---------------------------------------------------------------------------------------------------

    private Map<String, Double> metrics(
            long step, RolloutBatch batch, Update update, List<double[]> weights, StepClock clock) {
        Map<String, Double> m = new LinkedHashMap<>(batch.metrics());
        if (async == null) {
            // The sampler's own times, which divide the lap of the rollout.
            clock.drop("rollout");
        } else {
            double rollout = Objects.requireNonNull(m.remove(RunMetrics.TIME + "rollout"));
            double reward = Objects.requireNonNull(m.remove(RunMetrics.TIME + "reward"));
            m.put(RunMetrics.SAMPLER_SECONDS, rollout + reward);
            m.put(RunMetrics.STALENESS, (double) (step - batch.version()));
        }
        if (plan.maskTruncatedCompletions()) {
            m.put(RunMetrics.MASKED_TRUNCATED, (double)
                    batch.rollouts().stream().filter(r -> !counts(r)).count());
        }
        GrpoLoss.Metrics loss = update.metrics;
        if (options.loss.beta() != 0) {
            m.put(RunMetrics.KL, loss == null ? 0 : loss.kl());
        }
        m.put(RunMetrics.CLIP_FRACTION, loss == null ? 0 : loss.clipRegion());
        m.put(RunMetrics.LOSS, update.loss);
        m.put(RunMetrics.GRAD_NORM, update.gradNorm);
        m.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        Objects.requireNonNull(update.sampling).put(m);
        DoubleSummaryStatistics counted =
                Arrays.stream(plan.correction().counted(weights)).summaryStatistics();
        if (counted.getCount() > 0) {
            m.put(RunMetrics.SAMPLING_RATIO, counted.getAverage());
            m.put(RunMetrics.SAMPLING_RATIO_MIN, counted.getMin());
            m.put(RunMetrics.SAMPLING_RATIO_MAX, counted.getMax());
        }
        clock.put(m, batch.tokens());
        return m;
    }

    @Override
    public void close() {
        if (async != null) {
            async.close();
        }
        generator.close();
        learner.close();
    }
}
