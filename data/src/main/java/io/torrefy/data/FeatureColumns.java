package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.data.internal.Specs;
import io.torrefy.data.internal.VocabularyFiles;
import io.torrefy.export.Export;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Makes feature columns, by the names and with the defaults of `tf.feature_column`.
@Export(value = "feature_column.FeatureColumns", since = "0.1", members = "feature_column")
public final class FeatureColumns {
    /// The order of names: by code points, as Python sorts them. Java's own compares UTF-16 units, which differs
    /// above U+FFFF.
    public static final Comparator<String> BY_CODE_POINT = FeatureColumns::compareCodePoints;

    private FeatureColumns() {}

    /// A number in each row, float32.
    public static NumericColumn numericColumn(String key) {
        return numericColumn(key, 1);
    }

    /// Numbers of this shape in each row, float32.
    public static NumericColumn numericColumn(String key, Integer... shape) {
        return new NumericColumn(key, List.of(shape), List.of(), FeatureType.FLOAT32, Normalizer.NONE);
    }

    /// Numbers by the interval they lie in.
    public static BucketizedColumn bucketizedColumn(NumericColumn source, double... boundaries) {
        return new BucketizedColumn(
                source, java.util.Arrays.stream(boundaries).boxed().toList());
    }

    /// Strings by their hash.
    public static HashedCategoricalColumn categoricalColumnWithHashBucket(String key, long hashBucketSize) {
        return categoricalColumnWithHashBucket(key, hashBucketSize, FeatureType.STRING);
    }

    /// Strings or integers by their hash.
    public static HashedCategoricalColumn categoricalColumnWithHashBucket(
            String key, long hashBucketSize, FeatureType dtype) {
        return new HashedCategoricalColumn(key, hashBucketSize, dtype);
    }

    /// Strings or integers by their place in a list; others are -1.
    public static VocabularyListCategoricalColumn categoricalColumnWithVocabularyList(String key, List<?> vocabulary) {
        return categoricalColumnWithVocabularyList(key, vocabulary, -1, 0);
    }

    /// Strings or integers by their place in a list; others by one of the two.
    public static VocabularyListCategoricalColumn categoricalColumnWithVocabularyList(
            String key, List<?> vocabulary, long defaultValue, int numOovBuckets) {
        boolean text = vocabulary.isEmpty() || vocabulary.getFirst() instanceof String;
        return new VocabularyListCategoricalColumn(
                key, vocabulary, text ? FeatureType.STRING : FeatureType.INT64, defaultValue, numOovBuckets);
    }

    /// Strings by their line in a file, all of which counts; others are -1. A name that ends in `tfrecord.gz` is a
    /// compressed file of records.
    public static VocabularyFileCategoricalColumn categoricalColumnWithVocabularyFile(String key, Path file) {
        return categoricalColumnWithVocabularyFile(key, file, FeatureType.STRING, -1, 0);
    }

    /// Strings or integers by their line in a file, all of which counts; others by one of the two.
    ///
    /// @throws IllegalArgumentException if there is no such file, it cannot be read, or has an empty line
    public static VocabularyFileCategoricalColumn categoricalColumnWithVocabularyFile(
            String key, Path file, FeatureType dtype, long defaultValue, int numOovBuckets) {
        String format = VocabularyFiles.formatOf(file);
        long size = VocabularyFiles.size(key, file, format);
        return new VocabularyFileCategoricalColumn(
                key, file.toString(), size, numOovBuckets, dtype, defaultValue, format);
    }

    /// Integers that are ids.
    public static IdentityCategoricalColumn categoricalColumnWithIdentity(String key, long numBuckets) {
        return new IdentityCategoricalColumn(key, numBuckets, null);
    }

    /// Integers that are ids; those out of range are replaced.
    public static IdentityCategoricalColumn categoricalColumnWithIdentity(
            String key, long numBuckets, long defaultValue) {
        return new IdentityCategoricalColumn(key, numBuckets, defaultValue);
    }

    /// Ids with weights.
    public static WeightedCategoricalColumn weightedCategoricalColumn(CategoricalColumn column, String weightKey) {
        return weightedCategoricalColumn(column, weightKey, FeatureType.FLOAT32);
    }

    /// Ids with weights of this type.
    public static WeightedCategoricalColumn weightedCategoricalColumn(
            CategoricalColumn column, String weightKey, FeatureType dtype) {
        return new WeightedCategoricalColumn(column, weightKey, dtype);
    }

    /// Combinations of keys (names of features, categorical columns), hashed.
    public static CrossedColumn crossedColumn(List<?> keys, long hashBucketSize) {
        return new CrossedColumn(keys, hashBucketSize, null);
    }

    /// The same with a hash key of one's own.
    public static CrossedColumn crossedColumn(List<?> keys, long hashBucketSize, long hashKey) {
        return new CrossedColumn(keys, hashBucketSize, hashKey);
    }

    /// How often each id occurs.
    public static IndicatorColumn indicatorColumn(CategoricalColumn column) {
        return new IndicatorColumn(column);
    }

