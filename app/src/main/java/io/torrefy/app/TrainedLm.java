package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.preference.Reference;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.PackedWeights;
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

    /// @param frozen how the matrices are kept under an adapter
    static TrainedLm load(
            ModelFolder folder, Optional<Lora.Options> lora, PackedWeights.Format frozen, boolean merged, long seed) {
        CausalLm model = CausalLm.load(folder.path());
        try {
            Optional<Lora> adapter = lora.map(options -> attach(model, options, frozen, seed));
            return new TrainedLm(folder, model, adapter, merged);
        } catch (IllegalArgumentException e) {
            model.close();
            throw e;
        }
    }

    /// Freezes the model as it is to be kept, and gives it a new adapter.
    static Lora attach(CausalLm model, Lora.Options options, PackedWeights.Format frozen, long seed) {
        model.freeze(frozen);
        return Lora.attach(model, options, Rng.of(seed));
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
            if (merged) {
                run.publish("model", into -> saveMerged(run.path().resolve("adapter"), into));
            }
            return;
        }
        run.publish("model", into -> {
            model.save(into);
            folder.copyTokenizer(into);
        });
    }

    /// The model is loaded anew for that: the one that was trained may be kept in a smaller format.
    private void saveMerged(Path adapter, Path into) throws IOException {
        try (CausalLm whole = CausalLm.load(folder.path());
                Lora lora = Lora.load(whole, adapter)) {
            lora.merge();
            whole.save(into);
            folder.copyTokenizer(into);
        }
    }

    @Override
    public void close() {
        adapter.ifPresent(Lora::close);
        model.close();
    }
}
