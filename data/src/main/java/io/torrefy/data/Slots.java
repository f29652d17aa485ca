package io.torrefy.data;

import io.torrefy.data.internal.Call;
import io.torrefy.data.internal.Cells;
import io.torrefy.data.internal.Nearest;
import io.torrefy.data.internal.Problems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Names what columns give, back to what they were given.
final class Slots {
    /// Combinations of known values that are tried to say what a bucket may hold.
    private static final int MOST_CANDIDATES = 10_000;
    private static final int SHOWN = 5;

    private final List<FeatureColumn> columns;
    private final Map<String, FeatureStatistics> statistics;
    private final long[] starts;
    private final Map<String, Map<Long, List<String>>> hashed = new ConcurrentHashMap<>();

    Slots(List<FeatureColumn> columns, Map<String, FeatureStatistics> statistics) {
        this.columns = columns;
        this.statistics = statistics;
        starts = new long[columns.size() + 1];
        for (int c = 0; c < columns.size(); c++) {
            long size = size(columns.get(c));
            Problems.of("schema")
                    .expect(
                            size <= Long.MAX_VALUE - starts[c],
                            "columns of less than 2^63 slots together",
                            size + " more in \"" + columns.get(c).name() + "\"",
                            "hashed(...) takes ids of any size into as many buckets as are wanted.")
                    .raise();
            starts[c + 1] = starts[c] + size;
        }
    }

    private static long size(FeatureColumn column) {
        return column instanceof CategoricalColumn ids ? ids.numBuckets() : 1;
    }

    long count() {
        return starts[columns.size()];
    }

    Stream<Slot> all() {
        return LongStream.range(0, count()).mapToObj(this::at);
    }

    Slot at(long slot) {
        Problems.of("explain")
                .expect(slot >= 0 && slot < count(), "a slot in [0, " + count() + ")", slot)
                .raise();
        int c = 0;
        while (starts[c + 1] <= slot) {
            c++;
        }
        return slot(c, slot - starts[c]);
    }

    Slot of(String name, long id) {
        int c = indexOf(name);
        long size = c < 0 ? 0 : size(columns.get(c));
        var names = columns.stream().map(FeatureColumn::name).toList();
        Problems.of("explain")
                .expect(c >= 0, "a column of " + names, "\"" + name + "\"", Nearest.hint(name, names))
                .expect(c < 0 || id >= 0 && id < size, "an id of \"" + name + "\" in [0, " + size + ")", id)
                .raise();
        return slot(c, id);
    }

    private int indexOf(String name) {
        return IntStream.range(0, columns.size())
                .filter(c -> {
                    String own = columns.get(c).name();
                    return name.equals(own) || name.equals(own + "_indicator") || name.equals(own + "_embedding");
                })
                .findFirst()
                .orElse(-1);
    }

    private Slot slot(int c, long id) {
        var column = columns.get(c);
        return new Slot(starts[c] + id, column.name(), id, inputs(column), text(column, id));
    }

    private static List<String> inputs(FeatureColumn column) {
        return List.copyOf(new LinkedHashSet<>(orderedInputs(column)));
    }

    private static List<String> orderedInputs(FeatureColumn column) {
        return switch (column) {
            case BucketizedColumn bucketized ->
                List.of(bucketized.sourceColumn().key());
            case WeightedCategoricalColumn weighted -> {
                var all = new ArrayList<>(orderedInputs(weighted.categoricalColumn()));
                all.add(weighted.weightFeatureKey());
                yield all;
            }
            case CrossedColumn crossed ->
                crossed.leaves().stream().map(Slots::inputOf).toList();
            default -> List.of(column.name());
        };
    }

    private static String inputOf(Object leaf) {
        return leaf instanceof BucketizedColumn bucketized
                ? bucketized.sourceColumn().key()
                : leaf.toString();
    }

    private String text(FeatureColumn column, long id) {
        return switch (column) {
            case NumericColumn numeric -> numeric.key() + formula(numeric.normalizer());
            case BucketizedColumn bucketized -> range(bucketized, id);
            case VocabularyListCategoricalColumn words -> {
                int size = words.vocabularyList().size();
                yield id < size
                        ? words.key() + " = " + quoted(words.vocabularyList().get((int) id))
                        : words.key() + " = any other value, bucket " + (id - size) + " of " + words.numOovBuckets();
            }
            case IdentityCategoricalColumn identity -> identity.key() + " = " + id;
            case WeightedCategoricalColumn weighted ->
                text(weighted.categoricalColumn(), id) + ", weighted by " + weighted.weightFeatureKey();
            case HashedCategoricalColumn words -> words.key() + bucketOf(words.hashBucketSize(), id, words);
            case CrossedColumn crossed ->
                String.join(" × ", orderedInputs(crossed)) + bucketOf(crossed.hashBucketSize(), id, crossed);
            default -> column.name() + " " + id;
        };
    }

