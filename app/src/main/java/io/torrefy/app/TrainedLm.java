package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.preference.Reference;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/// A language model that is trained: all of it, or an adapter of it.
///
/// @param merged whether the model with its adapter in the weights is left behind beside the adapter
record TrainedLm(ModelFolder folder, CausalLm model, Optional<Lora> adapter, boolean merged) implements Weights {
    private static final String ADAPTER = "adapter_model.safetensors";

    static TrainedLm load(ModelFolder folder, Optional<Lora.Options> lora, boolean merged, long seed) {
        CausalLm model = CausalLm.load(folder.path());
        try {
            return new TrainedLm(folder, model, lora.map(options -> Lora.attach(model, options, Rng.of(seed))), merged);
        } catch (IllegalArgumentException e) {
            model.close();
            throw e;
        }
    }

    /// The model as it is before it is trained, where that takes no second copy.
    Optional<Reference> base() {
        return adapter.map(lora -> Reference.under(model, lora));
    }

    @Override
    public void save(Path into) throws IOException {
        if (adapter.isPresent()) {
            adapter.get().save(into, folder.path().toString());
        } else {
            model.save(into);
            folder.copyTokenizer(into);
        }
    }

    @Override
    public void restore(Path from) throws IOException {
        if (adapter.isPresent()) {
            copy(from.resolve(ADAPTER), adapter.get().namedParameters());
        } else {
            SequencedMap<String, Tensor> weights = Safetensors.readSharded(from);
            model.load(weights);
            weights.values().forEach(Tensor::close);
        }
    }

    static void copy(Path file, Map<String, Tensor> into) throws IOException {
        Map<String, Tensor> saved = Safetensors.read(file);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            into.forEach((name, own) -> own.copyFrom(Objects.requireNonNull(saved.get(name), name)));
        }
        saved.values().forEach(Tensor::close);
    }

    @Override
    public void publish(RunFolder run) {
        if (adapter.isPresent()) {
            run.publish("adapter", into -> {
                save(into);
                folder.copyTokenizer(into);
            });
            if (!merged) {
                return;
            }
            adapter.get().merge();
        }
        run.publish("model", into -> {
            model.save(into);
            folder.copyTokenizer(into);
        });
    }

    @Override
    public void close() {
        adapter.ifPresent(Lora::close);
        model.close();
    }
}
