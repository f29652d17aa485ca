package io.torrefy.data;

import io.torrefy.data.internal.InputState;
import io.torrefy.data.internal.Nearest;
import io.torrefy.data.internal.Problems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes columns of a schema and of what a pass over the data learned. Everything that is wrong is noted and reported
/// together.
final class SchemaColumns {
    private static final int WORDS_TO_KEEP = 1000;

    private final FeatureSchema schema;
    private final Map<String, SchemaFitter.Learned> learned;
    private final Set<String> seen;
    private final long rows;
    private final Problems problems = Problems.of("fit");
    private final List<String> warnings = new ArrayList<>();

    SchemaColumns(FeatureSchema schema, Map<String, SchemaFitter.Learned> learned, Set<String> seen, long rows) {
        this.schema = schema;
        this.learned = learned;
        this.seen = seen;
        this.rows = rows;
    }

    FittedSchema fitted() {
        problems.expect(rows > 0, "rows to learn from", "none");
        learned.keySet().forEach(this::judge);
        schema.features().forEach(this::judge);
        problems.raise();
        Map<String, FeatureColumn> columns = new LinkedHashMap<>();
        for (var feature : schema.features()) {
            if (!(feature instanceof SchemaFeature.Label) && !(feature instanceof SchemaFeature.Cross)) {
                columns.put(schema.columnName(feature), column(feature));
            }
        }
        List<FeatureColumn> ordered = new ArrayList<>();
        for (var feature : schema.features()) {
            if (feature instanceof SchemaFeature.Cross cross) {
                ordered.add(cross(cross, columns));
            } else if (!(feature instanceof SchemaFeature.Label)) {
                ordered.add(Objects.requireNonNull(columns.get(schema.columnName(feature))));
            }
        }
        Map<String, FeatureStatistics> statistics = new LinkedHashMap<>();
        learned.keySet().stream()
                .sorted(FeatureColumns.BY_CODE_POINT)
                .forEach(name -> statistics.put(name, FeatureStatistics.of(state(name), wordsToKeep(name))));
        return FittedSchema.learned(schema, rows, statistics, ordered, label(), warnings);
    }

    private InputState state(String input) {
        return Objects.requireNonNull(learned.get(input)).state();
    }

    private int wordsToKeep(String input) {
        int keep = WORDS_TO_KEEP;
        for (var feature : schema.features()) {
            if (feature instanceof SchemaFeature.Vocabulary words
                    && words.input().equals(input)) {
                keep = Math.max(keep, words.maxSize());
            }
        }
        return keep;
    }

    /// What holds for every input.
    private void judge(String input) {
        var state = state(input);
        problems.expect(seen.contains(input), "input \"" + input + "\"", "data without it", Nearest.hint(input, seen));
        problems.expect(
                state.wrongKind().isEmpty(), word(state.type()) + " in input \"" + input + "\"", state.wrongKind());
        if (!seen.contains(input) || !state.wrongKind().isEmpty() || rows == 0) {
            return;
        }
        problems.expect(
                state.values() > 0, "input \"" + input + "\" with a value in some row", "none in " + rows + " rows");
        long notFinite = state.moments().notFinite();
        warn(notFinite > 0, input, notFinite + " infinite numbers; they count for nothing here");
        warn(state.notText() > 0, input, state.notText() + " strings that are no UTF-8; they are in no vocabulary");
        warn(constant(state), input, "the same value in all rows that have one");
        warn(
                state.type() != FieldType.DOUBLE && !state.frequencies().exact(),
                input,
                "more different values than are counted at a time; counts are up to "
                        + state.frequencies().error() + " too low");
        judgeLabel(input);
    }

    /// Warns of an input that no honest data would have: one that gives the label away.
    private void judgeLabel(String input) {
        boolean isLabel = schema.label().filter(l -> l.input().equals(input)).isPresent();
        boolean isInput = schema.features().stream()
                .anyMatch(f -> !(f instanceof SchemaFeature.Label) && f.inputs().contains(input));
        String suspicion = Objects.requireNonNull(learned.get(input)).link().suspicion();
        warn(isLabel && isInput, input, "been made a feature, and is the label");
        warn(
                !isLabel && !suspicion.isEmpty(),
                input,
                suspicion + ". Hint: leave it out if it is not known before the label is");
    }

    private static String word(FieldType type) {
        return switch (type) {
            case STRING -> "text";
            case LONG -> "integers";
            case DOUBLE -> "numbers";
        };
    }

    private static boolean constant(InputState state) {
        return state.type() == FieldType.STRING
                ? state.frequencies().exact() && state.frequencies().entries().size() == 1
                : state.moments().count() > 0
                        && state.moments().min() == state.moments().max();
    }

