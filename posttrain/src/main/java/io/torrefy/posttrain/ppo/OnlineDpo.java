package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.preference.DpoLoss;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Direct preference optimisation on the policy's own completions (Guo et al. 2024, "Direct language model alignment
/// from online AI feedback", arXiv 2402.04792, algorithm 1), as in TRL's OnlineDPOTrainer, one rollout a step:
///
/// 1. sample two completions of each prompt and have them scored: by rules, a reward model or, as [PairJudge#scorer()],
/// a judge;
/// 2. the one of the higher score is chosen, the other rejected;
/// 3. a step on [DpoLoss] of these pairs, against the frozen reference.
///
/// Log-probabilities are taken at temperature 1 whatever was sampled at, as in TRL. Of more completions than two, the
/// best and the worst are a pair.
///
/// What step `k` draws depends on (seed, k) alone, so a run resumes from what [#save] writes and the number of steps.
@Export(value = "posttrain.OnlineDpo", since = "0.1")
public final class OnlineDpo implements AutoCloseable {
    /// How to train. Names are TRL's where TRL has them.
    ///
    /// @param rollout 2 completions a prompt; temperature 0.9 and 64 tokens (`max_new_tokens`) in TRL
    /// @param optimization learning rate 5e-7, one update a rollout in TRL; mini-batches are of pairs
    /// @param loss SIGMOID with beta 0.1; TRL's `ipo` is IPO_SUM, over sums of tokens, unlike in its DPOTrainer.
    ///     Not the types that sort a batch, nor `useWeighting` and `ldAlpha`
    /// @param dropTies whether pairs of equal scores are left out, which teach noise; in TRL they are not, and the
    ///     first is chosen
    public record Options(RolloutOptions rollout, Optimization optimization, DpoLoss.Options loss, boolean dropTies) {
        public Options {
            Checks checks = new Checks("online dpo");
            checks.expect(
                    rollout.numGenerations() >= 2,
                    "numGenerations of at least 2, to be compared",
                    rollout.numGenerations());
            checks.expect(
                    loss.terms().stream()
                            .map(DpoLoss.Term::type)
                            .noneMatch(t -> t == DpoLoss.LossType.AOT || t == DpoLoss.LossType.AOT_UNPAIRED),
                    "losses of single pairs",
                    loss.terms());
            checks.expect(!loss.useWeighting(), "no useWeighting: pairs are the policy's own already", "true");
            checks.expect(loss.ldAlpha() == 1, "ldAlpha 1, which is off", loss.ldAlpha());
            checks.refuse();
        }

        /// TRL's loss; ties are dropped.
        public static Options of(RolloutOptions rollout, Optimization optimization) {
            return new Options(rollout, optimization, DpoLoss.Options.defaults(), true);
        }

        /// These with another `loss`.
        public Options withLoss(DpoLoss.Options value) {
            return new Options(rollout, optimization, value, dropTies);
        }

        /// These with another `dropTies`.
        public Options withDropTies(boolean value) {
            return new Options(rollout, optimization, loss, value);
        }
    }

    private final CausalLm policy;
    private final CausalLm reference;
    private final Options options;
    private final DpoLoss loss;
    private final Sampler sampler;
    private final Learner learner;

    private OnlineDpo(
            CausalLm policy, CausalLm reference, Tokenizer tokenizer, Task task, Scorer scorer, Options options) {
        String op = "online dpo";
        Checks checks = new Checks(op);
        checks.expect(
                options.optimization.numMiniBatches() <= options.rollout.problems(),
                "numMiniBatches of at most the " + options.rollout.problems() + " pairs of a step",
                options.optimization.numMiniBatches());
        checks.refuse();
        this.policy = policy;
        this.reference = reference;
        this.options = options;
        this.loss = DpoLoss.of(options.loss);
        KlPenalty pull = KlPenalty.fixed(options.loss.beta());
        this.sampler = new Sampler(op, policy, reference, tokenizer, task, scorer, options.rollout, pull);
        this.learner = options.optimization.learner(op, policy, options.optimization.learningRate());
    }

    /// A trainer of this policy.
    ///
    /// @param reference frozen, of the same vocabulary
    /// @throws IllegalArgumentException naming what contradicts each other
    public static OnlineDpo of(
            CausalLm policy, CausalLm reference, Tokenizer tokenizer, Task task, Scorer scorer, Options options) {
        return new OnlineDpo(policy, reference, tokenizer, task, scorer, options);
    }

