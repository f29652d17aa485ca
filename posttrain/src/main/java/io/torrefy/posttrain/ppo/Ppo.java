package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

    private final Actor actor;
    private final ValueModel critic;
    private final Learner criticLearner;
    private final Options options;
    private final PpoLoss loss;

    private Ppo(Actor actor, ValueModel critic, Options options) {
        this.actor = actor;
        this.critic = critic;
        this.options = options;
        this.loss = PpoLoss.of(options.loss);
        this.criticLearner = options.optimization.learner("ppo critic", critic, options.valueLearningRate);
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
        check(policy, critic, reference);
        return new Ppo(
                new Actor(
                        "ppo",
                        policy,
                        reference,
                        tokenizer,
                        task,
                        scorer,
                        options.rollout,
                        options.optimization,
                        options.kl),
                critic,
                options);
    }

    /// What samples from the policy, for evaluations on the way.
    public Generator generator() {
        return actor.sampler().generator();
    }

    /// The KL coefficient of the next step.
    public double klCoefficient() {
        return actor.klCoefficient();
    }

    /// Step number `step`, from 0: rollout, rewards, advantages, updates.
    ///
    /// @throws RunException if a loss or a gradient is not finite
    /// @throws IllegalStateException if a score is not
    public TrainingStep step(long step) {
        StepClock clock = new StepClock();
        Actor.Experience x = actor.sample(step, clock);
        Estimates e = estimates(x);
        clock.lap("log_probs");
        Updates updates = new Updates();
        actor.passes(step, x.batch(), rows -> update(step, x, e, rows, updates));
        clock.lap("update");
        List<RunSample> samples = actor.sampler().samples(step, x.batch());
        Map<String, Double> metrics = metrics(step, x, e, updates, samples, clock);
        actor.follow(x);
        return new TrainingStep(metrics, samples, x.batch().warnings());
    }

    // ---- 2, 3: token rewards and advantages ------------------------------------------------------------------------

    /// What is made of each sampled token (tokens, rollouts end to end) by the critic as it was when sampling.
    private record Estimates(double[] values, Gae gae, double[] whitened) {}

    private Estimates estimates(Actor.Experience x) {
        double[] values = actor.sampler().perToken(x.batch(), critic::values);
        double[] rewards =
                TokenRewards.of(x.kl(), actor.klCoefficient(), x.batch().scores(), x.lengths());
        if (options.whitenRewards) {
            rewards = Whitening.scale(rewards);
        }
        Gae gae = Gae.of(rewards, values, x.lengths(), options.gamma, options.lam);
        return new Estimates(values, gae, Whitening.whiten(gae.advantages()));
    }

    // ---- 4: the updates --------------------------------------------------------------------------------------------

    /// What the updates of a step measured.
    private record Updates(Means means, List<Double> ratios) {
        Updates() {
            this(new Means(), new ArrayList<>());
        }
    }

    private void update(long step, Actor.Experience x, Estimates e, int[] rows, Updates all) {
        double tokens = Arrays.stream(rows).map(i -> x.lengths()[i]).sum();
        Means means = all.means;
        double[] ratio = {0};
        double policyLoss = actor.accumulate(x.batch(), rows, (packed, part) -> {
            TokenLogProbs now = actor.now(packed);
            PpoLoss.Policy of =
                    loss.policy(now.logProbs(), tokens(x.logProbs(), x, part), tokens(e.whitened, x, part), tokens);
            ratio[0] += of.ratio();
            means.add("policy/approxkl_avg", of.approxkl());
            means.add("policy/clipfrac_avg", of.clipfrac());
            means.add("policy/entropy_avg", Metrics.sum(now.entropy().detach().toDoubles()) / tokens);
            return of.loss();
        });
        double valueLoss = actor.accumulate(x.batch(), rows, (packed, part) -> {
            PpoLoss.Value of = loss.value(
                    critic.values(packed), tokens(e.values, x, part), tokens(e.gae.returns(), x, part), tokens);
            means.add("val/clipfrac_avg", of.clipfrac());
            return of.loss();
        });
        double policyNorm = actor.learner().checkedNorm(step, policyLoss);
        double criticNorm = criticLearner.checkedNorm(step, valueLoss); // neither moves where one is not finite
        actor.learner().apply(step, policyNorm);
        criticLearner.apply(step, criticNorm);
        means.add("loss/policy_avg", policyLoss);
        means.add("loss/value_avg", valueLoss);
        means.add(RunMetrics.GRAD_NORM, policyNorm);
        means.add("critic/grad_norm", criticNorm);
        means.endUpdate();
        all.ratios.add(ratio[0]);
    }

    private static double[] tokens(double[] perToken, Actor.Experience x, int[] rows) {
        return Metrics.select(perToken, x.lengths(), rows);
    }

    // ---- metrics ---------------------------------------------------------------------------------------------------

    private Map<String, Double> metrics(
            long step, Actor.Experience x, Estimates e, Updates u, List<RunSample> samples, StepClock clock) {
        double n = x.batch().size();
        double score = Metrics.mean(x.batch().scores());
        double penalty = -actor.klCoefficient() * x.klPerCompletion();
        Map<String, Double> m = actor.metrics(step, x, score + penalty, samples);
        m.put("objective/entropy", -Metrics.sum(x.logProbs()) / n);
        m.put("objective/non_score_reward", penalty);
        m.put("objective/scores", score);
        u.means.put(m);
        m.put(RunMetrics.CLIP_FRACTION, u.means.of("policy/clipfrac_avg"));
        m.put(RunMetrics.LOSS, u.means.of("loss/policy_avg"));
        double[] ratios = u.ratios.stream().mapToDouble(Double::doubleValue).toArray();
        m.put("val/ratio", Metrics.mean(ratios));
        m.put("val/ratio_var", Metrics.variance(ratios));
        m.put("val/num_eos_tokens", (double)
                x.batch().rollouts().stream().filter(Rollout::ended).count());
        m.put("val/explained_var", explained(e));
        m.put("lr", actor.learner().learningRate(step));
        m.put("episode", (step + 1) * n);
        m.put("eps", n / clock.seconds());
        clock.put(m, x.batch().tokens());
        return m;
    }

    /// The share of the returns' variance that the values had foreseen (verl's `critic/vf_explained_var`): 1 for a
    /// perfect critic, 0 for a constant one; 0 where returns do not vary.
    private static double explained(Estimates e) {
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
        actor.save(folder);
        critic.save(folder.resolve(CRITIC));
        criticLearner.save(folder.resolve(CRITIC));
    }

    /// Goes on from what [#save] wrote, in the models this was made with.
    ///
    /// @throws IllegalArgumentException if the weights or states do not fit these models
    public void restore(Path folder) throws IOException {
        actor.restore(folder);
        criticLearner.restoreWithWeights(folder.resolve(CRITIC));
    }

    @Override
    public void close() {
        actor.close();
        criticLearner.close();
    }
}