    private static String formula(Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Identity _ -> "";
            case Normalizer.Standardize(double mean, double deviation) ->
                ", standardized: (x - " + mean + ") / " + deviation;
            case Normalizer.MinMax(double min, double max) ->
                ", scaled: (x - " + min + ") / (" + max + " - " + min + ")";
            case Normalizer.Log1p _ -> ": log(1 + x)";
            case Normalizer.Clip(double min, double max) -> ", kept in [" + min + ", " + max + "]";
            case Normalizer.Custom(String name) -> ": " + name;
        };
    }

    /// Boundaries as float32, which they are compared as: 18.7 and not 18.700000762939453.
    private static String range(BucketizedColumn column, long id) {
        var boundaries = column.boundaries().stream()
                .map(b -> Float.toString(b.floatValue()))
                .toList();
        String key = column.sourceColumn().key();
        int bucket = (int) id;
        if (bucket == 0) {
            return key + " < " + boundaries.getFirst();
        }
        return bucket == boundaries.size()
                ? key + " >= " + boundaries.getLast()
                : key + " in [" + boundaries.get(bucket - 1) + ", " + boundaries.get(bucket) + ")";
    }

    private static String quoted(Object word) {
        return word instanceof String text ? "\"" + text + "\"" : word.toString();
    }

    private String bucketOf(long buckets, long id, CategoricalColumn column) {
        var known =
                hashed.computeIfAbsent(column.name(), _ -> candidates(column)).getOrDefault(id, List.of());
        String shown = known.stream().limit(SHOWN).collect(Collectors.joining(", "));
        String more = known.size() > SHOWN ? ", and " + (known.size() - SHOWN) + " more" : "";
        return " hashed to " + id + " of " + buckets + (known.isEmpty() ? ": no known value" : ": " + shown + more);
    }

    /// What of the known values falls into each bucket: they are encoded to see.
    private Map<Long, List<String>> candidates(CategoricalColumn column) {
        List<Object> leaves = column instanceof CrossedColumn crossed ? crossed.leaves() : List.of(column.name());
        List<List<Candidate>> parts = leaves.stream().map(this::candidates).toList();
        long all = parts.stream().mapToLong(List::size).reduce(1, (a, b) -> Math.min(MOST_CANDIDATES + 1L, a * b));
        if (all == 0 || all > MOST_CANDIDATES) {
            return Map.of();
        }
        List<List<Candidate>> combinations = List.of(List.of());
        for (var part : parts) {
            combinations = combinations.stream()
                    .flatMap(before -> part.stream().map(c -> {
                        var longer = new ArrayList<>(before);
                        longer.add(c);
                        return (List<Candidate>) longer;
                    }))
                    .toList();
        }
        return encoded(column, leaves, combinations);
    }

    /// A value that is tried, and how people are told of it.
    private record Candidate(Object value, String text) {}

    private List<Candidate> candidates(Object leaf) {
        if (leaf instanceof BucketizedColumn bucketized) {
            var bounds = bucketized.boundaries();
            return IntStream.rangeClosed(0, bounds.size())
                    .mapToObj(b -> new Candidate(
                            b == 0
                                    ? (double) Math.nextDown(bounds.getFirst().floatValue())
                                    : (double) bounds.get(b - 1).floatValue(),
                            range(bucketized, b)))
                    .toList();
        }
        var known = statistics.get(leaf.toString());
        var words = known == null ? null : known.words();
        return words == null
                ? List.of()
                : words.words().stream()
                        .map(w -> new Candidate(w.value(), quoted(w.value())))
                        .toList();
    }

    private static Map<Long, List<String>> encoded(
            CategoricalColumn column, List<Object> leaves, List<List<Candidate>> combinations) {
        List<Row> rows = new ArrayList<>();
        Map<String, FieldType> types = new LinkedHashMap<>();
        for (var combination : combinations) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            for (int i = 0; i < leaves.size(); i++) {
                Object value = combination.get(i).value();
                values.put(inputOf(leaves.get(i)), value);
                types.put(inputOf(leaves.get(i)), typeOf(value));
            }
            rows.add(new Row(Path.of("candidates"), rows.size() + 1L, values));
        }
        var ids = ColumnEncoder.of(List.of(column))
                .encode(FeatureBatches.of(rows, types))
                .ids(column.name());
        Map<Long, List<String>> known = new HashMap<>();
        for (int row = 0; row < rows.size(); row++) {
            String text = combinations.get(row).stream().map(Candidate::text).collect(Collectors.joining(" × "));
            for (int i = ids.rowSplits()[row]; i < ids.rowSplits()[row + 1]; i++) {
                known.computeIfAbsent(ids.ids()[i], _ -> new ArrayList<>()).add(text);
            }
        }
        return known;
    }

    private static FieldType typeOf(Object value) {
        return switch (value) {
            case String _ -> FieldType.STRING;
            case Long _ -> FieldType.LONG;
            default -> FieldType.DOUBLE;
        };
    }

    /// Of the one row in `batch`, which is `encoded`.
    RowExplanation explain(FeatureBatch batch, EncodedBatch encoded) {
        List<RowExplanation.Column> all = new ArrayList<>();
        for (int c = 0; c < columns.size(); c++) {
            var column = columns.get(c);
            List<RowExplanation.Use> uses = new ArrayList<>();
            if (encoded.column(column.name()) instanceof EncodedColumn.Ids ids) {
                for (int i = 0; i < ids.ids().length; i++) {
                    if (ids.ids()[i] >= 0) {
                        float weight = ids.weights().length == 0 ? 1 : ids.weights()[i];
                        uses.add(new RowExplanation.Use(slot(c, ids.ids()[i]), weight));
                    }
                }
            } else {
                uses.add(new RowExplanation.Use(
                        slot(c, 0), encoded.dense(column.name()).values()[0]));
            }
            all.add(new RowExplanation.Column(column.name(), raw(batch, column), uses));
        }
        return new RowExplanation(all);
    }

    private static String raw(FeatureBatch batch, FeatureColumn column) {
        var call = new Call(batch, new ColumnBuffers());
        return inputs(column).stream()
                .map(input -> input + " = " + values(call.raw(input)))
                .collect(Collectors.joining(", "));
    }

    private static String values(Cells cells) {
        String all = IntStream.range(0, cells.count()).mapToObj(cells::text).collect(Collectors.joining(", "));
        return cells.count() == 0 ? "missing" : cells.count() == 1 ? all : "[" + all + "]";
    }
}