    private void warn(boolean holds, String input, String what) {
        if (holds) {
            warnings.add("input \"" + input + "\" has " + what + ".");
        }
    }

    private boolean known(InputState state) {
        return state.values() > 0 && state.wrongKind().isEmpty();
    }

    /// What holds for what is to become of an input.
    private void judge(SchemaFeature feature) {
        switch (feature) {
            case SchemaFeature.Numeric numeric -> judgeNumbers(numeric.input(), numeric.scaling());
            case SchemaFeature.Buckets buckets -> {
                judgeNumbers(buckets.input(), SchemaFeature.Scaling.NUMERIC);
                if (buckets.quantiles() > 0 && state(buckets.input()).moments().count() > 0) {
                    judgeQuantiles(buckets);
                }
            }
            case SchemaFeature.Vocabulary words -> {
                var state = state(words.input());
                problems.expect(
                        !known(state)
                                || !words(words.input(), words.minCount(), 1).isEmpty(),
                        "a word that occurs at least " + words.minCount() + " times in input \"" + words.input() + "\"",
                        "none");
                warnOfWordsLeftOut(words);
            }
            case SchemaFeature.Identity ids -> {
                var state = state(ids.input());
                long limit = ids.buckets() == 0 ? Long.MAX_VALUE : ids.buckets();
                Long other = ids.defaultId();
                if (other != null) {
                    problems.expect(
                            !known(state) || other < (ids.buckets() == 0 ? state.largest() + 1 : limit),
                            "a default of at most the largest id in input \"" + ids.input() + "\", " + state.largest(),
                            other);
                    return;
                }
                problems.expect(
                        !known(state) || state.smallest() >= 0,
                        "ids of 0 or more in input \"" + ids.input() + "\"",
                        state.smallest());
                problems.expect(
                        !known(state) || state.largest() < limit,
                        "ids below " + limit + " in input \"" + ids.input() + "\"",
                        state.largest());
            }
            case SchemaFeature.Label label -> {
                int most = state(label.input()).most();
                long missing = state(label.input()).missing();
                warn(missing > 0, label.input(), "no label in " + missing + " rows (an integer of -1 is none)");
                problems.expect(most <= 1, "one label a row in \"" + label.input() + "\"", most + " in one");
                problems.expect(
                        label.type() == FieldType.DOUBLE
                                || state(label.input()).frequencies().exact(),
                        "a label \"" + label.input() + "\" of fewer classes",
                        "more than are counted at a time");
            }
            case SchemaFeature.Hashed _, SchemaFeature.Cross _ -> {}
        }
    }

    /// Nobody should find out from a model that a vocabulary was cut.
    private void warnOfWordsLeftOut(SchemaFeature.Vocabulary words) {
        var counted = state(words.input()).frequencies();
        var kept = counted.entries().stream()
                .filter(e -> e.count() >= words.minCount())
                .limit(words.maxSize())
                .toList();
        int others = counted.entries().size() - kept.size();
        long values = counted.total() - kept.stream().mapToLong(e -> e.count()).sum();
        boolean exact = counted.exact();
        warn(
                others > 0 || !exact,
                words.input(),
                String.format(
                        Locale.ROOT,
                        "a vocabulary of its %d most frequent words (max_size %d, min_count %d); %s%d others, %s%.1f %% of"
                                + " its values, %s",
                        kept.size(),
                        words.maxSize(),
                        words.minCount(),
                        exact ? "" : "more than ",
                        others,
                        exact ? "" : "up to ",
                        100.0 * values / Math.max(1, counted.total()),
                        switch (words.oovBuckets()) {
                            case 0 -> "are unknown";
                            case 1 -> "share one id";
                            default -> "share " + words.oovBuckets() + " ids";
                        }));
    }

    private void judgeNumbers(String input, SchemaFeature.Scaling scaling) {
        var state = state(input);
        if (!known(state)) {
            return;
        }
        problems.expect(state.most() <= 1, "one number a row in input \"" + input + "\"", state.most() + " in one");
        problems.expect(state.moments().count() > 0, "finite numbers in input \"" + input + "\"", "none");
        problems.expect(
                scaling != SchemaFeature.Scaling.LOG1P
                        || state.moments().count() == 0
                        || state.moments().min() > -1,
                "numbers above -1 in input \"" + input + "\", which is log1p",
                state.moments().min() + " in row " + state.lowestRow() + ", counted from 0");
    }

