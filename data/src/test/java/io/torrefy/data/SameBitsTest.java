package io.torrefy.data;

import static io.torrefy.data.FeatureColumns.bucketizedColumn;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithHashBucket;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyFile;
import static io.torrefy.data.FeatureColumns.categoricalColumnWithVocabularyList;
import static io.torrefy.data.FeatureColumns.crossedColumn;
import static io.torrefy.data.FeatureColumns.embeddingColumn;
import static io.torrefy.data.FeatureColumns.indicatorColumn;
import static io.torrefy.data.FeatureColumns.numericColumn;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithHashBucket;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithIdentity;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithVocabularyFile;
import static io.torrefy.data.FeatureColumns.sequenceCategoricalColumnWithVocabularyList;
import static io.torrefy.data.FeatureColumns.sequenceNumericColumn;
import static io.torrefy.data.FeatureColumns.sharedEmbeddings;
import static io.torrefy.data.FeatureColumns.weightedCategoricalColumn;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A row that is served alone is encoded to the bits that it has in a batch, in columns of every kind and through every
/// layer, on any number of threads. The batch is larger than a block of threads, and not whole vectors long.
class SameBitsTest {
    private static final int ROWS = 20_003;
    private static final List<String> WORDS = List.of("a", "é", "日本語", "𝔘", "b c");

    @TempDir
    Path folder;

    private final String[][] words = new String[ROWS][];
    private final String[][] other = new String[ROWS][];
    private final long[][] ids = new long[ROWS][];
    private final float[][] weights = new float[ROWS][];
    private final float[][] steps = new float[ROWS][];
    private final float[][] one = new float[ROWS][1];
    private final float[][] two = new float[ROWS][2];
    private final long[][] whole = new long[ROWS][1];
    private Path file;

    @BeforeEach
    void make() throws IOException {
        file = Files.writeString(folder.resolve("words.txt"), String.join("\n", WORDS.subList(0, 3)) + "\n");
        var random = new Random(17);
        for (int r = 0; r < ROWS; r++) {
            int n = random.nextInt(4);
            words[r] = new String[n];
            ids[r] = new long[n];
            weights[r] = new float[n];
            steps[r] = new float[n];
            for (int i = 0; i < n; i++) {
                words[r][i] = random.nextInt(3) == 0 ? "w" + random.nextInt(1000) : word(random);
                ids[r][i] = random.nextInt(9);
                weights[r][i] = random.nextFloat() - .2f;
                steps[r][i] = random.nextFloat() * 5;
            }
            other[r] = random.nextInt(5) == 0 ? new String[0] : new String[] {word(random)};
            one[r][0] = (float) random.nextGaussian();
            two[r][0] = random.nextFloat() * 20;
            two[r][1] = (float) Math.exp(8 * random.nextGaussian());
            whole[r][0] = random.nextLong(1L << 40);
        }
    }

    private static String word(Random random) {
        return WORDS.get(random.nextInt(WORDS.size()));
    }

    private FeatureBatch batch(int from, int to) {
        return Features.batch(
                "words",
                Features.ragged(Arrays.copyOfRange(words, from, to)),
                "other",
                Features.ragged(Arrays.copyOfRange(other, from, to)),
                "ids",
                Features.ragged(Arrays.copyOfRange(ids, from, to)),
                "weights",
                Features.ragged(Arrays.copyOfRange(weights, from, to)),
                "steps",
                Features.ragged(Arrays.copyOfRange(steps, from, to)),
                "one",
                Features.dense(Arrays.copyOfRange(one, from, to)),
                "two",
                Features.dense(Arrays.copyOfRange(two, from, to)),
                "whole",
                Features.dense(Arrays.copyOfRange(whole, from, to)));
    }

    private static FeatureBatch renamed(FeatureBatch batch, Map<String, String> names) {
        Map<String, FeatureData> all = new LinkedHashMap<>(batch.features());
        names.forEach((copy, name) -> all.put(copy, batch.feature(name)));
        return new FeatureBatch(batch.rows(), all);
    }

