package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// `tf-columns.json` was written by `serialize_feature_column` of TensorFlow 2.21.
class ColumnConfigsTest {
    private static JsonNode saved;

    @BeforeAll
    static void read() throws IOException {
        try (var in = ColumnConfigsTest.class.getResourceAsStream("/tf-columns.json")) {
            saved = JsonLines.MAPPER.readTree(in);
        }
    }

    @Test
    void readsAndWritesWhatTensorFlowSaved() {
        assertThat(saved).hasSize(17);
        for (var one : saved) {
            var column = ColumnConfigs.fromConfig(one.get("config"));
            assertThat(column.name()).isEqualTo(one.get("name").asText());
            assertThat(column.parseExampleSpec().keySet()).isEqualTo(texts(one.get("keys")));
            if (column instanceof CategoricalColumn categorical) {
                assertThat(categorical.numBuckets())
                        .isEqualTo(one.get("num_buckets").asLong());
            }
            if (column instanceof DenseColumn dense) {
                assertThat(dense.variableShape().toString().replace(" ", ""))
                        .isEqualTo(one.get("variable_shape").toString());
            }
            var written = ColumnConfigs.toConfig(column);
            assertThat(plain(written)).isEqualTo(plain(one.get("config")));
            assertThat(ColumnConfigs.fromConfig(written)).isEqualTo(column).hasSameHashCodeAs(column);
        }
    }

    private static TreeSet<String> texts(JsonNode list) {
        var all = new TreeSet<String>();
        list.forEach(e -> all.add(e.asText()));
        return all;
    }

    /// Numbers as doubles, and without what Keras' initializers save beside their numbers.
    private static String plain(JsonNode node) {
        if (node instanceof ObjectNode object) {
            var all = new StringBuilder("{");
            object.properties().stream()
                    .filter(e -> !e.getKey().equals("seed"))
                    .filter(e -> !(e.getKey().equals("dtype") && object.has("stddev")))
                    .forEach(e -> all.append(e.getKey())
                            .append(':')
                            .append(plain(e.getValue()))
                            .append(','));
            return all.append('}').toString();
        }
        if (node.isArray()) {
            var all = new StringBuilder("[");
            node.forEach(e -> all.append(plain(e)).append(','));
            return all.append(']').toString();
        }
        return node.isNumber() ? Double.toString(node.asDouble()) : node.toString();
    }

    @Test
    void whatTensorFlowDoesNotSave() {
        var ids = FeatureColumns.categoricalColumnWithIdentity("i", 3);
        List<FeatureColumn> columns = List.of(
                FeatureColumns.sharedEmbeddings(List.of(ids), EmbeddingOptions.of(2), "table")
                        .getFirst(),
                FeatureColumns.numericColumn("a").withNormalizer(new Normalizer.Standardize(1.5, 2)),
                FeatureColumns.numericColumn("b").withNormalizer(new Normalizer.MinMax(-1, 2)),
                FeatureColumns.numericColumn("c").withNormalizer(new Normalizer.Clip(0, 1e9)),
                FeatureColumns.numericColumn("d").withNormalizer(new Normalizer.Log1p()),
                FeatureColumns.sequenceNumericColumn("e").withNormalizer(new Normalizer.Custom("my.function")),
                FeatureColumns.numericColumn("f", 2, 1).withDefault(1, 2.5),
                FeatureColumns.embeddingColumn(
                        ids,
                        EmbeddingOptions.of(2)
                                .withInitializer(new EmbeddingInitializer.RandomUniform(-1, 1))
                                .withTrainable(false)));
        var json = ColumnConfigs.toConfig(columns);
        assertThat(ColumnConfigs.fromConfigs(json)).isEqualTo(columns);
        assertThat(json.get(6).get("config").get("default_value").toString()).isEqualTo("[[1],[2.5]]");
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        assertThatThrownBy(() -> ColumnConfigs.fromConfig(parse("{\"class_name\":\"X\",\"config\":{}}")))
                .hasMessageContaining("\"X\"");
        assertThatThrownBy(() -> ColumnConfigs.fromConfig(parse("[]"))).hasMessageContaining("class_name");
        assertThatThrownBy(() -> ColumnConfigs.fromConfig(
                        parse("{\"class_name\":\"IndicatorColumn\",\"config\":{\"categorical\":1}}")))
                .hasMessageContaining("invalid config")
                .hasMessageContaining("categorical_column");
        assertThatThrownBy(() -> ColumnConfigs.fromConfig(parse(
                        "{\"class_name\":\"HashedCategoricalColumn\",\"config\":{\"key\":\"h\",\"hash_bucket_size\":1.5,"
                                + "\"dtype\":\"string\"}}")))
                .hasMessageContaining("integer")
                .hasMessageContaining("hash_bucket_size");
        assertThatThrownBy(() -> ColumnConfigs.fromConfig(
                        parse("{\"class_name\":\"BucketizedColumn\",\"config\":{\"boundaries\":[1],\"source_column\":"
                                + "{\"class_name\":\"IdentityCategoricalColumn\",\"config\":{\"key\":\"i\","
                                + "\"number_buckets\":3,\"default_value\":null}}}}")))
                .hasMessageContaining("a NumericColumn in source_column");
        assertThatThrownBy(() -> Combiner.named("max"))
                .hasMessageContaining("one of 'mean', 'sqrtn' or 'sum'")
                .hasMessageContaining("'max'");
    }

    private static JsonNode parse(String json) throws IOException {
        return JsonLines.MAPPER.readTree(json);
    }
}
