package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// A reward model that is trained: all of it, or its head and an adapter of its body, which is left behind beside the
/// whole model.
record TrainedScorer(ModelFolder folder, ValueModel model, Optional<Lora> adapter) implements Weights {
    private static final String TRAINED = "trained.safetensors";
    /// Apart from the stream that an adapter's weights come from.
    private static final long HEAD = 1;

    /// @param frozen how the body's matrices are kept under an adapter
    static TrainedScorer load(ModelFolder folder, Optional<Lora.Options> lora, PackedWeights.Format frozen, long seed) {
        CausalLm body = CausalLm.load(folder.path());
        try {
            Optional<Lora> adapter = lora.map(options -> TrainedLm.attach(body, options, frozen, seed));
            return new TrainedScorer(folder, ValueModel.of(body, Rng.of(seed).stream(HEAD)), adapter);
        } catch (IllegalArgumentException e) {
            body.close();
            throw e;
        }
    }

    private SequencedMap<String, Tensor> trained(Lora lora) {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>(lora.namedParameters());
        model.trainableParameters().forEach((name, value) -> {
            if (name.startsWith("score.")) {
                all.put(name, value);
            }
        });
        return all;
    }

    @Override
    public void save(Path into) throws IOException {
        if (adapter.isPresent()) {
            Safetensors.write(into.resolve(TRAINED), trained(adapter.get()), Map.of());
        } else {
            model.save(into);
            folder.copyTokenizer(into);
        }
    }

    @Override
    public void restore(Path from) throws IOException {
        if (adapter.isPresent()) {
            TrainedLm.copy(from.resolve(TRAINED), trained(adapter.get()));
        } else {
            SequencedMap<String, Tensor> weights = Safetensors.readSharded(from);
            model.load(weights);
            weights.values().forEach(Tensor::close);
        }
    }

    @Override
    public void publish(RunFolder run) {
        if (adapter.isEmpty()) {
            run.publish("model", into -> {
                model.save(into);
                folder.copyTokenizer(into);
            });
            return;
        }
        run.publish("adapter", into -> {
            model.saveAdapter(adapter.get(), into, folder.path().toString());
            folder.copyTokenizer(into);
        });
        // The body is loaded anew for that: the one that was trained may be kept in a smaller format.
        run.publish("model", into -> {
            try (ValueModel whole = ValueModel.load(folder.path(), run.path().resolve("adapter"))) {
                whole.save(into);
                folder.copyTokenizer(into);
            }
        });
    }

    @Override
    public void close() {
        model.close();
    }
}
