package io.torrefy.data;

import static io.torrefy.data.FeatureColumns.bucketizedColumn;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithHashBucket;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyFile;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyList;
import static io.torrefy.data.FeatureColumns.crossedColumn;
import static io.torrefy.data.FeatureColumns.embeddingColumn;
import static io.torrefy.data.FeatureColumns.indicatorColumn;
import static io.torrefy.data.FeatureColumns.makeParseExampleSpec;
import static io.torrefy.data.FeatureColumns.numericColumn;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.sharedEmbeddings;
import static io.torrefy.data.FeatureColumns.weightedCategoricalColumn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What columns refuse, as TensorFlow does, with what its messages say.
class FeatureColumnsTest {
    @TempDir
    Path folder;

    private static void refuses(ThrowingCallable make, String... content) {
        assertThatThrownBy(make).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(content);
    }

    @Test
    void numeric() {
        refuses(() -> numericColumn("a", 0), "shape dimensions", "greater than 0", "key: a", "[0]");
        refuses(
                () -> numericColumn("a").withType(FeatureType.STRING),
                "dtype convertible to float",
                "string",
                "key: a");
        refuses(() -> numericColumn("a", 3).withDefault(1, 2), "default_value", "shape [3]");
        refuses(
                () -> numericColumn("a").withType(FeatureType.INT64).withDefault(1.5),
                "default_value compatible with dtype int64",
                "1.5");
        assertThat(numericColumn("a", 2, 2).withDefault(7).defaultValue()).containsExactly(7L, 7L, 7L, 7L);
    }

    @Test
    void allProblemsAtOnce() {
        refuses(() -> numericColumn("a", -1).withType(FeatureType.BOOL), "shape dimensions");
        refuses(
                () -> new HashedCategoricalColumn("h", 0, FeatureType.FLOAT32),
                "hash_bucket_size of at least 1",
                "a dtype that is string or integer");
    }

    @Test
    void bucketized() {
        refuses(() -> bucketizedColumn(numericColumn("a", 2, 2), 0), "one-dimensional", "[2, 2]");
        refuses(() -> bucketizedColumn(numericColumn("a")), "boundaries", "not empty");
        refuses(() -> bucketizedColumn(numericColumn("a"), 0, 0), "boundaries", "sorted list");
        refuses(() -> bucketizedColumn(numericColumn("a"), 1, 0), "boundaries", "sorted list");
        refuses(() -> bucketizedColumn(numericColumn("a"), Double.NaN), "boundaries", "sorted list");
    }

    @Test
    void hashed() {
        refuses(() -> categoricalColumnWithHashBucket("h", 0), "hash_bucket_size", "at least 1", "key: h");
        refuses(
                () -> categoricalColumnWithHashBucket("h", 3, FeatureType.FLOAT32),
                "column_name: h",
                "string or integer",
                "float32");
        assertThat(categoricalColumnWithHashBucket("h", 1).numBuckets()).isEqualTo(1);
    }

