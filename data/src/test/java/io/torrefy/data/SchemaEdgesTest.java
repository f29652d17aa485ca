package io.torrefy.data;

import static io.torrefy.data.Features.batch;
import static io.torrefy.data.Features.ragged;
import static io.torrefy.data.SchemaFeature.hashed;
import static io.torrefy.data.SchemaFeature.identity;
import static io.torrefy.data.SchemaFeature.label;
import static io.torrefy.data.SchemaFeature.numeric;
import static io.torrefy.data.SchemaFeature.quantiles;
import static io.torrefy.data.SchemaFeature.standardize;
import static io.torrefy.data.SchemaFeature.vocabulary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What real tables and careless callers bring: NaN, plain Java values, huge ids, labels that are given away.
class SchemaEdgesTest {
    @TempDir
    Path folder;

    @Test
    void nanIsAMissingValueInFittingAndInEncoding() {
        var schema = FeatureSchema.of(standardize("x"), quantiles("x", 2));
        var withNan = batch("x", Features.dense(new float[][] {{1}, {Float.NaN}, {3}, {8}}));
        var sparse = batch(
                "x",
                new FeatureData.Sparse(
                        new FeatureValues.Floats(new float[] {1, Float.NaN, 3, 8}),
                        new long[] {0, 0, 1, 0, 2, 0, 3, 0},
                        new long[] {4, 1}));
        var without = batch("x", ragged(new float[][] {{1}, {}, {3}, {8}}));
        var fitted = schema.fit(List.of(without));
        assertThat(fitted.statistics().get("x").missing()).isEqualTo(1);
        for (var data : List.of(withNan, sparse)) {
            assertThat(schema.fit(List.of(data))).isEqualTo(fitted);
            assertThat(fitted.encode(data).dense("x").values())
                    .containsExactly(fitted.encode(without).dense("x").values());
            assertThat(fitted.encode(data).ids("x_bucketized").ids())
                    .containsExactly(fitted.encode(without).ids("x_bucketized").ids());
        }
        // The mean of 1, 3 and 8 is 4, which standardizes to 0; their median is 3.
        assertThat(fitted.encode(Map.of("x", Double.NaN)).dense("x").values()).containsExactly(0);
        assertThat(fitted.encode(Map.of("x", Float.NaN)).ids("x_bucketized").ids())
                .containsExactly(
                        fitted.encode(Map.of("x", 3)).ids("x_bucketized").ids());
    }

    @Test
    void takesTheValuesThatJavaProgramsHave() {
        var schema = FeatureSchema.of(
                numeric("x"),
                vocabulary("n", FieldType.LONG),
                vocabulary("w"),
                vocabulary("v").weightedBy("by"));
        var row = new Row(
                Path.of("rows"),
                1,
                Map.of("x", 2.5, "n", List.of(5L, 6L), "w", List.of("a", "b"), "v", "a", "by", List.of(0.5)));
        var fitted = schema.fit(List.of(FeatureBatches.of(List.of(row), schema.types())));
        byte[] a = "a".getBytes(StandardCharsets.UTF_8);
        byte[] b = "b".getBytes(StandardCharsets.UTF_8);
        List<Map<String, Object>> same = List.of(
                Map.of("x", 2.5f, "n", List.of(5, 6), "w", new String[] {"a", "b"}, "v", "a", "by", .5f),
                Map.of("x", 2.5, "n", new int[] {5, 6}, "w", List.of(a, b), "v", a, "by", new float[] {.5f}),
                Map.of("x", 2.5, "n", new short[] {5, 6}, "w", new byte[][] {a, b}, "v", "a", "by", new double[] {.5}),
                Map.of("x", 2.5, "n", new Long[] {5L, 6L}, "w", List.of("a", "b"), "v", List.of("a"), "by", .5));
        var expected = fitted.encode(row);
        for (var values : same) {
            var encoded = fitted.encode(values);
            assertThat(encoded.dense("x").values()).containsExactly(2.5f);
            for (String name : List.of("n", "w", "v_weighted_by_by")) {
                assertThat(encoded.ids(name).ids())
                        .containsExactly(expected.ids(name).ids());
                assertThat(encoded.ids(name).weights())
                        .containsExactly(expected.ids(name).weights());
            }
        }
        assertThatThrownBy(() -> fitted.encode(Map.of("x", "2.5")))
                .isInstanceOf(MalformedDataException.class)
                .hasMessageContaining("expected numbers in field \"x\"; got the string \"2.5\"");
    }

