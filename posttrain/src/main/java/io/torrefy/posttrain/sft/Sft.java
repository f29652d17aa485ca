package io.torrefy.posttrain.sft;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.nn.Schedule;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Supervised fine-tuning: the model is taught to write the trained tokens of its samples.
///
/// 1. the samples, or rows of them packed by best fit, come in another order in every epoch;
/// 2. a step takes `perDeviceTrainBatchSize` x `gradientAccumulationSteps` rows and counts their targets, N;
/// 3. each micro-batch adds the gradient of `sum over its targets of loss / N`: the mean over the step's targets,
/// however the step is cut;
/// 4. the gradient is clipped and AdamW steps.
///
/// Sequences are laid end to end with offsets, never padded, and attend to themselves alone; no loss depends on what
/// lies beside a sample. Step `k` depends on (seed, k) alone, so a run resumes from weights, optimiser and its number.
@Export(value = "posttrain.Sft", since = "0.1")
public final class Sft implements AutoCloseable {
    /// What a target costs; p is the probability that the model gives it.
    public enum LossType {
        /// `-ln p`, from all logits at once.
        NLL,

        /// `-ln p`, from some rows' logits at a time, which is most of the memory of a large vocabulary.
        CHUNKED_NLL,

        /// `-stop_gradient(p) ln p` (Wu et al. 2025, "On the generalization of SFT", eq. 9): what the model
        /// finds unlikely pulls less.
        DFT
    }

