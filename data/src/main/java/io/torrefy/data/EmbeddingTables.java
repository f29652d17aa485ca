package io.torrefy.data;

import io.torrefy.export.Export;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiFunction;

/// The tables that layers of columns train, by name (TensorFlow's `StateManager`). Layers that are given the same
/// tables share those of shared embeddings. What a table begins with depends on the seed and its name alone.
@Export(value = "feature_column.EmbeddingTables", since = "0.1")
public final class EmbeddingTables implements AutoCloseable {
    private record Entry(String name, Tensor table, EmbeddingOptions options) {}

    private final Rng rng;
    private final BiFunction<String, String, Tensor> checkpoints;
    private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();

    private EmbeddingTables(Rng rng, BiFunction<String, String, Tensor> checkpoints) {
        this.rng = rng;
        this.checkpoints = checkpoints;
    }

    /// No tables yet; columns that begin with a checkpoint are refused.
    public static EmbeddingTables of(Rng rng) {
        return of(rng, (file, name) -> {
            throw new IllegalArgumentException("[embedding] expected a reader of checkpoints, to load \"" + name
                    + "\" from " + file + "; got none. Hint: EmbeddingTables.of(rng, reader).");
        });
    }

    /// No tables yet.
    ///
    /// @param checkpoints gives the tensor of a name (second) in a file (first)
    public static EmbeddingTables of(Rng rng, BiFunction<String, String, Tensor> checkpoints) {
        return new EmbeddingTables(rng, checkpoints);
    }

    /// The table of that name, made if there is none.
    ///
    /// @throws IllegalArgumentException if there is one of another shape or other options, or the checkpoint's has
    ///     another shape
    public Tensor table(String name, long rows, EmbeddingOptions options) {
        String path = path(name);
        var entry = entries.computeIfAbsent(path, p -> new Entry(name, make(name, rows, options), options));
        long[] shape = {rows, options.dimension()};
        boolean same = entry.name().equals(name)
                && Arrays.equals(entry.table().shape(), shape)
                && entry.options().equals(options);
        if (!same) {
            throw new IllegalArgumentException("[embedding] expected one table for the path \"" + path + "\", \""
                    + entry.name() + "\" " + Arrays.toString(entry.table().shape()) + " with " + entry.options()
                    + "; got \"" + name + "\" " + Arrays.toString(shape) + " with " + options + ".");
        }
        return entry.table();
    }

    /// The name as it may stand in a path: everything but letters, digits, `_`, `.` and `-` becomes `_`.
    static String path(String name) {
        return name.replaceAll("[^A-Za-z0-9_.\\-]", "_");
    }

    private Tensor make(String name, long rows, EmbeddingOptions options) {
        String file = options.ckptToLoadFrom();
        String tensor = options.tensorNameInCkpt();
        Tensor table = Scope.of(() -> file != null && tensor != null
                ? load(file, tensor, rows, options.dimension())
                : initial(options.initializer(), rng.stream(Fingerprint64.of(name)), rows, options.dimension()));
        return table.keep().requiresGrad(options.trainable());
    }

    private Tensor load(String file, String name, long rows, long dimension) {
        Tensor loaded = checkpoints.apply(file, name);
        if (!Arrays.equals(loaded.shape(), new long[] {rows, dimension})) {
            throw new IllegalArgumentException("[embedding] expected \"" + name + "\" in " + file + " of shape [" + rows
                    + ", " + dimension + "]; got " + Arrays.toString(loaded.shape()) + ".");
        }
        return loaded.copy();
    }

    static Tensor initial(EmbeddingInitializer initializer, Rng rng, long... shape) {
        return switch (initializer) {
            case EmbeddingInitializer.Constant(double value) ->
                Tensor.zeros(shape).add(value);
            case EmbeddingInitializer.RandomUniform(double min, double max) ->
                rng.uniform(shape).mul(max - min).add(min);
            case EmbeddingInitializer.TruncatedNormal(double mean, double stddev) ->
                truncated(rng, shape).mul(stddev).add(mean);
        };
    }

    /// Standard normal numbers; those beyond 2 are drawn again.
    private static Tensor truncated(Rng rng, long... shape) {
        float[] values = rng.normal(shape).toFloats();
        for (boolean again = true; again; ) {
            int out = 0;
            for (float v : values) {
                out += Math.abs(v) > 2 ? 1 : 0;
            }
            again = out > 0;
            float[] fresh = again ? rng.normal(out).toFloats() : new float[0];
            for (int i = 0; i < values.length && out > 0; i++) {
                if (Math.abs(values[i]) > 2) {
                    values[i] = fresh[--out];
                }
            }
        }
        return Tensor.of(values, shape);
    }

    /// The tables that are trained, as `column/embedding_weights`: what an optimiser takes.
    public SequencedMap<String, Tensor> parameters() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        entries.forEach((name, e) -> {
            if (e.options().trainable()) {
                all.put(name + "/embedding_weights", e.table());
            }
        });
        return all;
    }

    /// All tables: what a checkpoint holds.
    public Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        entries.forEach((name, e) -> all.put(name + "/embedding_weights", e.table()));
        return all;
    }

    /// Frees the tables and their gradients.
    @Override
    public void close() {
        entries.values().forEach(e -> {
            e.table().zeroGrad();
            e.table().close();
        });
    }
}
