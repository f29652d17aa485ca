package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    private final List<Path> texts = new ArrayList<>();

    private Path records;

    @BeforeEach
    void writeFiles() throws IOException {
        int line = 0;
        for (int size : new int[] {13, 0, 1, 40, 7}) {
            var text = new StringBuilder();
            for (int i = 0; i < size; i++) {
                text.append("line ").append(line++).append(i % 3 == 0 ? "\r\n" : "\n");
            }
            texts.add(Files.writeString(folder.resolve("part-" + texts.size() + ".txt"), text));
        }
    }

    @BeforeEach
    void writeRecords() throws IOException {
        records = folder.resolve("some.tfrecord");
        try (var writer = TfRecordWriter.create(records)) {
            for (int i = 0; i < 30; i++) {
                writer.write("x".repeat(i % 7).getBytes(UTF_8));
            }
        }
    }

    private static Dataset<Integer> numbers(int n) {
        return Dataset.of(IntStream.range(0, n).boxed().toList());
    }

    private Dataset<String> lines() {
        return Dataset.files(TextLines.lines(), texts);
    }

    private static int[] tokens(int n) {
        int[] tokens = new int[n * 7 % 11];
        Arrays.fill(tokens, n);
        return tokens;
    }

    /// Every stage alone and in company; elements as text, so that arrays compare.
    private Map<String, Dataset<?>> pipelines() {
        var all = new LinkedHashMap<String, Dataset<?>>();
        all.put("list", numbers(11));
        all.put("empty", numbers(0).shuffle(4, 1).batch(2).prefetch(1));
        all.put("text", lines());
        all.put("files", Dataset.files(TextLines.lines(), texts, 2, 3, OptionalLong.of(5)));
        all.put("jsonl", Datasets.jsonl(SAMPLES.resolve("sample-csv.jsonl")).map(JsonLines.Line::value));
        all.put("csv", Datasets.csv(CsvFormat.standard().inferred(), SAMPLES.resolve("sample.csv")));
        all.put(
                "parquet",
                Datasets.parquet(SAMPLES.resolve("sample-zstd.parquet")).map(row -> row.integer("id")));
        all.put("tfrecord", Datasets.tfRecords(records).map(bytes -> new String(bytes, UTF_8)));
        all.put("map", numbers(40).map(n -> n * n).filter(n -> n % 3 == 1));
        all.put("parallel map", numbers(150).map(n -> n * n, 3));
        all.put(
                "flat map",
                numbers(30).flatMap(n -> IntStream.range(0, n % 4).boxed().toList()));
        all.put("shuffle", numbers(300).shuffle(50, 3));
        all.put("small shuffle", numbers(20).shuffle(1, 3));
        all.put("wide shuffle", numbers(20).shuffle(100, 3));
        all.put("shuffle twice", lines().shuffle(9, 3).map(String::length).shuffle(5, 3));
        all.put("batch", lines().batch(4).map(List::size));
        all.put("batch, whole", lines().batch(4, true));
        all.put("pad", numbers(20).pad(DatasetTest::tokens, 3, 4, -1).map(p -> Arrays.toString(p.tokens())));
        all.put("pack", numbers(60).pack(DatasetTest::tokens, 16, -1, 25).map(p -> Arrays.toString(p.tokens())));
        all.put("prefetch", lines().prefetch(5));
        all.put("shard", lines().shard(1, 3));
        all.put("take", lines().skip(5).take(17));
        all.put("repeat", numbers(9).shuffle(4, 1).repeat(4).skip(3));
        all.put("endless", numbers(9).shuffle(4, 1).repeat().take(50));
        all.put("interleave", Dataset.interleave(List.of(numbers(9), numbers(0), numbers(4), numbers(20)), 2, 3));
        for (var stop : Dataset.Stop.values()) {
            var parts = List.of(
                    numbers(30).shuffle(7, 1),
                    numbers(20).map(n -> -n),
                    numbers(5).repeat(9));
            all.put("mix " + stop, Dataset.mix(parts, new double[] {1, 2.5, 0.5}, 4, stop));
        }
        all.put(
                "training",
                Dataset.files(TextLines.lines(), texts, 3, 2, OptionalLong.of(1))
                        .shard(1, 2)
                        .map(line -> line.length() + line.hashCode() % 7, 2)
                        .shuffle(10, 7)
                        .pack(n -> tokens(Math.abs(n)), 12, 0, 8)
                        .batch(2)
                        .map(batch -> batch.stream()
                                .map(p -> Arrays.toString(p.tokens()))
                                .toList())
                        .repeat(3)
                        .prefetch(2));
        return all;
    }

    @Test
    void goesOnExactlyAfterEveryElement() {
        pipelines().forEach(DatasetTest::goesOnExactly);
    }

    private static <T> void goesOnExactly(String name, Dataset<T> dataset) {
        var all = dataset.toList();
        try (var iterator = dataset.iterator()) {
            for (int k = 0; k <= all.size(); k++) {
                var fresh = DatasetState.parse(iterator.state().json());
                assertThat(iterator.hasNext()).isEqualTo(k < all.size());
                var peeked = iterator.state();
                for (var state : List.of(fresh, peeked)) {
                    try (var resumed = dataset.iterator(state)) {
                        var tail = new ArrayList<T>();
                        resumed.forEachRemaining(tail::add);
                        assertThat(tail).as(name + " after " + k).isEqualTo(all.subList(k, all.size()));
                    }
                }
                if (k < all.size()) {
                    assertThat(iterator.next()).isEqualTo(all.get(k));
                }
            }
            assertThat(iterator.hasNext()).isFalse();
        }
    }

    @Test
    void goesOnFromAStateOfAResumedIterator() {
        pipelines().forEach(DatasetTest::goesOnInSteps);
    }

    private static <T> void goesOnInSteps(String name, Dataset<T> dataset) {
        var all = dataset.toList();
        var steps = new ArrayList<T>();
        DatasetState state;
        try (var first = dataset.iterator()) {
            state = first.state();
        }
        while (true) {
            try (var iterator = dataset.iterator(state)) {
                for (int i = 0; i < 3 && iterator.hasNext(); i++) {
                    steps.add(iterator.next());
                }
                boolean ended = !iterator.hasNext();
                state = iterator.state();
                if (ended) {
                    break;
                }
            }
        }
        assertThat(steps).as(name).isEqualTo(all);
    }

    @Test
    void everyRecordComesOnceAnEpoch() {
        var expected = IntStream.range(0, 61).mapToObj(i -> "line " + i).toList();
        assertThat(lines().toList()).isEqualTo(expected);
        for (int cycle : new int[] {1, 2, 5, 9}) {
            var files = Dataset.files(TextLines.lines(), texts, cycle, 2, OptionalLong.of(cycle));
            assertThat(files.shuffle(8, 1).toList()).containsExactlyInAnyOrderElementsOf(expected);
        }
        for (int world : new int[] {1, 2, 3, 100}) {
            var seen = new ArrayList<String>();
            for (int rank = 0; rank < world; rank++) {
                var share = lines().shuffle(10, 2).shard(rank, world).toList();
                assertThat(share.size()).isBetween(61 / world, 61 / world + 1);
                seen.addAll(share);
            }
            assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
        }
        var epochs = lines().shuffle(20, 1).repeat(3).toList();
        var different = new HashSet<List<String>>();
        for (int i = 0; i < 3; i++) {
            var epoch = epochs.subList(61 * i, 61 * (i + 1));
            assertThat(epoch).containsExactlyInAnyOrderElementsOf(expected);
            different.add(epoch);
        }
        assertThat(different).hasSize(3);
    }

    @Test
    void interleavesAsTensorFlowDoes() {
        // tf.data.Dataset.interleave's documented example: range(1, 6), six copies each, cycle 2, block 4.
        var parts = IntStream.range(1, 6)
                .mapToObj(n -> Dataset.of(List.of(n, n, n, n, n, n)))
                .toList();
        assertThat(Dataset.interleave(parts, 2, 4).toList())
                .containsExactly(
                        1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5);
    }

    @Test
    void noElementComesOutOfAShuffleTooEarly() {
        for (int size : new int[] {1, 2, 10, 100, 1000, 5000}) {
            var order = numbers(1000).shuffle(size, 6).toList();
            assertThat(order).containsExactlyInAnyOrderElementsOf(numbers(1000).toList());
            for (int i = 0; i < order.size(); i++) {
                assertThat(order.get(i) - i).isLessThan(size);
            }
        }
        assertThat(numbers(1000).shuffle(100, 6).toList())
                .isNotEqualTo(numbers(1000).shuffle(100, 7).toList());
    }

    @Test
    void aFullShuffleIsUniform() {
        // 24 orders of 4 elements over 12 000 epochs: chi-square with 23 degrees of freedom is below 49.7 with
        // probability 0.999.
        var counts = new LinkedHashMap<List<Integer>, Integer>();
        var dataset = numbers(4).shuffle(4, 11);
        for (int epoch = 0; epoch < 12_000; epoch++) {
            try (var iterator = dataset.iterator(epoch)) {
                var order = new ArrayList<Integer>();
                iterator.forEachRemaining(order::add);
                counts.merge(order, 1, Integer::sum);
            }
        }
        assertThat(counts).hasSize(24);
        double chiSquare = counts.values().stream()
                .mapToDouble(count -> (count - 500.0) * (count - 500) / 500)
                .sum();
        assertThat(chiSquare).isLessThan(49.7);
    }

    @Test
    void anyNumberOfThreadsGivesTheSame() {
        Dataset<Integer> base = numbers(500).shuffle(60, 2);
        var expected = base.map(n -> n * 31).batch(7).toList();
        for (int threads : new int[] {1, 2, 4}) {
            assertThat(base.map(n -> slow(n) * 31, threads)
                            .batch(7)
                            .prefetch(threads)
                            .toList())
                    .isEqualTo(expected);
        }
        try (var iterator = base.map(n -> n * 31, 4).iterator()) {
            for (int i = 0; i < 99; i++) {
                iterator.next();
            }
            try (var other = base.map(n -> n * 31, 1).iterator(iterator.state())) {
                assertThat(other.next()).isEqualTo(iterator.next());
            }
        }
    }

    private static int slow(int n) {
        int turns = n * 7919 % 1000;
        for (int i = 0; i < turns; i++) {
            Thread.onSpinWait();
        }
        return n;
    }

    @Test
    void aMixHasTheFrequenciesOfItsWeights() {
        double[] weights = {5, 3, 0, 2};
        var parts = IntStream.range(0, 4)
                .mapToObj(i -> Dataset.of(List.of(i)).repeat())
                .toList();
        int n = 100_000;
        var counts = new double[4];
        Dataset.mix(parts, weights, 9, Dataset.Stop.FIRST_EXHAUSTED).take(n).forEach(i -> counts[i]++);
        for (int i = 0; i < 4; i++) {
            double p = weights[i] / 10;
            // Four standard deviations: missed by chance once in 16 000 times.
            assertThat(Math.abs(counts[i] - n * p)).isLessThanOrEqualTo(4 * Math.sqrt(n * p * (1 - p)));
        }
        var all = Dataset.mix(List.of(numbers(10), numbers(100)), new double[] {1, 1}, 3, Dataset.Stop.ALL_EXHAUSTED);
        assertThat(all.toList()).hasSize(110);
        var first =
                Dataset.mix(List.of(numbers(10), numbers(100)), new double[] {1, 1}, 3, Dataset.Stop.FIRST_EXHAUSTED);
        assertThat(first.toList())
                .hasSizeBetween(10, 60)
                .isEqualTo(all.toList().subList(0, first.toList().size()));
        assertThatThrownBy(() -> Dataset.mix(parts, new double[] {1, -1, 0, 0}, 1, Dataset.Stop.ALL_EXHAUSTED))
                .hasMessageContaining("[mix] expected a weight >= 0");
    }

    @Test
    void errorsNameStageAndRecord() throws IOException {
        var file = Files.writeString(folder.resolve("numbers.txt"), "1\n2\nthree\n4\n");
        for (Dataset<?> dataset : List.of(
                Datasets.text(file).map(Integer::parseInt),
                Datasets.text(file).map(Integer::parseInt, 2),
                Datasets.text(file).map(Integer::parseInt).shuffle(2, 1).prefetch(3))) {
            assertThatThrownBy(dataset::toList)
                    .isInstanceOf(DatasetException.class)
                    .hasMessageContaining("map] failed at " + file + ":3: java.lang.NumberFormatException");
        }
        try (var iterator = Datasets.text(file).map(Integer::parseInt).iterator()) {
            assertThat(iterator.next()).isEqualTo(1);
            assertThat(iterator.origin().map(Origin::toString)).contains(file + ":1");
            iterator.next();
            assertThatThrownBy(iterator::next).isInstanceOf(DatasetException.class);
            assertThatThrownBy(iterator::next).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(iterator::state).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> Datasets.text(folder.resolve("none.txt")).toList())
                .hasMessageContaining("none.txt");
        assertThatThrownBy(() -> numbers(0).repeat().toList()).hasMessageContaining("[repeat] expected at least one");
    }

    @Test
    void aStateFitsOnlyItsPipelineAndItsFiles() throws IOException {
        DatasetState state;
        try (var iterator = lines().shuffle(5, 1).iterator()) {
            iterator.next();
            state = iterator.state();
        }
        assertThatThrownBy(() -> lines().shuffle(5, 2).iterator(state))
                .hasMessageContaining("expected a state of shuffle(5, seed 2); got one of shuffle(5, seed 1)");
        assertThatThrownBy(() -> lines().iterator(DatasetState.parse("{}"))).hasMessageContaining("\"upstream\"");
        assertThatThrownBy(() -> DatasetState.parse("{")).hasMessageContaining("expected a saved state");
        Files.writeString(texts.getFirst(), "other");
        assertThatThrownBy(() -> lines().shuffle(5, 1).iterator(state)).hasMessageContaining("part-0.txt of 5 bytes");
    }

    @Test
    void packingKeepsSequencesWholeAndApart() {
        for (int window : new int[] {1, 7, 1000}) {
            var rows = numbers(200).pack(DatasetTest::tokens, 16, -1, window).toList();
            var seen = new ArrayList<Integer>();
            for (var row : rows) {
                checkRow(row);
                seen.addAll(row.parts());
            }
            assertThat(seen).containsExactlyInAnyOrderElementsOf(numbers(200).toList());
        }
        assertThatThrownBy(() -> numbers(9).pack(DatasetTest::tokens, 9, 0, 5).toList())
                .hasMessageContaining("[pack] expected at most 9 tokens in list:4; got 10");
    }

    private static void checkRow(Packed<Integer> row) {
        assertThat(row.tokens()).hasSize(16);
        assertThat(row.cuSeqlens()).hasSize(row.parts().size() + 1).startsWith(0);
        for (int i = 0; i < row.parts().size(); i++) {
            int from = row.cuSeqlens()[i];
            int to = row.cuSeqlens()[i + 1];
            assertThat(Arrays.copyOfRange(row.tokens(), from, to))
                    .isEqualTo(tokens(row.parts().get(i)));
            for (int at = from; at < to; at++) {
                assertThat(row.positions()[at]).isEqualTo(at - from);
                assertThat(row.sequenceIds()[at]).isEqualTo(i + 1);
            }
        }
        for (int at = row.used(); at < 16; at++) {
            assertThat(new int[] {row.tokens()[at], row.positions()[at], row.sequenceIds()[at]})
                    .containsExactly(-1, 0, 0);
        }
    }

    @Test
    void packingFillsAtLeastAsWellAsFirstFit() {
        int better = 0;
        for (int trial = 0; trial < 500; trial++) {
            var draws = new Draws(trial, 0);
            int[] lengths = IntStream.range(0, 60).map(i -> draws.below(i, 50)).toArray();
            var bins = BinPacking.pack(lengths, 50);
            int total = Arrays.stream(lengths).sum();
            int first = BinPacking.firstFit(lengths, 50).size();
            assertThat(bins.size()).isBetween(Math.ceilDiv(total, 50), first);
            better += bins.size() < first ? 1 : 0;
            assertThat(bins.stream().flatMap(List::stream).sorted().toList())
                    .isEqualTo(IntStream.range(0, 60).boxed().toList());
            assertThat(bins)
                    .allSatisfy(bin -> assertThat(
                                    bin.stream().mapToInt(i -> lengths[i]).sum())
                            .isLessThanOrEqualTo(50));
        }
        assertThat(better).isGreaterThan(250);
    }

    @Test
    void padsToAMultiple() {
        var batch = Padded.of(List.of(3, 0, 1), DatasetTest::tokens, 4, -1);
        assertThat(batch.width()).isEqualTo(12);
        assertThat(batch.lengths()).containsExactly(10, 0, 7);
        for (int i = 0; i < batch.tokens().length; i++) {
            boolean inside = i % 12 < batch.lengths()[i / 12];
            assertThat(batch.mask()[i]).isEqualTo(inside);
            assertThat(batch.tokens()[i]).isEqualTo(inside ? batch.parts().get(i / 12) : -1);
        }
        assertThat(Padded.of(List.<Integer>of(), DatasetTest::tokens, 4, 0).tokens())
                .isEmpty();
    }

    @Test
    void closingFreesThreadsAndAnInterruptIsHeard() throws Exception {
        long before = threads();
        Supplier<Dataset<Integer>> endless =
                () -> numbers(10).repeat().map(n -> n, 3).prefetch(2).prefetch(2);
        for (int i = 0; i < 20; i++) {
            try (var iterator = endless.get().iterator()) {
                iterator.next();
            }
        }
        assertThat(threads()).isEqualTo(before);
        var stuck = numbers(10).map(DatasetTest::sleep, 2);
        for (var dataset : List.of(stuck, stuck.prefetch(1))) {
            try (var iterator = dataset.iterator()) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(iterator::next)
                        .isInstanceOf(DatasetException.class)
                        .hasMessageContaining("was interrupted");
                assertThat(Thread.interrupted()).isTrue();
            }
        }
        assertThat(threads()).isEqualTo(before);
    }

    private static int sleep(int n) {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return n;
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("torrefy-map")
                        || thread.getName().startsWith("torrefy-prefetch"))
                .count();
    }

    @Test
    void aStateOfALargeShuffleHoldsNoRecords() {
        var dataset = numbers(1000).map(n -> "x".repeat(10_000)).shuffle(100, 1);
        try (var iterator = dataset.iterator()) {
            iterator.next();
            assertThat(iterator.state().json().length()).isLessThan(2000);
        }
    }

    @Test
    void picksTheFormatByNameOrFirstBytes() throws IOException {
        var csv = SAMPLES.resolve("sample.csv");
        var jsonl = Files.writeString(folder.resolve("a.JSONL"), "{\"a\": 1, \"b\": [1.5, null]}\n");
        var unnamed = Files.copy(SAMPLES.resolve("sample-none.parquet"), folder.resolve("table"));
        assertThat(Datasets.open(csv).toList()).hasSize(60);
        assertThat(Datasets.open(jsonl).toList().getFirst().values().toString()).isEqualTo("{a=1, b=[1.5, null]}");
        assertThat(Datasets.open(csv, unnamed, texts.getFirst()).toList()).hasSize(60 + 50 + 13);
        assertThat(Datasets.open(texts.getFirst()).toList().getLast().text("text"))
                .isEqualTo("line 12");
        var shard = Files.copy(Golden.file("tf/gzip.tfrecord"), folder.resolve("x.tfrecord-00000-of-00001"));
        var named = Files.copy(Golden.file("tf/gzip.tfrecord"), folder.resolve("x.tfrecord.gz"));
        var nameless = Files.copy(Golden.file("tf/plain.tfrecord"), folder.resolve("train-00000-of-00001"));
        assertThat(Datasets.open(shard, named, nameless).toList()).hasSize(24);
        var unknown = Files.writeString(folder.resolve("a.xls"), "?");
        assertThatThrownBy(() -> Datasets.open(csv, unknown))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("[dataset] expected files that end in one of [.csv, .jsonl, .ndjson, .parquet, .tfrecord,"
                        + " .tfrecord.gz, .tfrecords, .tfrecords.gz, .tsv, .txt]; got [" + unknown + "].");
    }

    /// A shard is of its set's format, and its examples have their fields.
    @Test
    void textsAreReadFromShardsAndExamples() throws IOException {
        Path stem = folder.resolve("set.tfrecord");
        Shards.write(stem, 2, Compression.NONE, writer -> {
            for (int i = 0; i < 6; i++) {
                writer.write(Example.of(Map.of("n", Feature.of((long) i), "text", Feature.of("t" + i)))
                        .toBytes());
            }
        });
        assertThat(Datasets.texts(OptionalLong.empty(), Shards.files(stem))
                        .map(row -> row.text("text"))
                        .toList())
                .containsExactly("t0", "t2", "t4", "t1", "t3", "t5");
        assertThat(Datasets.open(Shards.file(stem, 0, 2)).toList().getFirst().values())
                .containsOnlyKeys("record");
        TfRecordWriter.write(
                folder.resolve("bad.tfrecord"), Compression.NONE, writer -> writer.write(new byte[] {10, 9}));
        assertThatThrownBy(() -> Datasets.texts(OptionalLong.empty(), List.of(folder.resolve("bad.tfrecord")))
                        .toList())
                .hasMessageContaining("expected a tf.Example in record 0 of " + folder.resolve("bad.tfrecord"));
        assertThatThrownBy(() -> Datasets.texts(OptionalLong.empty(), List.of()))
                .hasMessageContaining("at least one file");
    }

    @Test
    void aSeedOrdersTheFilesOfEveryEpoch() {
        var seeded = Datasets.texts(OptionalLong.of(3), texts).map(Row::file);
        Set<List<Path>> orders = new HashSet<>();
        for (int epoch = 0; epoch < 8; epoch++) {
            try (var iterator = seeded.iterator(epoch)) {
                List<Path> order = new ArrayList<>();
                iterator.forEachRemaining(order::add);
                orders.add(order.stream().distinct().toList());
            }
        }
        assertThat(orders)
                .hasSizeGreaterThan(1)
                .allSatisfy(order -> assertThat(order)
                        .as("all but the empty one")
                        .containsExactlyInAnyOrder(texts.get(0), texts.get(2), texts.get(3), texts.get(4)));
    }
}