    @Test
    void vocabularyList() {
        refuses(
                () -> categoricalColumnWithVocabularyList("c", List.of()),
                "vocabulary_list",
                "non-empty",
                "column_name: c");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of("a", "b", "a")), "duplicate keys", "[a]");
        refuses(
                () -> categoricalColumnWithVocabularyList("c", List.of("a"), 0, 2),
                "num_oov_buckets",
                "default_value",
                "in c");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of("a"), -1, -1), "num_oov_buckets", "-1");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of("a", 1)), "dtype matches string", "[1]");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of(1, "a")), "dtype matches int64", "[a]");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of(1, 1L)), "duplicate keys");
        refuses(() -> categoricalColumnWithVocabularyList("c", List.of(1.5)), "dtype matches int64");
    }

    @Test
    void vocabularyFile() throws IOException {
        var missing = folder.resolve("none.txt");
        refuses(() -> categoricalColumnWithVocabularyFile("w", missing), "vocabulary_file in w", "does not exist");
        var empty = Files.writeString(folder.resolve("empty.txt"), "");
        refuses(() -> categoricalColumnWithVocabularyFile("w", empty), "vocabulary_size", "in w");
        var blank = Files.writeString(folder.resolve("blank.txt"), "omar\n\nmarlo\n");
        refuses(() -> categoricalColumnWithVocabularyFile("w", blank), "empty line found at position 5", "blank.txt");
        refuses(
                () -> new VocabularyFileCategoricalColumn("w", "", 3, 0, FeatureType.STRING, -1, "text"),
                "vocabulary_file in w");
        refuses(
                () -> new VocabularyFileCategoricalColumn("w", "f", 3, 1, FeatureType.STRING, 2, "text"),
                "num_oov_buckets or default_value");
    }

    @Test
    void identity() {
        refuses(() -> categoricalColumnWithIdentity("i", 0), "num_buckets", "column_name i", "got 0");
        refuses(() -> categoricalColumnWithIdentity("i", 3, 3), "in range [0, 3)", "column_name i", "got 3");
        refuses(() -> categoricalColumnWithIdentity("i", 3, -1), "in range [0, 3)");
    }

    @Test
    void weighted() {
        var ids = categoricalColumnWithIdentity("a", 3);
        refuses(() -> weightedCategoricalColumn(ids, "w", FeatureType.STRING), "convertible to float", "string");
        refuses(() -> weightedCategoricalColumn(ids, "a"), "already exists", "\"a\"");
    }

    @Test
    void crossed() {
        refuses(() -> crossedColumn(List.of("a", "b"), 0), "hash_bucket_size");
        refuses(() -> crossedColumn(List.of("a"), 5), "list with length > 1", "[a]");
        refuses(() -> crossedColumn(List.of("a", 5), 5), "unsupported key type");
        refuses(
                () -> crossedColumn(List.of("a", categoricalColumnWithHashBucket("b", 5)), 5),
                "categorical_column_with_hash_bucket",
                "probability of collision",
                "feature name as a string");
        refuses(
                () -> crossedColumn(
                        List.of("a", weightedCategoricalColumn(categoricalColumnWithIdentity("b", 5), "w")), 5),
                "weights");
        assertThat(new CrossedColumn(List.of("a", "b"), 5, 0L).effectiveHashKey())
                .isEqualTo(0xDECAFCAFFEL);
    }

    @Test
    void embeddings() {
        var ids = categoricalColumnWithIdentity("i", 3);
        refuses(() -> embeddingColumn(ids, 0), "dimension 0");
        refuses(
                () -> new EmbeddingOptions(
                        2, Combiner.MEAN, EmbeddingInitializer.defaultFor(2), "file", null, null, true, true),
                "both ckpt_to_load_from and tensor_name_in_ckpt or none");
        refuses(
                () -> sharedEmbeddings(List.of(ids, categoricalColumnWithHashBucket("h", 3)), EmbeddingOptions.of(2)),
                "same type",
                "HashedCategoricalColumn");
        refuses(
                () -> sharedEmbeddings(List.of(ids, categoricalColumnWithIdentity("j", 4)), EmbeddingOptions.of(2)),
                "same number of buckets",
                "j: 4");
        var shared = sharedEmbeddings(
                List.of(
                        weightedCategoricalColumn(categoricalColumnWithIdentity("b", 3), "w"),
                        sequenceCategoricalColumnWithIdentity("a", 3)),
                EmbeddingOptions.of(2));
        assertThat(shared.getFirst().collection()).isEqualTo("a_b_weighted_by_w_shared_embedding");
        assertThat(shared.getFirst().name()).isEqualTo("b_weighted_by_w_shared_embedding");
    }

    @Test
    void encoders() {
        refuses(() -> ColumnEncoder.of(List.of()), "feature_columns", "not empty");
        var x = numericColumn("x");
        refuses(
                () -> ColumnEncoder.of(List.of(bucketizedColumn(x, 1), bucketizedColumn(x, 2))),
                "duplicate feature column name",
                "x_bucketized",
                "same base feature");
        refuses(
                () -> ColumnEncoder.of(List.of(categoricalColumnWithVocabularyList("v", List.of("a"), 99, 0))),
                "default_value",
                "[0, 1)",
                "99");
        var compatible = ColumnEncoder.of(
                List.of(categoricalColumnWithVocabularyList("v", List.of("a"), 99, 0)), ColumnMode.TF_COMPAT);
        assertThat(compatible.columns()).hasSize(1);
        refuses(
                () -> ColumnEncoder.of(List.of(x.withNormalizer(new Normalizer.Custom("mine")))),
                "normalizer",
                "\"mine\"");
    }

    @Test
    void specifications() {
        var all = makeParseExampleSpec(List.of(
                numericColumn("n", 2).withDefault(1),
                weightedCategoricalColumn(categoricalColumnWithIdentity("i", 3), "w"),
                indicatorColumn(crossedColumn(List.of("c", bucketizedColumn(numericColumn("b"), 0)), 5))));
        assertThat(all.keySet()).containsExactly("b", "c", "i", "n", "w");
        assertThat(all.get("i")).isEqualTo(FeatureSpec.varLen(ValueKind.INT64));
        assertThat(all.get("w")).isEqualTo(FeatureSpec.varLen(ValueKind.FLOAT32));
        assertThat(all.get("c")).isEqualTo(FeatureSpec.varLen(ValueKind.STRING));
        var numbers = (FeatureSpec.FixedLen) all.get("n");
        assertThat(numbers.shape()).containsExactly(2);
        assertThat(((FeatureValues.Floats) numbers.defaultValue().orElseThrow()).array())
                .containsExactly(1, 1);
        assertThat(((FeatureSpec.FixedLen) all.get("b")).defaultValue()).isEmpty();
        assertThat(makeParseExampleSpec(List.of(numericColumn("n"), bucketizedColumn(numericColumn("n"), 3))))
                .containsOnlyKeys("n");
        refuses(
                () -> makeParseExampleSpec(List.of(numericColumn("n"), categoricalColumnWithHashBucket("n", 3))),
                "parse_spec for key n",
                "FixedLen",
                "VarLen");
    }
}
