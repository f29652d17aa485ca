package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The shape of a decoder, as Hugging Face's `config.json` gives it.
///
/// @param family which naming and which blocks: GPT-2 (layer norms, learned positions, joint projection) or Llama's kin
///     (RMSNorm, rotary positions, SwiGLU)
/// @param attentionBias biases on q, k and v (Qwen2), and on the output projection where `outputBias`
/// @param headNorm RMSNorm on each query and key head (Qwen3)
/// @param tied the output matrix is the embedding
@Export(value = "lm.DecoderConfig", since = "0.1")
public record DecoderConfig(
        Family family,
        int vocab,
        int hidden,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int intermediate,
        int maxPositions,
        double ropeTheta,
        double normEps,
        boolean attentionBias,
        boolean outputBias,
        boolean headNorm,
        boolean tied,
        double initializerRange) {

    /// How the architectures end that are one of these bodies under a head of numbers.
    private static final String SCORING = "ForSequenceClassification";

    /// The architectures that load.
    public enum Family {
        GPT2("GPT2LMHeadModel", "gpt2"),
        LLAMA("LlamaForCausalLM", "llama"),
        QWEN2("Qwen2ForCausalLM", "qwen2"),
        QWEN3("Qwen3ForCausalLM", "qwen3");

        private final String architecture;
        private final String modelType;

        Family(String architecture, String modelType) {
            this.architecture = architecture;
            this.modelType = modelType;
        }
    }

    /// A Llama-like decoder with as many key heads as heads and tied embeddings.
    @Export(value = "lm.families.llama", since = "0.1")
    public static DecoderConfig llama(
            int vocab, int hidden, int layers, int heads, int intermediate, int maxPositions) {
        return new DecoderConfig(
                Family.LLAMA,
                vocab,
                hidden,
                layers,
                heads,
                heads,
                hidden / heads,
                intermediate,
                maxPositions,
                10_000,
                1e-5,
                false,
                false,
                false,
                true,
                0.02);
    }

    /// GPT-2 with a feed-forward four times as wide as the hidden states and tied embeddings.
    @Export(value = "lm.families.gpt2", since = "0.1")
    public static DecoderConfig gpt2(int vocab, int hidden, int layers, int heads, int maxPositions) {
        return new DecoderConfig(
                Family.GPT2,
                vocab,
                hidden,
                layers,
                heads,
                heads,
                hidden / heads,
                4 * hidden,
                maxPositions,
                0,
                1e-5,
                true,
                true,
                false,
                true,
                0.02);
    }

    /// Reads `config.json`.
    ///
    /// @throws ModelException naming everything in it that this decoder cannot do
    public static DecoderConfig read(Path file) {
        JsonNode json;
        try {
            json = new ObjectMapper().readTree(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new ModelException(
                    "[config] expected a readable config.json; got " + file + ": " + e.getMessage(), e);
        }
        return of(json, file.toString());
    }

    static DecoderConfig of(JsonNode json, String where) {
        String type = json.path("model_type").asText("");
        String architecture = json.path("architectures").path(0).asText("");
        Family family = null;
        List<String> known = new ArrayList<>();
        for (Family f : Family.values()) {
            known.add(f.architecture);
            boolean byType = architecture.isEmpty() || architecture.endsWith(SCORING);
            if (f.architecture.equals(architecture) || (byType && f.modelType.equals(type))) {
                family = f;
            }
        }
        if (family == null) {
            throw new ModelException("[config] expected one of " + known + " in " + where + "; got architecture '"
                    + architecture + "', model_type '" + type + "'");
        }
        List<String> problems = new ArrayList<>();
        DecoderConfig config = family == Family.GPT2 ? gpt2(json, problems) : llamaLike(family, json, problems);
        config.check(problems);
        if (!problems.isEmpty()) {
            throw new ModelException("[config] " + where + " asks for what this decoder does not do:\n  "
                    + String.join("\n  ", problems));
        }
        return config;
    }

    private static DecoderConfig gpt2(JsonNode json, List<String> problems) {
        int hidden = size(json, "n_embd", problems);
        int heads = size(json, "n_head", problems);
        expect(json, "activation_function", "gelu_new", problems);
        flag(json, "scale_attn_by_inverse_layer_idx", false, problems);
        flag(json, "scale_attn_weights", true, problems);
        return new DecoderConfig(
                Family.GPT2,
                size(json, "vocab_size", problems),
                hidden,
                size(json, "n_layer", problems),
                heads,
                heads,
                hidden / Math.max(1, heads),
                json.path("n_inner").asInt(4 * hidden),
                size(json, "n_positions", problems),
                0,
                json.path("layer_norm_epsilon").asDouble(1e-5),
                true,
                true,
                false,
                json.path("tie_word_embeddings").asBoolean(true),
                json.path("initializer_range").asDouble(0.02));
    }

    private static DecoderConfig llamaLike(Family family, JsonNode json, List<String> problems) {
        int hidden = size(json, "hidden_size", problems);
        int heads = size(json, "num_attention_heads", problems);
        expect(json, "hidden_act", "silu", problems);
        flag(json, "mlp_bias", false, problems);
        flag(json, "use_sliding_window", false, problems);
        for (JsonNode kind : json.path("layer_types")) {
            if (!kind.asText().equals("full_attention")) {
                problems.add("layer_types '" + kind.asText() + "' (only 'full_attention')");
                break;
            }
        }
        JsonNode rope = json.path("rope_parameters");
        JsonNode scaling = json.path("rope_scaling");
        for (JsonNode part : List.of(rope, scaling)) {
            String kind = part.path("rope_type").asText(part.path("type").asText("default"));
            if (!kind.equals("default")) {
                problems.add("rope_type '" + kind + "' (only 'default')");
            }
        }
        boolean bias = json.path("attention_bias").asBoolean(family == Family.QWEN2);
        return new DecoderConfig(
                family,
                size(json, "vocab_size", problems),
                hidden,
                size(json, "num_hidden_layers", problems),
                heads,
                json.path("num_key_value_heads").asInt(heads),
                json.path("head_dim").asInt(hidden / Math.max(1, heads)),
                size(json, "intermediate_size", problems),
                json.path("max_position_embeddings").asInt(2048),
                json.path("rope_theta").asDouble(rope.path("rope_theta").asDouble(10_000)),
                json.path("rms_norm_eps").asDouble(1e-6),
                bias,
                bias && family != Family.QWEN2,
                family == Family.QWEN3,
                json.path("tie_word_embeddings").asBoolean(false),
                json.path("initializer_range").asDouble(0.02));
    }

    private static int size(JsonNode json, String key, List<String> problems) {
        int n = json.path(key).asInt(0);
        if (n < 1) {
            problems.add(key + " must be a positive number; got " + json.path(key));
        }
        return n;
    }

    private static void expect(JsonNode json, String key, String only, List<String> problems) {
        String value = json.path(key).asText(only);
        if (!value.equals(only)) {
            problems.add(key + " '" + value + "' (only '" + only + "')");
        }
    }

    private static void flag(JsonNode json, String key, boolean only, List<String> problems) {
        if (json.path(key).asBoolean(only) != only) {
            problems.add(key + " " + !only + " (only " + only + ")");
        }
    }

    private void check(List<String> problems) {
        if (problems.isEmpty() && heads % kvHeads != 0) {
            problems.add("num_attention_heads " + heads + " is not a multiple of num_key_value_heads " + kvHeads);
        }
        if (problems.isEmpty() && family != Family.GPT2 && headDim % 2 != 0) {
            problems.add("head_dim " + headDim + " is odd, which rotary positions cannot be");
        }
    }

    /// As `config.json` with the keys of transformers 5 and the older ones.
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.putArray("architectures").add(family.architecture);
        json.put("model_type", family.modelType);
        json.put("vocab_size", vocab);
        json.put("tie_word_embeddings", tied);
        json.put("initializer_range", initializerRange);
        json.put("dtype", "float32");
        json.put("torch_dtype", "float32");
        if (family == Family.GPT2) {
            json.put("n_embd", hidden)
                    .put("n_layer", layers)
                    .put("n_head", heads)
                    .put("n_inner", intermediate);
            json.put("n_positions", maxPositions).put("layer_norm_epsilon", normEps);
            json.put("activation_function", "gelu_new");
            return json;
        }
        json.put("hidden_size", hidden).put("num_hidden_layers", layers).put("num_attention_heads", heads);
        json.put("num_key_value_heads", kvHeads).put("head_dim", headDim).put("intermediate_size", intermediate);
        json.put("max_position_embeddings", maxPositions)
                .put("rms_norm_eps", normEps)
                .put("hidden_act", "silu");
        json.put("rope_theta", ropeTheta).putNull("rope_scaling");
        json.putObject("rope_parameters").put("rope_theta", ropeTheta).put("rope_type", "default");
        if (family != Family.QWEN2) {
            json.put("attention_bias", attentionBias);
        }
        return json;
    }
}
