package io.torrefy.posttrain.preference;

import io.torrefy.posttrain.RunMetrics;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;

/// TRL's metrics of pairs, gathered over the micro-batches of a step.
final class PairMetrics {
    private final double beta;
    private double pairs;
    private double chosenReward;
    private double rejectedReward;
    private double accurate;
    private double chosen;
    private double rejected;
    private double entropy;
    private double tokens;

    PairMetrics(double beta) {
        this.beta = beta;
    }

    /// @param logProbs (pairs, 2), chosen and rejected
    /// @param baseline what the reward is measured against, of the same shape
    void add(Tensor logProbs, Tensor baseline, Answers.Scores scores) {
        add(logProbs.detach().toDoubles(), baseline.toDoubles());
        double[] perToken = scores.entropy().toDoubles();
        entropy += Arrays.stream(perToken).sum();
        tokens += perToken.length;
    }

    void add(double[] logProbs, double[] baseline) {
        for (int i = 0; i < logProbs.length; i += 2) {
            double c = beta * (logProbs[i] - baseline[i]);
            double r = beta * (logProbs[i + 1] - baseline[i + 1]);
            chosenReward += c;
            rejectedReward += r;
            accurate += c > r ? 1 : 0;
            chosen += logProbs[i];
            rejected += logProbs[i + 1];
            pairs++;
        }
    }

    void put(Map<String, Double> metrics) {
        metrics.put("rewards/chosen", chosenReward / pairs);
        metrics.put("rewards/rejected", rejectedReward / pairs);
        metrics.put("rewards/accuracies", accurate / pairs);
        metrics.put("rewards/margins", (chosenReward - rejectedReward) / pairs);
        metrics.put("logps/chosen", chosen / pairs);
        metrics.put("logps/rejected", rejected / pairs);
        metrics.put(RunMetrics.ENTROPY, entropy / tokens);
    }
}
