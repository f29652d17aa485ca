package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Odds ratio preference optimisation (Hong et al. 2024, arXiv 2403.07691, section 4): supervised fine-tuning on the
/// chosen answers and a push away from the rejected ones in one stage, without a reference. A step:
///
/// 1. take the next pairs; log-probabilities of both answers;
/// 2. the mean negative log-probability of the chosen answers' tokens, over the whole step's;
/// 3. plus [OrpoLoss]: β times -ls of the log odds ratio, over the whole step's pairs;
/// 4. an AdamW step.
@Export(value = "posttrain.Orpo", since = "0.1")
public final class Orpo implements AutoCloseable {
    private final CausalLm policy;
    private final List<PreferencePair> pairs;
    private final double beta;
    private final Updates updates;

    private Orpo(CausalLm policy, List<PreferencePair> pairs, double beta, PreferenceTraining training) {
        this.policy = policy;
        this.pairs = List.copyOf(pairs);
        this.beta = beta;
        updates = new Updates("orpo", policy, training, pairs.size());
    }

    /// @param beta 0.1 in TRL's ORPOConfig and for the paper's models: the weight of the odds ratio, its λ
    /// @throws IllegalArgumentException naming the pairs that cannot be trained on
    public static Orpo of(CausalLm policy, List<PreferencePair> pairs, double beta, PreferenceTraining training) {
        Wrong wrong = new Wrong("orpo");
        wrong.need(beta > 0 && Double.isFinite(beta), "a finite beta > 0", beta);
        wrong.refuse();
        PreferencePair.check("orpo", pairs, policy.config(), true);
        return new Orpo(policy, pairs, beta, training);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return updates.optimizer();
    }

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate`, TRL's `nll_loss`, `log_odds_ratio` (the mean ls of the log
    ///     odds ratio), `log_odds_chosen` (the mean log odds ratio), `entropy` and `rewards/…`, `logps/…` as in
    ///     [Dpo] but of token means and without a reference
    /// @throws RunException if the loss or the gradient is not finite; the policy is as it was then
    public Map<String, Double> step(long step) {
        Seen seen = new Seen(beta);
        Map<String, Double> metrics = updates.apply(step, accumulate(pairs, updates.batch(step), seen));
        seen.put(metrics);
        return metrics;
    }

    /// Loss and metrics of held-out pairs under the policy as it is, `eval_loss`, `eval_rewards/chosen` and so on.
    ///
    /// @throws IllegalArgumentException naming the pairs that cannot be measured on
    public Map<String, Double> evaluate(List<PreferencePair> heldOut) {
        PreferencePair.check("orpo", heldOut, policy.config(), true);
        Seen seen = new Seen(beta);
        return Updates.held(updates.evaluate(heldOut.size(), batch -> accumulate(heldOut, batch, seen)), seen::put);
    }

    /// What is shown of the pairs of a step, or of held-out ones.
    private static final class Seen {
        private final PairMetrics metrics;
        private final double beta;
        private double nll;
        private double chosenTokens;
        private double ratio;
        private double logOdds;
        private double pairs;

        Seen(double beta) {
            metrics = new PairMetrics(beta);
            this.beta = beta;
        }

        void put(Map<String, Double> all) {
            all.put("nll_loss", nll / chosenTokens);
            all.put("log_odds_ratio", -ratio / (beta * pairs));
            all.put("log_odds_chosen", logOdds / pairs);
            metrics.put(all);
        }
    }

    /// The loss of a step's pairs, whose gradient is added.
    private double accumulate(List<PreferencePair> data, int[] batch, Seen seen) {
        double chosenTokens = Arrays.stream(batch)
                .mapToDouble(i -> data.get(i).chosen().length)
                .sum();
        seen.chosenTokens += chosenTokens;
        seen.pairs += batch.length;
        return updates.accumulate(updates.microBatches(batch, i -> data.get(i).tokens()), part -> {
            Answers.Scores scores = Answers.of(Updates.at(data, part)).scores(policy);
            Tensor sums = scores.sums();
            double[] inverse =
                    Arrays.stream(scores.lengths()).mapToDouble(n -> 1.0 / n).toArray();
            Tensor means = sums.mul(Answers.vector(inverse, sums.dtype())).reshape(part.length, 2);
            Tensor chosen = means.select(1, 0);
            Tensor rejected = means.select(1, 1);
            Tensor supervised = sums.reshape(part.length, 2).select(1, 0).sum().mul(-1 / chosenTokens);
            Tensor odds = OrpoLoss.oddsRatio(chosen, rejected, beta, batch.length);
            seen.nll += supervised.item() * chosenTokens;
            seen.ratio += odds.item() * batch.length;
            seen.logOdds += OrpoLoss.logOddsRatio(chosen.detach(), rejected.detach())
                    .sum()
                    .item();
            seen.metrics.add(means, Tensor.zeros(part.length, 2), scores);
            return supervised.add(odds);
        });
    }

    @Override
    public void close() {
        updates.close();
    }
}