    /// What samples from the policy, for evaluations on the way.
    public Generator generator() {
        return sampler.generator();
    }

    /// A completion that is preferred to another of the same prompt: rows of the rollout.
    private record Pair(int chosen, int rejected, boolean tie) {}

    /// Step number `step`, from 0: rollout, scores, pairs, updates.
    ///
    /// @throws RunException if a loss or a gradient is not finite
    /// @throws IllegalStateException if a score is not
    public TrainingStep step(long step) {
        StepClock clock = new StepClock();
        Sampler.Batch batch = sampler.sample(step, clock);
        int[] lengths = batch.lengths();
        double[] old = Metrics.sums(
                sampler.perToken(batch, packed -> packed.logProbs(policy, 1).logProbs()), lengths);
        double[] ref = Metrics.sums(
                sampler.perToken(batch, packed -> packed.logProbs(reference, 1).logProbs()), lengths);
        clock.lap("log_probs");
        List<Pair> pairs = pairs(batch.scores(), options.rollout.numGenerations());
        Means means = new Means();
        for (int epoch = 0; epoch < options.optimization.numPpoEpochs(); epoch++) {
            for (int[] some : sampler.miniBatches(step, epoch, options.optimization, pairs.size())) {
                update(
                        step,
                        batch,
                        ref,
                        Arrays.stream(some).mapToObj(pairs::get).toList(),
                        means);
            }
        }
        clock.lap("update");
        List<RunSample> samples = sampler.samples(step, batch);
        Map<String, Double> m = Metrics.of(batch, samples);
        metrics(m, batch, pairs, old, ref);
        // 0 where nothing was preferred.
        m.put(RunMetrics.LOSS, 0.0);
        m.put(RunMetrics.GRAD_NORM, 0.0);
        means.put(m);
        m.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        clock.put(m, batch.tokens());
        return new TrainingStep(m, samples, batch.warnings());
    }

    // ---- 2: pairs --------------------------------------------------------------------------------------------------

    /// The best completion of each group against its worst; of equal ones the first against the last.
    private static List<Pair> pairs(double[] scores, int group) {
        List<Pair> pairs = new ArrayList<>();
        for (int from = 0; from < scores.length; from += group) {
            int best = from;
            int worst = from;
            for (int i = from + 1; i < from + group; i++) {
                best = scores[i] > scores[best] ? i : best;
                worst = scores[i] <= scores[worst] ? i : worst;
            }
            pairs.add(new Pair(best, worst, scores[best] == scores[worst]));
        }
        return pairs;
    }

    // ---- 3: the update ---------------------------------------------------------------------------------------------

    private void update(long step, Sampler.Batch batch, double[] ref, List<Pair> all, Means means) {
        List<Pair> pairs =
                all.stream().filter(p -> !(p.tie && options.dropTies)).toList();
        if (pairs.isEmpty()) {
            return; // nothing was preferred
        }
        int[] lengths = batch.lengths();
        double chosenTokens = pairs.stream().mapToInt(p -> lengths[p.chosen]).sum();
        // Ties have no gradient, and count: a step in which little was preferred is a small one.
        DpoLoss.Normaliser whole = new DpoLoss.Normaliser(all.size(), chosenTokens);
        double sum = 0;
        for (List<Pair> part : microBatches(batch, pairs)) {
            try (Scope _ = Scope.open()) {
                int[] rows = part.stream()
                        .flatMap(p -> List.of(p.chosen, p.rejected).stream())
                        .mapToInt(Integer::intValue)
                        .toArray();
                PackedCompletions packed = sampler.pack(batch.rollouts(), rows);
                Tensor sums = sums(packed.logProbs(policy, 1).logProbs(), packed.lengths());
                double[] near = Arrays.stream(rows).mapToDouble(i -> ref[i]).toArray();
                Tensor refs = Tensor.of(near, part.size(), 2).to(sums.dtype());
                Tensor value = loss.loss(
                        new DpoLoss.Pairs(
                                sums.select(1, 0),
                                sums.select(1, 1),
                                refs.select(1, 0),
                                refs.select(1, 1),
                                part.stream().mapToInt(p -> lengths[p.chosen]).toArray(),
                                part.stream().mapToInt(p -> lengths[p.rejected]).toArray(),
                                null),
                        whole);
                value.backward();
                sum += value.item();
            }
        }
        means.add(RunMetrics.LOSS, sum);
        means.add(RunMetrics.GRAD_NORM, learner.update(step, sum));
        means.endUpdate();
    }

