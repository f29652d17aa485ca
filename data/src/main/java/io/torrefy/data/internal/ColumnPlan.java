package io.torrefy.data.internal;

import io.torrefy.data.BucketizedColumn;
import io.torrefy.data.CategoricalColumn;
import io.torrefy.data.ColumnMode;
import io.torrefy.data.CrossedColumn;
import io.torrefy.data.EmbeddingColumn;
import io.torrefy.data.EncodedColumn;
import io.torrefy.data.FeatureColumn;
import io.torrefy.data.FeatureType;
import io.torrefy.data.FeatureValues.Strings;
import io.torrefy.data.HashedCategoricalColumn;
import io.torrefy.data.IdentityCategoricalColumn;
import io.torrefy.data.IndicatorColumn;
import io.torrefy.data.NumericColumn;
import io.torrefy.data.SequenceCategoricalColumn;
import io.torrefy.data.SequenceNumericColumn;
import io.torrefy.data.SharedEmbeddingColumn;
import io.torrefy.data.VocabularyFileCategoricalColumn;
import io.torrefy.data.VocabularyListCategoricalColumn;
import io.torrefy.data.WeightedCategoricalColumn;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/// Builds what computes columns: vocabularies are read and equal columns joined once, before the first batch.
public final class ColumnPlan {
    private final ColumnMode mode;
    private final Map<String, DoubleUnaryOperator> functions;
    private final Map<CategoricalColumn, IdSource> sources = new HashMap<>();
    private final Map<NumericColumn, NumericSource> numbers = new HashMap<>();

    /// In that mode, with functions for custom normalizers.
    public ColumnPlan(ColumnMode mode, Map<String, DoubleUnaryOperator> functions) {
        this.mode = mode;
        this.functions = functions;
    }

    /// What computes a column.
    public Function<Call, EncodedColumn> compile(FeatureColumn column) {
        return switch (column) {
            case NumericColumn numeric -> {
                var source = numbers(numeric);
                yield call -> call.floats(source);
            }
            case SequenceNumericColumn numeric -> {
                var normalization = Normalization.of(numeric.normalizer(), functions);
                yield call -> Sequences.ofNumbers(numeric, normalization, call.raw(numeric.key()), mode);
            }
            case IndicatorColumn(CategoricalColumn inner) -> indicator(column.name(), inner);
            case EmbeddingColumn embedding -> ids(embedding.categoricalColumn());
            case SharedEmbeddingColumn embedding -> ids(embedding.categoricalColumn());
            case CategoricalColumn categorical -> ids(categorical);
        };
    }

    private Function<Call, EncodedColumn> indicator(String name, CategoricalColumn inner) {
        var source = source(inner);
        return isSequence(inner)
                ? ids(inner)
                : call -> Indicators.of(name, call.ids(source), inner.numBuckets(), call.buffers());
    }

    private Function<Call, EncodedColumn> ids(CategoricalColumn column) {
        var source = source(column);
        return isSequence(column)
                ? call -> Sequences.ofIds(call.ids(source), call.raw(sequenceKey(column)))
                : call -> call.ids(source);
    }

    /// Whether a column, below its weights, is a sequence.
    public static boolean isSequence(CategoricalColumn column) {
        return switch (column) {
            case SequenceCategoricalColumn _ -> true;
            case WeightedCategoricalColumn weighted -> isSequence(weighted.categoricalColumn());
            default -> false;
        };
    }

    private static String sequenceKey(CategoricalColumn column) {
        return column instanceof WeightedCategoricalColumn weighted
                ? sequenceKey(weighted.categoricalColumn())
                : column.name();
    }

    private NumericSource numbers(NumericColumn column) {
        return numbers.computeIfAbsent(
                column, c -> new NumericSource(c, Normalization.of(c.normalizer(), functions), mode));
    }

