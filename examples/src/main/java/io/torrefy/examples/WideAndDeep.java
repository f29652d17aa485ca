package io.torrefy.examples;

import io.torrefy.data.ColumnMode;
import io.torrefy.data.Combiner;
import io.torrefy.data.DenseFeatures;
import io.torrefy.data.EmbeddingTables;
import io.torrefy.data.EncodedBatch;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.LinearModel;
import io.torrefy.nn.Activation;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Safetensors;
import io.torrefy.nn.Sequential;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/// A linear model of ids and their crosses, which remembers, beside a network of numbers and embeddings, which
/// generalizes; their logits are added (Cheng et al., "Wide & Deep Learning for Recommender Systems", 2016).
final class WideAndDeep implements AutoCloseable {
    private static final int HIDDEN = 32;

    private final FittedSchema schema;
    private final LinearModel wide;
    private final DenseFeatures features;
    private final Sequential deep;

    WideAndDeep(FittedSchema schema, long seed) {
        Rng rng = Rng.of(seed);
        int classes = schema.classes().size();
        this.schema = schema;
        wide = LinearModel.of(
                schema.wide(),
                new LinearModel.Options(classes, Combiner.SUM, ColumnMode.STRICT),
                EmbeddingTables.of(rng));
        features = DenseFeatures.of(schema.deep(), rng);
        deep = Sequential.of(
                Linear.of(features.width(), HIDDEN, true, rng), Activation.RELU, Linear.of(HIDDEN, classes, true, rng));
    }

    FittedSchema schema() {
        return schema;
    }

    /// Logits, (rows, classes).
    Tensor forward(EncodedBatch rows) {
        return wide.forward(rows).add(deep.forward(features.forward(rows)));
    }

    /// Probabilities, (rows, classes).
    float[] probabilities(EncodedBatch rows) {
        try (var _ = Scope.open();
                var _ = Autograd.noGrad()) {
            return forward(rows).softmax(1).toFloats();
        }
    }

    /// Everything that is trained.
    SequencedMap<String, Tensor> parameters() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        wide.parameters().forEach((name, value) -> all.put("wide/" + name, value));
        features.parameters().forEach((name, value) -> all.put("deep/" + name, value));
        deep.namedParameters().forEach((name, value) -> all.put("deep/" + name, value));
        return all;
    }

    /// Writes the schema, and the weights with its fingerprint.
    void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        schema.write(folder.resolve("schema.json"));
        Safetensors.write(folder.resolve("model.safetensors"), parameters(), Map.of("schema", schema.fingerprint()));
    }

    /// Reads what [#save] wrote. Weights that were trained on another schema are refused: their ids mean other
    /// things.
    static WideAndDeep load(Path folder) throws IOException {
        var schema = FittedSchema.read(folder.resolve("schema.json"));
        Path file = folder.resolve("model.safetensors");
        String trainedOn = Safetensors.metadata(file).getOrDefault("schema", "none");
        if (!trainedOn.equals(schema.fingerprint())) {
            throw new IllegalArgumentException("[wideAndDeep] " + file + ": expected weights of schema "
                    + schema.fingerprint() + "; got those of " + trainedOn + ".");
        }
        var model = new WideAndDeep(schema, 0);
        try (var _ = Scope.open();
                var _ = Autograd.noGrad()) {
            var saved = Safetensors.read(file);
            model.parameters().forEach((name, value) -> value.copyFrom(Objects.requireNonNull(saved.get(name), name)));
        }
        return model;
    }

    @Override
    public void close() {
        wide.close();
        features.close();
        deep.close();
    }
}
