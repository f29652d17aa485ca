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
        int[] batch = updates.batch(step);
        double chosenTokens = Arrays.stream(batch)
                .mapToDouble(i -> pairs.get(i).chosen().length)
                .sum();
        PairMetrics seen = new PairMetrics(beta);
        Seen terms = new Seen();
        updates.accumulate(updates.microBatches(batch, i -> pairs.get(i).tokens()), part -> {
            Answers.Scores scores = Answers.of(Updates.at(pairs, part)).scores(policy);
            Tensor sums = scores.sums();
            double[] inverse =
                    Arrays.stream(scores.lengths()).mapToDouble(n -> 1.0 / n).toArray();
            Tensor means = sums.mul(Answers.vector(inverse, sums.dtype())).reshape(part.length, 2);
            Tensor chosen = means.select(1, 0);
            Tensor rejected = means.select(1, 1);
            Tensor supervised = sums.reshape(part.length, 2).select(1, 0).sum().mul(-1 / chosenTokens);
            Tensor odds = OrpoLoss.oddsRatio(chosen, rejected, beta, batch.length);
            terms.nll += supervised.item();
            terms.ratio += odds.item();
            terms.logOdds += OrpoLoss.logOddsRatio(chosen.detach(), rejected.detach())
                    .sum()
                    .item();
            seen.add(means, Tensor.zeros(part.length, 2), scores);
            return supervised.add(odds);
        });
        Map<String, Double> metrics = updates.apply(step, terms.nll + terms.ratio);
        metrics.put("nll_loss", terms.nll);
        metrics.put("log_odds_ratio", -terms.ratio / beta);
        metrics.put("log_odds_chosen", terms.logOdds / batch.length);
        seen.put(metrics);
        return metrics;
    }

    private static final class Seen {
        double nll;
        double ratio;
        double logOdds;
    }

    @Override
    public void close() {
        updates.close();
    }
}
