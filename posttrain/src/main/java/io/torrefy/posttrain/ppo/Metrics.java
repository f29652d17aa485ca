package io.torrefy.posttrain.ppo;

import io.torrefy.lm.Completion;
import io.torrefy.posttrain.RewardBreakdown;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What every algorithm says of its rollout, by the names of [RunMetrics].
final class Metrics {
    private Metrics() {}

    static Map<String, Double> of(Sampler.Batch batch, List<RunSample> samples) {
        Map<String, Double> m = new LinkedHashMap<>();
        double n = batch.size();
        double[] rewards =
                batch.rewards().stream().mapToDouble(RewardBreakdown::total).toArray();
        m.put(RunMetrics.REWARD, mean(rewards));
        m.put(RunMetrics.REWARD_STD, deviation(rewards));
        samples.getFirst()
                .rewards()
                .keySet()
                .forEach(name -> m.put(
                        RunMetrics.REWARD_PARTS + name,
                        samples.stream().mapToDouble(s -> s.rewards().get(name)).sum() / n));
        if (batch.verified()) {
            m.put(
                    RunMetrics.ACCURACY,
                    samples.stream().filter(RunSample::correct).count() / n);
        }
        m.put(RunMetrics.RESPONSE_LENGTH, batch.tokens() / n);
        m.put(
                RunMetrics.TRUNCATED,
                batch.rollouts().stream().filter(r -> !r.ended()).count() / n);
        // The mean surprise of what was sampled estimates the entropy without a pass of its own.
        m.put(RunMetrics.ENTROPY, surprise(batch) / batch.tokens());
        batch.failed().forEach((name, count) -> {
            if (count > 0) {
                m.put(RunMetrics.REWARD_PARTS + name + RunMetrics.REWARD_FAILED, (double) count);
            }
        });
        return m;
    }

    /// The sum of -log p over all sampled tokens.
    private static double surprise(Sampler.Batch batch) {
        double sum = 0;
        for (Rollout rollout : batch.rollouts()) {
            Completion completion = rollout.completion();
            for (float logProb : completion.logProbs()) {
                sum -= logProb;
            }
        }
        return sum;
    }

    static double mean(double[] values) {
        return sum(values) / values.length;
    }

    static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    /// The sample standard deviation; 0 of a single value.
    static double deviation(double[] values) {
        return Math.sqrt(variance(values));
    }

    /// The sample variance; 0 of a single value.
    static double variance(double[] values) {
        double mean = mean(values);
        double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
        return values.length < 2 ? 0 : squares / (values.length - 1);
    }

    /// The sums over the tokens of each completion.
    static double[] sums(double[] perToken, int[] lengths) {
        double[] sums = new double[lengths.length];
        int t = 0;
        for (int i = 0; i < lengths.length; i++) {
            for (int end = t + lengths[i]; t < end; t++) {
                sums[i] += perToken[t];
            }
        }
        return sums;
    }

    /// The tokens of some completions, end to end.
    static double[] select(double[] perToken, int[] lengths, int[] rows) {
        int[] from = new int[lengths.length + 1];
        for (int i = 0; i < lengths.length; i++) {
            from[i + 1] = from[i] + lengths[i];
        }
        double[] out = new double[Arrays.stream(rows).map(i -> lengths[i]).sum()];
        int at = 0;
        for (int row : rows) {
            System.arraycopy(perToken, from[row], out, at, lengths[row]);
            at += lengths[row];
        }
        return out;
    }
}
