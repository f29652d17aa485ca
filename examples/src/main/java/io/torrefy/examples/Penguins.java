package io.torrefy.examples;

import static io.torrefy.data.SchemaFeature.cross;
import static io.torrefy.data.SchemaFeature.quantiles;

import io.torrefy.data.Datasets;
import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureBatches;
import io.torrefy.data.FeatureSchema;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.Row;
import io.torrefy.data.SchemaFeature;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Losses;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// Which species is this penguin? A table from file to serving: the schema is inferred and extended by buckets and
/// crosses, fitted on the training rows alone, and a wide-and-deep model trained on what it encodes. The saved folder
/// then serves single rows, with the numbers that the evaluation saw.
///
/// `java -m io.torrefy.examples/io.torrefy.examples.Penguins [SEED]`
final class Penguins {
    private static final String LABEL = "Species";
    private static final int EPOCHS = 40;
    private static final int BATCH = 32;

    private Penguins() {}

    /// What a run has shown.
    ///
    /// @param baseline the accuracy of always saying the most frequent species of the training rows
    record Result(double accuracy, double baseline, int testRows) {}

    /// Rows for training, and those that training never sees.
    record Split(List<Row> training, List<Row> test) {}

    static void main(String[] args) throws IOException {
        long seed = args.length > 0 ? Long.parseLong(args[0]) : 1;
        Path folder = Files.createTempDirectory("penguins");
        Result result = run(seed, folder);
        System.out.printf(
                Locale.ROOT,
                "Accuracy %.1f %% of %d penguins; the most frequent species alone: %.1f %%. Saved in %s.%n",
                100 * result.accuracy(),
                result.testRows(),
                100 * result.baseline(),
                folder);
        try (var model = WideAndDeep.load(folder)) {
            Map<String, Object> penguin = Map.of("Island", "Dream", "Beak Length (mm)", 49.5, "Beak Depth (mm)", 19.0);
            float[] probabilities = model.probabilities(model.schema().encode(penguin));
            System.out.println(penguin + " is " + model.schema().classes() + ": " + Arrays.toString(probabilities));
            model.schema().explain(penguin).columns().forEach(System.out::println);
        }
    }

    /// Trains, evaluates and saves.
    static Result run(long seed, Path folder) throws IOException {
        Split split = split(rows(), seed);
        FeatureSchema schema = schema(split.training());
        FittedSchema fitted = schema.fit(List.of(FeatureBatches.of(split.training(), schema.types())));
        FeatureBatch test = FeatureBatches.of(split.test(), schema.types());
        try (var model = new WideAndDeep(fitted, seed)) {
            train(model, split.training(), seed);
            model.save(folder);
            float[] probabilities = model.probabilities(fitted.encode(test));
            long[] labels = fitted.labels(test);
            long[] known = fitted.labels(FeatureBatches.of(split.training(), schema.types()));
            return new Result(accuracy(probabilities, labels), baseline(known, labels), labels.length);
        }
    }

    static List<Row> rows() throws IOException {
        Path file = Files.createTempFile("penguins", ".jsonl");
        try (InputStream in = Objects.requireNonNull(Penguins.class.getResourceAsStream("penguins.jsonl"))) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            return Datasets.open(file).toList();
        } finally {
            Files.delete(file);
        }
    }

    /// Three quarters for training.
    static Split split(List<Row> rows, long seed) {
        List<Row> shuffled = shuffled(rows, Rng.of(seed));
        int cut = shuffled.size() * 3 / 4;
        return new Split(shuffled.subList(0, cut), shuffled.subList(cut, shuffled.size()));
    }

    private static List<Row> shuffled(List<Row> rows, Rng rng) {
        return Arrays.stream(rng.permutation(rows.size())).mapToObj(rows::get).toList();
    }

    /// What can be inferred, and what somebody who knows penguins adds: beaks differ in proportion, species by
    /// island.
    static FeatureSchema schema(List<Row> sample) {
        List<SchemaFeature> features = new ArrayList<>(
                FeatureSchema.infer(FeatureBatches.of(sample), LABEL).features());
        features.add(quantiles("Beak Length (mm)", 8).embedding(4));
        features.add(quantiles("Beak Depth (mm)", 8).embedding(4));
        features.add(cross(200, "Beak Length (mm)", "Beak Depth (mm)"));
        features.add(cross(50, "Island", "Sex"));
        return new FeatureSchema(features);
    }

    private static void train(WideAndDeep model, List<Row> rows, long seed) {
        FittedSchema schema = model.schema();
        Rng rng = Rng.of(seed).stream(1);
        try (var optimizer = AdamW.of(model.parameters(), 3e-3)) {
            for (int epoch = 0; epoch < EPOCHS; epoch++) {
                List<Row> order = shuffled(rows, rng);
                for (int from = 0; from < order.size(); from += BATCH) {
                    var part = order.subList(from, Math.min(order.size(), from + BATCH));
                    step(
                            model,
                            optimizer,
                            FeatureBatches.of(part, schema.schema().types()));
                }
            }
        }
    }

    private static void step(WideAndDeep model, AdamW optimizer, FeatureBatch batch) {
        try (var _ = Scope.open()) {
            Tensor logits = model.forward(model.schema().encode(batch));
            Losses.crossEntropy(logits, Tensor.of(model.schema().labels(batch))).backward();
            optimizer.step();
            optimizer.zeroGrad();
        }
    }

    private static double accuracy(float[] probabilities, long[] labels) {
        int classes = probabilities.length / labels.length;
        int right = 0;
        for (int row = 0; row < labels.length; row++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = probabilities[row * classes + c] > probabilities[row * classes + best] ? c : best;
            }
            right += best == labels[row] ? 1 : 0;
        }
        return (double) right / labels.length;
    }

    private static double baseline(long[] training, long[] test) {
        var counts = new long[1 + (int) Arrays.stream(training).max().orElseThrow()];
        for (long label : training) {
            counts[(int) label]++;
        }
        int most = 0;
        for (int c = 1; c < counts.length; c++) {
            most = counts[c] > counts[most] ? c : most;
        }
        int said = most;
        return (double) Arrays.stream(test).filter(label -> label == said).count() / test.length;
    }
}
