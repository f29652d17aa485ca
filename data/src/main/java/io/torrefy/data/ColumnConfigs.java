package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.ConfigReader;
import io.torrefy.export.Export;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Columns as JSON and back, in the form of `tf.feature_column`: `{"class_name": "EmbeddingColumn", "config": {…}}`,
/// with the field names of TensorFlow's classes, columns within columns, and types by name. Two things TensorFlow does
/// not save are in it: shared embeddings, and what a normalizer computes (a custom one goes by its name).
@Export(value = "feature_column.ColumnConfigs", since = "0.1")
public final class ColumnConfigs {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ColumnConfigs() {}

    /// A column as JSON.
    public static ObjectNode toConfig(FeatureColumn column) {
        return named(column.getClass().getSimpleName(), config(column));
    }

    /// Columns as JSON.
    public static ArrayNode toConfig(List<? extends FeatureColumn> columns) {
        var all = JSON.arrayNode();
        columns.forEach(c -> all.add(toConfig(c)));
        return all;
    }

    private static ObjectNode named(String className, ObjectNode config) {
        var node = JSON.objectNode();
        node.put("class_name", className);
        node.set("config", config);
        return node;
    }

    private static ObjectNode config(FeatureColumn column) {
        var c = JSON.objectNode();
        switch (column) {
            case NumericColumn numeric -> {
                c.put("key", numeric.key()).set("shape", integers(numeric.shape()));
                c.set("default_value", nested(numeric.defaultValue(), numeric.shape()));
                c.put("dtype", numeric.dtype().typeName()).set("normalizer_fn", normalizer(numeric.normalizer()));
            }
            case BucketizedColumn(NumericColumn source, List<Double> boundaries) -> {
                c.set("source_column", toConfig(source));
                var array = c.putArray("boundaries");
                boundaries.forEach(array::add);
            }
            case HashedCategoricalColumn(String key, long size, FeatureType dtype) ->
                c.put("key", key).put("hash_bucket_size", size).put("dtype", dtype.typeName());
            case VocabularyListCategoricalColumn list -> {
                var words = c.put("key", list.key()).putArray("vocabulary_list");
                list.vocabularyList()
                        .forEach(w -> words.add(w instanceof Long n ? JSON.numberNode(n) : JSON.textNode((String) w)));
                c.put("dtype", list.dtype().typeName());
                c.put("default_value", list.defaultValue()).put("num_oov_buckets", list.numOovBuckets());
            }
            case VocabularyFileCategoricalColumn file ->
                c.put("key", file.key())
                        .put("vocabulary_file", file.vocabularyFile())
                        .put("vocabulary_size", file.vocabularySize())
                        .put("num_oov_buckets", file.numOovBuckets())
                        .put("dtype", file.dtype().typeName())
                        .put("default_value", file.defaultValue())
                        .put(
                                "file_format",
                                file.fileFormat().equals(VocabularyFileCategoricalColumn.TEXT)
                                        ? null
                                        : file.fileFormat());
            case IdentityCategoricalColumn identity ->
                c.put("key", identity.key())
                        .put("number_buckets", identity.numberBuckets())
                        .put("default_value", identity.defaultValue());
            case WeightedCategoricalColumn weighted -> {
                c.set("categorical_column", toConfig(weighted.categoricalColumn()));
                c.put("weight_feature_key", weighted.weightFeatureKey());
                c.put("dtype", weighted.dtype().typeName());
            }
            case CrossedColumn crossed -> {
                var keys = c.putArray("keys");
                crossed.keys()
                        .forEach(k -> keys.add(k instanceof FeatureColumn f ? toConfig(f) : JSON.textNode((String) k)));
                c.put("hash_bucket_size", crossed.hashBucketSize()).put("hash_key", crossed.hashKey());
            }
            case IndicatorColumn(CategoricalColumn inner) -> c.set("categorical_column", toConfig(inner));
            case EmbeddingColumn(CategoricalColumn inner, EmbeddingOptions options) -> embedding(c, inner, options);
            case SharedEmbeddingColumn(CategoricalColumn inner, EmbeddingOptions options, String collection) -> {
                embedding(c, inner, options);
                c.put("shared_embedding_collection_name", collection);
            }
            case SequenceCategoricalColumn(CategoricalColumn inner) -> c.set("categorical_column", toConfig(inner));
            case SequenceNumericColumn numeric -> {
                c.put("key", numeric.key()).set("shape", integers(numeric.shape()));
                c.put("default_value", numeric.defaultValue())
                        .put("dtype", numeric.dtype().typeName());
                c.set("normalizer_fn", normalizer(numeric.normalizer()));
            }
        }
        return c;
    }

