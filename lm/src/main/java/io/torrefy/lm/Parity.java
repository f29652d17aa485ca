package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.torrefy.export.Export;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// Compares a model with what a reference implementation dumped for it: logits, loss, hidden states, greedy ids and
/// gradients. The folder holds the model and `io.safetensors`, `io.json`; `fixtures/README.md` tells their format.
///
/// Padded rows become packed sequences without padding, so what is compared is what training and generation run.
@Export(value = "lm.Parity", since = "0.1")
public final class Parity {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Tolerance> DEFAULTS = Map.of(
            "logits", new Tolerance(1e-4, 2e-5),
            "hidden", new Tolerance(1e-4, 2e-5),
            "loss", new Tolerance(1e-5, 1e-6),
            "grad", new Tolerance(1e-3, 2e-5));
    /// Of norms and probes, relative to the norm.
    private static final Tolerance SUMMARY = new Tolerance(1e-4, 1e-5);

    /// `|x - reference| <= atol + rtol * |reference|`, element by element.
    public record Tolerance(double rtol, double atol) {
        static final Tolerance EXACT = new Tolerance(0, 0);

        double limit(double reference) {
            return atol + rtol * Math.abs(reference);
        }
    }

    /// One tensor's comparison.
    ///
    /// @param what its name in the dump
    /// @param values how many numbers were compared
    /// @param difference the largest absolute difference
    /// @param used the largest share of the tolerance that a difference takes; above 1 it fails
    public record Line(String what, int values, double difference, double used, Tolerance tolerance) {
        /// Whether every number is close enough.
        public boolean passed() {
            return used <= 1;
        }
    }

    /// @param model the architecture and its size in words
    /// @param lines in the order of the computation
    /// @param skipped tensors of the dump that this model has no counterpart for
    public record Result(Path folder, String model, List<Line> lines, List<String> skipped) {
        /// Whether every line passed.
        public boolean passed() {
            return lines.stream().allMatch(Line::passed);
        }
    }

    private final CausalLm model;
    private final Map<String, Tensor> dump;
    private final JsonNode summary;
    private final JsonNode tolerances;
    private final List<Line> lines = new ArrayList<>();
    private final TreeSet<String> unread;

    private Parity(CausalLm model, Map<String, Tensor> dump, JsonNode summary, JsonNode tolerances) {
        this.model = model;
        this.dump = dump;
        this.summary = summary;
        this.tolerances = tolerances;
        this.unread = new TreeSet<>(dump.keySet());
    }

    /// Loads the folder and compares everything its dump has. Tolerances are those of the `manifest.json` two
    /// folders up, where it lists this folder; otherwise the defaults of the format.
    ///
    /// @throws ModelException if the folder lacks a file or the model cannot be loaded
    public static Result check(Path folder) {
        Path file = folder.resolve("io.safetensors");
        if (Files.isDirectory(folder) && !Files.exists(file)) {
            throw new ModelException("[parity] expected io.safetensors, a reference's dump, in " + folder
                    + ". Hint: fixtures/README.md tells what such a folder holds.");
        }
        CausalLm model = CausalLm.load(folder);
        Map<String, Tensor> dump = read(file);
        try (Scope _ = Scope.open()) {
            Parity parity = new Parity(model, dump, json(folder.resolve("io.json")), tolerances(folder));
            parity.run();
            return new Result(folder, describe(model), List.copyOf(parity.lines), List.copyOf(parity.unread));
        } finally {
            dump.values().forEach(Tensor::close);
        }
    }