    /// How to train. Names are TRL's, and so are the defaults (`SFTConfig` of trl 1.13 and `TrainingArguments` of
    /// transformers 5.18): where verl (batch 256, 4 epochs) and OpenRLHF (lr 5e-6, batch 128, 2 epochs) differ,
    /// this is TRL.
    ///
    /// @param learningRate the peak, reached after `warmupSteps` and brought down linearly to zero; 2e-5
    /// @param perDeviceTrainBatchSize rows in memory at a time; does not change the result but for rounding; 8
    /// @param gradientAccumulationSteps micro-batches a step; 1
    /// @param numTrainEpochs 3
    /// @param maxSteps steps in all, if positive; else `numTrainEpochs` says; -1
    /// @param maxLength tokens a row may have; 1024
    /// @param packing whether rows are several samples; false
    /// @param packingStrategy how; BFD
    /// @param lossType CHUNKED_NLL
    /// @param maxGradNorm the gradient is scaled down to it; 1
    /// @param weightDecay of matrices, not of vectors; 0
    /// @param warmupSteps 0
    /// @param seed of the order; 42
    public record Options(
            double learningRate,
            int perDeviceTrainBatchSize,
            int gradientAccumulationSteps,
            double numTrainEpochs,
            long maxSteps,
            int maxLength,
            boolean packing,
            Packing packingStrategy,
            LossType lossType,
            double maxGradNorm,
            double weightDecay,
            long warmupSteps,
            long seed) {
        public Options {
            List<String> wrong = new ArrayList<>();
            expect(wrong, learningRate > 0, "a positive learningRate; got " + learningRate);
            expect(
                    wrong,
                    perDeviceTrainBatchSize >= 1,
                    "perDeviceTrainBatchSize of at least 1; got " + perDeviceTrainBatchSize);
            expect(
                    wrong,
                    gradientAccumulationSteps >= 1,
                    "gradientAccumulationSteps of at least 1; got " + gradientAccumulationSteps);
            expect(
                    wrong,
                    maxSteps > 0 || numTrainEpochs > 0,
                    "positive numTrainEpochs or maxSteps; got " + numTrainEpochs + " and " + maxSteps);
            expect(wrong, maxLength >= 2, "maxLength of at least 2; got " + maxLength);
            expect(wrong, maxGradNorm > 0, "a positive maxGradNorm; got " + maxGradNorm);
            expect(wrong, weightDecay >= 0, "weightDecay of at least 0; got " + weightDecay);
            expect(wrong, warmupSteps >= 0, "warmupSteps of at least 0; got " + warmupSteps);
            if (!wrong.isEmpty()) {
                throw new IllegalArgumentException("[sft] expected " + String.join("; and ", wrong));
            }
        }

        private static void expect(List<String> wrong, boolean right, String what) {
            if (!right) {
                wrong.add(what);
            }
        }

        /// TRL's defaults.
        public static Options defaults() {
            return new Options(2e-5, 8, 1, 3, -1, 1024, false, Packing.BFD, LossType.CHUNKED_NLL, 1, 0, 0, 42);
        }

        public Options withLearningRate(double value) {
            return with(value, perDeviceTrainBatchSize, gradientAccumulationSteps, numTrainEpochs, maxSteps, lossType);
        }

        public Options withBatch(int perDevice, int accumulation) {
            return with(learningRate, perDevice, accumulation, numTrainEpochs, maxSteps, lossType);
        }

        public Options withNumTrainEpochs(double value) {
            return with(learningRate, perDeviceTrainBatchSize, gradientAccumulationSteps, value, maxSteps, lossType);
        }

        public Options withMaxSteps(long value) {
            return with(
                    learningRate, perDeviceTrainBatchSize, gradientAccumulationSteps, numTrainEpochs, value, lossType);
        }

        public Options withLossType(LossType value) {
            return with(
                    learningRate, perDeviceTrainBatchSize, gradientAccumulationSteps, numTrainEpochs, maxSteps, value);
        }

        private Options with(double rate, int perDevice, int accumulation, double epochs, long steps, LossType type) {
            return new Options(
                    rate,
                    perDevice,
                    accumulation,
                    epochs,
                    steps,
                    maxLength,
                    packing,
                    packingStrategy,
                    type,
                    maxGradNorm,
                    weightDecay,
                    warmupSteps,
                    seed);
        }

        public Options withMaxLength(int value) {
            return packed(value, packing, packingStrategy);
        }

        public Options withPacking(Packing strategy) {
            return packed(maxLength, true, strategy);
        }

        private Options packed(int length, boolean pack, Packing strategy) {
            return new Options(
                    learningRate,
                    perDeviceTrainBatchSize,
                    gradientAccumulationSteps,
                    numTrainEpochs,
                    maxSteps,
                    length,
                    pack,
                    strategy,
                    lossType,
                    maxGradNorm,
                    weightDecay,
                    warmupSteps,
                    seed);
        }

        public Options withOptimizer(double decay, double gradNorm, long warmup) {
            return new Options(
                    learningRate,
                    perDeviceTrainBatchSize,
                    gradientAccumulationSteps,
                    numTrainEpochs,
                    maxSteps,
                    maxLength,
                    packing,
                    packingStrategy,
                    lossType,
                    gradNorm,
                    decay,
                    warmup,
                    seed);
        }

        public Options withSeed(long value) {
            return new Options(
                    learningRate,
                    perDeviceTrainBatchSize,
                    gradientAccumulationSteps,
                    numTrainEpochs,
                    maxSteps,
                    maxLength,
                    packing,
                    packingStrategy,
                    lossType,
                    maxGradNorm,
                    weightDecay,
                    warmupSteps,
                    value);
        }
    }

    private final CausalLm model;
    private final List<List<TokenSequence>> rows;
    private final int truncated;
    private final Options options;
    private final Learner learner;
    private Order order = new Order(-1, new int[0]);

    private record Order(long epoch, int[] rows) {}

    private Sft(CausalLm model, List<List<TokenSequence>> rows, int truncated, Options options) {
        this.model = model;
        this.rows = rows;
        this.truncated = truncated;
        this.options = options;
        AdamW optimizer = AdamW.of(
                        ParameterGroups.of(model.namedParameters()).withoutDecayOnVectors(), options.learningRate)
                .withBetas(0.9, 0.999)
                .withEps(1e-8)
                .withWeightDecay(options.weightDecay);
        Schedule schedule = Schedule.linear(options.learningRate, options.warmupSteps, steps());
        this.learner = Learner.of("sft", model, optimizer, schedule, options.maxGradNorm);
    }