    @Test
    void rangesOfIntegersAndLengthsOfStringsAreExact() {
        long big = (1L << 53) + 1;
        var schema = FeatureSchema.of(identity("id"), vocabulary("word"));
        var fitted = schema.fit(List.of(batch(
                "id", ragged(new long[][] {{3}, {big}, {}}), "word", ragged(new String[][] {{"été", ""}, {"x"}, {"日本"}
                }))));
        assertThat(fitted.statistics().get("id").integers()).isEqualTo(new FeatureStatistics.Integers(3, big));
        assertThat(fitted.columns().getFirst()).isEqualTo(FeatureColumns.categoricalColumnWithIdentity("id", big + 1));
        // 5, 1 and 6 bytes of UTF-8; an empty string is a missing value.
        assertThat(fitted.statistics().get("word").lengths()).isEqualTo(new FeatureStatistics.Lengths(1, 6, 4));
        assertThat(fitted.statistics().get("id").lengths()).isNull();
        assertThat(fitted.statistics().get("word").integers()).isNull();
    }

    /// As `default_value` of TensorFlow's `categorical_column_with_identity`.
    @Test
    void idsOutsideBecomeTheDefaultWhereThereIsOne() throws IOException {
        var train = batch("id", ragged(new long[][] {{3}, {0, 7}, {-2}, {}}));
        var fixed = FeatureSchema.of(identity("id", 5).defaultId(4)).fit(List.of(train));
        assertThat(fixed.encode(train).ids("id").ids()).containsExactly(3, 0, 4, 4);
        assertThat(fixed.encode(Map.of("id", List.of(1L << 40, 2L))).ids("id").ids())
                .containsExactly(4, 2);

        var learned = FeatureSchema.of(identity("id").defaultId(7)).fit(List.of(train));
        assertThat(learned.columns()).containsExactly(FeatureColumns.categoricalColumnWithIdentity("id", 8, 7));
        assertThat(learned.encode(Map.of("id", 8L)).ids("id").ids()).containsExactly(7);

        var file = folder.resolve("schema.json");
        fixed.write(file);
        assertThat(FittedSchema.read(file)).isEqualTo(fixed);

        assertThatThrownBy(() -> identity("id", 5).defaultId(5))
                .hasMessageContaining("a default for \"id\" that is an id");
        assertThatThrownBy(() -> FeatureSchema.of(identity("id").defaultId(8)).fit(List.of(train)))
                .hasMessageContaining("a default of at most the largest id in input \"id\", 7; got 8");
        assertThatThrownBy(() -> FeatureSchema.of(identity("id", 5)).fit(List.of(train)))
                .hasMessageContaining("ids below 5 in input \"id\"; got 7");
    }