    private void run() {
        Rows rows = rows("input_ids", "attention_mask");
        List<Tensor> states = model.hiddenStates(TokenBatch.pack(rows.sequences));
        Tensor logits = model.logits(states.getLast());
        Tensor loss = CrossEntropies.crossEntropy(logits, Tensor.of(targets(rows), rows.flat.length));
        compare("hidden.embed", "hidden", states.getFirst(), rows);
        for (int i = 0; i < states.size() - 2; i++) {
            compare("hidden.layer." + i, "hidden", states.get(i + 1), rows);
        }
        compare("hidden.norm", "hidden", states.getLast(), rows);
        compare("logits", "logits", logits, rows);
        line("loss", tolerance("loss"), new double[] {loss.item()}, values("loss"), new double[0]);
        if (dump.containsKey("left.input_ids")) {
            Rows left = rows("left.input_ids", "left.attention_mask");
            unread.remove("left.position_ids");
            compare("left.logits", "logits", model.forward(TokenBatch.pack(left.sequences)), left);
        }
        for (String name : List.of("gen", "gen_batch")) {
            if (dump.containsKey(name + ".ids")) {
                generate(name);
            }
        }
        loss.backward();
        gradients();
    }

    /// The tokens of padded rows whose mask is set.
    ///
    /// @param flat where each token is in the flattened rows
    /// @param length tokens in a padded row
    private record Rows(List<int[]> sequences, int[] flat, int length) {}

    private Rows rows(String ids, String mask) {
        Tensor padded = tensor(ids);
        int length = (int) padded.size(1);
        long[] all = padded.toLongs();
        long[] kept = dump.containsKey(mask) ? tensor(mask).toLongs() : new long[all.length];
        if (!dump.containsKey(mask)) {
            Arrays.fill(kept, 1);
        }
        List<int[]> sequences = new ArrayList<>();
        for (int from = 0; from < all.length; from += length) {
            sequences.add(IntStream.range(from, from + length)
                    .filter(i -> kept[i] != 0)
                    .map(i -> (int) all[i])
                    .toArray());
        }
        return new Rows(
                sequences,
                IntStream.range(0, all.length).filter(i -> kept[i] != 0).toArray(),
                length);
    }

    /// Each token's label is the next one's; the last of a row has none.
    private long[] targets(Rows rows) {
        long[] labels = tensor("labels").toLongs();
        return Arrays.stream(rows.flat)
                .mapToLong(i -> (i + 1) % rows.length == 0 ? CrossEntropies.IGNORE : labels[i + 1])
                .toArray();
    }

    private void generate(String name) {
        Rows prompts = rows(name + ".prompt", name + ".attention_mask");
        Tensor whole = tensor(name + ".ids");
        unread.remove(name + ".margin");
        int length = (int) whole.size(1);
        int fresh = length - prompts.length;
        double[] expected = new double[prompts.sequences.size() * fresh];
        double[] actual = new double[expected.length];
        long[] ids = whole.toLongs();
        try (Generator generator = Generator.of(model, null, prompts.sequences.size())) {
            List<Completion> done = generator.generate(prompts.sequences, Sampling.greedy(fresh));
            for (int i = 0; i < expected.length; i++) {
                expected[i] = ids[i / fresh * length + prompts.length + i % fresh];
                actual[i] = done.get(i / fresh).ids()[i % fresh];
            }
        }
        line(name + ".ids", Tolerance.EXACT, actual, expected, new double[0]);
    }

    private void gradients() {
        JsonNode norms = summary.path("grad");
        double[] total = new double[1];
        model.namedParameters().forEach((name, parameter) -> {
            double[] gradient = parameter
                    .grad()
                    .map(Tensor::toDoubles)
                    .orElseGet(() -> new double[Math.toIntExact(parameter.count())]);
            if (dump.containsKey("grad." + name)) {
                line("grad." + name, tolerance("grad"), gradient, values("grad." + name), new double[0]);
            }
            double norm = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
            total[0] = Math.hypot(total[0], norm);
            if (norms.has(name)) {
                double reference = norms.path(name).path("norm").asDouble();
                summary("norm." + name, norm, reference, reference);
                summary(
                        "probe." + name,
                        probe(gradient),
                        norms.path(name).path("probe").asDouble(),
                        reference);
            }
        });
        norms.fieldNames().forEachRemaining(name -> {
            if (!model.namedParameters().containsKey(name)) {
                unread.add("norm and probe of " + name);
            }
        });
        if (summary.has("grad_norm_total")) {
            double reference = summary.path("grad_norm_total").asDouble();
            summary("norm of all gradients", total[0], reference, reference);
        }
    }

