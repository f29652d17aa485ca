package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A reward model from pairs: the second stage of InstructGPT (Ouyang et al. 2022, arXiv 2203.02155, section 3.5). A
/// step:
///
/// 1. take the next pairs; the score of each prompt with each of its answers, at the answer's last token;
/// 2. the loss of [RewardLoss] on the difference, divided by the whole step's pairs;
/// 3. an AdamW step.
///
/// What step `k` takes depends on (seed, k) alone, so a run resumes from weights, optimiser state and the number of
/// steps.
@Export(value = "posttrain.RewardTrainer", since = "0.1")
public final class RewardTrainer implements AutoCloseable {
    private final ValueModel model;
    private final List<PreferencePair> pairs;
    private final double centerRewardsCoefficient;
    private final Updates updates;

    private RewardTrainer(ValueModel model, List<PreferencePair> pairs, double centering, PreferenceTraining training) {
        this.model = model;
        this.pairs = List.copyOf(pairs);
        this.centerRewardsCoefficient = centering;
        updates = new Updates("reward", model, training, pairs.size());
    }

    /// @param centerRewardsCoefficient 0 for none (TRL's `center_rewards_coefficient`, there None; 0.01 is its
    ///     advice)
    /// @throws IllegalArgumentException naming the pairs that cannot be trained on
    public static RewardTrainer of(
            ValueModel model,
            List<PreferencePair> pairs,
            double centerRewardsCoefficient,
            PreferenceTraining training) {
        Wrong wrong = new Wrong("reward");
        wrong.need(
                centerRewardsCoefficient >= 0 && Double.isFinite(centerRewardsCoefficient),
                "a finite centerRewardsCoefficient >= 0",
                centerRewardsCoefficient);
        wrong.refuse();
        PreferencePair.check("reward", pairs, model.config(), false);
        return new RewardTrainer(model, pairs, centerRewardsCoefficient, training);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate` and TRL's `accuracy` (of pairs whose chosen answer scores
    ///     higher),
    ///     `margin` (mean difference of the scores), `min_reward`, `mean_reward` and `max_reward` (of all answers)
    /// @throws RunException if the loss or the gradient is not finite; the model is as it was then
    public Map<String, Double> step(long step) {
        Seen seen = new Seen();
        Map<String, Double> metrics = updates.apply(step, accumulate(pairs, updates.batch(step), seen));
        seen.put(metrics);
        return metrics;
    }

    /// The loss of a step's pairs, whose gradient is added.
    private double accumulate(List<PreferencePair> data, int[] batch, Seen seen) {
        return updates.accumulate(updates.microBatches(batch, i -> data.get(i).tokens()), part -> {
            List<PreferencePair> some = Updates.at(data, part);
            Tensor scores = scores(model, some);
            seen.add(scores.detach().toDoubles());
            double[] margins = some.stream().mapToDouble(PreferencePair::margin).toArray();
            return RewardLoss.loss(
                    scores.select(1, 0), scores.select(1, 1), margins, centerRewardsCoefficient, batch.length);
        });
    }

    /// How well the model orders other pairs, without training.
    ///
    /// @return `eval_loss`, `eval_accuracy`, `eval_margin`, `eval_min_reward`, `eval_mean_reward` and
    ///     `eval_max_reward`
    public Map<String, Double> evaluate(List<PreferencePair> heldOut) {
        PreferencePair.check("reward", heldOut, model.config(), false);
        Seen seen = new Seen();
        return Updates.held(updates.evaluate(heldOut.size(), batch -> accumulate(heldOut, batch, seen)), seen::put);
    }

    /// Scores of chosen and rejected answers, (pairs, 2). Both read their prompt once, if there are prompts.
    private static Tensor scores(ValueModel model, List<PreferencePair> pairs) {
        if (pairs.stream().anyMatch(p -> p.prompt().length == 0)) {
            List<int[]> texts = new ArrayList<>();
            for (PreferencePair pair : pairs) {
                texts.add(StepwiseExample.join(pair.prompt(), List.of(pair.chosen())));
                texts.add(StepwiseExample.join(pair.prompt(), List.of(pair.rejected())));
            }
            return model.scores(TokenBatch.pack(texts)).reshape(pairs.size(), 2);
        }
        List<int[]> prompts = new ArrayList<>();
        List<int[]> answers = new ArrayList<>();
        int[] promptOf = new int[2 * pairs.size()];
        int[] last = new int[promptOf.length];
        int at = pairs.stream().mapToInt(p -> p.prompt().length).sum();
        for (int i = 0; i < pairs.size(); i++) {
            PreferencePair pair = pairs.get(i);
            prompts.add(pair.prompt());
            for (int[] answer : List.of(pair.chosen(), pair.rejected())) {
                promptOf[answers.size()] = i;
                at += answer.length;
                last[answers.size()] = at - 1;
                answers.add(answer);
            }
        }
        return model.values(TokenBatch.fork(prompts, answers, promptOf), last).reshape(pairs.size(), 2);
    }

    /// TRL's metrics, gathered over the micro-batches of a step.
    private static final class Seen {
        private double pairs;
        private double accurate;
        private double margin;
        private double sum;
        private double least = Double.POSITIVE_INFINITY;
        private double most = Double.NEGATIVE_INFINITY;

        void add(double[] scores) {
            for (int i = 0; i < scores.length; i += 2) {
                accurate += scores[i] > scores[i + 1] ? 1 : 0;
                margin += scores[i] - scores[i + 1];
                sum += scores[i] + scores[i + 1];
                least = Math.min(least, Math.min(scores[i], scores[i + 1]));
                most = Math.max(most, Math.max(scores[i], scores[i + 1]));
                pairs++;
            }
        }

        void put(Map<String, Double> metrics) {
            metrics.put("accuracy", accurate / pairs);
            metrics.put("margin", margin / pairs);
            metrics.put("min_reward", least);
            metrics.put("mean_reward", sum / (2 * pairs));
            metrics.put("max_reward", most);
        }
    }

    @Override
    public void close() {
        updates.close();
    }
}
