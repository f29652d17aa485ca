package io.torrefy.data;

import static io.torrefy.data.Features.dense;
import static io.torrefy.data.Features.ids;
import static io.torrefy.data.Features.indices;
import static io.torrefy.data.Features.ragged;
import static io.torrefy.data.Features.row;
import static io.torrefy.data.Features.sparse;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The values were computed by TensorFlow 2.21 (`tf-data-golden.json`).
class ColumnGoldenTest {
    private static JsonNode golden;

    @BeforeAll
    static void read() throws IOException {
        try (var in = ColumnGoldenTest.class.getResourceAsStream("/tf-data-golden.json")) {
            golden = JsonLines.MAPPER.readTree(in);
        }
    }

    private static long u64(String text) {
        return new BigInteger(text).longValue();
    }

    @Test
    void fingerprintsOfTexts() {
        var all = golden.get("fingerprint64");
        assertThat(all).hasSize(43);
        for (var one : all) {
            byte[] bytes = one.get("utf8").asText().getBytes(UTF_8);
            long expected = u64(one.get("u64").asText());
            assertThat(Fingerprint64.of(bytes)).as("length %d", bytes.length).isEqualTo(expected);
            byte[] inside = new byte[bytes.length + 12];
            System.arraycopy(bytes, 0, inside, 7, bytes.length);
            assertThat(Fingerprint64.of(inside, 7, bytes.length)).isEqualTo(expected);
        }
    }