    private static void embedding(ObjectNode c, CategoricalColumn inner, EmbeddingOptions options) {
        c.set("categorical_column", toConfig(inner));
        c.put("dimension", options.dimension())
                .put("combiner", options.combiner().combinerName())
                .set("initializer", initializer(options.initializer()));
        c.put("ckpt_to_load_from", options.ckptToLoadFrom())
                .put("tensor_name_in_ckpt", options.tensorNameInCkpt())
                .put("max_norm", options.maxNorm())
                .put("trainable", options.trainable())
                .put("use_safe_embedding_lookup", options.useSafeEmbeddingLookup());
    }

    private static ObjectNode initializer(EmbeddingInitializer initializer) {
        var c = JSON.objectNode();
        switch (initializer) {
            case EmbeddingInitializer.TruncatedNormal(double mean, double stddev) ->
                c.put("mean", mean).put("stddev", stddev);
            case EmbeddingInitializer.RandomUniform(double minval, double maxval) ->
                c.put("minval", minval).put("maxval", maxval);
            case EmbeddingInitializer.Constant(double value) -> c.put("value", value);
        }
        return named(initializer.getClass().getSimpleName(), c);
    }

    private static JsonNode normalizer(Normalizer normalizer) {
        var c = JSON.objectNode();
        switch (normalizer) {
            case Normalizer.Identity _ -> {
                return JSON.nullNode();
            }
            case Normalizer.Custom(String name) -> {
                return JSON.textNode(name);
            }
            case Normalizer.Standardize(double mean, double deviation) ->
                c.put("mean", mean).put("deviation", deviation);
            case Normalizer.MinMax(double min, double max) -> c.put("min", min).put("max", max);
            case Normalizer.Clip(double min, double max) -> c.put("min", min).put("max", max);
            case Normalizer.Log1p _ -> {}
        }
        return named(normalizer.getClass().getSimpleName(), c);
    }

    private static ArrayNode integers(List<Integer> values) {
        var array = JSON.arrayNode();
        values.forEach(array::add);
        return array;
    }

    /// Values in row-major order as lists in lists; null if there are none.
    private static JsonNode nested(List<Number> values, List<Integer> shape) {
        if (values.isEmpty()) {
            return JSON.nullNode();
        }
        if (shape.isEmpty()) {
            return number(values.getFirst());
        }
        var array = JSON.arrayNode();
        int part = values.size() / shape.getFirst();
        for (int i = 0; i < shape.getFirst(); i++) {
            array.add(nested(values.subList(i * part, (i + 1) * part), shape.subList(1, shape.size())));
        }
        return array;
    }

    private static JsonNode number(Number n) {
        return n instanceof Long l ? JSON.numberNode(l) : JSON.numberNode(n.doubleValue());
    }

    /// The columns that JSON describes.
    public static List<FeatureColumn> fromConfigs(JsonNode configs) {
        return new ConfigReader(configs, "a list of columns").elements(ColumnConfigs::fromConfig);
    }

    /// The column that JSON describes.
    ///
    /// @throws IllegalArgumentException if the class is unknown, its keys are not exactly those that it has, or one
    ///     does not hold what it should
    public static FeatureColumn fromConfig(JsonNode config) {
        return read(ConfigReader.classOf(config), ConfigReader.configOf(config));
    }

