package io.torrefy.posttrain.preference;

import io.torrefy.nn.AdamW;
import io.torrefy.nn.Module;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/// Which examples a step takes, how they are cut into micro-batches, and what is done with their gradients.
final class Updates implements AutoCloseable {
    private final PreferenceTraining training;
    private final Learner learner;
    private final int examples;

    Updates(String op, Module model, PreferenceTraining training, int examples) {
        this.training = training;
        this.examples = examples;
        learner = training.learner(op, model);
    }

    AdamW optimizer() {
        return learner.optimizer();
    }

    /// The examples of step `step`: `batchSize` of the passes over the data laid end to end. A function of (seed,
    /// step) alone.
    int[] batch(long step) {
        int[] batch = new int[training.batchSize()];
        long pass = -1;
        int[] order = {};
        for (int i = 0; i < batch.length; i++) {
            long at = step * batch.length + i;
            if (pass != at / examples) {
                pass = at / examples;
                order = order(pass);
            }
            batch[i] = order[(int) (at % examples)];
        }
        return batch;
    }

    private int[] order(long pass) {
        int[] order = new int[examples];
        SplitMix random = new SplitMix(training.seed(), pass);
        for (int i = 0; i < examples; i++) {
            int j = training.shuffle() ? random.below(i + 1) : i;
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /// What is done with a batch.
    interface Pass {
        /// Its loss, with its gradient where those are recorded.
        double loss(int[] batch);
    }

    /// The mean loss of held-out examples in batches as long as a step's, without training.
    double evaluate(int heldOut, Pass pass) {
        double sum = 0;
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int from = 0; from < heldOut; from += training.batchSize()) {
                int[] batch = IntStream.range(from, Math.min(heldOut, from + training.batchSize()))
                        .toArray();
                sum += pass.loss(batch) * batch.length / heldOut;
            }
        }
        return sum;
    }

    /// Gradients of a loss, where they are recorded.
    static void backward(Tensor loss) {
        if (Autograd.isEnabled()) {
            loss.backward();
        }
    }

    /// Held-out metrics by TRL's names: `eval_` before those of a step.
    static Map<String, Double> held(double loss, Consumer<Map<String, Double>> others) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(RunMetrics.LOSS, loss);
        others.accept(metrics);
        Map<String, Double> named = new LinkedHashMap<>();
        metrics.forEach((name, value) -> named.put("eval_" + name, value));
        return named;
    }

    /// The batch, some at a time.
    ///
    /// @param tokens of an example
    List<int[]> microBatches(int[] batch, IntUnaryOperator tokens) {
        List<int[]> parts = new ArrayList<>();
        List<Integer> open = new ArrayList<>();
        long sum = 0;
        for (int example : batch) {
            int count = tokens.applyAsInt(example);
            if (!open.isEmpty() && sum + count > training.microBatchTokens()) {
                parts.add(open.stream().mapToInt(Integer::intValue).toArray());
                open.clear();
                sum = 0;
            }
            open.add(example);
            sum += count;
        }
        parts.add(open.stream().mapToInt(Integer::intValue).toArray());
        return parts;
    }

    /// Adds the gradients of a batch, where they are recorded, a micro-batch at a time.
    ///
    /// @param loss of some examples, divided by what the whole batch is
    /// @return the batch's loss
    double accumulate(List<int[]> microBatches, Function<int[], Tensor> loss) {
        double sum = 0;
        for (int[] part : microBatches) {
            try (Scope _ = Scope.open()) {
                Tensor value = loss.apply(part);
                backward(value);
                sum += value.item();
            }
        }
        return sum;
    }

    /// Some of the examples.
    static <T> List<T> at(List<T> examples, int[] part) {
        return Arrays.stream(part).mapToObj(examples::get).toList();
    }

    /// Applies the gradients that there are, as the update of step `step`.
    ///
    /// @return `loss`, `grad_norm` and `learning_rate`, to add others to
    /// @throws RunException if the loss or the gradient is not finite; the weights are as they were then
    Map<String, Double> apply(long step, double loss) {
        double norm = learner.update(step, loss);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(RunMetrics.LOSS, loss);
        metrics.put(RunMetrics.GRAD_NORM, norm);
        metrics.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        return metrics;
    }

    @Override
    public void close() {
        learner.close();
    }
}