    /// The sums over each completion's tokens, (pairs, 2).
    private static Tensor sums(Tensor perToken, int[] lengths) {
        int[] owners = new int[(int) perToken.size(0)];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            Arrays.fill(owners, at, at += lengths[i], i);
        }
        return Tensor.zeros(perToken.dtype(), lengths.length)
                .indexAdd(0, Tensor.of(owners, owners.length), perToken)
                .reshape(lengths.length / 2, 2);
    }

    /// Pairs, as many at a time as fit into memory.
    private List<List<Pair>> microBatches(Sampler.Batch batch, List<Pair> pairs) {
        List<List<Pair>> parts = new ArrayList<>();
        List<Pair> open = new ArrayList<>();
        int used = 0;
        for (Pair pair : pairs) {
            Rollout chosen = batch.rollouts().get(pair.chosen);
            int tokens = chosen.prompt().length
                    + chosen.tokens()
                    + batch.rollouts().get(pair.rejected).tokens();
            if (!open.isEmpty() && used + tokens > options.rollout.microBatchTokens()) {
                parts.add(List.copyOf(open));
                open.clear();
                used = 0;
            }
            open.add(pair);
            used += tokens;
        }
        parts.add(List.copyOf(open));
        return parts;
    }

    // ---- metrics ---------------------------------------------------------------------------------------------------

    /// TRL's, of the policy as it was when sampling.
    private void metrics(Map<String, Double> m, Sampler.Batch batch, List<Pair> pairs, double[] old, double[] ref) {
        double n = pairs.size();
        double beta = options.loss.beta();
        double divergence = 0;
        double score = Metrics.mean(batch.scores());
        for (int i = 0; i < old.length; i++) {
            divergence += (old[i] - ref[i]) / old.length;
        }
        m.put("objective/scores", score);
        m.put(
                "objective/scores_margin",
                pairs.stream()
                                .mapToDouble(p -> batch.scores()[p.chosen] - batch.scores()[p.rejected])
                                .sum()
                        / n);
        m.put("objective/kl", divergence);
        m.put("objective/non_score_reward", -beta * divergence);
        m.put("objective/rlhf_reward", score - beta * divergence);
        m.put("objective/entropy", -Metrics.mean(old));
        m.put(
                "val/contain_eos_token",
                batch.rollouts().stream().filter(Rollout::ended).count() / (double) batch.size());
        double chosen = 0;
        double rejected = 0;
        double accurate = 0;
        for (Pair p : pairs) {
            double c = beta * (old[p.chosen] - ref[p.chosen]);
            double r = beta * (old[p.rejected] - ref[p.rejected]);
            chosen += c / n;
            rejected += r / n;
            accurate += c > r ? 1 / n : 0;
        }
        // Not below `rewards/`, where the parts of the reward are.
        m.put("implicit_rewards/chosen", chosen);
        m.put("implicit_rewards/rejected", rejected);
        m.put("implicit_rewards/margins", chosen - rejected);
        m.put("implicit_rewards/accuracies", accurate);
        m.put("logps/chosen", pairs.stream().mapToDouble(p -> old[p.chosen]).sum() / n);
        m.put("logps/rejected", pairs.stream().mapToDouble(p -> old[p.rejected]).sum() / n);
        m.put("beta", beta);
        m.put(RunMetrics.KL, divergence * batch.size() / batch.tokens());
        m.put(RunMetrics.ZERO_VARIANCE, pairs.stream().filter(Pair::tie).count() / n);
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    /// Writes everything that a run needs to go on, but the number of steps: the policy (a model folder) and the
    /// optimiser's state.
    public void save(Path folder) throws IOException {
        policy.save(folder);
        learner.save(folder);
    }

    /// Goes on from what [#save] wrote, in the policy this was made with.
    ///
    /// @throws IllegalArgumentException if the weights or states do not fit it
    public void restore(Path folder) throws IOException {
        learner.restoreWithWeights(folder);
    }

    @Override
    public void close() {
        sampler.close();
        learner.close();
    }
}