    private IdSource source(CategoricalColumn column) {
        // Not computeIfAbsent: columns lead to columns.
        var known = Optional.ofNullable(sources.get(column));
        if (known.isPresent()) {
            return known.get();
        }
        var made = build(column);
        sources.put(column, made);
        return made;
    }

    private IdSource build(CategoricalColumn column) {
        return switch (column) {
            case BucketizedColumn bucketized -> new BucketIds(bucketized, numbers(bucketized.sourceColumn()), mode);
            case HashedCategoricalColumn(String key, long buckets, FeatureType dtype) ->
                leaf(key, dtype, new Lookup.Hashed(Remainder.by(buckets), dtype == FeatureType.UINT64));
            case VocabularyListCategoricalColumn list -> ofList(list);
            case VocabularyFileCategoricalColumn file -> ofFile(file);
            case IdentityCategoricalColumn identity ->
                leaf(
                        identity.key(),
                        FeatureType.INT64,
                        new Lookup.Identity(
                                identity.numberBuckets(), identity.defaultValue(), mode == ColumnMode.STRICT));
            case WeightedCategoricalColumn weighted ->
                new WeightedIds(weighted, source(weighted.categoricalColumn()), mode);
            case CrossedColumn crossed -> ofCross(crossed);
            case SequenceCategoricalColumn sequence -> source(sequence.categoricalColumn());
        };
    }

    private IdSource leaf(String key, FeatureType dtype, Lookup lookup) {
        return new LeafIds(key, dtype, lookup, mode == ColumnMode.STRICT);
    }

    private IdSource ofList(VocabularyListCategoricalColumn column) {
        int size = column.vocabularyList().size();
        var unknown = unknown(column.key(), size, column.numOovBuckets(), column.defaultValue());
        String where = "the vocabulary_list of " + column.key();
        if (column.dtype() == FeatureType.STRING) {
            var words = Strings.of(
                    column.vocabularyList().stream().map(String.class::cast).toList());
            return leaf(column.key(), column.dtype(), new Lookup.Words(Vocabulary.of(words, size, where), unknown));
        }
        long[] values =
                column.vocabularyList().stream().mapToLong(Long.class::cast).toArray();
        return leaf(column.key(), column.dtype(), new Lookup.Integers(LongVocabulary.of(values, where), unknown));
    }

    private IdSource ofFile(VocabularyFileCategoricalColumn column) {
        var file = Path.of(column.vocabularyFile());
        var entries = VocabularyFiles.read(column.key(), file, column.fileFormat());
        int size = (int) column.vocabularySize();
        Problems.of("vocabulary")
                .expect(
                        size <= entries.size(),
                        "a vocab_size that " + file + " has",
                        "invalid vocab_size: expected " + size + " but got " + entries.size())
                .raise();
        var unknown = unknown(column.key(), size, column.numOovBuckets(), column.defaultValue());
        return leaf(
                column.key(),
                column.dtype(),
                LeafIds.ofEntries(entries, size, column.dtype(), unknown, file.toString()));
    }

    /// TensorFlow takes any default, and fails, or counts nothing, later.
    private Lookup.Unknown unknown(String key, int size, int buckets, long otherwise) {
        Problems.of("columns")
                .expect(
                        mode == ColumnMode.TF_COMPAT || otherwise >= -1 && otherwise < size,
                        "a default_value of -1 or in [0, " + size + ") in " + key,
                        otherwise)
                .raise();
        return new Lookup.Unknown(size, buckets, otherwise);
    }

    private IdSource ofCross(CrossedColumn column) {
        List<CrossIds.Leaf> leaves = new ArrayList<>();
        for (Object leaf : column.leaves()) {
            leaves.add(
                    leaf instanceof CategoricalColumn c
                            ? new CrossIds.Leaf.Column(source(c))
                            : new CrossIds.Leaf.Raw((String) leaf));
        }
        return new CrossIds(
                column.name(), leaves, column.hashBucketSize(), column.effectiveHashKey(), mode == ColumnMode.STRICT);
    }
}