    /// The batch, with features again under other names for the columns that would share one.
    private FeatureBatch rows(int from, int to) {
        return renamed(
                batch(from, to),
                Map.of("w1", "words", "w2", "words", "w3", "words", "i1", "ids", "log", "two", "z", "one", "q", "one"));
    }

    private List<FeatureColumn> idColumns() {
        var two2 = bucketizedColumn(numericColumn("two", 2), .5, 1, 3, 9.5, 1e3, 1e9);
        double[] many = new Random(3)
                .doubles(500)
                .map(v -> (float) (6 * v - 3))
                .sorted()
                .distinct()
                .toArray();
        return List.of(
                two2,
                bucketizedColumn(numericColumn("q"), many),
                categoricalColumnWithHashBucket("words", 1000),
                categoricalColumnWithHashBucket("whole", 77, FeatureType.INT64),
                categoricalColumnWithVocabularyList("w1", WORDS, -1, 7),
                categoricalColumnWithVocabularyList("i1", List.of(3L, 1L, 4L), 2, 0),
                categoricalColumnWithVocabularyFile("w2", file),
                weightedCategoricalColumn(categoricalColumnWithIdentity("ids", 9), "weights"),
                crossedColumn(List.of("words", crossedColumn(List.of("other", two2), 9), "ids"), 10_007, 5));
    }

    private List<DenseColumn> denseColumns() {
        var ids = categoricalColumnWithIdentity("ids", 9);
        var weighted = weightedCategoricalColumn(ids, "weights");
        var shared = EmbeddingOptions.of(3).withCombiner(Combiner.SQRTN);
        List<DenseColumn> all = new ArrayList<>(List.of(
                numericColumn("one").withNormalizer(new Normalizer.Standardize(.3, 1.7)),
                numericColumn("z").withNormalizer(new Normalizer.Clip(-.5, .5)),
                numericColumn("log", 2).withNormalizer(new Normalizer.Log1p()),
                numericColumn("whole").withType(FeatureType.INT64).withNormalizer(new Normalizer.MinMax(5, 1e12)),
                bucketizedColumn(numericColumn("two", 2), .5, 1, 3),
                indicatorColumn(categoricalColumnWithVocabularyList("w1", WORDS, -1, 2)),
                indicatorColumn(weighted),
                embeddingColumn(categoricalColumnWithHashBucket("words", 50), EmbeddingOptions.of(5)),
                embeddingColumn(weighted, EmbeddingOptions.of(4).withCombiner(Combiner.SUM)),
                embeddingColumn(
                        ids, EmbeddingOptions.of(4).withCombiner(Combiner.SQRTN).withMaxNorm(.8))));
        all.addAll(sharedEmbeddings(
                List.of(
                        categoricalColumnWithVocabularyList("w2", WORDS),
                        categoricalColumnWithVocabularyList("w3", WORDS)),
                shared));
        return all;
    }

    private List<FeatureColumn> sequenceColumns() {
        return List.of(
                sequenceNumericColumn("steps", 7),
                indicatorColumn(sequenceCategoricalColumnWithIdentity("ids", 9)),
                embeddingColumn(sequenceCategoricalColumnWithHashBucket("words", 20), 3),
                embeddingColumn(sequenceCategoricalColumnWithVocabularyList("w1", WORDS), 2),
                indicatorColumn(sequenceCategoricalColumnWithVocabularyFile("w2", file)),
                embeddingColumn(
                        weightedCategoricalColumn(sequenceCategoricalColumnWithIdentity("i1", 9), "weights"), 2));
    }

    @ParameterizedTest
    @EnumSource(ColumnMode.class)
    void columnsOfEveryKind(ColumnMode mode) {
        List<FeatureColumn> dense = new ArrayList<>(denseColumns());
        // Two bucketizations of one source have one name.
        dense.removeIf(BucketizedColumn.class::isInstance);
        for (var columns : List.of(idColumns(), dense, sequenceColumns())) {
            check(ColumnEncoder.of(columns, mode));
        }
    }

