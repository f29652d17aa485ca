package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.StepClock;
import io.torrefy.posttrain.Task;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// REINFORCE leave-one-out (Ahmadian et al. 2024, "Back to basics", eq. 8), as in TRL's RLOOTrainer, one rollout a
/// step:
///
/// 1. sample a group of completions for each problem and score them;
/// 2. a completion's reward is its score, clipped if asked for, less `beta` times its divergence from the reference,
/// summed over its tokens;
/// 3. its advantage is its reward less the mean of the others of its group: a baseline without bias and without a
/// critic;
/// 4. raise the log-probability of whole completions in proportion, the ratio of a completion being the product over
/// its tokens, clipped; a completion counts as one action.
@Export(value = "posttrain.Rloo", since = "0.1")
public final class Rloo implements AutoCloseable {
    /// How to train. Names are TRL's where TRL has them.
    ///
    /// @param kl the penalty in the reward: TRL's `beta`, K1 with 0.05
    /// @param epsilon the ratio is clipped at 1 - epsilon: 0.2
    /// @param epsilonHigh and at 1 + epsilonHigh: 0.2
    /// @param rewardClipRange scores are held within ± this; infinity for none, as in TRL
    /// @param normalizeAdvantages whether advantages are whitened over the batch: false in TRL
    public record Options(
            RolloutOptions rollout,
            Optimization optimization,
            KlPenalty kl,
            double epsilon,
            double epsilonHigh,
            double rewardClipRange,
            boolean normalizeAdvantages) {
        public Options {
            Checks checks = new Checks("rloo");
            checks.expect(
                    rollout.numGenerations() >= 2,
                    "numGenerations of at least 2: a completion alone in its group has no others to be compared with",
                    rollout.numGenerations());
            checks.expect(epsilon > 0 && epsilon < 1, "epsilon in (0, 1)", epsilon);
            checks.expect(epsilonHigh > 0, "a positive epsilonHigh", epsilonHigh);
            checks.expect(rewardClipRange > 0, "a positive rewardClipRange, infinity for none", rewardClipRange);
            checks.refuse();
        }

        /// TRL's values for what is not given: a KL coefficient of 0.05, clips of 0.2, nothing else.
        public static Options of(RolloutOptions rollout, Optimization optimization) {
            return new Options(rollout, optimization, KlPenalty.fixed(0.05), 0.2, 0.2, Double.POSITIVE_INFINITY, false);
        }

        /// These with another `kl`.
        public Options withKl(KlPenalty value) {
            return new Options(
                    rollout, optimization, value, epsilon, epsilonHigh, rewardClipRange, normalizeAdvantages);
        }

        /// These with another `rewardClipRange`.
        public Options withRewardClipRange(double value) {
            return new Options(rollout, optimization, kl, epsilon, epsilonHigh, value, normalizeAdvantages);
        }

        /// These with another `normalizeAdvantages`.
        public Options withNormalizeAdvantages(boolean value) {
            return new Options(rollout, optimization, kl, epsilon, epsilonHigh, rewardClipRange, value);
        }
    }

    private final Actor actor;
    private final Options options;
    private final GrpoLoss loss;

    private Rloo(Actor actor, Options options) {
        this.actor = actor;
        this.options = options;
        this.loss = loss(options.epsilon, options.epsilonHigh);
    }

    /// A trainer of this policy.
    ///
    /// @param reference the frozen model that the divergence is measured to; may be null where the KL coefficient
    ///     is 0
    /// @throws IllegalArgumentException naming what contradicts each other
    public static Rloo of(
            CausalLm policy,
            @Nullable CausalLm reference,
            Tokenizer tokenizer,
            Task task,
            Scorer scorer,
            Options options) {
        return new Rloo(
                new Actor(
                        "rloo",
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

    /// The clipped loss on ratios of whole completions, each of which weighs the same.
    static GrpoLoss loss(double epsilon, double epsilonHigh) {
        return GrpoLoss.of(GrpoLoss.Options.defaults()
                .withLossType(GrpoLoss.LossType.GRPO)
                .withImportanceLevel(GrpoLoss.ImportanceLevel.SEQUENCE_PRODUCT)
                .withEpsilonLow(epsilon)
                .withEpsilonHigh(epsilonHigh));
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
        double[] scores = x.batch().scores();
        double[] divergence = Metrics.sums(x.kl(), x.lengths());
        double[] reward = rewards(scores, divergence, actor.klCoefficient(), options.rewardClipRange);
        int group = options.rollout.numGenerations();
        double[] advantages = options.normalizeAdvantages
                ? Advantages.leaveOneOutNormalized(reward, group)
                : Advantages.leaveOneOut(reward, group);
        Means means = new Means();
        actor.passes(step, x.batch(), rows -> update(step, x, advantages, rows, means));
        clock.lap("update");
        List<RunSample> samples = actor.sampler().samples(step, x.batch());
        Map<String, Double> m = actor.metrics(step, x, Metrics.mean(reward), samples);
        means.put(m);
        m.put(RunMetrics.ZERO_VARIANCE, Advantages.zeroVarianceFraction(scores, group));
        clock.put(m, x.batch().tokens());
        actor.follow(x);
        return new TrainingStep(m, samples, x.batch().warnings());
    }

    /// Rewards of whole completions: scores within ± `clipRange`, less the penalty.
    static double[] rewards(double[] scores, double[] divergence, double coefficient, double clipRange) {
        double[] rewards = new double[scores.length];
        for (int i = 0; i < rewards.length; i++) {
            rewards[i] = Math.clamp(scores[i], -clipRange, clipRange) - coefficient * divergence[i];
        }
        return rewards;
    }

    private void update(long step, Actor.Experience x, double[] advantages, int[] rows, Means means) {
        GrpoLoss.Normaliser whole = GrpoLoss.Normaliser.of(
                Arrays.stream(rows).map(i -> x.lengths()[i]).toArray());
        double sum = actor.accumulate(x.batch(), rows, (packed, part) -> {
            Tensor logProbs = actor.now(packed).logProbs();
            double[] old = Metrics.select(x.logProbs(), x.lengths(), part);
            GrpoLoss.Result result = loss.loss(
                    logProbs,
                    Tensor.of(old, old.length).to(logProbs.dtype()),
                    null,
                    Arrays.stream(part).mapToDouble(i -> advantages[i]).toArray(),
                    packed.lengths(),
                    whole);
            means.add(RunMetrics.CLIP_FRACTION, result.metrics().clipRegion() * part.length / rows.length);
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
