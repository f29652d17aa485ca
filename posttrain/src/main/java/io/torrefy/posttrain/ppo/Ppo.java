package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Proximal policy optimisation of a language model (Ouyang et al. 2022, "InstructGPT", section 3.5; Schulman et al.
/// 2017; details as in TRL's PPOTrainer), one rollout a step:
///
/// 1. sample completions from the policy and score them; one that did not end is fined;
/// 2. each token's reward is `-kl_coef` times its distance from the reference, and the last one's also the score;
/// 3. advantages by GAE from the critic's values, whitened over the batch; returns for the critic;
/// 4. for some epochs, in mini-batches of random completions: one step on the clipped policy loss and one on the
/// clipped value loss;
/// 5. the KL coefficient follows its target, if it has one.
///
/// Policy and critic share no parameters and have an optimiser each, as in InstructGPT, verl and OpenRLHF; TRL gives
/// both to one optimiser and adds the losses (`vf_coef` 0.1), which with Adam differs in the common clipping of the
/// gradient only. A completion that was cut off counts as ended, as in all three: its value behind the end is 0. Losses
/// are means over the tokens of the whole mini-batch, however it is cut into micro-batches. Means in the metrics are
/// over completion tokens; TRL's include padding.
///
/// Token ids are kept from sampling to update. What step `k` draws depends on (seed, k) alone, so a run resumes from
/// what [#save] writes and the number of steps.
@Export(value = "posttrain.Ppo", since = "0.1")
public final class Ppo implements AutoCloseable {
    /// How to train. Names are TRL's where TRL has them.
    ///
    /// @param optimization of the policy; the critic's differs in the learning rate
    /// @param valueLearningRate the critic's peak: 1e-5 in verl, 9e-6 in InstructGPT and OpenRLHF, the policy's own
    ///     in TRL
    /// @param kl the penalty in the reward
    /// @param gamma discount: 1 in TRL, verl and OpenRLHF
    /// @param lam of the advantages: 0.95 in TRL, 1 in verl and OpenRLHF
    /// @param whitenRewards whether token rewards are scaled to variance 1 over the batch, keeping their mean:
    ///     false in TRL
    /// @param loss the clips
    public record Options(
            RolloutOptions rollout,
            Optimization optimization,
            double valueLearningRate,
            KlPenalty kl,
            double gamma,
            double lam,
            boolean whitenRewards,
            PpoLoss.Options loss) {
        public Options {
            Checks checks = new Checks("ppo");
            checks.expect(
                    valueLearningRate > 0 && Double.isFinite(valueLearningRate),
                    "a positive valueLearningRate",
                    valueLearningRate);
            checks.expect(gamma > 0 && gamma <= 1, "gamma in (0, 1]", gamma);
            checks.expect(lam >= 0 && lam <= 1, "lam in [0, 1]", lam);
            checks.refuse();
        }

        /// TRL's values for what is not given: a fixed KL coefficient of 0.05, gamma 1, lam 0.95, clips of 0.2.
        public static Options of(RolloutOptions rollout, Optimization optimization, double valueLearningRate) {
            return new Options(
                    rollout,
                    optimization,
                    valueLearningRate,
                    KlPenalty.fixed(0.05),
                    1,
                    0.95,
                    false,
                    PpoLoss.Options.defaults());
        }

        /// These with another `kl`.
        public Options withKl(KlPenalty value) {
            return new Options(rollout, optimization, valueLearningRate, value, gamma, lam, whitenRewards, loss);
        }

        /// These with another `gamma` and `lam`.
        public Options withDiscounts(double newGamma, double newLam) {
            return new Options(rollout, optimization, valueLearningRate, kl, newGamma, newLam, whitenRewards, loss);
        }

        /// These with another `whitenRewards`.
        public Options withWhitenRewards(boolean value) {
            return new Options(rollout, optimization, valueLearningRate, kl, gamma, lam, value, loss);
        }

        /// These with another `loss`.
        public Options withLoss(PpoLoss.Options value) {
            return new Options(rollout, optimization, valueLearningRate, kl, gamma, lam, whitenRewards, value);
        }
    }

    private static final String CRITIC = "critic";

    private final CausalLm policy;
    private final ValueModel critic;
    private final @Nullable CausalLm reference;
    private final Options options;
    private final PpoLoss loss;
    private final KlController kl;
    private final Sampler sampler;
    private final Learner actorLearner;
    private final Learner criticLearner;

    private Ppo(
            CausalLm policy,
            ValueModel critic,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            Options options) {
        check(policy, critic, reference);
        this.policy = policy;
        this.critic = critic;
        this.reference = reference;
        this.options = options;
        this.loss = PpoLoss.of(options.loss);
        this.kl = options.kl.controller();
        this.sampler = new Sampler("ppo", policy, reference, tokenizer, task, scorer, options.rollout, options.kl);
        sampler.checkMiniBatches(options.optimization);
        Optimization o = options.optimization;
        this.actorLearner =
                new Learner("ppo policy", policy, o.schedule(o.learningRate()), o.learningRate(), o.maxGradNorm());
        double rate = options.valueLearningRate;
        this.criticLearner = new Learner("ppo critic", critic, o.schedule(rate), rate, o.maxGradNorm());
    }

    private static void check(CausalLm policy, ValueModel critic, @Nullable CausalLm reference) {
        Checks checks = new Checks("ppo");
        int vocabulary = policy.config().vocab();
        checks.expect(
                critic.config().vocab() == vocabulary,
                "a critic of the policy's vocabulary, " + vocabulary,
                critic.config().vocab() + " words. Hint: it reads the policy's token ids");
        checks.expect(
                critic.body() != policy && critic.body() != reference,
                "a critic with a body of its own, such as a copy",
                critic.body() == policy ? "the policy's" : "the reference model's");
        checks.refuse();
    }

    /// A trainer of these models.
    ///
    /// @param critic what estimates returns, trained along
    /// @param reference the frozen model that the divergence is measured to; may be null where the KL coefficient
    ///     is 0
    /// @throws IllegalArgumentException naming what contradicts each other: a vocabulary, a missing reference, more
    ///     mini-batches than completions
    public static Ppo of(
            CausalLm policy,
            ValueModel critic,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            Options options) {
        return new Ppo(policy, critic, reference, tokenizer, task, scorer, options);
    }

    /// What samples from the policy, for evaluations on the way.
    public Generator generator() {
        return sampler.generator();
    }

    /// The KL coefficient of the next step.
    public double klCoefficient() {
        return kl.coefficient();
    }

    /// Step number `step`, from 0: rollout, rewards, advantages, updates.
    ///
    /// @throws RunException if a loss or a gradient is not finite
    /// @throws IllegalStateException if a score is not
    public TrainingStep step(long step) {
        Clock clock = new Clock();
        Sampler.Batch batch = sampler.sample(step, clock);
        Experience experience = experience(batch);
        clock.lap("log_probs");
        Updates updates = new Updates();
        for (int epoch = 0; epoch < options.optimization.numPpoEpochs(); epoch++) {
            for (int[] rows : sampler.miniBatches(step, epoch, options.optimization)) {
                update(step, batch, experience, rows, updates);
            }
        }
        clock.lap("update");
        List<RunSample> samples = sampler.samples(step, batch);
        Map<String, Double> metrics = metrics(step, batch, experience, updates, samples, clock);
        kl.update(experience.klPerCompletion(), batch.size());
        return new TrainingStep(metrics, samples);
    }

    // ---- 2, 3: token rewards and advantages ------------------------------------------------------------------------

    /// What is known of each sampled token (tokens, rollouts end to end), under the models as they were when
    /// sampling.
    private record Experience(
            int[] lengths, double[] logProbs, double[] kl, double[] values, Gae gae, double[] whitened) {
        double klPerCompletion() {
            return Metrics.sum(kl) / lengths.length;
        }
    }

    private Experience experience(Sampler.Batch batch) {
        int[] lengths = batch.lengths();
        double[] logProbs = sampler.logProbs(policy, batch);
        double[] kl = reference == null
                ? new double[logProbs.length]
                : options.kl.estimator().of(logProbs, sampler.logProbs(reference, batch));
        double[] values = sampler.perToken(batch, critic::values);
        double[] rewards = TokenRewards.of(kl, this.kl.coefficient(), batch.scores(), lengths);
        if (options.whitenRewards) {
            rewards = Whitening.scale(rewards);
        }
        Gae gae = Gae.of(rewards, values, lengths, options.gamma, options.lam);
        return new Experience(lengths, logProbs, kl, values, gae, Whitening.whiten(gae.advantages()));
    }

    // ---- 4: the updates --------------------------------------------------------------------------------------------

    /// What the updates of a step measured: sums, and the mean ratio of each.
    private static final class Updates {
        int count;
        double policyLoss;
        double valueLoss;
        double approxkl;
        double clipfrac;
        double valueClipfrac;
        double entropy;
        double policyNorm;
        double criticNorm;
        final List<Double> ratios = new ArrayList<>();

        double mean(double sum) {
            return sum / count;
        }
    }

    private void update(long step, Sampler.Batch batch, Experience e, int[] rows, Updates all) {
        double tokens = 0;
        for (int row : rows) {
            tokens += e.lengths[row];
        }
        double policyLoss = 0;
        double valueLoss = 0;
        double ratio = 0;
        for (int[] part : sampler.microBatches(batch.rollouts(), rows)) {
            try (Scope _ = Scope.open()) {
                PackedCompletions packed = sampler.pack(batch.rollouts(), part);
                TokenLogProbs now = packed.logProbs(policy, options.rollout.temperature());
                PpoLoss.Policy ofPolicy =
                        loss.policy(now.logProbs(), tokens(e.logProbs, e, part), tokens(e.whitened, e, part), tokens);
                ofPolicy.loss().backward();
                policyLoss += ofPolicy.loss().item();
                ratio += ofPolicy.ratio();
                all.approxkl += ofPolicy.approxkl();
                all.clipfrac += ofPolicy.clipfrac();
                all.entropy += Metrics.sum(now.entropy().detach().toDoubles()) / tokens;
            }
            try (Scope _ = Scope.open()) {
                Tensor values = critic.values(sampler.pack(batch.rollouts(), part));
                PpoLoss.Value ofCritic =
                        loss.value(values, tokens(e.values, e, part), tokens(e.gae.returns(), e, part), tokens);
                ofCritic.loss().backward();
                valueLoss += ofCritic.loss().item();
                all.valueClipfrac += ofCritic.clipfrac();
            }
        }
        double policyNorm = actorLearner.checkedNorm(step, policyLoss);
        double criticNorm = criticLearner.checkedNorm(step, valueLoss);
        actorLearner.apply(step, policyNorm);
        criticLearner.apply(step, criticNorm);
        all.policyNorm += policyNorm;
        all.criticNorm += criticNorm;
        all.policyLoss += policyLoss;
        all.valueLoss += valueLoss;
        all.ratios.add(ratio);
        all.count++;
    }

    private static double[] tokens(double[] perToken, Experience e, int[] rows) {
        return Metrics.select(perToken, e.lengths, rows);
    }

    // ---- metrics ---------------------------------------------------------------------------------------------------

    private Map<String, Double> metrics(
            long step, Sampler.Batch batch, Experience e, Updates u, List<RunSample> samples, Clock clock) {
        Map<String, Double> m = Metrics.of(batch, samples);
        double n = batch.size();
        double score = Metrics.mean(batch.scores());
        double penalty = -kl.coefficient() * e.klPerCompletion();
        m.put("objective/kl", e.klPerCompletion());
        m.put("objective/kl_coef", kl.coefficient());
        m.put("objective/entropy", -Metrics.sum(e.logProbs) / n);
        m.put("objective/non_score_reward", penalty);
        m.put("objective/rlhf_reward", score + penalty);
        m.put("objective/scores", score);
        m.put("policy/approxkl_avg", u.mean(u.approxkl));
        m.put("policy/clipfrac_avg", u.mean(u.clipfrac));
        m.put("policy/entropy_avg", u.mean(u.entropy));
        m.put("loss/policy_avg", u.mean(u.policyLoss));
        m.put("loss/value_avg", u.mean(u.valueLoss));
        m.put("val/clipfrac_avg", u.mean(u.valueClipfrac));
        double[] ratios = u.ratios.stream().mapToDouble(Double::doubleValue).toArray();
        m.put("val/ratio", Metrics.mean(ratios));
        m.put("val/ratio_var", Metrics.variance(ratios));
        m.put("val/num_eos_tokens", (double)
                batch.rollouts().stream().filter(Rollout::ended).count());
        m.put("val/explained_var", explained(e));
        m.put("lr", actorLearner.learningRate(step));
        m.put("episode", (step + 1) * n);
        m.put(RunMetrics.KL, Metrics.mean(e.kl));
        m.put(RunMetrics.CLIP_FRACTION, u.mean(u.clipfrac));
        m.put(RunMetrics.LOSS, u.mean(u.policyLoss));
        m.put(RunMetrics.GRAD_NORM, u.mean(u.policyNorm));
        m.put("critic/grad_norm", u.mean(u.criticNorm));
        m.put(RunMetrics.LEARNING_RATE, actorLearner.learningRate(step));
        m.put("eps", n / clock.seconds());
        clock.put(m, batch.tokens());
        return m;
    }

    /// The share of the returns' variance that the values had foreseen (verl's `critic/vf_explained_var`): 1 for a
    /// perfect critic, 0 for a constant one; 0 where returns do not vary.
    private static double explained(Experience e) {
        double[] returns = e.gae.returns();
        double[] rest = new double[returns.length];
        for (int t = 0; t < rest.length; t++) {
            rest[t] = returns[t] - e.values[t];
        }
        double variance = Metrics.variance(returns);
        return variance == 0 ? 0 : 1 - Metrics.variance(rest) / variance;
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    /// Writes everything that a run needs to go on, but the number of steps: the policy (a model folder),
    /// `critic/`, the optimisers' states and the KL coefficient.
    public void save(Path folder) throws IOException {
        policy.save(folder);
        actorLearner.save(folder);
        critic.save(folder.resolve(CRITIC));
        criticLearner.save(folder.resolve(CRITIC));
        kl.save(folder);
    }

    /// Goes on from what [#save] wrote, in the models this was made with.
    ///
    /// @throws IllegalArgumentException if the weights or states do not fit these models
    public void restore(Path folder) throws IOException {
        actorLearner.restore(Safetensors.readSharded(folder), folder);
        Path ofCritic = folder.resolve(CRITIC);
        criticLearner.restore(Safetensors.readSharded(ofCritic), ofCritic);
        kl.restore(folder);
    }

    @Override
    public void close() {
        sampler.close();
        actorLearner.close();
        criticLearner.close();
    }
}
