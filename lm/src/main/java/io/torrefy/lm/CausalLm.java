package io.torrefy.lm;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.nn.Embedding;
import io.torrefy.nn.Layer;
import io.torrefy.nn.LayerNorm;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Module;
import io.torrefy.nn.RmsNorm;
import io.torrefy.nn.Rotary;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A decoder-only language model: GPT-2, Llama/SmolLM2, Qwen2 or Qwen3 by its configuration. Parameters bear Hugging
/// Face's names, so checkpoints load and save as they are. Training, rollout and serving use the same object and the
/// same weights.
@Export(value = "lm.CausalLm", since = "0.1")
public final class CausalLm extends Module {
    private final DecoderConfig config;
    private final Embedding embedding;
    private final @Nullable Embedding positions;
    private final List<DecoderBlock> blocks = new ArrayList<>();
    private final Rotary rotary;
    private final Layer norm;
    private final @Nullable Linear head;

    private CausalLm(DecoderConfig config, Rng rng) {
        this.config = config;
        boolean gpt2 = config.family() == DecoderConfig.Family.GPT2;
        Part body = child(gpt2 ? "transformer" : "model", new Part());
        double std = config.initializerRange();
        embedding = body.add(gpt2 ? "wte" : "embed_tokens", Embedding.of(config.vocab(), config.hidden(), std, rng));
        positions = gpt2 ? body.add("wpe", Embedding.of(config.maxPositions(), config.hidden(), std, rng)) : null;
        Part stack = body.add(gpt2 ? "h" : "layers", new Part());
        rotary = Rotary.of(gpt2 ? 2 : config.headDim(), gpt2 ? 1 : config.ropeTheta());
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(stack.add(Integer.toString(i), DecoderBlock.of(config, i, rotary, rng)));
        }
        norm = body.add(
                gpt2 ? "ln_f" : "norm",
                gpt2 ? LayerNorm.of(config.hidden(), config.normEps()) : RmsNorm.of(config.hidden(), config.normEps()));
        head = config.tied() ? null : child("lm_head", Linear.normal(config.hidden(), config.vocab(), false, std, rng));
    }

    /// A module that only gives its parts a name.
    private static final class Part extends Module {
        <M extends Module> M add(String name, M module) {
            return child(name, module);
        }
    }

    /// A model with random weights.
    public static CausalLm create(DecoderConfig config, Rng rng) {
        return new CausalLm(config, rng);
    }

    /// Loads a folder of Hugging Face's layout: `config.json` and `model.safetensors`, or shards with their index.
    ///
    /// @throws ModelException if the configuration is not one this model can be, or the weights do not fit it
    public static CausalLm load(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new ModelException(
                    "[load] expected a model folder with config.json and model.safetensors; got " + folder);
        }
        CausalLm model = new CausalLm(DecoderConfig.read(folder.resolve("config.json")), Rng.of(0));
        SequencedMap<String, Tensor> weights;
        try {
            weights = Safetensors.readSharded(folder);
        } catch (IOException e) {
            throw new ModelException("[load] the weights in " + folder + " cannot be read: " + e.getMessage(), e);
        }
        try {
            if (model.config.tied()) {
                Tensor extra = weights.remove("lm_head.weight");
                if (extra != null) {
                    extra.close();
                }
            }
            model.load(weights);
        } catch (IllegalArgumentException e) {
            throw new ModelException(e.getMessage() + "\n  in " + folder, e);
        } finally {
            weights.values().forEach(Tensor::close);
        }
        return model;
    }

    /// Writes `config.json` and `model.safetensors`, each whole or not at all. An adapter that is merged is in the
    /// weights.
    ///
    /// @throws IllegalStateException if the model computes with an adapter ([Lora]) that is not merged, or keeps
    ///     weights as INT8
    public void save(Path folder) throws IOException {
        if (Lora.computes(this)) {
            throw new IllegalStateException("[save] expected a model whose weights are all of it; got one with an"
                    + " adapter beside them. Hint: merge the adapter first, or save it alone with Lora.save.");
        }
        if (!packed().isEmpty()) {
            throw new IllegalStateException(
                    "[save] expected a model whose weights are tensors; got one that keeps them as"
                            + " INT8. Hint: save its adapter alone, and merge that with the model loaded anew.");
        }
        Files.createDirectories(folder);
        SequencedMap<String, Tensor> weights = state();
        weights.keySet().removeIf(Lora::isAdapters);
        Safetensors.write(folder.resolve("model.safetensors"), weights, Map.of("format", "pt"));
        byte[] json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(config.toJson());
        Path part = folder.resolve("config.json.part");
        Files.write(part, json);
        Files.move(
                part,
                folder.resolve("config.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        rotary.close();
        super.close();
    }

    public DecoderConfig config() {
        return config;
    }

    /// Freezes the model, and keeps the matrices of its blocks in another floating dtype: with BF16 they take half
    /// the memory, for a model that is a reference or is trained by an adapter ([Lora]). What it computes is what
    /// it would with those weights rounded. Embeddings, the output matrix and norms stay as they are.
    ///
    /// @throws IllegalArgumentException if dtype is not floating, or the blocks have no [Linear] layers, as GPT-2's
    /// @throws IllegalStateException if there is an adapter already
    public void freeze(DType dtype) {
        freeze(dtype, linear -> linear.freeze(dtype));
    }

    /// The same, with INT8 too: a quarter of the memory, each weight off by half of its row's scale at most
    /// ([Linear#freeze(PackedWeights.Format)]). Such a model cannot be saved, nor an adapter be merged with it.
    ///
    /// @throws IllegalArgumentException if the blocks have no [Linear] layers, as GPT-2's
    /// @throws IllegalStateException if there is an adapter already
    public void freeze(PackedWeights.Format format) {
        freeze(format, linear -> linear.freeze(format));
    }

    private void freeze(Enum<?> as, Consumer<Linear> freezing) {
        if (config.family() == DecoderConfig.Family.GPT2 && !as.name().equals(DType.F32.name())) {
            throw new IllegalArgumentException("[freeze] expected a model with linear layers to keep as " + as
                    + "; got GPT-2, whose layers are of another kind. Hint: F32.");
        }
        parameters().forEach(parameter -> parameter.requiresGrad(false));
        blocks.forEach(block -> visit("", block, (_, linear) -> freezing.accept(linear)));
    }

    private static void visit(String prefix, Module module, BiConsumer<String, Linear> visitor) {
        module.children().forEach((name, child) -> {
            if (child instanceof Linear linear) {
                visitor.accept(prefix + name, linear);
            } else {
                visit(prefix + name + ".", child, visitor);
            }
        });
    }

    /// The weights that are kept packed, by the names of their layers.
    SequencedMap<String, PackedWeights> packed() {
        SequencedMap<String, PackedWeights> all = new LinkedHashMap<>();
        visit("", this, (name, linear) -> linear.packed().ifPresent(packed -> all.put(name, packed)));
        return all;
    }

    /// How the matrices of the blocks are kept: as what [#freeze] said, F32 before it and for a dtype that no
    /// format is.
    public PackedWeights.Format format() {
        if (!packed().isEmpty()) {
            return PackedWeights.Format.INT8;
        }
        return parameters().stream().anyMatch(p -> p.dtype() == DType.BF16)
                ? PackedWeights.Format.BF16
                : PackedWeights.Format.F32;
    }

    /// Final hidden states (tokens, hidden) of packed sequences.
    public Tensor hidden(TokenBatch batch) {
        return hiddenStates(batch).getLast();
    }

    /// The token embeddings (without positions), what each block gives, and the final norm of the last: layers + 2
    /// tensors (tokens, hidden).
    List<Tensor> hiddenStates(TokenBatch batch) {
        if (batch.longest() > config.maxPositions()) {
            throw new IllegalArgumentException("[hidden] expected at most " + config.maxPositions()
                    + " positions (max_position_embeddings); got a sequence of " + batch.longest());
        }
        List<Tensor> states = new ArrayList<>();
        Tensor x = embedding.forward(batch.ids());
        states.add(x);
        if (positions != null) {
            x = x.add(positions.forward(batch.positions()));
        }
        for (DecoderBlock block : blocks) {
            x = block.forward(x, batch);
            states.add(x);
        }
        states.add(norm.forward(x));
        return states;
    }

    /// Logits (tokens, vocab) of hidden states.
    public Tensor logits(Tensor hidden) {
        return hidden.matmul(outputMatrix().t());
    }

    /// The output matrix (vocab, hidden).
    public Tensor outputMatrix() {
        return head == null ? embedding.weight() : head.weight();
    }

    Rotary rotary() {
        return rotary;
    }

    /// Logits (tokens, vocab) of packed sequences.
    public Tensor forward(TokenBatch batch) {
        return logits(hidden(batch));
    }
}
