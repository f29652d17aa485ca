package io.torrefy.lm;

import io.torrefy.nn.KvCache;
import io.torrefy.nn.LowRank;
import io.torrefy.nn.Rotary;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Program;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.TokenChoice;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One token for each of several sequences: what [CausalLm#forward] computes for a decoding batch, with the same bits,
/// as one [Program] over buffers made once. Nothing is allocated for a token. The blocks below read like the modules
/// that they stand for ([DecoderBlock], [SelfAttention]).
final class DecodeEngine implements AutoCloseable {
    private final CausalLm model;
    private final DecoderConfig config;
    private final Map<String, Tensor> parameters;
    private final Map<String, PackedWeights> packed;
    private final Map<String, LowRank> adapter;
    private final Program program;
    private final Tensor stream;
    private final Tensor normed;
    private final Tensor qkv;
    private final Tensor attended;
    private final Tensor inner;

    private DecodeEngine(CausalLm model, List<KvCache> caches, Program program) {
        this.model = model;
        config = model.config();
        parameters = model.namedParameters();
        packed = model.packed();
        adapter = Lora.active(model);
        this.program = program;
        stream = program.buffer(config.hidden());
        normed = program.buffer(config.hidden());
        qkv = program.buffer((config.heads() + 2L * config.kvHeads()) * config.headDim());
        attended = program.buffer((long) config.heads() * config.headDim());
        inner = program.buffer(config.intermediate());
        Tensor logits = program.buffer(config.vocab());
        try (Scope _ = Scope.open()) {
            if (config.family() == DecoderConfig.Family.GPT2) {
                gpt2(caches);
            } else {
                llama(caches, model.rotary());
            }
        }
        program.linear(normed, List.of(new Program.Projection(model.outputMatrix(), null, false)), logits);
        program.choose(logits);
    }

    /// An engine for up to `rows` sequences in these caches; null where it cannot be and the modules must do.
    ///
    /// @param weights how matrices are kept; with F32 the bits are those of the modules
    static @Nullable DecodeEngine of(CausalLm model, List<KvCache> caches, int rows, PackedWeights.Format weights) {
        if (!model.parameters().stream().allMatch(p -> Program.takes(p) || Program.takesMatrix(p))) {
            return null;
        }
        Program program = Program.of(rows, weights);
        return program == null ? null : new DecodeEngine(model, caches, program);
    }

    private void llama(List<KvCache> caches, Rotary rotary) {
        double eps = config.normEps();
        Rotary.Tables tables = rotary.tables(caches.getFirst().capacity());
        program.embed(parameter("model.embed_tokens.weight"), stream);
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            String attention = layer + "self_attn.";
            KvCache cache = caches.get(i);
            program.rmsNorm(stream, parameter(layer + "input_layernorm.weight"), eps, normed);
            program.linear(
                    normed,
                    List.of(linear(attention + "q_proj"), linear(attention + "k_proj"), linear(attention + "v_proj")),
                    qkv);
            var turn = new Program.HeadTurn(
                    parameters.get(attention + "q_norm.weight"),
                    parameters.get(attention + "k_norm.weight"),
                    eps,
                    tables.cos(),
                    tables.sin());
            program.attend(qkv, turn, cache.keys(), cache.values(), attended);
            program.linearAdd(attended, linear(attention + "o_proj"), stream);
            program.rmsNorm(stream, parameter(layer + "post_attention_layernorm.weight"), eps, normed);
            program.linearSwiglu(normed, linear(layer + "mlp.gate_proj"), linear(layer + "mlp.up_proj"), inner);
            program.linearAdd(inner, linear(layer + "mlp.down_proj"), stream);
        }
        program.rmsNorm(stream, parameter("model.norm.weight"), eps, normed);
    }

    private void gpt2(List<KvCache> caches) {
        program.embed(parameter("transformer.wte.weight"), stream);
        program.addPosition(parameter("transformer.wpe.weight"), stream);
        for (int i = 0; i < config.layers(); i++) {
            String layer = "transformer.h." + i + ".";
            KvCache cache = caches.get(i);
            layerNorm(layer + "ln_1");
            program.linear(normed, List.of(conv1d(layer + "attn.c_attn")), qkv);
            var turn = new Program.HeadTurn(null, null, 0, null, null);
            program.attend(qkv, turn, cache.keys(), cache.values(), attended);
            program.linearAdd(attended, conv1d(layer + "attn.c_proj"), stream);
            layerNorm(layer + "ln_2");
            program.linearGelu(normed, conv1d(layer + "mlp.c_fc"), inner);
            program.linearAdd(inner, conv1d(layer + "mlp.c_proj"), stream);
        }
        layerNorm("transformer.ln_f");
    }

    private void layerNorm(String name) {
        program.layerNorm(stream, parameter(name + ".weight"), parameter(name + ".bias"), config.normEps(), normed);
    }

    private Program.Projection linear(String name) {
        LowRank low = adapter.get(name);
        Program.Update update = low == null ? null : new Program.Update(low.a(), low.b(), low.scale());
        Tensor bias = parameters.get(name + ".bias");
        PackedWeights kept = packed.get(name);
        return kept == null
                ? new Program.Projection(parameter(name + ".weight"), bias, false, update)
                : Program.Projection.of(kept, bias, update);
    }

    private Program.Projection conv1d(String name) {
        return new Program.Projection(parameter(name + ".weight"), parameters.get(name + ".bias"), true);
    }

    private Tensor parameter(String name) {
        return Objects.requireNonNull(parameters.get(name), name);
    }

    /// Whether the model is what it was when this was made, but for the values of its parameters.
    boolean current() {
        return program.current() && adapter.equals(Lora.active(model));
    }

    /// Row `r` of the next step: the last token of a sequence, its position, and the draw that chooses the next.
    void row(int r, int id, int position, int slot, long stream, int draw) {
        program.row(r, id, position, slot, stream, draw);
    }

    /// Takes the first `count` rows a token further.
    void step(int count, TokenChoice choice) {
        program.run(count, choice);
    }

    int chosen(int r) {
        return program.chosen(r);
    }

    float logProb(int r) {
        return program.logProb(r);
    }

    @Override
    public void close() {
        program.close();
    }
}