    /// `sum_i x[i] * cos(0.7 i + 0.3)`: sensitive to order and sign.
    static double probe(double[] x) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * Math.cos(0.7 * i + 0.3);
        }
        return sum;
    }

    private void summary(String what, double actual, double reference, double norm) {
        line(what, SUMMARY, new double[] {actual}, new double[] {reference}, new double[] {norm});
    }

    /// Compares (tokens, width) with those of the padded rows.
    private void compare(String name, String kind, Tensor actual, Rows rows) {
        if (!dump.containsKey(name)) {
            return;
        }
        double[] padded = values(name);
        int width = (int) actual.size(1);
        double[] expected = new double[rows.flat.length * width];
        for (int i = 0; i < rows.flat.length; i++) {
            System.arraycopy(padded, rows.flat[i] * width, expected, i * width, width);
        }
        line(name, tolerance(kind), actual.toDoubles(), expected, new double[0]);
    }

    /// @param scales what the relative tolerance is of; empty for the expected values themselves
    private void line(String what, Tolerance tolerance, double[] actual, double[] expected, double[] scales) {
        if (actual.length != expected.length) {
            throw new ModelException(
                    "[parity] expected " + expected.length + " values of " + what + "; got " + actual.length);
        }
        double largest = 0;
        double used = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            if (difference != 0) {
                double limit = tolerance.limit(scales.length == 0 ? expected[i] : scales[i]);
                // NaN stays NaN in both, and fails.
                largest = Math.max(largest, difference);
                used = Math.max(used, difference / limit);
            }
        }
        lines.add(new Line(what, expected.length, largest, used, tolerance));
    }

    private Tensor tensor(String name) {
        Tensor tensor = dump.get(name);
        if (tensor == null) {
            throw new ModelException(
                    "[parity] expected a tensor '" + name + "' in io.safetensors; got " + dump.keySet());
        }
        unread.remove(name);
        return tensor;
    }

    private double[] values(String name) {
        return tensor(name).toDoubles();
    }

    private Tolerance tolerance(String kind) {
        JsonNode node = tolerances.path(kind);
        Tolerance otherwise = Objects.requireNonNull(DEFAULTS.get(kind));
        return new Tolerance(
                node.path("rtol").asDouble(otherwise.rtol), node.path("atol").asDouble(otherwise.atol));
    }

    private static String describe(CausalLm model) {
        DecoderConfig c = model.config();
        return c.family().name().toLowerCase(Locale.ROOT) + ", " + c.layers() + " layers, hidden " + c.hidden()
                + ", " + c.heads() + " heads (" + c.kvHeads() + " of keys), vocabulary " + c.vocab() + ", "
                + model.parameterCount() + " parameters";
    }

    private static JsonNode tolerances(Path folder) {
        Path absolute = folder.toAbsolutePath().normalize();
        Path name = Objects.requireNonNull(absolute.getFileName(), "a folder with a name");
        for (JsonNode one :
                json(absolute.resolve("../../manifest.json").normalize()).path("cases")) {
            for (JsonNode file : one.path("files")) {
                if (file.asText().equals("models/" + name + "/config.json")) {
                    return one.path("tolerance");
                }
            }
        }
        return MissingNode.getInstance();
    }

    /// A missing node where there is no such file.
    private static JsonNode json(Path file) {
        try {
            return Files.exists(file) ? JSON.readTree(Files.readAllBytes(file)) : MissingNode.getInstance();
        } catch (IOException e) {
            throw new ModelException("[parity] expected JSON in " + file + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, Tensor> read(Path file) {
        try {
            return Safetensors.read(file);
        } catch (IOException e) {
            throw new ModelException("[parity] cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
