package io.torrefy.data;

import static io.torrefy.data.ColumnMode.STRICT;
import static io.torrefy.data.ColumnMode.TF_COMPAT;
import static io.torrefy.data.FeatureColumns.bucketizedColumn;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithHashBucket;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyFile;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyList;
import static io.torrefy.data.FeatureColumns.crossedColumn;
import static io.torrefy.data.FeatureColumns.indicatorColumn;
import static io.torrefy.data.FeatureColumns.numericColumn;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.sequenceNumericColumn;
import static io.torrefy.data.FeatureColumns.weightedCategoricalColumn;
import static io.torrefy.data.Features.dense;
import static io.torrefy.data.Features.encode;
import static io.torrefy.data.Features.ids;
import static io.torrefy.data.Features.indices;
import static io.torrefy.data.Features.ragged;
import static io.torrefy.data.Features.row;
import static io.torrefy.data.Features.sparse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The worked examples were run in TensorFlow 2.21; where ours differ from its, both modes are shown.
class ColumnEncoderTest {
    @TempDir
    Path folder;

    private static float[] floats(FeatureColumn column, ColumnMode mode, Object... batch) {
        return ((EncodedColumn.Dense) encode(column, mode, batch)).values();
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void missingWordsOfADenseFeatureAreDropped(ColumnMode mode) {
        var ids = ids(
                categoricalColumnWithHashBucket("t", 10), mode, "t", dense(row("omar", ""), row("stringer", "marlo")));
        assertThat(ids.ids()).containsExactly(6, 4, 1);
        assertThat(indices(ids)).containsExactly(List.of(0, 0), List.of(1, 0), List.of(1, 1));
    }

    @Test
    void missingWordsOfARaggedFeature() {
        var column = categoricalColumnWithHashBucket("t", 10);
        var rows = ragged(row("omar", ""), row(""), row("", "marlo"));
        assertThat(ids(column, TF_COMPAT, "t", rows).ids()).containsExactly(6, 3, 3, 3, 1);
        var strict = ids(column, STRICT, "t", rows);
        assertThat(strict.ids()).containsExactly(6, 1);
        assertThat(indices(strict)).containsExactly(List.of(0, 0), List.of(2, 1));
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void unknownWords(ColumnMode mode) {
        var words = List.of("R", "G", "B");
        var rows = dense(row("G", "X"), row("", "B"));
        var plain = ids(categoricalColumnWithVocabularyList("v", words), mode, "v", rows);
        assertThat(plain.ids()).containsExactly(1, -1, 2);
        assertThat(indices(plain)).containsExactly(List.of(0, 0), List.of(0, 1), List.of(1, 1));
        assertThat(ids(categoricalColumnWithVocabularyList("v", words, 2, 0), mode, "v", rows)
                        .ids())
                .containsExactly(1, 2, 2);
        assertThat(floats(indicatorColumn(categoricalColumnWithVocabularyList("v", words)), mode, "v", rows))
                .containsExactly(0, 1, 0, 0, 0, 1);
        assertThat(floats(
                        indicatorColumn(categoricalColumnWithVocabularyList("v", words)),
                        mode,
                        "v",
                        ragged(row("R", "R"))))
                .containsExactly(2, 0, 0);
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void bucketsOfEveryNumberOfARow(ColumnMode mode) {
        var column = bucketizedColumn(numericColumn("x", 2), 0, 2, 4, 6);
        var ids = ids(column, mode, "x", dense(row(-1f, 1), row(5f, 6)));
        assertThat(ids.ids()).containsExactly(0, 6, 3, 9);
        assertThat(column.numBuckets()).isEqualTo(10);
        assertThat(column.variableShape()).containsExactly(2L, 5L);
    }

    @Test
    void notANumberHasNoBucket() {
        var column = bucketizedColumn(numericColumn("x"), 0, 10);
        assertThatThrownBy(() -> ids(column, STRICT, "x", dense(row(1f), row(Float.NaN))))
                .hasMessageContaining("\"x\"")
                .hasMessageContaining("NaN in row 1");
        // TensorFlow: in the last one, in a batch of any length.
        float[][] rows = new float[203][1];
        rows[0][0] = Float.NaN;
        rows[202][0] = Float.NaN;
        long[] ids = ids(column, TF_COMPAT, "x", dense(rows)).ids();
        assertThat(ids[0]).isEqualTo(2);
        assertThat(ids[1]).isEqualTo(1);
        assertThat(ids[202]).isEqualTo(2);
    }

    @Test
    void bucketsAreThoseOfALinearSearch() {
        var random = new Random(5);
        // A few are compared with in vectors, many are searched.
        var sizes = IntStream.concat(IntStream.range(1, 40), IntStream.of(63, 64, 191, 192, 193, 300))
                .toArray();
        for (int k : sizes) {
            double[] boundaries =
                    random.doubles(k).map(v -> (float) v).sorted().distinct().toArray();
            boundaries[0] = k % 2 == 0 ? 0 : Double.NEGATIVE_INFINITY;
            float[][] rows = new float[200 + k][1];
            for (int i = 0; i < rows.length; i++) {
                rows[i][0] = i % 3 == 0 ? (float) boundaries[i % boundaries.length] : random.nextFloat() * 1.2f - .1f;
            }
            rows[5][0] = -0f;
            rows[6][0] = Float.POSITIVE_INFINITY;
            rows[7][0] = Float.NEGATIVE_INFINITY;
            long[] got = ids(bucketizedColumn(numericColumn("x"), boundaries), STRICT, "x", dense(rows))
                    .ids();
            for (int i = 0; i < rows.length; i++) {
                long expected = 0;
                for (double b : boundaries) {
                    expected += b <= rows[i][0] ? 1 : 0;
                }
                assertThat(got[i]).isEqualTo(expected);
            }
        }
    }

    @Test
    void idsOutOfRange() {
        var column = categoricalColumnWithIdentity("i", 3);
        var rows = ragged(row(0L), row(2L, 5), row(-7L));
        assertThat(ids(column, TF_COMPAT, "i", rows).ids()).containsExactly(0, 2, 5, -7);
        assertThat(floats(indicatorColumn(column), TF_COMPAT, "i", rows)).containsExactly(1, 0, 0, 0, 0, 1, 0, 0, 0);
        assertThatThrownBy(() -> ids(column, STRICT, "i", rows))
                .hasMessageContaining("[0, 3)")
                .hasMessageContaining("\"i\"")
                .hasMessageContaining("got 5 in row 1");
        var replacing = categoricalColumnWithIdentity("i", 3, 1);
        assertThat(ids(replacing, STRICT, "i", rows).ids()).containsExactly(0, 2, 1, 1);
        assertThat(ids(replacing, TF_COMPAT, "i", dense(row(-1L), row(3L))).ids())
                .containsExactly(1);
    }

    @Test
    void crossesDoNotDependOnTheFormOfTheirKeys() {
        var column = crossedColumn(List.of("a", "d"), 100);
        var words = List.of(new String[] {"a"}, new String[] {"d"});
        var forms = new ArrayList<long[]>();
        for (boolean denseA : new boolean[] {true, false}) {
            for (boolean denseD : new boolean[] {true, false}) {
                var a = denseA ? dense(words.get(0)) : ragged(words.get(0));
                var d = denseD ? dense(words.get(1)) : ragged(words.get(1));
                assertThat(ids(column, STRICT, "a", a, "d", d).ids()).containsExactly(82);
                forms.add(ids(column, TF_COMPAT, "a", a, "d", d).ids());
            }
        }
        // TensorFlow: a dense key before a ragged one hashes as d x a.
        assertThat(forms.stream().map(f -> f[0])).containsExactly(82L, 91L, 82L, 82L);
    }

    @Test
    void missingWordsAreNotCrossed() {
        var column = crossedColumn(List.of("a", "d"), 100);
        var a = dense(row("", "a"));
        assertThat(ids(column, TF_COMPAT, "a", a, "d", ragged(row("d"))).ids()).containsExactly(42, 91);
        assertThat(ids(column, STRICT, "a", a, "d", ragged(row("d"))).ids()).containsExactly(82);
        var numbers = ids(column, STRICT, "a", ragged(row(3L, -1)), "d", ragged(row("d")));
        assertThat(numbers.ids()).containsExactly(97);
        var all = ids(column, TF_COMPAT, "a", ragged(row(3L, -1)), "d", ragged(row("d")));
        assertThat(all.ids()).containsExactly(97, 44);
    }

    /// A word that is in no vocabulary crosses as -1, in TensorFlow and here: all such words fall into one bucket.
    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void unknownWordsCrossAsOne(ColumnMode mode) {
        var column = crossedColumn(List.of(categoricalColumnWithVocabularyList("v", List.of("a")), "d"), 100);
        assertThat(ids(column, mode, "v", ragged(row("X", "Y")), "d", ragged(row("d")))
                        .ids())
                .containsExactly(44, 44);
    }

    @Test
    void defaultsOutsideTheVocabulary() {
        var column = categoricalColumnWithVocabularyList("v", List.of("a", "b"), 99, 0);
        assertThatThrownBy(() -> ColumnEncoder.of(List.of(column))).hasMessageContaining("[0, 2)");
        // TensorFlow: an id behind the vocabulary, of which an indicator shows nothing.
        assertThat(ids(column, TF_COMPAT, "v", ragged(row("X"))).ids()).containsExactly(99);
        assertThat(floats(indicatorColumn(column), TF_COMPAT, "v", ragged(row("X"))))
                .containsExactly(0, 0);
    }

    @Test
    void weightsGoWithTheirPlaces() {
        var column = weightedCategoricalColumn(categoricalColumnWithVocabularyList("v", List.of("a", "b")), "w");
        var words = dense(row("a", "b"), row("", "b"));
        var weights = dense(row(2f, 0), row(5f, 3));
        var strict = ids(column, STRICT, "v", words, "w", weights);
        assertThat(strict.ids()).containsExactly(0, 1, 1);
        assertThat(strict.weights()).containsExactly(2, 0, 3);
        assertThatThrownBy(() -> ids(column, TF_COMPAT, "v", words, "w", weights))
                .hasMessageContaining("2 ids and 1 weights in row 0");
        for (var mode : ColumnMode.values()) {
            assertThatThrownBy(() -> ids(column, mode, "v", ragged(row("a", "b")), "w", ragged(row(1f))))
                    .hasMessageContaining("\"w\"")
                    .hasMessageContaining("row 0");
            assertThatThrownBy(() -> ids(column, mode, "v", ragged(row("a")), "w", ragged(row(1L))))
                    .hasMessageContaining("float32")
                    .hasMessageContaining("int64");
            assertThatThrownBy(() -> ids(column, mode, "v", ragged(row("a")))).hasMessageContaining("\"w\"");
        }
        var sums = floats(
                indicatorColumn(weightedCategoricalColumn(categoricalColumnWithIdentity("i", 3), "w")),
                STRICT,
                "i",
                ragged(row(2L, 2, 1)),
                "w",
                ragged(row(.5f, .25f, 1)));
        assertThat(sums).containsExactly(0, 1, .75f);
    }

    @Test
    void numbers() {
        var two = numericColumn("x", 2);
        assertThat(floats(two, STRICT, "x", dense(row(1f, 2), row(3f, 4)))).containsExactly(1, 2, 3, 4);
        assertThat(floats(two.withType(FeatureType.INT64), STRICT, "x", dense(row(1L, 16777217))))
                .containsExactly(1, 16777216);
        assertThat(floats(two, STRICT, "x", ragged(row(1f, 2), row(3f, 4)))).containsExactly(1, 2, 3, 4);
        assertThatThrownBy(() -> floats(two, TF_COMPAT, "x", ragged(row(1f, 2))))
                .hasMessageContaining("not supported")
                .hasMessageContaining("x");
        assertThat(floats(two.withDefault(7, 8), STRICT, "x", ragged(row(1f, 2), new float[0])))
                .containsExactly(1, 2, 7, 8);
        assertThatThrownBy(() -> floats(two, STRICT, "x", ragged(row(1f, 2), row(1f))))
                .hasMessageContaining("2 values")
                .hasMessageContaining("got 1 in row 1");
        assertThatThrownBy(() -> floats(two, STRICT, "x", ragged(row("1", "2"))))
                .hasMessageContaining("string");
        assertThatThrownBy(() -> floats(two, STRICT, "y", dense(row(1f, 2))))
                .hasMessageContaining("\"x\"")
                .hasMessageContaining("[y]");
    }

    @Test
    void normalizers() {
        var x = numericColumn("x");
        var rows = dense(row(-.5f), row(1f), row(4f));
        assertThat(floats(x.withNormalizer(new Normalizer.Standardize(1, 2)), STRICT, "x", rows))
                .containsExactly(-.75f, 0, 1.5f);
        assertThat(floats(x.withNormalizer(new Normalizer.Standardize(1, 0)), STRICT, "x", rows))
                .containsExactly(-1.5f, 0, 3);
        assertThat(floats(x.withNormalizer(new Normalizer.MinMax(1, 5)), STRICT, "x", rows))
                .containsExactly(-.375f, 0, .75f);
        assertThat(floats(x.withNormalizer(new Normalizer.Clip(0, 2)), STRICT, "x", rows))
                .containsExactly(0, 1, 2);
        assertThat(floats(x.withNormalizer(new Normalizer.Log1p()), STRICT, "x", rows))
                .containsExactly((float) Math.log(.5), (float) Math.log(2), (float) Math.log(5));
        var custom = ColumnEncoder.of(
                List.of(x.withNormalizer(new Normalizer.Custom("square"))), STRICT, Map.of("square", v -> v * v));
        assertThat(custom.encode(Features.batch("x", rows)).dense("x").values()).containsExactly(.25f, 1, 16);
        // Before the cast, as TensorFlow's normalizer_fn sees the raw type.
        assertThat(floats(
                        x.withType(FeatureType.INT64).withNormalizer(new Normalizer.Standardize(16777216, 1)),
                        STRICT,
                        "x",
                        dense(row(16777217L))))
                .containsExactly(1);
    }

    @Test
    void numbersThatANormalizerLoses() {
        var log = numericColumn("x", 2).withNormalizer(new Normalizer.Log1p());
        var rows = dense(row(0f, 1), row(3f, -1), row(-2f, 0));
        assertThatThrownBy(() -> floats(log, STRICT, "x", rows))
                .hasMessage("[columns] expected numbers above -1 in feature \"x\", which is log1p; got -1.0 in row 1.");
        assertThat(floats(log, TF_COMPAT, "x", rows))
                .containsExactly(0, (float) Math.log(2), (float) Math.log(4), Float.NEGATIVE_INFINITY, Float.NaN, 0);
        assertThatThrownBy(() -> floats(log.withType(FeatureType.INT64), STRICT, "x", dense(row(1L, 2), row(-7L, 2))))
                .hasMessageContaining("got -7.0 in row 1");
        // What comes in as none may go out as none.
        assertThat(floats(log, STRICT, "x", dense(row(Float.NaN, Float.POSITIVE_INFINITY))))
                .containsExactly(Float.NaN, Float.POSITIVE_INFINITY);
        assertThatThrownBy(() -> floats(log, STRICT, "x", dense(row(1f, Float.NEGATIVE_INFINITY))))
                .hasMessageContaining("got -Infinity in row 0");
        var root = numericColumn("x").withNormalizer(new Normalizer.Custom("root"));
        assertThatThrownBy(() -> ColumnEncoder.of(List.of(root), STRICT, Map.of("root", Math::sqrt))
                        .encode(Features.batch("x", dense(row(4f), row(-4f)))))
                .hasMessageContaining("\"x\"")
                .hasMessageContaining("root")
                .hasMessageContaining("got NaN of -4.0 in row 1");
        var tiny = numericColumn("x").withNormalizer(new Normalizer.Standardize(0, 1e-30));
        assertThatThrownBy(() -> floats(tiny, STRICT, "x", dense(row(1e10f))))
                .hasMessageContaining("got Infinity of 1.0E10 in row 0");
        var sequence = new SequenceNumericColumn("s", List.of(1), 0, FeatureType.FLOAT32, new Normalizer.Log1p());
        assertThatThrownBy(() -> encode(sequence, STRICT, "s", ragged(row(0f, 1), row(2f, -3))))
                .hasMessageContaining("\"s\", which is log1p; got -3.0 in row 1");
        assertThat(((EncodedColumn.DenseSequences) encode(sequence, TF_COMPAT, "s", ragged(row(-3f)))).values())
                .containsExactly(Float.NaN);
    }

    @Test
    void typesThatDoNotFit() {
        assertThatThrownBy(() -> ids(categoricalColumnWithHashBucket("t", 4), STRICT, "t", ragged(row(1L))))
                .hasMessageContaining("compatible")
                .hasMessageContaining("key: t")
                .hasMessageContaining("int64");
        assertThatThrownBy(() -> ids(categoricalColumnWithIdentity("i", 4), STRICT, "i", ragged(row(1f))))
                .hasMessageContaining("not integer")
                .hasMessageContaining("key: i");
        assertThatThrownBy(() ->
                        ids(crossedColumn(List.of("a", "b"), 4), STRICT, "a", ragged(row(1f)), "b", ragged(row("x"))))
                .hasMessageContaining("\"a\"");
        var vector = new FeatureData.Dense(new FeatureValues.Longs(new long[] {1, 2}), new long[] {2});
        assertThat(ids(categoricalColumnWithIdentity("i", 4), STRICT, "i", vector)
                        .rowSplits())
                .containsExactly(0, 1, 2);
    }

    @Test
    void vocabularyFiles() throws IOException {
        var lines = Files.writeString(folder.resolve("v.txt"), "omar\r\nstringer\r\n marlo");
        var column = categoricalColumnWithVocabularyFile("v", lines);
        assertThat(column.vocabularySize()).isEqualTo(3);
        assertThat(ids(column, STRICT, "v", ragged(row("marlo", " marlo", "omar", "omar\r", "stringer")))
                        .ids())
                .containsExactly(-1, 2, 0, -1, 1);
        var part = new VocabularyFileCategoricalColumn("v", lines.toString(), 2, 0, FeatureType.STRING, -1, "text");
        assertThat(ids(part, STRICT, "v", ragged(row(" marlo", "omar"))).ids()).containsExactly(-1, 0);
        var more = new VocabularyFileCategoricalColumn("v", lines.toString(), 5, 0, FeatureType.STRING, -1, "text");
        assertThatThrownBy(() -> ColumnEncoder.of(List.of(more))).hasMessageContaining("expected 5 but got 3");
        var twice = Files.writeString(folder.resolve("w.txt"), "omar\nomar\n");
        assertThatThrownBy(() -> ColumnEncoder.of(List.of(categoricalColumnWithVocabularyFile("v", twice))))
                .hasMessageContaining("key omar at 0")
                .hasMessageContaining("w.txt");
        var numbers = Files.writeString(folder.resolve("n.txt"), "10\n-20\n");
        var integers = categoricalColumnWithVocabularyFile("v", numbers, FeatureType.INT64, -1, 0);
        assertThat(ids(integers, STRICT, "v", ragged(row(-20L, 11, 10))).ids()).containsExactly(1, -1, 0);
        assertThatThrownBy(() -> ColumnEncoder.of(
                        List.of(categoricalColumnWithVocabularyFile("v", lines, FeatureType.INT64, -1, 0))))
                .hasMessageContaining("omar")
                .hasMessageContaining("not a valid int64");
    }

    @Test
    void vocabulariesOfRecords() throws IOException {
        var plain = folder.resolve("plain");
        try (var writer = TfRecordWriter.create(plain)) {
            for (var word : List.of("omar", "two\nlines", "marlo")) {
                writer.write(word.getBytes(StandardCharsets.UTF_8));
            }
        }
        var column = categoricalColumnWithVocabularyFile("v", zipped(Files.readAllBytes(plain), "v.tfrecord.gz"));
        assertThat(column.fileFormat()).isEqualTo("tfrecord_gzip");
        assertThat(ids(column, STRICT, "v", ragged(row("marlo", "two\nlines", "two")))
                        .ids())
                .containsExactly(2, 1, -1);
        byte[] damaged = Files.readAllBytes(plain);
        damaged[14] ^= 1;
        var bad = zipped(damaged, "bad.tfrecord.gz");
        assertThatThrownBy(() -> categoricalColumnWithVocabularyFile("v", bad)).hasMessageContaining("offset 0");
    }

    private Path zipped(byte[] bytes, String name) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        }
        return Files.write(folder.resolve(name), out.toByteArray());
    }

    @Test
    void sequencesKeepHoles() {
        var column = sequenceCategoricalColumnWithIdentity("s", 9);
        var rows = new FeatureData.Dense(new FeatureValues.Longs(new long[] {1, -1, 2, -1, -1, -1}), new long[] {2, 3});
        var steps = (EncodedColumn.IdSequences) encode(column, STRICT, "s", rows);
        assertThat(steps.rowSplits()).containsExactly(0, 3, 3);
        assertThat(steps.stepSplits()).containsExactly(0, 1, 1, 2);
        var holes = sparse(new FeatureValues.Longs(new long[] {1, 2}), new long[] {2, 5}, 0, 0, 0, 2);
        var same = (EncodedColumn.IdSequences) encode(column, STRICT, "s", holes);
        assertThat(same.stepSplits()).containsExactly(steps.stepSplits());
        assertThat(same.rowSplits()).containsExactly(steps.rowSplits());
    }

    @Test
    void stepsOfSeveralIds() {
        var column = sequenceCategoricalColumnWithIdentity("s", 9);
        var cube = new FeatureData.Dense(
                new FeatureValues.Longs(new long[] {1, 2, 3, -1, 4, 5, -1, -1}), new long[] {2, 2, 2});
        var nested = new FeatureData.Ragged(
                new FeatureValues.Longs(new long[] {1, 2, 3, 4, 5}),
                new int[][] {{0, 2, 3}, {0, 2, 3, 5}},
                new long[0]);
        for (var data : List.of(cube, nested)) {
            var steps = (EncodedColumn.IdSequences) encode(column, STRICT, "s", data);
            assertThat(steps.ids()).containsExactly(1, 2, 3, 4, 5);
            assertThat(steps.rowSplits()).containsExactly(0, 2, 3);
            assertThat(steps.stepSplits()).containsExactly(0, 2, 3, 5);
        }
    }

    @Test
    void sequencesOfNumbers() {
        var one = (EncodedColumn.DenseSequences)
                encode(sequenceNumericColumn("n"), STRICT, "n", ragged(row(0f, 1), row(10f)));
        assertThat(one.values()).containsExactly(0, 1, 10);
        assertThat(one.rowSplits()).containsExactly(0, 2, 3);
        var pairs = sequenceNumericColumn("n", 0, 2);
        var two = (EncodedColumn.DenseSequences) encode(pairs, STRICT, "n", ragged(row(0f, 1, 2, 3), row(10f, 11)));
        assertThat(two.rowSplits()).containsExactly(0, 2, 3);
        assertThat(two.values()).containsExactly(0, 1, 2, 3, 10, 11);
        for (var mode : ColumnMode.values()) {
            assertThatThrownBy(() -> encode(pairs, mode, "n", ragged(row(0f, 1, 2))))
                    .hasMessageContaining("multiple of 2");
        }
        // A part of a step is filled up in TensorFlow where another row is longer.
        var uneven = ragged(row(0f, 1, 2), row(10f, 11, 12, 13));
        assertThat(((EncodedColumn.DenseSequences) encode(pairs, TF_COMPAT, "n", uneven)).values())
                .containsExactly(0, 1, 2, 0, 10, 11, 12, 13);
        assertThatThrownBy(() -> encode(pairs, STRICT, "n", uneven)).hasMessageContaining("3 in row 0");
    }

    @Test
    void theSameOnAnyNumberOfThreadsAndForSingleRows() {
        int rows = 50_001;
        var random = new Random(11);
        String[][] words = new String[rows][];
        float[][] numbers = new float[rows][1];
        for (int r = 0; r < rows; r++) {
            words[r] = new String[random.nextInt(4)];
            for (int i = 0; i < words[r].length; i++) {
                words[r][i] = random.nextInt(10) == 0 ? "" : "word" + random.nextInt(50);
            }
            numbers[r][0] = random.nextFloat() * 100;
        }
        var bucketized = bucketizedColumn(numericColumn("x"), 10, 20, 50);
        var encoder = ColumnEncoder.of(List.of(
                bucketized,
                indicatorColumn(categoricalColumnWithVocabularyList("w", List.of("word1", "word2", "word7"), -1, 2)),
                crossedColumn(List.of(bucketized, "w", "w"), 1000)));
        var batch = Features.batch("w", ragged(words), "x", dense(numbers));
        int before = Threads.count();
        try {
            Threads.use(1);
            var one = encoder.encode(batch);
            Threads.use(3);
            var many = encoder.encode(batch);
            for (var name : List.of("x_bucketized", "w_X_w_X_x_bucketized")) {
                assertThat(many.ids(name).ids()).isEqualTo(one.ids(name).ids());
                assertThat(many.ids(name).rowSplits()).isEqualTo(one.ids(name).rowSplits());
            }
            assertThat(many.dense("w_indicator").values())
                    .isEqualTo(one.dense("w_indicator").values());
            for (int r = 0; r < rows; r += 4999) {
                var single = encoder.encode(Features.batch("w", ragged(words[r]), "x", dense(numbers[r])));
                var all = one.ids("w_X_w_X_x_bucketized");
                assertThat(single.ids("w_X_w_X_x_bucketized").ids())
                        .isEqualTo(java.util.Arrays.copyOfRange(all.ids(), all.rowSplits()[r], all.rowSplits()[r + 1]));
            }
            var identity = ColumnEncoder.of(List.of(categoricalColumnWithIdentity("i", 5)));
            long[][] bad = new long[rows][1];
            bad[40_000][0] = 9;
            bad[20_000][0] = 8;
            assertThatThrownBy(() -> identity.encode(Features.batch("i", dense(bad))))
                    .hasMessageContaining("got 8 in row 20000");
        } finally {
            Threads.use(before);
        }
    }
}
