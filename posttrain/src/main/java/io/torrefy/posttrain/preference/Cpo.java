package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// SimPO (Meng et al. 2024, arXiv 2405.14734) and contrastive preference optimisation (Xu et al. 2024, arXiv
/// 2401.08417), which need no reference. A step:
///
/// 1. take the next pairs; log-probabilities of both answers, for SimPO divided by their lengths;
/// 2. the loss of [CpoLoss] on their difference, over the whole step's pairs;
/// 3. with `cpoAlpha` > 0 plus that much of the chosen answers' mean negative log-probability, over the whole step's
/// tokens;
/// 4. an AdamW step.
///
/// TRL's CPOTrainer takes the mean of 3 over prompt and answer, and over each micro-batch.
@Export(value = "posttrain.Cpo", since = "0.1")
public final class Cpo implements AutoCloseable {
    private final CausalLm policy;
    private final List<PreferencePair> pairs;
    private final CpoLoss.Options options;
    private final Updates updates;

    private Cpo(CausalLm policy, List<PreferencePair> pairs, CpoLoss.Options options, PreferenceTraining training) {
        this.policy = policy;
        this.pairs = List.copyOf(pairs);
        this.options = options;
        updates = new Updates("cpo", policy, training, pairs.size());
    }

    /// @throws IllegalArgumentException naming the pairs that cannot be trained on
    public static Cpo of(
            CausalLm policy, List<PreferencePair> pairs, CpoLoss.Options options, PreferenceTraining training) {
        PreferencePair.check("cpo", pairs, policy.config(), true);
        return new Cpo(policy, pairs, options, training);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate`, TRL's `nll_loss` (unweighted), `entropy` and `rewards/…`,
    ///     `logps/…` as in [Dpo] but without a reference, for SimPO and IPO of token means
    /// @throws RunException if the loss or the gradient is not finite; the policy is as it was then
    public Map<String, Double> step(long step) {
        Seen seen = new Seen(options.beta());
        Map<String, Double> metrics = updates.apply(step, accumulate(pairs, updates.batch(step), seen));
        seen.put(metrics);
        return metrics;
    }

    /// Loss and metrics of held-out pairs under the policy as it is, `eval_loss`, `eval_rewards/chosen` and so on.
    ///
    /// @throws IllegalArgumentException naming the pairs that cannot be measured on
    public Map<String, Double> evaluate(List<PreferencePair> heldOut) {
        PreferencePair.check("cpo", heldOut, policy.config(), true);
        Seen seen = new Seen(options.beta());
        return Updates.held(updates.evaluate(heldOut.size(), batch -> accumulate(heldOut, batch, seen)), seen::put);
    }

    /// What is shown of the pairs of a step, or of held-out ones.
    private static final class Seen {
        private final PairMetrics metrics;
        private double nll;
        private double chosenTokens;

        Seen(double beta) {
            metrics = new PairMetrics(beta);
        }

        void put(Map<String, Double> all) {
            all.put("nll_loss", nll / chosenTokens);
            metrics.put(all);
        }
    }

    /// The loss of a step's pairs, whose gradient is added.
    private double accumulate(List<PreferencePair> data, int[] batch, Seen seen) {
        double chosenTokens = Arrays.stream(batch)
                .mapToDouble(i -> data.get(i).chosen().length)
                .sum();
        seen.chosenTokens += chosenTokens;
        return updates.accumulate(updates.microBatches(batch, i -> data.get(i).tokens()), part -> {
            Answers.Scores scores = Answers.of(Updates.at(data, part)).scores(policy);
            Tensor sums = scores.sums();
            Tensor both = sums.reshape(part.length, 2);
            Tensor loss = CpoLoss.loss(
                    options,
                    both.select(1, 0),
                    both.select(1, 1),
                    scores.lengthsFrom(0),
                    scores.lengthsFrom(1),
                    batch.length);
            Tensor supervised = both.select(1, 0).sum().mul(-1 / chosenTokens);
            seen.nll += supervised.item() * chosenTokens;
            double[] inverse = Arrays.stream(scores.lengths())
                    .mapToDouble(n -> options.lossType().means() ? 1.0 / n : 1)
                    .toArray();
            Tensor shown =
                    sums.detach().mul(Answers.vector(inverse, sums.dtype())).reshape(part.length, 2);
            seen.metrics.add(shown, Tensor.zeros(part.length, 2), scores);
            return options.cpoAlpha() > 0 ? loss.add(supervised.mul(options.cpoAlpha())) : loss;
        });
    }

    @Override
    public void close() {
        updates.close();
    }
}
