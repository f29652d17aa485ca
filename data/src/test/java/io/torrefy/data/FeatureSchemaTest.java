package io.torrefy.data;

import static io.torrefy.data.Features.batch;
import static io.torrefy.data.Features.ragged;
import static io.torrefy.data.SchemaFeature.boundaries;
import static io.torrefy.data.SchemaFeature.cross;
import static io.torrefy.data.SchemaFeature.hashed;
import static io.torrefy.data.SchemaFeature.identity;
import static io.torrefy.data.SchemaFeature.label;
import static io.torrefy.data.SchemaFeature.log1p;
import static io.torrefy.data.SchemaFeature.minmax;
import static io.torrefy.data.SchemaFeature.numeric;
import static io.torrefy.data.SchemaFeature.quantiles;
import static io.torrefy.data.SchemaFeature.standardize;
import static io.torrefy.data.SchemaFeature.vocabulary;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Schemas, what they learn, and what they encode.
class FeatureSchemaTest {
    private static final List<String> WORDS = List.of("red", "green", "blue", "été", "日本", "x".repeat(70), "seldom");

    /// A schema of everything.
    static FeatureSchema everything() {
        return FeatureSchema.of(
                standardize("a"),
                minmax("b"),
                log1p("c").missing(0),
                numeric("d"),
                quantiles("a", 8),
                boundaries("b", -1, 0, 2.5).embedding(2),
                vocabulary("word").minCount(2).maxSize(5).oovBuckets(2),
                vocabulary("tags").weightedBy("weights").embedding(3),
                vocabulary("n", FieldType.LONG).oovBuckets(0),
                hashed("url", 50),
                identity("day"),
                cross(97, "word", "a", "tags"),
                cross(31, "n", "day").embedding(4),
                label("class"));
    }