    private void judgeQuantiles(SchemaFeature.Buckets buckets) {
        int found = boundaries(buckets).size() + 1;
        problems.expect(
                found > 1, "two different numbers to make buckets of in input \"" + buckets.input() + "\"", "one");
        warn(
                found > 1 && found < buckets.quantiles(),
                buckets.input(),
                "too few different numbers for " + buckets.quantiles() + " buckets; it gets " + found);
    }

    /// Where to cut, as float32, each once; the smallest number is none, because nothing lies below it.
    private List<Double> boundaries(SchemaFeature.Buckets buckets) {
        if (!buckets.boundaries().isEmpty()) {
            return buckets.boundaries();
        }
        var state = state(buckets.input());
        return Arrays.stream(state.quantiles().cuts(buckets.quantiles()))
                .map(x -> (float) x)
                .filter(x -> x > state.moments().min())
                .distinct()
                .boxed()
                .toList();
    }

    private List<Object> words(String input, long minCount, int maxSize) {
        return state(input).frequencies().entries().stream()
                .filter(e -> e.count() >= minCount)
                .limit(maxSize)
                .<Object>map(e -> e.value())
                .toList();
    }

    private FeatureColumn column(SchemaFeature feature) {
        return switch (feature) {
            case SchemaFeature.Numeric(String input, var scaling, var missing) ->
                FeatureColumns.numericColumn(input)
                        .withDefault(missing == null ? state(input).moments().mean() : missing)
                        .withNormalizer(normalizer(scaling, input));
            case SchemaFeature.Buckets buckets -> {
                double median = state(buckets.input()).quantiles().quantiles(0.5)[0];
                Double given = buckets.missing();
                yield new BucketizedColumn(
                        FeatureColumns.numericColumn(buckets.input()).withDefault(given == null ? median : given),
                        boundaries(buckets));
            }
            case SchemaFeature.Vocabulary words ->
                weighted(
                        new VocabularyListCategoricalColumn(
                                words.input(),
                                words(words.input(), words.minCount(), words.maxSize()),
                                type(words.type()),
                                -1,
                                words.oovBuckets()),
                        words.weight());
            case SchemaFeature.Hashed(String input, FieldType type, long buckets, var weight, int _) ->
                weighted(new HashedCategoricalColumn(input, buckets, type(type)), weight);
            case SchemaFeature.Identity(String input, long buckets, var other, int _) ->
                new IdentityCategoricalColumn(input, buckets == 0 ? state(input).largest() + 1 : buckets, other);
            case SchemaFeature.Cross _, SchemaFeature.Label _ -> throw new IllegalStateException("no input's own");
        };
    }

    private Normalizer normalizer(SchemaFeature.Scaling scaling, String input) {
        var moments = state(input).moments();
        return switch (scaling) {
            case NUMERIC -> Normalizer.NONE;
            case STANDARDIZE -> new Normalizer.Standardize(moments.mean(), Math.sqrt(moments.variance()));
            case MINMAX -> new Normalizer.MinMax(moments.min(), moments.max());
            case LOG1P -> new Normalizer.Log1p();
        };
    }

    private static FeatureType type(FieldType type) {
        return type == FieldType.STRING ? FeatureType.STRING : FeatureType.INT64;
    }

    private static CategoricalColumn weighted(CategoricalColumn column, @Nullable String weight) {
        return weight == null ? column : FeatureColumns.weightedCategoricalColumn(column, weight);
    }

    private FeatureColumn cross(SchemaFeature.Cross cross, Map<String, FeatureColumn> columns) {
        List<Object> keys = new ArrayList<>();
        for (String input : cross.inputs()) {
            var bucketized = columns.get(input + "_bucketized");
            keys.add(bucketized instanceof BucketizedColumn ? bucketized : input);
        }
        return FeatureColumns.crossedColumn(keys, cross.buckets());
    }

    /// Classes by their values, which people find sooner than by frequency.
    private @Nullable FeatureColumn label() {
        var label = schema.label().orElse(null);
        if (label == null) {
            return null;
        }
        if (label.type() == FieldType.DOUBLE) {
            return FeatureColumns.numericColumn(label.input());
        }
        var classes = words(label.input(), 1, Integer.MAX_VALUE);
        return FeatureColumns.categoricalColumnWithVocabularyList(
                label.input(), label.type() == FieldType.STRING ? sortedTexts(classes) : sortedIntegers(classes));
    }

    private static List<String> sortedTexts(List<Object> words) {
        return words.stream()
                .map(String.class::cast)
                .sorted(FeatureColumns.BY_CODE_POINT)
                .toList();
    }

    private static List<Long> sortedIntegers(List<Object> words) {
        return words.stream()
                .map(Long.class::cast)
                .sorted(Comparator.naturalOrder())
                .toList();
    }
}