    /// As [#of(CausalLm, List, Options)], with a look at whether the model can learn to end its answers.
    ///
    /// @throws IllegalArgumentException also if no sample has a stop token among its trained ones within
    ///     `maxLength`, or the tokenizer has ids beyond the model's vocabulary
    public static Sft of(CausalLm model, Tokenizer tokenizer, List<TokenSequence> samples, Options options) {
        tokenizer.checkFits(model.config().vocab());
        Sft sft = of(model, samples, options);
        int[] stops = tokenizer.stopIds();
        if (sft.rows.stream().flatMap(List::stream).noneMatch(sample -> trainsOneOf(stops, sample))) {
            boolean lost = samples.stream().anyMatch(sample -> trainsOneOf(stops, sample));
            sft.close();
            throw new IllegalArgumentException("[sft] expected a sample that trains a stop token ("
                    + Arrays.stream(stops)
                            .mapToObj(id -> id + " '" + tokenizer.idToToken(id).orElse("") + "'")
                            .collect(Collectors.joining(", "))
                    + "); got none among " + samples.size()
                    + ": the model would learn never to end. Hint: "
                    + (lost
                            ? "those there are lie behind maxLength " + options.maxLength + "; raise it."
                            : "let the chat template write it inside the assistant's turn, or name the token that ends its"
                                    + " turns as eos_token or in generation_config.json."));
        }
        return sft;
    }

    private static boolean trainsOneOf(int[] stops, TokenSequence sample) {
        for (int i = 1; i < sample.length(); i++) {
            if (sample.trained()[i] && Arrays.binarySearch(stops, sample.ids()[i]) >= 0) {
                return true;
            }
        }
        return false;
    }

    /// A trainer of samples, which are cut to `maxLength`, or with `packing` laid together in rows of it.
    ///
    /// @throws IllegalArgumentException if there is no sample, or one has no target within `maxLength` or an id
    ///     that is no word of the model; ten are named
    public static Sft of(CausalLm model, List<TokenSequence> samples, Options options) {
        boolean cut = !options.packing || options.packingStrategy == Packing.BFD;
        List<String> wrong = new ArrayList<>();
        for (TokenSequence sample : samples) {
            int length = cut ? Math.min(sample.length(), options.maxLength) : sample.length();
            if (sample.slice(0, length).targets() == 0) {
                boolean lost = sample.targets() > 0;
                wrong.add(sample.place()
                        + (lost
                                ? ": its " + sample.targets() + " trained tokens lie behind maxLength "
                                        + options.maxLength
                                : ": no trained token"));
            }
            int highest = Arrays.stream(sample.ids()).max().orElse(0);
            if (highest >= model.config().vocab()) {
                wrong.add(sample.place() + ": id " + highest + " in a vocabulary of "
                        + model.config().vocab());
            }
        }
        if (samples.isEmpty() || !wrong.isEmpty()) {
            throw new IllegalArgumentException("[sft] expected samples with trained tokens; got "
                    + (samples.isEmpty()
                            ? "no sample"
                            : wrong.size() + " of " + samples.size() + " without:\n  "
                                    + String.join("\n  ", wrong.subList(0, Math.min(10, wrong.size()))))
                    + "\nHint: shorten or leave out such samples, raise maxLength, or look at the masks.");
        }
        List<List<TokenSequence>> rows = options.packing
                ? options.packingStrategy.pack(samples, options.maxLength)
                : samples.stream()
                        .map(s -> List.of(s.length() <= options.maxLength ? s : s.slice(0, options.maxLength)))
                        .toList();
        int truncated = (int) samples.stream()
                .filter(s -> cut && s.length() > options.maxLength)
                .filter(s -> s.targets() > s.slice(0, options.maxLength).targets())
                .count();
        return new Sft(model, rows, truncated, options);
    }

    /// How many samples lose some of their trained tokens, and with them their end, at `maxLength`.
    public int truncated() {
        return truncated;
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return learner.optimizer();
    }

    /// Steps of the whole run.
    public long steps() {
        return options.maxSteps > 0
                ? options.maxSteps
                : (long) Math.max(1, Math.ceil(options.numTrainEpochs * stepsPerEpoch()));
    }

    private long stepsPerEpoch() {
        return Math.ceilDiv((long) rows.size(), window());
    }

    private long window() {
        return (long) options.perDeviceTrainBatchSize * options.gradientAccumulationSteps;
    }

    /// What a step did: `loss, grad_norm, learning_rate, epoch, num_tokens, entropy, mean_token_accuracy`. Loss,
    /// entropy and accuracy are means over the step's targets; TRL averages the last two over micro-batches
    /// instead, which is the same where these have equally many.
    public record Step(Map<String, Double> metrics) {}