    /// Rows with missing values, rare words and lists.
    static List<Row> rows(int count, long seed) {
        var random = new SplittableRandom(seed);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Map<String, @Nullable Object> v = new LinkedHashMap<>();
            boolean there = random.nextInt(10) > 0;
            v.put("a", there ? (Object) (double) (float) (100 + 15 * random.nextGaussian()) : null);
            v.put("b", random.nextInt(10) > 0 ? (Object) (long) random.nextInt(-3, 4) : null);
            v.put("c", random.nextInt(10) > 0 ? (Object) (random.nextDouble() * 50) : null);
            v.put("d", random.nextDouble());
            v.put("word", random.nextInt(8) > 0 ? word(random) : null);
            List<Object> tags = new ArrayList<>();
            List<Object> weights = new ArrayList<>();
            for (int t = random.nextInt(4); t > 0; t--) {
                tags.add(word(random));
                weights.add(random.nextDouble() * 2 - 0.5);
            }
            v.put("tags", tags);
            v.put("weights", weights);
            v.put("n", random.nextInt(6) > 0 ? (Object) (long) (random.nextInt(5) * 1000) : null);
            v.put("url", "http://" + random.nextInt(500));
            v.put("day", (long) random.nextInt(7));
            v.put("class", random.nextBoolean() ? "yes" : "no");
            rows.add(new Row(Path.of("generated"), i + 1L, v));
        }
        return rows;
    }

    private static String word(SplittableRandom random) {
        return WORDS.get(Math.min(random.nextInt(WORDS.size()), random.nextInt(WORDS.size())));
    }

    static FittedSchema fitted(int count, long seed) {
        var schema = everything();
        return schema.fit(List.of(FeatureBatches.of(rows(count, seed), schema.types())));
    }

    @Test
    void learnsWhatTheNumbersSay() {
        // Mean 5 and population variance 4: the worked example of many textbooks, {2, 4, 4, 4, 5, 5, 7, 9}.
        var schema = FeatureSchema.of(standardize("x"), minmax("y"), quantiles("z", 4));
        var data = batch(
                "x", Features.dense(new float[][] {{2}, {4}, {4}, {4}, {5}, {5}, {7}, {9}}),
                "y", Features.dense(new float[][] {{2}, {4}, {4}, {4}, {5}, {5}, {7}, {10}}),
                "z", Features.dense(new float[][] {{8}, {7}, {6}, {5}, {4}, {3}, {2}, {1}}));
        var fitted = schema.fit(List.of(data));
        assertThat(fitted.columns().getFirst())
                .isEqualTo(FeatureColumns.numericColumn("x")
                        .withDefault(5.0)
                        .withNormalizer(new Normalizer.Standardize(5, 2)));
        assertThat(fitted.columns().get(1))
                .isEqualTo(FeatureColumns.numericColumn("y")
                        .withDefault(5.125)
                        .withNormalizer(new Normalizer.MinMax(2, 10)));
        assertThat(((BucketizedColumn) fitted.columns().get(2)).boundaries()).containsExactly(3.0, 5.0, 7.0);
        assertThat(fitted.encode(data).dense("x").values()).containsExactly(-1.5f, -.5f, -.5f, -.5f, 0, 0, 1, 2);
        assertThat(fitted.encode(data).ids("z_bucketized").ids()).containsExactly(3, 3, 2, 2, 1, 1, 0, 0);
        assertThat(fitted.statistics().get("x").numbers().mean()).isEqualTo(5, within(1e-15));
    }

    /// `keras.layers.Discretization(num_bins=4)` adapted to 0..99 gives 23.99998, 48.99998 and 73.99998, with an
    /// error of 0.01 in rank; exact ones lie between 24 and 25 and so on.
    @Test
    void cutsWhereKerasDoes() {
        float[][] values = new float[100][1];
        for (int i = 0; i < 100; i++) {
            values[i][0] = (i * 37) % 100;
        }
        var fitted = FeatureSchema.of(quantiles("x", 4)).fit(List.of(batch("x", Features.dense(values))));
        var boundaries = ((BucketizedColumn) fitted.columns().getFirst()).boundaries();
        double[] keras = {23.99998, 48.99998, 73.99998};
        assertThat(boundaries).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(boundaries.get(i)).isEqualTo(keras[i], within(1.0001));
        }
        var counts = new int[4];
        for (long id : fitted.encode(batch("x", Features.dense(values)))
                .ids("x_bucketized")
                .ids()) {
            counts[(int) id]++;
        }
        assertThat(counts).containsExactly(25, 25, 25, 25);
    }

    @Test
    void partsOfAnySizeAgreeWithinTheStatedErrors() {
        var schema = everything();
        var rows = rows(9_001, 8);
        var whole = schema.fit(List.of(FeatureBatches.of(rows, schema.types())));
        var first = schema.fitter(FitOptions.DEFAULT).add(FeatureBatches.of(rows.subList(0, 1234), schema.types()));
        var second =
                schema.fitter(FitOptions.DEFAULT).add(FeatureBatches.of(rows.subList(1234, 9_001), schema.types()));
        var joined = first.merge(second).finish();
        assertThat(joined.rows()).isEqualTo(9_001);
        whole.statistics().forEach((input, expected) -> {
            var got = joined.statistics().get(input);
            assertThat(got.words()).as(input).isEqualTo(expected.words());
            assertThat(got.missing()).isEqualTo(expected.missing());
            if (expected.numbers() != null) {
                assertThat(got.numbers().mean())
                        .isEqualTo(
                                expected.numbers().mean(),
                                within(1e-9 * (1 + Math.abs(expected.numbers().mean()))));
                assertThat(got.numbers().variance())
                        .isEqualTo(
                                expected.numbers().variance(),
                                within(1e-9 * (1 + expected.numbers().variance())));
            }
        });
        assertThatThrownBy(() -> first.merge(FeatureSchema.of(numeric("x")).fitter(FitOptions.DEFAULT)))
                .hasMessageContaining("a fitter of the same schema");
    }

    @Test
    void ordersVocabulariesByFrequencyAndTiesByCodePoint() {
        var schema = FeatureSchema.of(
                vocabulary("w"), vocabulary("n", FieldType.LONG).minCount(2));
        var data = batch(
                "w", ragged(new String[][] {{"b", "a"}, {"c", "a", ""}, {}, {"b", "\ud83d\ude00", "\uffee"}}),
                "n", ragged(new long[][] {{7, -1}, {7, 5}, {5, 5, 9}, {}}));
        var fitted = schema.fit(List.of(data));
        assertThat(((VocabularyListCategoricalColumn) fitted.columns().getFirst()).vocabularyList())
                .isEqualTo(List.of("a", "b", "c", "\uffee", "\ud83d\ude00"));
        assertThat(((VocabularyListCategoricalColumn) fitted.columns().get(1)).vocabularyList())
                .isEqualTo(List.of(5L, 7L));
        var words = fitted.statistics().get("w");
        assertThat(words.missing()).isEqualTo(1);
        assertThat(words.values()).isEqualTo(7);
        assertThat(words.fewest()).isZero();
        assertThat(words.most()).isEqualTo(3);
    }

    @Test
    void theResultDependsNeitherOnThreadsNorOnBatchesNorOnParts() {
        int before = Threads.count();
        var schema = everything();
        var rows = rows(20_000, 3);
        try {
            List<String> prints = new ArrayList<>();
            for (int threads : new int[] {1, 2, 5}) {
                Threads.use(threads);
                for (int size : new int[] {rows.size(), 8192, 777}) {
                    var fitter = schema.fitter(FitOptions.DEFAULT);
                    for (int from = 0; from < rows.size(); from += size) {
                        var part = rows.subList(from, Math.min(rows.size(), from + size));
                        fitter.add(FeatureBatches.of(part, schema.types()));
                    }
                    prints.add(fitter.finish().fingerprint());
                }
            }
            assertThat(prints).containsOnly(prints.getFirst());
            // Two parts of whole blocks, each on its own.
            var first =
                    schema.fitter(FitOptions.DEFAULT).add(FeatureBatches.of(rows.subList(0, 16_384), schema.types()));
            var second = schema.fitter(FitOptions.DEFAULT)
                    .add(FeatureBatches.of(rows.subList(16_384, 20_000), schema.types()));
            assertThat(first.merge(second).finish().fingerprint()).isEqualTo(prints.getFirst());
        } finally {
            Threads.use(before);
        }
    }

    @Test
    void reportsProgress() {
        var schema = FeatureSchema.of(hashed("url", 3));
        List<Long> seen = new ArrayList<>();
        List<FeatureBatch> data = IntStream.range(0, 9)
                .mapToObj(i -> FeatureBatches.of(rows(10_000, i), schema.types()))
                .toList();
        schema.fit(data, FitOptions.DEFAULT.withProgress(seen::add));
        assertThat(seen).isSorted().endsWith(90_000L).hasSizeGreaterThan(1);
    }

    @Test
    void oneRowGivesTheBitsOfTheBatch() {
        var fitted = fitted(500, 1);
        // Words and numbers that were never seen, too.
        var rows = new ArrayList<>(rows(200, 99));
        Map<String, @Nullable Object> strange = new LinkedHashMap<>();
        strange.put("a", 1e30);
        strange.put("word", "never seen");
        strange.put("tags", List.of("never", "seen", "red"));
        strange.put("weights", List.of(1.0, 2L, 0.5));
        strange.put("n", 123456L);
        strange.put("url", "");
        strange.put("day", 3L);
        rows.add(new Row(Path.of("strange"), 1, strange));
        Map<String, @Nullable Object> empty = new LinkedHashMap<>();
        empty.put("d", null);
        rows.add(new Row(Path.of("empty"), 1, empty));
        var whole = fitted.encode(FeatureBatches.of(rows, fitted.schema().inputTypes()));
        for (int r = 0; r < rows.size(); r++) {
            var one = fitted.encode(rows.get(r));
            var values = fitted.encode(rows.get(r).values());
            assertThat(one.columns().keySet()).isEqualTo(whole.columns().keySet());
            for (String name : whole.columns().keySet()) {
                assertThat(bits(one.column(name), 0)).as(name).isEqualTo(bits(whole.column(name), r));
                assertThat(bits(values.column(name), 0)).as(name).isEqualTo(bits(whole.column(name), r));
            }
        }
    }

    private static List<Long> bits(EncodedColumn column, int row) {
        List<Long> all = new ArrayList<>();
        switch (column) {
            case EncodedColumn.Dense(int _, int width, float[] values) -> {
                for (int i = row * width; i < (row + 1) * width; i++) {
                    all.add((long) Float.floatToRawIntBits(values[i]));
                }
            }
            case EncodedColumn.Ids(int[] splits, long[] ids, float[] weights, int[] _) -> {
                for (int i = splits[row]; i < splits[row + 1]; i++) {
                    all.add(ids[i]);
                    all.add(weights.length == 0 ? 0L : Float.floatToRawIntBits(weights[i]));
                }
            }
            default -> throw new AssertionError(column);
        }
        return all;
    }

    @Test
    void integersAndNumbersAreEncodedAlike() {
        var schema = FeatureSchema.of(standardize("x"), vocabulary("code"));
        var longs = batch(
                "x", Features.dense(new long[][] {{1}, {2}, {4}}), "code", Features.dense(new long[][] {{10}, {20}, {10}
                }));
        var floats = batch(
                "x", Features.dense(new float[][] {{1}, {2}, {4}}),
                "code", Features.dense(new String[][] {{"10"}, {"20"}, {"10"}}));
        var fitted = schema.fit(List.of(longs));
        assertThat(fitted).isEqualTo(schema.fit(List.of(floats)));
        assertThat(fitted.encode(longs).dense("x").values())
                .isEqualTo(fitted.encode(floats).dense("x").values());
        assertThat(fitted.encode(longs).ids("code").ids())
                .isEqualTo(fitted.encode(floats).ids("code").ids());
    }

    @Test
    void listsEveryProblemOfTheDataAtOnce() {
        var schema = FeatureSchema.of(
                standardize("prise"),
                numeric("text"),
                log1p("low"),
                identity("id"),
                vocabulary("rare").minCount(9),
                numeric("many"),
                numeric("void"));
        var data = batch(
                "price", Features.dense(new float[][] {{1}, {2}}),
                "text", Features.dense(new String[][] {{"a"}, {"b"}}),
                "low", Features.dense(new float[][] {{-3}, {2}}),
                "id", Features.dense(new long[][] {{-7}, {2}}),
                "rare", Features.dense(new String[][] {{"a"}, {"b"}}),
                "many", ragged(new float[][] {{1, 2}, {2}}),
                "void", ragged(new float[][] {{}, {}}));
        assertThatThrownBy(() -> schema.fit(List.of(data)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"prise\"; got data without it. Hint: did you mean \"price\"?")
                .hasMessageContaining("numbers in input \"text\"; got string")
                .hasMessageContaining("above -1 in input \"low\", which is log1p; got -3.0 in row 0, counted from 0.")
                .hasMessageContaining("ids of 0 or more in input \"id\"; got -7")
                .hasMessageContaining("at least 9 times in input \"rare\"")
                .hasMessageContaining("one number a row in input \"many\"; got 2 in one")
                .hasMessageContaining("input \"void\" with a value in some row; got none in 2 rows");
        assertThatThrownBy(() -> schema.fit(List.of())).hasMessageContaining("rows to learn from");
    }

    @Test
    void listsEveryProblemOfASchemaAtOnce() {
        assertThatThrownBy(() -> FeatureSchema.of(
                        standardize("age"),
                        vocabulary("age"),
                        cross(10, "agee", "city"),
                        vocabulary("city"),
                        cross(10, "city", "income"),
                        numeric("income"),
                        label("a"),
                        label("b")))
                .hasMessageContaining("at most one label")
                .hasMessageContaining("one type for input \"age\"")
                .hasMessageContaining("\"agee\". Hint: did you mean \"age\"?")
                .hasMessageContaining("the numbers of \"income\". Hint: add quantiles(\"income\", 10).");
    }

    @Test
    void warnsOfWhatSeemsOdd() {
        var schema = FeatureSchema.of(standardize("same"), vocabulary("word"), quantiles("two", 9));
        var data = batch(
                "same", Features.dense(new float[][] {{3}, {3}, {3}, {3}, {3}, {3}, {3}}),
                "word", Features.dense(new String[][] {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"a"}}),
                "two", Features.dense(new float[][] {{1}, {2}, {1}, {2}, {1}, {2}, {Float.POSITIVE_INFINITY}}));
        var fitted = schema.fit(List.of(data), FitOptions.DEFAULT.withMaxValues(3));
        assertThat(String.join("\n", fitted.warnings()))
                .contains("\"same\" has the same value in all rows")
                .contains("\"word\" has more different values than are counted")
                .contains("\"two\" has 1 infinite numbers")
                .contains("\"two\" has too few different numbers for 9 buckets; it gets 2");
        assertThat(fitted.statistics().get("word").words().exact()).isFalse();
        assertThat(fitted.encode(Map.of("same", 3, "word", "a", "two", 1))
                        .dense("same")
                        .values())
                .containsExactly(0);
    }

    /// Whatever blocks and batches the number lies in.
    @Test
    void namesTheRowOfANumberThatHasNoLogarithm() {
        float[][] rows = new float[30_000][1];
        rows[21_234][0] = -8;
        rows[21_235][0] = -8;
        rows[5][0] = -2;
        for (int cut : new int[] {1, 8192, 21_000, 29_999}) {
            var data = List.of(
                    batch("x", Features.dense(Arrays.copyOfRange(rows, 0, cut))),
                    batch("x", Features.dense(Arrays.copyOfRange(rows, cut, rows.length))));
            assertThatThrownBy(() -> FeatureSchema.of(log1p("x")).fit(data))
                    .hasMessageContaining("input \"x\", which is log1p; got -8.0 in row 21234, counted from 0");
        }
        assertThatThrownBy(() -> log1p("x").missing(-1)).hasMessageContaining("\"x\", which is log1p; got -1.0");
    }

    @Test
    void whatAColumnRefusesIsNamedByItsFileAndRow() {
        var schema = FeatureSchema.of(log1p("x"), identity("i", 3), label("y", FieldType.DOUBLE));
        var fitted = schema.fit(List.of(batch(
                "x",
                Features.dense(new float[][] {{0}, {2}}),
                "i",
                Features.dense(new long[][] {{0}, {2}}),
                "y",
                Features.dense(new float[][] {{1}, {2}}))));
        var good = new Row(Path.of("t.csv"), 7, Map.of("x", 1.0, "i", 1L, "y", 3L));
        var low = new Row(Path.of("t.csv"), 8, Map.of("x", -4.0, "i", 1L));
        var high = new Row(Path.of("u.csv"), 9, Map.of("x", 1.0, "i", 5L));
        assertThatThrownBy(() -> fitted.encode(List.of(good, low)))
                .isInstanceOf(MalformedDataException.class)
                .hasMessage("[row] t.csv:8: expected numbers above -1 in feature \"x\", which is log1p; got -4.0.");
        assertThatThrownBy(() -> fitted.encode(List.of(good, high)))
                .hasMessage("[row] u.csv:9: expected ids in [0, 3) in feature \"i\"; got 5. Hint: give the column a"
                        + " default_value for ids out of range.");
        assertThatThrownBy(() -> fitted.encode(high)).hasMessageContaining("u.csv:9");
        assertThatThrownBy(() -> fitted.explain(high)).hasMessageContaining("u.csv:9");
        assertThat(fitted.targets(List.of(good))).containsExactly(3);
        assertThatThrownBy(() -> fitted.targets(List.of(good, low)))
                .hasMessageContaining("t.csv:8: expected one value in every row of feature \"y\"");
        assertThatThrownBy(() -> fitted.labels(List.of(good))).hasMessageContaining("a label of classes");
        assertThat(fitted.encode(List.of(good, good)).dense("x").values())
                .containsExactly((float) Math.log(2), (float) Math.log(2));
    }

    @Test
    void saysWhatAVocabularyLeavesOut() {
        var words = Features.dense(new String[][] {{"a"}, {"b"}, {"a"}, {"c"}, {"b"}, {"a"}, {"d"}, {"e"}});
        assertThat(FeatureSchema.of(vocabulary("w"))
                        .fit(List.of(batch("w", words)))
                        .warnings())
                .isEmpty();
        assertThat(FeatureSchema.of(vocabulary("w").maxSize(2))
                        .fit(List.of(batch("w", words)))
                        .warnings())
                .containsExactly(
                        "input \"w\" has a vocabulary of its 2 most frequent words (max_size 2, min_count 1); 3"
                                + " others, 37.5 % of its values, share one id.");
        assertThat(FeatureSchema.of(vocabulary("w").minCount(3).oovBuckets(0))
                        .fit(List.of(batch("w", words)))
                        .warnings())
                .containsExactly("input \"w\" has a vocabulary of its 1 most frequent words (max_size 100000, min_count"
                        + " 3); 4 others, 62.5 % of its values, are unknown.");
    }

    /// A million different words, of which a thousand are counted at a time.
    @Test
    void aVocabularyWithoutEndIsCountedInBoundedMemory() {
        var schema = FeatureSchema.of(vocabulary("w").maxSize(10));
        var fitter = schema.fitter(FitOptions.DEFAULT.withMaxValues(1000));
        for (int part = 0; part < 20; part++) {
            String[][] words = new String[50_000][];
            for (int i = 0; i < words.length; i++) {
                words[i] = new String[] {i % 4 == 0 ? "often" : "word " + part + " " + i};
            }
            fitter.add(batch("w", Features.dense(words)));
        }
        var fitted = fitter.finish();
        var counted = fitted.statistics().get("w").words();
        assertThat(counted.exact()).isFalse();
        assertThat(counted.words()).hasSizeLessThanOrEqualTo(1000);
        assertThat(counted.words().getFirst().value()).isEqualTo("often");
        // Never too high, and too low by no more than is said.
        assertThat(counted.words().getFirst().count()).isBetween(250_000 - counted.error(), 250_000L);
        assertThat(counted.error()).isLessThanOrEqualTo(2_000);
        assertThat(String.join("\n", fitted.warnings()))
                .contains("\"w\" has more different values than are counted at a time")
                .contains("\"w\" has a vocabulary of its ")
                .contains("; more than ");
    }

    @Test
    void infersWhatIsSensible() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            rows.add(new Row(
                    Path.of("generated"),
                    i + 1L,
                    Map.of(
                            "x",
                            i / 3.0,
                            "n",
                            (long) i,
                            "k",
                            (long) i % 5,
                            "w",
                            "w" + i % 7,
                            "u",
                            "u" + i,
                            "many",
                            "m" + i % 50,
                            "l",
                            List.of(1.5, 2.5),
                            "y",
                            i % 2 == 0 ? "a" : "b")));
        }
        var schema = FeatureSchema.infer(FeatureBatches.of(rows), "y");
        assertThat(schema.features())
                .containsExactlyInAnyOrder(
                        standardize("x"),
                        standardize("n"),
                        vocabulary("k", FieldType.LONG),
                        vocabulary("w"),
                        hashed("u", 1000),
                        vocabulary("many").embedding(8),
                        label("y"));
        assertThatThrownBy(() -> FeatureSchema.infer(FeatureBatches.of(rows), "z"))
                .hasMessageContaining("a label among the inputs");
    }

    @Test
    void labelsAreClassesInTheOrderOfTheirValues() {
        var fitted = FeatureSchema.of(numeric("x"), label("y"))
                .fit(List.of(batch(
                        "x", Features.dense(new float[][] {{1}, {2}, {3}}),
                        "y", Features.dense(new String[][] {{"no"}, {"yes"}, {"yes"}}))));
        assertThat(fitted.classes()).isEqualTo(List.of("no", "yes"));
        assertThat(fitted.labels(batch("y", ragged(new String[][] {{"yes"}, {}, {"perhaps"}, {"no"}}))))
                .containsExactly(1, -1, -1, 0);
        assertThatThrownBy(() -> fitted.targets(batch("y", ragged(new String[][] {{"yes"}}))))
                .hasMessageContaining("a label of numbers; got y of STRING");
    }

    @Test
    void slotsNameWhatTheyStandFor() {
        var fitted = FeatureSchema.of(
                        standardize("x"), quantiles("x", 2), vocabulary("w"), hashed("h", 2), cross(2, "w", "x"))
                .fit(List.of(batch(
                        "x", Features.dense(new float[][] {{1}, {3}}),
                        "w", Features.dense(new String[][] {{"a"}, {"b"}}),
                        "h", Features.dense(new String[][] {{"omar"}, {"marlo"}}))));
        var texts = fitted.slots().map(Slot::text).toList();
        assertThat(texts).hasSize(10).hasSize((int) fitted.slotCount());
        assertThat(texts.subList(0, 6))
                .containsExactly(
                        "x, standardized: (x - 2.0) / 1.0",
                        "x < 3.0",
                        "x >= 3.0",
                        "w = \"a\"",
                        "w = \"b\"",
                        "w = any other value, bucket 0 of 1");
        // By TensorFlow's fingerprints, omar (…986) is even and marlo (…591) odd.
        assertThat(texts.subList(6, 8))
                .containsExactly("h hashed to 0 of 2: \"omar\"", "h hashed to 1 of 2: \"marlo\"");
        // Each known combination is named in exactly the bucket that it is encoded to.
        for (String w : List.of("a", "b")) {
            for (int x : new int[] {1, 3}) {
                var row = Map.of("x", x, "w", w, "h", "omar");
                long id = fitted.encode(row).ids("w_X_x_bucketized").ids()[0];
                String text = fitted.explain("w_X_x_bucketized", id).text();
                assertThat(text).contains("\"" + w + "\" × x " + (x == 1 ? "<" : ">=") + " 3.0");
            }
        }
        assertThat(fitted.explain(4)).isEqualTo(new Slot(4, "w", 1, List.of("w"), "w = \"b\""));
        assertThat(fitted.explain("w_indicator", 1)).isEqualTo(fitted.explain(4));
        assertThatThrownBy(() -> fitted.explain(10)).hasMessageContaining("a slot in [0, 10); got 10");
        assertThatThrownBy(() -> fitted.explain("ww", 0)).hasMessageContaining("did you mean \"w\"?");
    }

    @Test
    void explainsARow() {
        var fitted = fitted(300, 1);
        Map<String, Object> row =
                Map.of("a", 100.0, "tags", List.of("red", "blue"), "weights", List.of(0.5, 2.0), "day", 3);
        var explained = fitted.explain(row);
        var byName = new LinkedHashMap<String, RowExplanation.Column>();
        explained.columns().forEach(c -> byName.put(c.name(), c));
        assertThat(byName.get("tags_weighted_by_weights").raw())
                .isEqualTo("tags = [\"red\", \"blue\"], weights = [0.5, 2.0]");
        assertThat(byName.get("tags_weighted_by_weights").slots())
                .extracting(u -> u.slot().text() + " -> " + u.value())
                .containsExactly(
                        "tags = \"red\", weighted by weights -> 0.5", "tags = \"blue\", weighted by weights -> 2.0");
        assertThat(byName.get("word").raw()).isEqualTo("word = missing");
        assertThat(byName.get("word").slots()).isEmpty();
        assertThat(byName.get("day").slots())
                .singleElement()
                .satisfies(u -> assertThat(u.slot().text()).isEqualTo("day = 3"));
        float a = fitted.encode(row).dense("a").values()[0];
        assertThat(byName.get("a").slots())
                .singleElement()
                .satisfies(u -> assertThat(u.value()).isEqualTo(a));
        // The slots of the row are those that its encoding has.
        fitted.columns().forEach(c -> {
            if (fitted.encode(row).column(c.name()) instanceof EncodedColumn.Ids ids) {
                assertThat(byName.get(c.name()).slots())
                        .extracting(u -> u.slot().id())
                        .containsExactlyElementsOf(Arrays.stream(ids.ids())
                                .filter(i -> i >= 0)
                                .boxed()
                                .toList());
            }
        });
    }
}
