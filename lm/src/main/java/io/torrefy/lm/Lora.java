package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.export.Export;
import io.torrefy.nn.Linear;
import io.torrefy.nn.LowRank;
import io.torrefy.nn.Module;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/// An adapter of a [CausalLm]: updates of low rank to its matrices (Hu et al. 2022, "LoRA"), which are trained while
/// the model itself is frozen. The model with the adapter switched off is its own reference ([#without]). Files are
/// PEFT's: `adapter_config.json` and `adapter_model.safetensors`.
///
/// Generation adds the adapter beside the packed weights, with the bits of training; once it is merged there is less to
/// compute, and the results differ by rounding.
@Export(value = "lm.Lora", since = "0.1")
public final class Lora implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = "adapter_config.json";
    private static final String WEIGHTS = "adapter_model.safetensors";
    /// What PEFT puts before a module's name.
    private static final String PREFIX = "base_model.model.";
    /// PEFT's list of the modules that are trained whole.
    private static final String MODULES = "modules_to_save";

    /// @param rank PEFT's `r`; TRL's default is 16
    /// @param alpha PEFT's `lora_alpha`: the update is multiplied by `alpha / rank`; TRL's default is 32
    /// @param rankStabilized PEFT's `use_rslora`: by `alpha / sqrt(rank)` instead
    /// @param targets the last part of the names of the layers to adapt
    public record Options(int rank, double alpha, boolean rankStabilized, List<String> targets) {
        /// TRL's rank and alpha, and all matrices of the blocks ("all-linear" in PEFT).
        public static final Options DEFAULT = new Options(
                16, 32, false, List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"));

        public Options {
            targets = List.copyOf(targets);
            if (rank < 1 || !(alpha > 0) || targets.isEmpty()) {
                throw new IllegalArgumentException("[lora] expected a rank of at least 1, a positive alpha and targets;"
                        + " got rank " + rank + ", alpha " + alpha + ", targets " + targets);
            }
        }

        public Options withRank(int value) {
            return new Options(value, alpha, rankStabilized, targets);
        }

        public Options withAlpha(double value) {
            return new Options(rank, value, rankStabilized, targets);
        }

        public Options withTargets(String... values) {
            return new Options(rank, alpha, rankStabilized, Arrays.asList(values));
        }

        double scale() {
            return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
        }
    }

    private final Options options;
    private final SequencedMap<String, Linear> layers;

    private Lora(Options options, SequencedMap<String, Linear> layers) {
        this.options = options;
        this.layers = layers;
    }

    /// Freezes the model and gives it an adapter, which changes nothing until it is trained.
    ///
    /// @throws IllegalArgumentException if no layer, or a layer of another kind than [Linear], bears a target's
    ///     name
    public static Lora attach(CausalLm model, Options options, Rng rng) {
        SequencedMap<String, Linear> layers = new LinkedHashMap<>();
        Set<String> unused = new TreeSet<>(options.targets);
        Set<String> known = new TreeSet<>();
        collect("", model, (name, last, module) -> {
            // The output matrix is read as a matrix, not by its layer.
            if (module instanceof Linear linear && !name.equals("lm_head")) {
                known.add(last);
                if (options.targets.contains(last)) {
                    layers.put(name, linear);
                    unused.remove(last);
                }
            }
        });
        if (!unused.isEmpty()) {
            throw new IllegalArgumentException("[lora] expected targets among the model's linear layers " + known
                    + "; got " + unused + (known.isEmpty() ? ". Hint: GPT-2's layers cannot be adapted yet." : ""));
        }
        model.parameters().forEach(parameter -> parameter.requiresGrad(false));
        layers.values().forEach(linear -> linear.adapt(options.rank, options.scale(), rng));
        return new Lora(options, layers);
    }

    private interface Visitor {
        void visit(String name, String last, Module module);
    }

    private static void collect(String prefix, Module module, Visitor visitor) {
        module.children().forEach((name, child) -> {
            visitor.visit(prefix + name, name, child);
            collect(prefix + name + ".", child, visitor);
        });
    }

    public Options options() {
        return options;
    }

    /// The names of the adapted layers.
    public List<String> layers() {
        return List.copyOf(layers.keySet());
    }

    /// Whether a model computes with an adapter beside its weights.
    static boolean computes(CausalLm model) {
        return !active(model).isEmpty();
    }

    /// The updates that a model computes with beside its weights, by the names of their layers.
    static Map<String, LowRank> active(CausalLm model) {
        Map<String, LowRank> active = new LinkedHashMap<>();
        collect("", model, (name, _, module) -> {
            if (module instanceof Linear linear) {
                linear.adapter().filter(LowRank::isOn).ifPresent(update -> active.put(name, update));
            }
        });
        return active;
    }

    /// Whether a parameter of that name belongs to an adapter.
    static boolean isAdapters(String name) {
        return name.endsWith(".lora_A.weight") || name.endsWith(".lora_B.weight");
    }

    private List<LowRank> updates() {
        return layers.values().stream()
                .map(linear -> linear.adapter().orElseThrow())
                .toList();
    }

    /// What is trained, by PEFT's names.
    public SequencedMap<String, Tensor> namedParameters() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        layers.forEach((name, linear) -> {
            LowRank update = linear.adapter().orElseThrow();
            all.put(PREFIX + name + ".lora_A.weight", update.a());
            all.put(PREFIX + name + ".lora_B.weight", update.b());
        });
        return all;
    }

    /// Computes something with the model as it was before the adapter: the reference of a divergence, without a
    /// second copy of the weights.
    public <T> T without(Supplier<T> compute) {
        updates().forEach(update -> update.on(false));
        try {
            return compute.get();
        } finally {
            updates().forEach(update -> update.on(true));
        }
    }

    /// Adds the adapter to the model's weights, keeping a copy of what they were.
    public void merge() {
        updates().forEach(LowRank::merge);
    }

    /// Gives the weights back the bits that they had before [#merge].
    public void unmerge() {
        updates().forEach(LowRank::unmerge);
    }

    /// Writes `adapter_model.safetensors` and `adapter_config.json`, each whole or not at all; PEFT loads them.
    ///
    /// @param base the name or folder of the model that this adapts
    public void save(Path folder, String base) throws IOException {
        save(folder, base, "CAUSAL_LM", Map.of());
    }

    /// The same beside modules that are trained whole, as the head of a model that gives scores (PEFT's
    /// `modules_to_save`).
    ///
    /// @param taskType PEFT's: `SEQ_CLS` for a model with a head `score` in place of words
    /// @param whole the weights of modules by their names: `score` for `score.weight`
    public void save(Path folder, String base, String taskType, Map<String, Tensor> whole) throws IOException {
        Files.createDirectories(folder);
        SequencedMap<String, Tensor> all = namedParameters();
        whole.forEach((name, weight) -> all.put(whole(name), weight));
        Safetensors.write(folder.resolve(WEIGHTS), all, Map.of("format", "pt"));
        ObjectNode config = JSON.createObjectNode();
        config.put("peft_type", "LORA").put("task_type", taskType).put("base_model_name_or_path", base);
        config.put("r", options.rank).put("lora_alpha", options.alpha).put("use_rslora", options.rankStabilized);
        config.put("lora_dropout", 0.0)
                .put("bias", "none")
                .put("fan_in_fan_out", false)
                .put("inference_mode", true);
        options.targets.forEach(config.putArray("target_modules")::add);
        if (!whole.isEmpty()) {
            whole.keySet().forEach(config.putArray(MODULES)::add);
        }
        Path part = folder.resolve(CONFIG + ".part");
        Files.write(part, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
        Files.move(part, folder.resolve(CONFIG), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Gives the model the adapter of a folder that [#save] or PEFT wrote.
    ///
    /// @throws ModelException if it is not of a kind that this can be, or does not fit the model, which stays as it
    ///     was
    public static Lora load(CausalLm model, Path folder) {
        return load(model, folder, Map.of());
    }

    private static String whole(String module) {
        return PREFIX + module + ".weight";
    }

    /// The same of an adapter beside modules that were trained whole ([#save(Path, String, String, Map)]).
    ///
    /// @param whole the weights of these modules by their names, which are overwritten
    public static Lora load(CausalLm model, Path folder, Map<String, Tensor> whole) {
        Options options = read(folder.resolve(CONFIG), whole.keySet());
        SequencedMap<String, Tensor> weights;
        try {
            weights = Safetensors.read(folder.resolve(WEIGHTS));
        } catch (IOException e) {
            throw new ModelException("[lora] the adapter in " + folder + " cannot be read: " + e.getMessage(), e);
        }
        try {
            Set<String> trained = Set.copyOf(model.trainableParameters().keySet());
            Lora lora = attach(model, options, Rng.of(0));
            SequencedMap<String, Tensor> own = lora.namedParameters();
            whole.forEach((name, weight) -> own.put(whole(name), weight));
            List<String> problems = misfits(own, weights);
            if (!problems.isEmpty()) {
                lora.close();
                model.namedParameters().forEach((name, p) -> p.requiresGrad(trained.contains(name)));
                throw new ModelException("[lora] the adapter in " + folder + " does not fit the model:\n  "
                        + String.join("\n  ", problems));
            }
            try (Autograd.Mode _ = Autograd.noGrad()) {
                own.forEach((name, value) -> value.copyFrom(Objects.requireNonNull(weights.get(name))));
            }
            return lora;
        } catch (IllegalArgumentException e) {
            throw new ModelException(e.getMessage() + "\n  in " + folder, e);
        } finally {
            weights.values().forEach(Tensor::close);
        }
    }

    private static List<String> misfits(Map<String, Tensor> own, Map<String, Tensor> found) {
        List<String> problems = new ArrayList<>();
        own.forEach((name, tensor) -> {
            Tensor value = found.get(name);
            if (value == null) {
                problems.add("missing: " + name);
            } else if (!Arrays.equals(value.shape(), tensor.shape())) {
                problems.add(name + ": expected " + Arrays.toString(tensor.shape()) + ", got "
                        + Arrays.toString(value.shape()));
            }
        });
        found.keySet().stream()
                .filter(name -> !own.containsKey(name))
                .forEach(name -> problems.add("unknown: " + name));
        return problems;
    }

    /// @param whole the modules that it is to hold whole
    private static Options read(Path file, Set<String> whole) {
        JsonNode config;
        try {
            config = JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new ModelException("[lora] expected PEFT's " + CONFIG + " at " + file + "; " + e.getMessage(), e);
        }
        List<String> problems = new ArrayList<>();
        expect(problems, config, "peft_type", "LORA");
        expect(problems, config, "bias", "none");
        for (String off : List.of("use_dora", "fan_in_fan_out", "lora_bias")) {
            if (config.path(off).asBoolean(false)) {
                problems.add(off + ": expected false");
            }
        }
        Set<String> modules = new TreeSet<>();
        config.path(MODULES).forEach(module -> modules.add(module.asText()));
        // PEFT also names modules that the model has not (of SEQ_CLS `classifier` beside `score`).
        if (whole.isEmpty() ? !modules.isEmpty() : !modules.containsAll(whole)) {
            problems.add(MODULES + ": expected " + (whole.isEmpty() ? "none" : new TreeSet<>(whole)) + "; got "
                    + config.path(MODULES));
        }
        for (String empty : List.of("rank_pattern", "alpha_pattern", "layers_to_transform")) {
            if (!config.path(empty).isMissingNode()
                    && !config.path(empty).isEmpty()
                    && !config.path(empty).isNull()) {
                problems.add(empty + ": expected none; got " + config.path(empty));
            }
        }
        List<String> targets = new ArrayList<>();
        config.path("target_modules").forEach(target -> targets.add(target.asText()));
        if (targets.isEmpty()) {
            problems.add("target_modules: expected a list of names; got " + config.path("target_modules"));
        }
        if (!problems.isEmpty()) {
            throw new ModelException(
                    "[lora] " + file + " asks for what this cannot be:\n  " + String.join("\n  ", problems));
        }
        targets.sort(null);
        return new Options(
                config.path("r").asInt(8),
                config.path("lora_alpha").asDouble(8),
                config.path("use_rslora").asBoolean(false),
                targets);
    }

    private static void expect(List<String> problems, JsonNode config, String key, String value) {
        if (config.has(key) && !config.path(key).asText().equals(value)) {
            problems.add(key + ": expected " + value + "; got " + config.path(key));
        }
    }

    /// Removes the adapter from the model and frees it. The model stays frozen; what was merged stays merged.
    @Override
    public void close() {
        layers.values().forEach(Linear::removeAdapter);
    }
}