    private static FeatureColumn read(String className, JsonNode config) {
        Function<List<String>, ConfigReader> keys = expected -> ConfigReader.of(className, config, expected);
        return switch (className) {
            case "NumericColumn" -> {
                var c = keys.apply(List.of("key", "shape", "default_value", "dtype", "normalizer_fn"));
                yield new NumericColumn(
                        c.text("key"),
                        c.integers("shape"),
                        c.numbers("default_value"),
                        c.type("dtype"),
                        readNormalizer(c));
            }
            case "BucketizedColumn" -> {
                var c = keys.apply(List.of("source_column", "boundaries"));
                yield new BucketizedColumn(
                        c.as(NumericColumn.class, "source_column", ColumnConfigs::fromConfig), c.doubles("boundaries"));
            }
            case "HashedCategoricalColumn" -> {
                var c = keys.apply(List.of("key", "hash_bucket_size", "dtype"));
                yield new HashedCategoricalColumn(c.text("key"), c.integer("hash_bucket_size"), c.type("dtype"));
            }
            case "VocabularyListCategoricalColumn" -> {
                var c = keys.apply(List.of("key", "vocabulary_list", "dtype", "default_value", "num_oov_buckets"));
                yield new VocabularyListCategoricalColumn(
                        c.text("key"),
                        c.child("vocabulary_list").elements(ConfigReader::word),
                        c.type("dtype"),
                        c.integer("default_value"),
                        c.small("num_oov_buckets"));
            }
            case "VocabularyFileCategoricalColumn" -> readFile(keys);
            case "IdentityCategoricalColumn" -> {
                var c = keys.apply(List.of("key", "number_buckets", "default_value"));
                yield new IdentityCategoricalColumn(
                        c.text("key"), c.integer("number_buckets"), c.integerOrNull("default_value"));
            }
            case "WeightedCategoricalColumn" -> {
                var c = keys.apply(List.of("categorical_column", "weight_feature_key", "dtype"));
                yield new WeightedCategoricalColumn(inner(c), c.text("weight_feature_key"), c.type("dtype"));
            }
            case "CrossedColumn" -> {
                var c = keys.apply(List.of("keys", "hash_bucket_size", "hash_key"));
                List<Object> crossed = c.child("keys").elements(k -> k.isTextual() ? k.textValue() : fromConfig(k));
                yield new CrossedColumn(crossed, c.integer("hash_bucket_size"), c.integerOrNull("hash_key"));
            }
            case "IndicatorColumn" -> new IndicatorColumn(inner(keys.apply(List.of("categorical_column"))));
            case "EmbeddingColumn" -> {
                var c = keys.apply(EMBEDDING_KEYS);
                yield new EmbeddingColumn(inner(c), readOptions(c));
            }
            case "SharedEmbeddingColumn" -> {
                var c = keys.apply(SHARED_KEYS);
                yield new SharedEmbeddingColumn(inner(c), readOptions(c), c.text("shared_embedding_collection_name"));
            }
            case "SequenceCategoricalColumn" ->
                new SequenceCategoricalColumn(inner(keys.apply(List.of("categorical_column"))));
            case "SequenceNumericColumn" -> {
                var c = keys.apply(List.of("key", "shape", "default_value", "dtype", "normalizer_fn"));
                yield new SequenceNumericColumn(
                        c.text("key"),
                        c.integers("shape"),
                        c.real("default_value"),
                        c.type("dtype"),
                        readNormalizer(c));
            }
            default ->
                throw new IllegalArgumentException(
                        "[columnConfig] expected the class_name of a feature column; got \"" + className + "\".");
        };
    }

    private static final List<String> EMBEDDING_KEYS = List.of(
            "categorical_column",
            "dimension",
            "combiner",
            "initializer",
            "ckpt_to_load_from",
            "tensor_name_in_ckpt",
            "max_norm",
            "trainable",
            "use_safe_embedding_lookup");
    private static final List<String> SHARED_KEYS = java.util.stream.Stream.concat(
                    EMBEDDING_KEYS.stream(), java.util.stream.Stream.of("shared_embedding_collection_name"))
            .toList();

