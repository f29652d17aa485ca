package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// REINFORCE++ (Hu et al. 2025, arXiv 2501.03262): PPO's clipped policy loss without its critic, one rollout a step:
///
/// 1. sample completions and score them;
/// 2. each token's reward is `-kl_coef` times its distance from the reference, and the last one's also the score;
/// 3. a token's advantage is the discounted sum of the rewards from it on. The baseline variant takes the reward of the
/// whole completion less the mean of its group instead, the same for each of its tokens;
/// 4. advantages are whitened over all tokens of the *batch*, where GRPO divides by the deviation of a group, which
/// weighs problems by how rarely they are solved;
/// 5. one step a mini-batch on the clipped loss, its token mean.
///
/// Numbers are those of verl's `reinforce_plus_plus` and `reinforce_plus_plus_baseline`, with the penalty in the reward
/// for both. The paper's baseline variant has it as a K2 loss instead; OpenRLHF takes the group's mean off scores
/// before the penalty and sums the rest up from each token on.
@Export(value = "posttrain.ReinforcePlusPlus", since = "0.1")
public final class ReinforcePlusPlus implements AutoCloseable {
    /// How to train. Names are TRL's and verl's.
    ///
    /// @param kl the penalty in the reward, K1 with 0.001 in verl and 0.01 in OpenRLHF
    /// @param baseline whether the mean of the group is the baseline; needs groups of at least 2
    /// @param gamma discount: 1 in verl and OpenRLHF. The baseline variant has none
    /// @param loss the clip; its value clip is not used
    public record Options(
            RolloutOptions rollout,
            Optimization optimization,
            KlPenalty kl,
            boolean baseline,
            double gamma,
            PpoLoss.Options loss) {
        public Options {
            Checks checks = new Checks("reinforce++");
            checks.expect(
                    !baseline || rollout.numGenerations() >= 2,
                    "numGenerations of at least 2 with baseline",
                    rollout.numGenerations());
            checks.expect(gamma > 0 && gamma <= 1, "gamma in (0, 1]", gamma);
            checks.expect(
                    !baseline || gamma == 1,
                    "gamma 1 with baseline, where all tokens of a completion have one advantage",
                    gamma);
            checks.refuse();
        }

        /// OpenRLHF's KL coefficient of 0.01, gamma 1 and a clip of 0.2.
        public static Options of(RolloutOptions rollout, Optimization optimization, boolean baseline) {
            return new Options(rollout, optimization, KlPenalty.fixed(0.01), baseline, 1, PpoLoss.Options.defaults());
        }

        /// These with another `kl`.
        public Options withKl(KlPenalty value) {
            return new Options(rollout, optimization, value, baseline, gamma, loss);
        }

        /// These with another `gamma`.
        public Options withGamma(double value) {
            return new Options(rollout, optimization, kl, baseline, value, loss);
        }

        /// These with another `loss`.
        public Options withLoss(PpoLoss.Options value) {
            return new Options(rollout, optimization, kl, baseline, gamma, value);
        }
    }

    private final Actor actor;
    private final Options options;
    private final PpoLoss loss;

    private ReinforcePlusPlus(Actor actor, Options options) {
        this.actor = actor;
        this.options = options;
        this.loss = PpoLoss.of(options.loss);
    }

    /// A trainer of this policy.
    ///
    /// @param reference the frozen model that the divergence is measured to; may be null where the KL coefficient
    ///     is 0
    /// @throws IllegalArgumentException naming what contradicts each other
    public static ReinforcePlusPlus of(
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            Options options) {
        return new ReinforcePlusPlus(
                new Actor(
                        "reinforce++",
                        policy,
                        reference,
                        tokenizer,
                        task,
                        scorer,
                        options.rollout,
                        options.optimization,
                        options.kl),
                options);
    }

    /// What samples from the policy, for evaluations on the way.
    public Generator generator() {
        return actor.sampler().generator();
    }