    @Test
    void whatCannotBeSaidInAFileOrCountedIsRefused() {
        assertThatThrownBy(() -> FeatureSchema.of(numeric("half \ud800 pair")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("names of inputs that are Unicode text");
        long half = Long.MAX_VALUE / 2 + 1;
        var ids = batch("a", ragged(new long[][] {{half}}), "b", ragged(new long[][] {{half}}));
        assertThatThrownBy(() -> FeatureSchema.of(identity("a"), identity("b")).fit(List.of(ids)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("columns of less than 2^63 slots together; got")
                .hasMessageContaining("more in \"b\"");
        var largest = batch("a", ragged(new long[][] {{Long.MAX_VALUE}}));
        assertThatThrownBy(() -> FeatureSchema.of(identity("a")).fit(List.of(largest)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ids below 9223372036854775807 in input \"a\"; got 9223372036854775807");
    }

    /// Fitted in two parts: what is known of an input and the label adds up.
    private static List<String> warnings(FeatureSchema schema, int rows, IntFunction<Map<String, Object>> values) {
        List<Row> all = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            all.add(new Row(Path.of("generated"), i + 1L, Map.copyOf(values.apply(i))));
        }
        var first = schema.fitter(FitOptions.DEFAULT)
                .add(FeatureBatches.of(all.subList(0, rows / 3), schema.types()))
                .merge(schema.fitter(FitOptions.DEFAULT)
                        .add(FeatureBatches.of(all.subList(rows / 3, rows), schema.types())));
        return first.finish().warnings();
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 200, 20_000})
    void warnsOfInputsThatGiveTheLabelAway(int rows) {
        var random = new SplittableRandom(rows);
        var classes = FeatureSchema.of(
                vocabulary("code"),
                vocabulary("paid", FieldType.LONG),
                standardize("refund"),
                standardize("noise"),
                vocabulary("honest"),
                hashed("unique", 100),
                label("y"));
        assertThat(warnings(
                        classes,
                        rows,
                        i -> Map.of(
                                "y",
                                i % 3 == 0 ? "yes" : "no",
                                "code",
                                i % 3 == 0 ? "A" : "B" + i % 4,
                                "paid",
                                (long) (i % 3 == 0 ? 1 : 0),
                                "refund",
                                i % 3 == 0 ? 10 + random.nextDouble() : random.nextDouble(),
                                "noise",
                                random.nextDouble(),
                                "honest",
                                "h" + random.nextInt(3),
                                "unique",
                                "u" + i)))
                .hasSize(3)
                .anyMatch(w -> w.contains("\"code\" has one class of the label with each of its 5 values"))
                .anyMatch(w -> w.contains("\"paid\" has one class of the label with each of its 2 values"))
                .anyMatch(w -> w.contains("\"refund\" has numbers in a range of its own for each of the 2 classes"));
        var numbers = FeatureSchema.of(
                standardize("cents"), standardize("noise"), standardize("alike"), label("euros", FieldType.DOUBLE));
        assertThat(warnings(numbers, rows, i -> {
                    double euros = random.nextDouble() * 1000;
                    return Map.of(
                            "euros",
                            euros,
                            "cents",
                            -100 * euros + 5,
                            "noise",
                            random.nextDouble(),
                            "alike",
                            euros + 100 * random.nextDouble());
                }))
                .singleElement()
                .satisfies(
                        w -> assertThat(w).contains("\"cents\" has numbers that go with the label in a straight line"));
    }

    @Test
    void suspectsNobodyByChance() {
        var schema = FeatureSchema.of(vocabulary("w"), standardize("x"), label("y"));
        // Too few rows to say.
        assertThat(warnings(schema, 49, i -> Map.of("w", "w" + i % 2, "x", (double) (i % 2), "y", "y" + i % 2)))
                .isEmpty();
        // One exception among many is enough.
        assertThat(warnings(
                        schema,
                        500,
                        i -> Map.of("w", "w" + i % 2, "x", (double) (i % 2), "y", "y" + (i == 400 ? 1 : i % 2))))
                .isEmpty();
        // A label that is always the same is told by everything.
        assertThat(warnings(schema, 500, i -> Map.of("w", "w" + i % 2, "x", (double) i, "y", "y")))
                .noneMatch(w -> w.contains("of the label"));
    }

    @Test
    void warnsOfALabelThatIsAnInputToo() {
        var schema = FeatureSchema.of(vocabulary("y"), numeric("x"), label("y"));
        assertThat(warnings(schema, 10, i -> Map.of("y", "y" + i % 2, "x", 0.5 * i)))
                .anyMatch(w -> w.contains("\"y\" has been made a feature, and is the label"));
    }

    /// A million numbers, added by blocks.
    @Test
    void meansOfManyRowsKeepTheirDigits() {
        var schema = FeatureSchema.of(standardize("x"), label("y", FieldType.DOUBLE));
        var fitter = schema.fitter(FitOptions.DEFAULT);
        int n = 1 << 17;
        for (int part = 0; part < 8; part++) {
            var x = new float[n];
            var y = new float[n];
            for (int i = 0; i < n; i++) {
                x[i] = part * n + i;
                y[i] = -x[i];
            }
            fitter.add(batch(
                    "x", new FeatureData.Dense(new FeatureValues.Floats(x), new long[] {n}),
                    "y", new FeatureData.Dense(new FeatureValues.Floats(y), new long[] {n})));
        }
        var numbers = fitter.finish().statistics().get("x").numbers();
        // Of 0 to N - 1: mean (N - 1) / 2 and variance (N² - 1) / 12.
        double all = 8.0 * n;
        assertThat(numbers.mean()).isEqualTo((all - 1) / 2, within(1e-6));
        assertThat(numbers.variance()).isEqualTo((all * all - 1) / 12, within(1e-3));
    }
}