    private static CategoricalColumn inner(ConfigReader c) {
        return c.as(CategoricalColumn.class, "categorical_column", ColumnConfigs::fromConfig);
    }

    private static FeatureColumn readFile(Function<List<String>, ConfigReader> keys) {
        var c = keys.apply(List.of(
                "key",
                "vocabulary_file",
                "vocabulary_size",
                "num_oov_buckets",
                "dtype",
                "default_value",
                "file_format"));
        // TensorFlow has null for lines of text.
        String format = c.textOrNull("file_format");
        return new VocabularyFileCategoricalColumn(
                c.text("key"),
                c.text("vocabulary_file"),
                c.integer("vocabulary_size"),
                c.small("num_oov_buckets"),
                c.type("dtype"),
                c.integer("default_value"),
                format == null ? VocabularyFileCategoricalColumn.TEXT : format);
    }

    private static EmbeddingOptions readOptions(ConfigReader c) {
        int dimension = c.small("dimension");
        return new EmbeddingOptions(
                dimension,
                Combiner.named(c.text("combiner")),
                readInitializer(c.value("initializer"), dimension),
                c.textOrNull("ckpt_to_load_from"),
                c.textOrNull("tensor_name_in_ckpt"),
                c.realOrNull("max_norm"),
                c.flag("trainable"),
                c.flag("use_safe_embedding_lookup"));
    }

    private static EmbeddingInitializer readInitializer(@Nullable JsonNode node, int dimension) {
        if (node == null || node.isNull()) {
            return EmbeddingInitializer.defaultFor(dimension);
        }
        String className = ConfigReader.classOf(node);
        // Keras' initializers also save a seed, which counts for nothing here.
        var c = new ConfigReader(ConfigReader.configOf(node), className);
        return switch (className) {
            case "TruncatedNormal" -> new EmbeddingInitializer.TruncatedNormal(c.real("mean"), c.real("stddev"));
            case "RandomUniform" -> new EmbeddingInitializer.RandomUniform(c.real("minval"), c.real("maxval"));
            case "Constant" -> new EmbeddingInitializer.Constant(c.real("value"));
            case "Zeros" -> new EmbeddingInitializer.Constant(0);
            case "Ones" -> new EmbeddingInitializer.Constant(1);
            default ->
                throw new IllegalArgumentException("[columnConfig] expected an initializer of TruncatedNormal,"
                        + " RandomUniform, Constant, Zeros or Ones; got \"" + className + "\".");
        };
    }

    private static Normalizer readNormalizer(ConfigReader columnConfig) {
        var node = columnConfig.value("normalizer_fn");
        if (node == null || node.isNull()) {
            return Normalizer.NONE;
        }
        if (node.isTextual()) {
            return new Normalizer.Custom(node.textValue());
        }
        String className = ConfigReader.classOf(node);
        Function<List<String>, ConfigReader> keys =
                expected -> ConfigReader.of(className, ConfigReader.configOf(node), expected);
        return switch (className) {
            case "Standardize" -> {
                var c = keys.apply(List.of("mean", "deviation"));
                yield new Normalizer.Standardize(c.real("mean"), c.real("deviation"));
            }
            case "MinMax" -> {
                var c = keys.apply(List.of("min", "max"));
                yield new Normalizer.MinMax(c.real("min"), c.real("max"));
            }
            case "Clip" -> {
                var c = keys.apply(List.of("min", "max"));
                yield new Normalizer.Clip(c.real("min"), c.real("max"));
            }
            case "Log1p" -> new Normalizer.Log1p();
            default ->
                throw new IllegalArgumentException("[columnConfig] expected a normalizer of Standardize, MinMax, Clip,"
                        + " Log1p or a name; got \"" + className + "\".");
        };
    }
}