    /// Step number `step`, from 0: rollout, rewards, advantages, updates.
    ///
    /// @throws RunException if a loss or a gradient is not finite
    /// @throws IllegalStateException if a score is not
    public TrainingStep step(long step) {
        StepClock clock = new StepClock();
        Actor.Experience x = actor.sample(step, clock);
        clock.lap("log_probs");
        double[] rewards =
                TokenRewards.of(x.kl(), actor.klCoefficient(), x.batch().scores(), x.lengths());
        double[] advantages = options.baseline
                ? groupAdvantages(rewards, x.lengths(), options.rollout.numGenerations())
                : advantages(rewards, x.lengths(), options.gamma);
        Means means = new Means();
        actor.passes(step, x.batch(), rows -> update(step, x, advantages, rows, means));
        clock.lap("update");
        List<RunSample> samples = actor.sampler().samples(step, x.batch());
        double reward = Metrics.sum(rewards) / x.batch().size();
        Map<String, Double> m = actor.metrics(step, x, reward, samples);
        means.put(m);
        m.put("policy/clipfrac_avg", means.of(RunMetrics.CLIP_FRACTION));
        clock.put(m, x.batch().tokens());
        actor.follow(x);
        return new TrainingStep(m, samples, x.batch().warnings());
    }

    /// The discounted sums of the rewards from each token on, whitened over all of them (sample variance, epsilon
    /// 1e-8 below the root).
    ///
    /// @param rewards one a token, completions end to end
    /// @param lengths tokens of each completion
    public static double[] advantages(double[] rewards, int[] lengths, double gamma) {
        return Whitening.whiten(Gae.rewardsToGo(rewards, lengths, gamma));
    }

    /// For every token of a completion its summed reward less the mean of its group, whitened over all tokens: a
    /// long completion weighs more in their mean.
    ///
    /// @param rewards one a token, completions end to end, the completions of a problem next to each other
    /// @param lengths tokens of each completion
    /// @param groupSize completions of a problem
    /// @throws IllegalArgumentException if they do not form whole groups of at least 2
    public static double[] groupAdvantages(double[] rewards, int[] lengths, int groupSize) {
        Checks checks = new Checks("reinforce++");
        checks.expect(groupSize >= 2, "groups of at least 2", groupSize);
        checks.expect(
                groupSize < 1 || lengths.length % groupSize == 0,
                "whole groups of " + groupSize,
                lengths.length + " completions");
        int tokens = Arrays.stream(lengths).sum();
        checks.expect(rewards.length == tokens, tokens + " rewards, the sum of the lengths", rewards.length);
        checks.refuse();
        double[] sums = Metrics.sums(rewards, lengths);
        double[] spread = new double[tokens];
        int t = 0;
        for (int i = 0; i < lengths.length; i++) {
            int group = i - i % groupSize;
            double mean = Metrics.mean(Arrays.copyOfRange(sums, group, group + groupSize));
            Arrays.fill(spread, t, t + lengths[i], sums[i] - mean);
            t += lengths[i];
        }
        return Whitening.whiten(spread);
    }

    private void update(long step, Actor.Experience x, double[] advantages, int[] rows, Means means) {
        double tokens = Arrays.stream(rows).map(i -> x.lengths()[i]).sum();
        double sum = actor.accumulate(x.batch(), rows, (packed, part) -> {
            var now = actor.now(packed);
            PpoLoss.Policy result = loss.policy(
                    now.logProbs(),
                    Metrics.select(x.logProbs(), x.lengths(), part),
                    Metrics.select(advantages, x.lengths(), part),
                    tokens);
            means.add(RunMetrics.CLIP_FRACTION, result.clipfrac());
            means.add("policy/approxkl_avg", result.approxkl());
            means.add("policy/entropy_avg", Metrics.sum(now.entropy().detach().toDoubles()) / tokens);
            return result.loss();
        });
        means.add(RunMetrics.LOSS, sum);
        means.add(RunMetrics.GRAD_NORM, actor.learner().update(step, sum));
        means.endUpdate();
    }

    /// Writes everything that a run needs to go on, but the number of steps: the policy (a model folder), the
    /// optimiser's state and the KL coefficient.
    public void save(Path folder) throws IOException {
        actor.save(folder);
    }

    /// Goes on from what [#save] wrote, in the policy this was made with.
    ///
    /// @throws IllegalArgumentException if the weights or states do not fit it
    public void restore(Path folder) throws IOException {
        actor.restore(folder);
    }

    @Override
    public void close() {
        actor.close();
    }
}