    /// Trained vectors, combined by their mean.
    public static EmbeddingColumn embeddingColumn(CategoricalColumn column, int dimension) {
        return embeddingColumn(column, EmbeddingOptions.of(dimension));
    }

    /// Trained vectors.
    public static EmbeddingColumn embeddingColumn(CategoricalColumn column, EmbeddingOptions options) {
        return new EmbeddingColumn(column, options);
    }

    /// Embeddings that share a table, in the order of the columns. The table's name is the sorted names of the
    /// columns joined by `_`, and `_shared_embedding`.
    public static List<SharedEmbeddingColumn> sharedEmbeddings(
            List<? extends CategoricalColumn> columns, EmbeddingOptions options) {
        String name =
                columns.stream().map(FeatureColumn::name).sorted(BY_CODE_POINT).collect(Collectors.joining("_"));
        return sharedEmbeddings(columns, options, name + "_shared_embedding");
    }

    /// Embeddings that share the table of that name, in the order of the columns, which must be of one kind and
    /// have the same number of ids.
    public static List<SharedEmbeddingColumn> sharedEmbeddings(
            List<? extends CategoricalColumn> columns, EmbeddingOptions options, String collection) {
        var plain = columns.stream().map(FeatureColumns::unwrap).toList();
        Problems.of("sharedEmbeddings")
                .expect(!columns.isEmpty(), "categorical_columns that are not empty", columns)
                .expect(
                        plain.stream().map(Object::getClass).distinct().count() <= 1,
                        "all categorical_columns to have the same type, or to be weighted_categorical_column or sequence"
                                + " column of the same type",
                        plain.stream().map(c -> c.getClass().getSimpleName()).toList())
                .expect(
                        plain.stream()
                                        .mapToLong(CategoricalColumn::numBuckets)
                                        .distinct()
                                        .count()
                                <= 1,
                        "all categorical_columns to have the same number of buckets",
                        plain.stream()
                                .map(c -> c.name() + ": " + c.numBuckets())
                                .toList())
                .raise();
        List<SharedEmbeddingColumn> all = new ArrayList<>();
        columns.forEach(c -> all.add(new SharedEmbeddingColumn(c, options, collection)));
        return all;
    }

    /// The column below weights and sequences.
    static CategoricalColumn unwrap(CategoricalColumn column) {
        return switch (column) {
            case WeightedCategoricalColumn weighted -> unwrap(weighted.categoricalColumn());
            case SequenceCategoricalColumn sequence -> unwrap(sequence.categoricalColumn());
            default -> column;
        };
    }

    /// A number for each step.
    public static SequenceNumericColumn sequenceNumericColumn(String key) {
        return sequenceNumericColumn(key, 0, 1);
    }

    /// Numbers of this shape for each step.
    public static SequenceNumericColumn sequenceNumericColumn(String key, double defaultValue, Integer... shape) {
        return new SequenceNumericColumn(key, List.of(shape), defaultValue, FeatureType.FLOAT32, Normalizer.NONE);
    }

    /// Steps of integers that are ids.
    public static SequenceCategoricalColumn sequenceCategoricalColumnWithIdentity(String key, long numBuckets) {
        return new SequenceCategoricalColumn(categoricalColumnWithIdentity(key, numBuckets));
    }

    /// Steps of strings by their hash.
    public static SequenceCategoricalColumn sequenceCategoricalColumnWithHashBucket(String key, long hashBucketSize) {
        return new SequenceCategoricalColumn(categoricalColumnWithHashBucket(key, hashBucketSize));
    }

    /// Steps of strings or integers by their place in a list.
    public static SequenceCategoricalColumn sequenceCategoricalColumnWithVocabularyList(
            String key, List<?> vocabulary) {
        return new SequenceCategoricalColumn(categoricalColumnWithVocabularyList(key, vocabulary));
    }

    /// Steps of strings by their line in a file.
    public static SequenceCategoricalColumn sequenceCategoricalColumnWithVocabularyFile(String key, Path file) {
        return new SequenceCategoricalColumn(categoricalColumnWithVocabularyFile(key, file));
    }

    /// What `parseExample` has to read for these columns, by key.
    ///
    /// @throws IllegalArgumentException naming the keys that two columns read differently
    public static Map<String, FeatureSpec> makeParseExampleSpec(Collection<? extends FeatureColumn> columns) {
        Map<String, FeatureSpec> all = new TreeMap<>(BY_CODE_POINT);
        var checks = Problems.of("makeParseExampleSpec");
        for (var column : columns) {
            column.parseExampleSpec().forEach((key, spec) -> {
                var other = all.putIfAbsent(key, spec);
                checks.expect(
                        other == null || Specs.same(other, spec),
                        "feature_columns that agree on the parse_spec for key " + key,
                        "different ones: " + Specs.describe(spec) + " and "
                                + (other == null ? "" : Specs.describe(other)));
            });
        }
        checks.raise();
        return all;
    }

    private static int compareCodePoints(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                // Surrogates stand for code points above all other units.
                boolean high = Character.isSurrogate(x);
                return high == Character.isSurrogate(y) ? Character.compare(x, y) : high ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }
}