    @Test
    void fingerprintsOfEveryLength() {
        var all = golden.get("fingerprint64_bytes").get("values").properties();
        assertThat(all).hasSize(81);
        for (var one : all) {
            var bytes = new byte[Integer.parseInt(one.getKey())];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i * 37 + bytes.length);
            }
            assertThat(Fingerprint64.of(bytes))
                    .as("length %s", one.getKey())
                    .isEqualTo(u64(one.getValue().asText()));
        }
    }

    @Test
    void fingerprintsOfPairs() {
        for (var one : golden.get("fingerprint_cat64")) {
            assertThat(Fingerprint64.cat(
                            u64(one.get("a").asText()), u64(one.get("b").asText())))
                    .isEqualTo(u64(one.get("out").asText()));
        }
    }

    @Test
    void digitsHashAsTheirText() {
        for (long value : new long[] {0, 7, -1, 10, -10, 99, 101, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThat(Fingerprint64.ofDecimal(value)).isEqualTo(Fingerprint64.of(Long.toString(value)));
        }
    }

    @Test
    void hashBuckets() {
        var hashed = golden.get("hash_bucket_fast");
        var texts = StreamSupport.stream(hashed.get("values").spliterator(), false)
                .map(JsonNode::asText)
                .toArray(String[]::new);
        for (var one : hashed.get("buckets").properties()) {
            long buckets = Long.parseLong(one.getKey());
            var column = FeatureColumns.categoricalColumnWithHashBucket("t", buckets);
            // A ragged feature in TensorFlow's mode: the only way that an empty string is hashed too.
            var ids = ids(column, ColumnMode.TF_COMPAT, "t", ragged(texts)).ids();
            assertThat(ids).as("%d buckets", buckets).containsExactly(longs(one.getValue()));
        }
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void integersShareBucketsWithTheirDigits(ColumnMode mode) {
        var buckets = golden.get("hash_bucket_fast").get("buckets").get("1000");
        var column = FeatureColumns.categoricalColumnWithHashBucket("n", 1000, FeatureType.INT64);
        var ids = ids(column, mode, "n", ragged(row(101L, 201, 301, -5)));
        assertThat(ids.ids()).containsExactly(653, 47, 385, 816);
        assertThat(longs(buckets)).contains(653, 47, 385, 816);
    }

    @Test
    void crossesAsTheOperation() {
        var all = golden.get("sparse_cross_hashed");
        assertThat(all).hasSize(13);
        for (var one : all) {
            crossesAsTheOperation(one);
        }
    }

    private static void crossesAsTheOperation(JsonNode one) {
        var names = new ArrayList<String>();
        var batch = new ArrayList<Object>();
        for (var input : one.get("inputs")) {
            String name = "f" + names.size();
            names.add(name);
            Collections.addAll(batch, name, feature(input));
        }
        long buckets = one.get("num_buckets").asLong();
        var key = one.get("hash_key");
        var expected = new ArrayList<Long>();
        one.get("values").forEach(v -> expected.add(u64(v.asText())));
        var column =
                new CrossedColumn(names, buckets == 0 ? Long.MAX_VALUE : buckets, key.isNull() ? null : key.asLong());
        var ids = ids(column, ColumnMode.TF_COMPAT, batch.toArray());
        assertThat(ids.ids())
                .as(one.toString())
                .containsExactly(expected.stream().mapToLong(l -> l).toArray());
        assertThat(indices(ids)).isEqualTo(pairs(one.get("indices")));
    }

    private static FeatureData feature(JsonNode input) {
        String kind = input.get("kind").asText();
        var rows = input.get("rows");
        if (kind.endsWith("int")) {
            var values = StreamSupport.stream(rows.spliterator(), false)
                    .map(ColumnGoldenTest::longs)
                    .toArray(long[][]::new);
            return kind.startsWith("dense") ? dense(values) : ragged(values);
        }
        var values = StreamSupport.stream(rows.spliterator(), false)
                .map(r -> StreamSupport.stream(r.spliterator(), false)
                        .map(JsonNode::asText)
                        .toArray(String[]::new))
                .toArray(String[][]::new);
        return kind.startsWith("dense") ? dense(values) : ragged(values);
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void crossedColumns(ColumnMode mode) {
        var bucketized = FeatureColumns.bucketizedColumn(
                FeatureColumns.numericColumn("a", 2).withType(FeatureType.INT32), 0, 1);
        var nested = FeatureColumns.crossedColumn(List.of("d1", "d2"), 10);
        var cases = golden.get("crossed_column").get("cases");
        assertThat(cases).hasSize(3);
        for (var one : cases) {
            List<Object> keys = new ArrayList<>(List.of(bucketized, "c"));
            if (one.get("keys").asText().contains("crossed")) {
                keys.add(nested);
            }
            var key = one.get("hash_key");
            var column = new CrossedColumn(keys, one.get("buckets").asLong(), key.isNull() ? null : key.asLong());
            var ids = ids(
                    column,
                    mode,
                    "a",
                    dense(row(-1f, .5f), row(.5f, 1)),
                    "c",
                    ragged(row("cA"), row("cB", "cC")),
                    "d1",
                    ragged(row("d1A"), row("d1B", "d1C")),
                    "d2",
                    ragged(row("d2A"), row("d2B", "d2C")));
            var out = one.get("out");
            assertThat(ids.ids()).containsExactly(longs(out.get("values")));
            assertThat(indices(ids)).isEqualTo(pairs(out.get("indices")));
        }
    }

    @Test
    void buckets() {
        var numbers = FeatureColumns.numericColumn("x");
        var column = FeatureColumns.bucketizedColumn(numbers, 0, 10, 100);
        for (var one : golden.get("bucketize").get("cases")) {
            String text = one.get("x").asText();
            float x = switch (text) {
                case "nan" -> Float.NaN;
                case "inf" -> Float.POSITIVE_INFINITY;
                case "-inf" -> Float.NEGATIVE_INFINITY;
                default -> Float.parseFloat(text);
            };
            assertThat(ids(column, ColumnMode.TF_COMPAT, "x", dense(row(x))).ids())
                    .as("of %s", text)
                    .containsExactly(one.get("bucket").asLong());
            if (!Float.isNaN(x)) {
                assertThat(ids(column, ColumnMode.STRICT, "x", dense(row(x))).ids())
                        .containsExactly(one.get("bucket").asLong());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void vocabularies(ColumnMode mode) {
        for (var one : golden.get("vocabulary")) {
            boolean text = one.get("vocab").get(0).isTextual();
            var words = new ArrayList<Object>();
            one.get("vocab").forEach(v -> words.add(text ? v.asText() : (Object) v.asLong()));
            var column = FeatureColumns.categoricalColumnWithVocabularyList(
                    "v", words, -1, one.get("num_oov_buckets").asInt());
            var input = JsonLines.MAPPER.createObjectNode();
            input.put("kind", text ? "dense_str" : "dense_int").set("rows", one.get("dense_input"));
            var ids = ids(column, mode, "v", feature(input));
            assertThat(ids.ids()).containsExactly(longs(one.get("out").get("values")));
            assertThat(indices(ids)).isEqualTo(pairs(one.get("out").get("indices")));
        }
    }

    @Test
    void weightedIndicator() {
        var column = FeatureColumns.indicatorColumn(
                FeatureColumns.weightedCategoricalColumn(FeatureColumns.categoricalColumnWithIdentity("i", 3), "w"));
        var encoded = (EncodedColumn.Dense) Features.encode(
                column,
                ColumnMode.TF_COMPAT,
                "i",
                ragged(row(2L), row(0L, 1), row(1L), row(0L)),
                "w",
                ragged(row(.5f), row(2f, 1), row(-1f), row(0f)));
        var expected = new ArrayList<Float>();
        golden.get("embedding")
                .get("weighted")
                .get("indicator")
                .forEach(r -> r.forEach(v -> expected.add((float) v.asDouble())));
        assertThat(encoded.values()).hasSize(12);
        for (int i = 0; i < 12; i++) {
            assertThat(encoded.values()[i]).isEqualTo(expected.get(i));
        }
    }

    @Test
    void coordinatesAreTheSameAsRaggedRows() {
        var column = FeatureColumns.categoricalColumnWithHashBucket("t", 10);
        var rows = (FeatureData.Ragged) ragged(row("omar"), new String[0], row("stringer", "marlo"));
        for (var mode : ColumnMode.values()) {
            var a = ids(column, mode, "t", rows);
            var b = ids(column, mode, "t", sparse(rows));
            assertThat(a.ids()).containsExactly(6, 4, 1).containsExactly(b.ids());
            assertThat(a.rowSplits()).containsExactly(0, 1, 1, 3).containsExactly(b.rowSplits());
        }
    }

    private static long[] longs(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToLong(JsonNode::asLong)
                .toArray();
    }

    private static List<List<Integer>> pairs(JsonNode indices) {
        return StreamSupport.stream(indices.spliterator(), false)
                .map(p -> List.of(p.get(0).asInt(), p.get(1).asInt()))
                .toList();
    }
}