    /// Step number `step`, from 0.
    ///
    /// @throws RunException if the loss or the gradient is not finite
    public Step step(long step) {
        List<List<TokenSequence>> parts = microBatches(step);
        long targets = parts.stream()
                .flatMap(List::stream)
                .mapToLong(TokenSequence::targets)
                .sum();
        Sums sums = new Sums(0, 0, 0, 0);
        for (List<TokenSequence> part : parts) {
            sums = sums.plus(accumulate(model, part, options.lossType, targets));
        }
        double norm = learner.update(step, sums.loss);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(RunMetrics.LOSS, sums.loss);
        metrics.put(RunMetrics.GRAD_NORM, norm);
        metrics.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        metrics.put("epoch", (step + 1.0) / stepsPerEpoch());
        metrics.put("num_tokens", (double) tokensUpTo(step));
        metrics.put(RunMetrics.ENTROPY, sums.entropy / targets);
        metrics.put("mean_token_accuracy", sums.correct / targets);
        return new Step(metrics);
    }

    /// Loss, entropy and accuracy of held-out samples under the model as it is, by TRL's names: `eval_loss` and so
    /// on. What is longer than `maxLength` is cut.
    public Map<String, Double> evaluate(List<TokenSequence> samples) {
        List<TokenSequence> cut = samples.stream()
                .map(s -> s.slice(0, Math.min(s.length(), options.maxLength)))
                .toList();
        long targets = cut.stream().mapToLong(TokenSequence::targets).sum();
        if (targets == 0) {
            throw new IllegalArgumentException("[sft] expected held-out samples with trained tokens; got none");
        }
        Sums sums = new Sums(0, 0, 0, 0);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int from = 0; from < cut.size(); from += options.perDeviceTrainBatchSize) {
                int to = Math.min(cut.size(), from + options.perDeviceTrainBatchSize);
                sums = sums.plus(accumulate(model, cut.subList(from, to), options.lossType, targets));
            }
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("eval_loss", sums.loss);
        metrics.put("eval_num_tokens", (double)
                cut.stream().mapToLong(TokenSequence::length).sum());
        metrics.put("eval_entropy", sums.entropy / targets);
        metrics.put("eval_mean_token_accuracy", sums.correct / targets);
        return metrics;
    }

    // ---- 1, 2: what a step takes -----------------------------------------------------------------------------------

    private List<List<TokenSequence>> microBatches(long step) {
        int[] rowsOfStep = rowsOf(step);
        List<List<TokenSequence>> parts = new ArrayList<>();
        for (int from = 0; from < rowsOfStep.length; from += options.perDeviceTrainBatchSize) {
            int to = Math.min(rowsOfStep.length, from + options.perDeviceTrainBatchSize);
            parts.add(Arrays.stream(rowsOfStep, from, to)
                    .mapToObj(rows::get)
                    .flatMap(List::stream)
                    .toList());
        }
        return parts;
    }

    /// The last step of an epoch takes what is left.
    private int[] rowsOf(long step) {
        int from = Math.toIntExact(step % stepsPerEpoch() * window());
        return Arrays.copyOfRange(order(step / stepsPerEpoch()), from, (int) Math.min(rows.size(), from + window()));
    }

    private int[] order(long epoch) {
        if (order.epoch != epoch) {
            order = new Order(epoch, Rng.of(options.seed).stream(epoch).permutation(rows.size()));
        }
        return order.rows;
    }

    private long tokensUpTo(long step) {
        int[] all = order(step / stepsPerEpoch());
        int end = (int) Math.min(rows.size(), (step % stepsPerEpoch() + 1) * window());
        return step / stepsPerEpoch() * tokens(all, all.length) + tokens(all, end);
    }

    private long tokens(int[] which, int count) {
        return Arrays.stream(which, 0, count)
                .mapToObj(rows::get)
                .flatMap(List::stream)
                .mapToLong(TokenSequence::length)
                .sum();
    }

    // ---- 3: loss and gradient --------------------------------------------------------------------------------------

    /// Sums over targets.
    ///
    /// @param loss of the divided losses
    /// @param entropy in nats
    /// @param correct targets that the model finds likeliest
    record Sums(double loss, double entropy, double correct, long targets) {
        Sums plus(Sums other) {
            return new Sums(
                    loss + other.loss, entropy + other.entropy, correct + other.correct, targets + other.targets);
        }
    }

    /// Adds the gradient of a micro-batch, whose losses are divided by `normaliser`.
    static Sums accumulate(CausalLm model, List<TokenSequence> batch, LossType type, double normaliser) {
        int targets = batch.stream().mapToInt(TokenSequence::targets).sum();
        if (targets == 0) {
            return new Sums(0, 0, 0, 0);
        }
        long[] places = new long[targets];
        long[] ids = new long[targets];
        List<int[]> inputs = new ArrayList<>();
        int at = 0;
        long offset = 0;
        for (TokenSequence sequence : batch) {
            int reads = Math.max(0, sequence.length() - 1); // the last token predicts nothing
            for (int t = 0; t < reads; t++) {
                if (sequence.trained()[t + 1]) {
                    places[at] = offset + t;
                    ids[at++] = sequence.ids()[t + 1];
                }
            }
            if (reads > 0) {
                inputs.add(Arrays.copyOf(sequence.ids(), reads));
                offset += reads;
            }
        }
        try (Scope _ = Scope.open()) {
            Tensor hidden = model.hidden(TokenBatch.pack(inputs)).indexSelect(0, Tensor.of(places, targets));
            Tensor loss = loss(hidden, model.outputMatrix(), Tensor.of(ids, targets), type, normaliser);
            Sums sums = measure(hidden.detach(), model.outputMatrix().detach(), ids, loss.item());
            if (Autograd.isEnabled()) {
                loss.backward();
            }
            return sums;
        }
    }

    /// The summed loss of targets over `normaliser`.
    ///
    /// @param hidden (targets, hidden)
    /// @param output (vocabulary, hidden)
    /// @param targets (targets)
    static Tensor loss(Tensor hidden, Tensor output, Tensor targets, LossType type, double normaliser) {
        Tensor sum = switch (type) {
            case NLL ->
                CrossEntropies.crossEntropy(
                        hidden.matmul(output.t()), targets, CrossEntropies.Reduction.SUM, CrossEntropies.IGNORE, 0);
            case CHUNKED_NLL ->
                LinearCrossEntropy.crossEntropy(
                        hidden, output, targets, CrossEntropies.Reduction.SUM, CrossEntropies.IGNORE, 0);
            case DFT -> {
                Tensor logProbs = LinearCrossEntropy.tokenLogProbs(hidden, output, targets, 1)
                        .logProbs();
                yield logProbs.detach().exp().mul(logProbs).sum().neg();
            }
        };
        return sum.div(normaliser);
    }

    /// Rows whose logits are made at a time to measure them: 16 MB.
    private static int measuredRows(long vocabulary) {
        return (int) Math.max(128, (4L << 20) / Math.max(1, vocabulary));
    }

    /// Entropy and accuracy, some rows at a time: one product more than the loss needs.
    static Sums measure(Tensor hidden, Tensor output, long[] ids, double loss) {
        double entropy = 0;
        double correct = 0;
        int chunk = measuredRows(output.size(0));
        try (Autograd.Mode _ = Autograd.noGrad()) {
            for (int from = 0; from < ids.length; from += chunk) {
                try (Scope _ = Scope.open()) {
                    int to = Math.min(ids.length, from + chunk);
                    Tensor logits = hidden.slice(0, from, to).matmul(output.t());
                    Tensor targets = Tensor.of(Arrays.copyOfRange(ids, from, to), to - from);
                    entropy += CrossEntropies.tokenLogProbs(logits, targets, 1)
                            .entropy()
                            .sum()
                            .item();
                    double[] likeliest = logits.argmax(1, false).toDoubles();
                    for (int i = from; i < to; i++) {
                        correct += likeliest[i - from] == ids[i] ? 1 : 0;
                    }
                }
            }
        }
        return new Sums(loss, entropy, correct, ids.length);
    }

    // ---- keeping ---------------------------------------------------------------------------------------------------

    /// Writes weights and optimiser into a folder, for a run that goes on from here.
    public void save(Path folder) throws IOException {
        model.save(folder);
        learner.save(folder);
    }

    /// Goes on from a folder that [#save] wrote; the model was loaded from it.
    public void resume(Path folder) throws IOException {
        learner.restore(folder);
    }

    @Override
    public void close() {
        learner.close();
    }
}