    private void check(ColumnEncoder encoder) {
        int before = Threads.count();
        try {
            Threads.use(1);
            var all = encoder.encode(rows(0, ROWS));
            Threads.use(3);
            var more = encoder.encode(rows(0, ROWS));
            for (int r = 0; r < ROWS; r += 271) {
                var alone = encoder.encode(rows(r, r + 1));
                for (var column : encoder.columns()) {
                    var expected = bits(all.column(column.name()), r);
                    assertThat(bits(alone.column(column.name()), 0))
                            .as("%s, row %s", column, r)
                            .isEqualTo(expected);
                    assertThat(bits(more.column(column.name()), r))
                            .as("%s, row %s", column, r)
                            .isEqualTo(expected);
                }
            }
        } finally {
            Threads.use(before);
        }
    }

    /// Everything that a column says of a row.
    private static List<Object> bits(EncodedColumn column, int row) {
        return switch (column) {
            case EncodedColumn.Dense(int _, int width, float[] values) -> bits(values, row * width, (row + 1) * width);
            case EncodedColumn.Ids(int[] splits, long[] ids, float[] weights, int[] positions) ->
                bits(ids, weights, positions, splits[row], splits[row + 1]);
            case EncodedColumn.DenseSequences(int[] splits, int width, float[] values, float _) ->
                bits(values, splits[row] * width, splits[row + 1] * width);
            case EncodedColumn.IdSequences(int[] splits, int[] steps, long[] ids, float[] weights) -> {
                List<Object> all = new ArrayList<>();
                for (int s = splits[row]; s < splits[row + 1]; s++) {
                    all.add(bits(ids, weights, new int[0], steps[s], steps[s + 1]));
                }
                yield all;
            }
        };
    }

    private static List<Object> bits(float[] values, int from, int to) {
        List<Object> all = new ArrayList<>();
        for (int i = from; i < to; i++) {
            all.add(Float.floatToRawIntBits(values[i]));
        }
        return all;
    }

    private static List<Object> bits(long[] ids, float[] weights, int[] positions, int from, int to) {
        List<Object> all = new ArrayList<>();
        for (int i = from; i < to; i++) {
            all.add(ids[i]);
            all.add(weights.length == 0 ? "no weight" : Float.floatToRawIntBits(weights[i]));
            all.add(positions.length == 0 ? i - from : positions[i]);
        }
        return all;
    }

    @Test
    void layers() {
        int rows = 1003;
        try (var features = DenseFeatures.of(denseColumns(), Rng.of(3));
                var linear = LinearModel.of(
                        idColumns(),
                        new LinearModel.Options(3, Combiner.MEAN, ColumnMode.STRICT),
                        EmbeddingTables.of(Rng.of(5)));
                var sequences = SequenceFeatures.of(sequenceColumns(), Rng.of(4));
                var _ = Scope.open()) {
            Autograd.noGrad(() -> {
                linear.parameters()
                        .values()
                        .forEach(w -> w.copyFrom(Rng.of(6).stream(w.count()).normal(w.shape())));
                return linear;
            });
            float[] x = features.forward(rows(0, rows)).toFloats();
            float[] y = linear.forward(rows(0, rows)).toFloats();
            var z = sequences.forward(rows(0, rows));
            int longest = (int) z.values().size(1);
            int width = (int) z.values().size(2);
            float[] s = z.values().toFloats();
            for (int r = 0; r < rows; r += 7) {
                var row = rows(r, r + 1);
                assertThat(bits(features.forward(row).toFloats(), 0, features.width()))
                        .isEqualTo(bits(x, r * features.width(), (r + 1) * features.width()));
                assertThat(bits(linear.forward(row).toFloats(), 0, 3)).isEqualTo(bits(y, r * 3, r * 3 + 3));
                int length = z.lengths()[r];
                int at = r * longest * width;
                assertThat(bits(sequences.forward(row).values().toFloats(), 0, length * width))
                        .isEqualTo(bits(s, at, at + length * width));
            }
        }
    }
}
