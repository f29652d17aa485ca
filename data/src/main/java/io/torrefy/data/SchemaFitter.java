package io.torrefy.data;

import io.torrefy.data.internal.Call;
import io.torrefy.data.internal.Cells;
import io.torrefy.data.internal.InputState;
import io.torrefy.data.internal.LabelLink;
import io.torrefy.data.internal.RowLabels;
import io.torrefy.data.internal.Typed;
import io.torrefy.export.Export;
import io.torrefy.tensor.Threads;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Learns from rows that are added. Blocks of 8192 rows, counted from the first on, are worked out apart, on all
/// threads, and joined in their order: so the result is the same however many threads there are and however the rows
/// come in batches. Not safe for use by many threads; fitters of parts of the data, each on its own thread, are joined
/// by [#merge].
@Export(value = "data.SchemaFitter", since = "0.1")
public final class SchemaFitter {
    private static final int BLOCK = 8192;
    /// How many blocks wait for their turn together: what threads share, and what is in memory.
    private static final int WINDOW = 8;

    private final FeatureSchema schema;
    private final FitOptions options;
    private final Map<String, FieldType> types;
    private final Map<String, Learned> totals = new LinkedHashMap<>();
    private final Set<String> seen = new LinkedHashSet<>();
    private final List<List<Span>> waiting = new ArrayList<>();
    private List<Span> block = new ArrayList<>();
    private int blockRows;
    private long rows;

    /// Rows `from..to` of a batch, whose features are in `cells`.
    private record Span(Map<String, Cells> cells, RowLabels labels, int from, int to) {}

    /// What is known of one input, and of it together with the label.
    record Learned(InputState state, LabelLink link) {
        void merge(Learned other) {
            state.merge(other.state);
            link.merge(other.link);
        }
    }

    SchemaFitter(FeatureSchema schema, FitOptions options) {
        this.schema = schema;
        this.options = options;
        types = schema.types();
        types.keySet().forEach(name -> totals.put(name, empty(name)));
    }

    private Learned empty(String name) {
        return new Learned(
                new InputState(
                        types.getOrDefault(name, FieldType.STRING), options.maxValues(), options.maxCharacters()),
                new LabelLink());
    }

    /// Takes in the rows of `batch`. Features that the schema does not have are left alone.
    public SchemaFitter add(FeatureBatch batch) {
        seen.addAll(batch.features().keySet());
        Map<String, Cells> cells = new HashMap<>();
        var call = new Call(Typed.of(batch, types), new ColumnBuffers());
        types.keySet().stream()
                .filter(name -> batch.find(name).isPresent())
                .forEach(name -> cells.put(name, call.raw(name)));
        var labels = schema.label()
                .flatMap(label -> Optional.ofNullable(cells.get(label.input())))
                .map(RowLabels::of)
                .orElse(RowLabels.NONE);
        for (int from = 0; from < batch.rows(); ) {
            int to = Math.min(batch.rows(), from + BLOCK - blockRows);
            block.add(new Span(cells, labels, from, to));
            blockRows += to - from;
            from = to;
            if (blockRows == BLOCK) {
                closeBlock();
            }
        }
        rows += batch.rows();
        return this;
    }

    /// Takes in rows of a table. An input that is in none of all rows is reported as missing, with the nearest name
    /// that the rows have.
    ///
    /// @throws MalformedDataException that names file, row and field of a value that is not of the input's type
    public SchemaFitter add(List<Row> more) {
        Set<String> names = new LinkedHashSet<>();
        more.forEach(row -> names.addAll(row.values().keySet()));
        seen.addAll(names);
        Map<String, FieldType> present = new LinkedHashMap<>(types);
        present.keySet().retainAll(names);
        return add(FeatureBatches.of(more, present));
    }

    private void closeBlock() {
        waiting.add(block);
        block = new ArrayList<>();
        blockRows = 0;
        if (waiting.size() == WINDOW) {
            drain();
        }
    }

    /// Takes in everything that `other`, a fitter of the same schema for later rows, has taken in; that one is then
    /// used up. Where this one has whole blocks of 8192 rows so far, the result is that of one fitter for all rows;
    /// else blocks lie elsewhere, and means may differ in their last digits, quantiles and counts that are not
    /// exact within their stated errors.
    ///
    /// @throws IllegalArgumentException if its schema is another one
    public SchemaFitter merge(SchemaFitter other) {
        if (!schema.equals(other.schema)) {
            throw new IllegalArgumentException(
                    "[fit] expected a fitter of the same schema; got one of " + other.schema + ".");
        }
        flush();
        other.flush();
        seen.addAll(other.seen);
        rows += other.rows;
        totals.forEach((name, learned) -> learned.merge(Objects.requireNonNull(other.totals.get(name))));
        return this;
    }

    /// What all the rows say.
    ///
    /// @throws IllegalArgumentException that lists every problem there is
    public FittedSchema finish() {
        flush();
        return new SchemaColumns(schema, totals, seen, rows).fitted();
    }

    private void flush() {
        if (blockRows > 0) {
            waiting.add(block);
            block = new ArrayList<>();
            blockRows = 0;
        }
        drain();
    }

    private void drain() {
        List<Callable<Learned>> tasks = new ArrayList<>();
        for (var spans : waiting) {
            totals.keySet().forEach(name -> tasks.add(() -> learned(name, spans)));
        }
        var parts = run(tasks).iterator();
        for (int b = 0; b < waiting.size(); b++) {
            totals.values().forEach(total -> total.merge(parts.next()));
        }
        waiting.clear();
        options.progress().accept(rows);
    }

    private Learned learned(String name, List<Span> spans) {
        var learned = empty(name);
        for (var span : spans) {
            var cells = span.cells().get(name);
            if (cells == null) {
                learned.state().addMissing(span.to() - span.from());
            } else {
                learned.state().add(cells, span.from(), span.to());
                learned.link().add(cells, span.labels(), span.from(), span.to());
            }
        }
        return learned;
    }

    private static <T> List<T> run(List<Callable<T>> tasks) {
        int threads = Math.min(Threads.count(), tasks.size());
        List<T> results = new ArrayList<>();
        try {
            if (threads <= 1) {
                for (var task : tasks) {
                    results.add(task.call());
                }
                return results;
            }
            try (var pool = Executors.newFixedThreadPool(threads)) {
                for (Future<T> future : pool.invokeAll(tasks)) {
                    results.add(future.get());
                }
            }
            return results;
        } catch (ExecutionException e) {
            throw new IllegalStateException("[fit] " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[fit] interrupted", e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("[fit] " + e.getMessage(), e);
        }
    }
}
