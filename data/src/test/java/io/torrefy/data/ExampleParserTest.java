package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.data.FeatureSpec.FixedLen;
import io.torrefy.data.FeatureSpec.FixedLenSequence;
import io.torrefy.data.FeatureSpec.Partition;
import io.torrefy.data.FeatureSpec.Ragged;
import io.torrefy.data.FeatureSpec.Sparse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `tests/resources/tf/examples.json` is what `tf.io.parse_example` of TensorFlow 2.21 made of the file beside it; the
/// other values are the specification's, which were run there too.
class ExampleParserTest {
    private static final ValueKind LONG = ValueKind.INT64;
    private static final ValueKind FLOAT = ValueKind.FLOAT32;
    private static final ValueKind STRING = ValueKind.STRING;

    @TempDir
    Path folder;

    static Map<String, FeatureSpec> specs() {
        var specs = new LinkedHashMap<String, FeatureSpec>();
        specs.put("id", FeatureSpec.fixedLen(LONG));
        specs.put("pair", FeatureSpec.fixedLen(FLOAT, 2));
        specs.put("name", FeatureSpec.fixedLen(STRING, 1, 1));
        specs.put("default", FeatureSpec.scalar(LONG, new FeatureValues.Longs(new long[] {-7})));
        specs.put("ints", FeatureSpec.varLenSparse(LONG));
        specs.put(
                "floats",
                new FixedLenSequence(
                        FLOAT, new long[0], true, Optional.of(new FeatureValues.Floats(new float[] {-1}))));
        specs.put("bytes", FeatureSpec.varLen(STRING));
        specs.put("even", new FixedLenSequence(LONG, new long[] {2}, true, Optional.empty()));
        specs.put("sparse", new Sparse(FLOAT, List.of("index"), "value", new long[] {100}, false));
        specs.put("nested", new Ragged(LONG, Optional.of("inner"), List.of(new Partition.Uniform(2))));
        specs.put("parted", new Ragged(FLOAT, Optional.of("parts"), List.of(new Partition.RowLengths("lengths"))));
        return specs;
    }

    static List<byte[]> records(String name) throws IOException {
        var records = new ArrayList<byte[]>();
        try (var reader = TfRecordReader.open(Golden.file(name))) {
            while (reader.next()) {
                records.add(reader.record());
            }
        }
        return records;
    }

    @Test
    void parsesWhatTensorFlowParses() throws IOException {
        var batch = ExampleParser.of(specs()).parse(records("tf/examples.tfrecord"));
        assertThat(batch.rows()).isEqualTo(37);
        var golden = Golden.json("tf/examples.json");
        assertThat(golden.size()).isEqualTo(specs().size());
        golden.fields()
                .forEachRemaining(
                        expected -> check(expected.getKey(), batch.feature(expected.getKey()), expected.getValue()));
    }

    @Test
    void parsesTheSequencesThatTensorFlowParses() throws IOException {
        var steps = new LinkedHashMap<String, FeatureSpec>();
        steps.put("pairs", new FixedLenSequence(FLOAT, new long[] {2}, false, Optional.empty()));
        steps.put("words", FeatureSpec.varLenSparse(STRING));
        steps.put("letters", FeatureSpec.varLen(STRING));
        var parser = SequenceExampleParser.of(Map.of("id", FeatureSpec.fixedLen(LONG)), steps);
        var batch = parser.parse(records("tf/sequences.tfrecord"));
        var golden = Golden.json("tf/sequences.json");
        check("id", batch.context().feature("id"), golden.path("context").path("id"));
        check("pairs", batch.sequences().feature("pairs"), golden.path("lists").path("pairs"));
        check("words", batch.sequences().feature("words"), golden.path("lists").path("words"));
        check(
                "letters",
                batch.sequences().feature("letters"),
                golden.path("lists").path("ragged"));
        assertThat(batch.lengths().get("pairs"))
                .containsExactly(longs(golden.path("lengths").path("pairs")));
    }

    @Test
    void sequencesHaveToBeCompleteAndThere() throws IOException {
        var context = Map.of("id", FeatureSpec.fixedLen(LONG));
        Map<String, FeatureSpec> threes =
                Map.of("pairs", new FixedLenSequence(FLOAT, new long[] {3}, false, Optional.empty()));
        assertThatThrownBy(() -> SequenceExampleParser.of(context, threes).parse(records("tf/sequences.tfrecord")))
                .isInstanceOf(ExampleException.class)
                .hasMessageContaining("row 1")
                .hasMessageContaining("\"pairs\"")
                .hasMessageContaining("with 3 values; got 2");
        Map<String, FeatureSpec> gone =
                Map.of("gone", new FixedLenSequence(FLOAT, new long[0], false, Optional.empty()));
        assertThatThrownBy(() -> SequenceExampleParser.of(context, gone).parse(records("tf/sequences.tfrecord")))
                .hasMessageContaining("feature list \"gone\"");
        assertThatThrownBy(() -> SequenceExampleParser.of(context, Map.of("x", FeatureSpec.fixedLen(LONG))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /// The worked table of the specification.
    @Test
    void theWorkedExamples() {
        var c = List.of(example("c", Feature.of(1, -1, 300)), example("c", Feature.of(4)), new byte[0]);
        var sparse = (FeatureData.Sparse) one(FeatureSpec.varLenSparse(LONG), "c", c);
        assertThat(sparse.indices()).containsExactly(0, 0, 0, 1, 0, 2, 1, 0);
        assertThat(sparse.values()).extracting("array").isEqualTo(new long[] {1, -1, 300, 4});
        assertThat(sparse.shape()).containsExactly(3, 3);
        var minusNine = Optional.<FeatureValues>of(new FeatureValues.Longs(new long[] {-9}));
        var dense = (FeatureData.Dense) one(new FixedLenSequence(LONG, new long[0], true, minusNine), "c", c);
        assertThat(dense.values()).extracting("array").isEqualTo(new long[] {1, -1, 300, 4, -9, -9, -9, -9, -9});
        assertThat(dense.shape()).containsExactly(3, 3);
        var ragged = (FeatureData.Ragged) one(FeatureSpec.varLen(LONG), "c", c);
        assertThat(ragged.rowSplits()[0]).containsExactly(0, 3, 4, 4);

        var indexed = Map.of("ix", Feature.of(7, 2), "v", Feature.of(.5f, .25f));
        var sorted = (FeatureData.Sparse) one(
                new Sparse(FLOAT, List.of("ix"), "v", new long[] {10}, false),
                "s",
                List.of(Example.of(indexed).toBytes()));
        assertThat(sorted.indices()).containsExactly(0, 2, 0, 7);
        assertThat(sorted.values()).extracting("array").isEqualTo(new float[] {.25f, .5f});
    }

    /// `v = [1..5]` with lists of 2, 0 and 3, told in each of the ways.
    @Test
    void everyPartitionDividesTheSame() {
        var features = new LinkedHashMap<String, Feature>();
        features.put("v", Feature.of(1, 2, 3, 4, 5));
        features.put("lengths", Feature.of(2, 0, 3));
        features.put("splits", Feature.of(0, 2, 2, 5));
        features.put("starts", Feature.of(0, 2, 2));
        features.put("limits", Feature.of(2, 2, 5));
        features.put("ids", Feature.of(0, 0, 2, 2, 2));
        var rows = List.of(Example.of(features).toBytes(), new byte[0]);
        for (Partition partition : List.of(
                new Partition.RowLengths("lengths"),
                new Partition.RowSplits("splits"),
                new Partition.RowStarts("starts"),
                new Partition.RowLimits("limits"),
                new Partition.ValueRowIds("ids"))) {
            var data = (FeatureData.Ragged) one(new Ragged(LONG, Optional.of("v"), List.of(partition)), "r", rows);
            assertThat(data.rowSplits()[0]).as("%s", partition).containsExactly(0, 3, 3);
            assertThat(data.rowSplits()[1]).as("%s", partition).containsExactly(0, 2, 2, 5);
        }
        var two = new Ragged(
                LONG, Optional.of("v"), List.of(new Partition.RowSplits("outer"), new Partition.RowLengths("lengths")));
        features.put("outer", Feature.of(0, 1, 3));
        var data =
                (FeatureData.Ragged) one(two, "r", List.of(Example.of(features).toBytes()));
        assertThat(data.rowSplits()[0]).containsExactly(0, 2);
        assertThat(data.rowSplits()[1]).containsExactly(0, 1, 3);
        assertThat(data.rowSplits()[2]).containsExactly(0, 2, 2, 5);

        features.put("lengths", Feature.of(2, 0, 4));
        assertThatThrownBy(() -> one(
                        new Ragged(LONG, Optional.of("v"), List.of(new Partition.RowLengths("lengths"))),
                        "r",
                        List.of(Example.of(features).toBytes())))
                .isInstanceOf(ExampleException.class)
                .hasMessageContaining("ragged feature \"r\"")
                .hasMessageContaining("row 0");
    }

    @Test
    void errorsNameFeatureRowAndName() {
        var two = example("c", Feature.of(1, 2));
        assertProblem(FeatureSpec.fixedLen(LONG), "z", two, "feature \"z\" (int64), which has no default; got none");
        assertProblem(FeatureSpec.fixedLen(LONG), "c", two, "feature \"c\" (int64) with 1 values; got 2");
        assertProblem(FeatureSpec.fixedLen(FLOAT), "c", two, "feature \"c\" as float32; got int64");
        assertProblem(FeatureSpec.varLen(STRING), "c", two, "feature \"c\" as string; got int64");
        assertProblem(
                new FixedLenSequence(LONG, new long[] {3}, true, Optional.empty()),
                "c",
                two,
                "feature \"c\" (int64) with a multiple of 3 values; got 2");
        // there without values is not missing
        assertProblem(
                FeatureSpec.scalar(LONG, new FeatureValues.Longs(new long[] {1})),
                "c",
                example("c", Feature.of(new long[0])),
                "with 1 values; got 0");
        var pair = Example.of(Map.of("i", Feature.of(1, 17), "v", Feature.of(1f, 2f)))
                .toBytes();
        assertProblem(
                new Sparse(FLOAT, List.of("i"), "v", new long[] {10}, false),
                "s",
                pair,
                "indices of 0 to 9 in \"i\"; got 17");
        var uneven =
                Example.of(Map.of("i", Feature.of(1), "v", Feature.of(1f, 2f))).toBytes();
        assertProblem(new Sparse(FLOAT, List.of("i"), "v", new long[] {10}, false), "s", uneven, "got 1 and 2");
        assertProblem(FeatureSpec.varLen(LONG), "c", new byte[] {0x0a, 5}, "expected an Example; it is none");
    }

    private static void assertProblem(FeatureSpec spec, String name, byte[] second, String problem) {
        var good = new LinkedHashMap<String, Feature>();
        for (String key : new String[] {"z", "c", "i", "v"}) {
            good.put(key, Feature.missing());
        }
        boolean needed = spec instanceof FixedLen fixed && fixed.defaultValue().isEmpty();
        if (needed) {
            good.put(name, spec.kind() == LONG ? Feature.of(1) : Feature.of(1f));
        }
        var rows = List.of(Example.of(good).toBytes(), second);
        assertThatThrownBy(() -> ExampleParser.of(Map.of(name, spec)).parse(rows, List.of("first", "second")))
                .isInstanceOf(ExampleException.class)
                .hasMessageContaining("[parseExample] row 1 (second): expected ")
                .hasMessageContaining(problem);
    }

    @Test
    void allProblemsOfARecordAtOnce() {
        var specs = new LinkedHashMap<String, FeatureSpec>();
        specs.put("a", FeatureSpec.fixedLen(LONG));
        specs.put("b", FeatureSpec.fixedLen(FLOAT));
        assertThatThrownBy(() -> ExampleParser.of(specs).parse(List.of(example("b", Feature.of("x")))))
                .hasMessageContaining("\"a\"")
                .hasMessageContaining("\"b\" as float32; got string");
    }

    @Test
    void specificationsAreChecked() {
        assertThatThrownBy(() -> new FixedLen(LONG, new long[] {2}, Optional.of(new FeatureValues.Longs(new long[1]))))
                .hasMessageContaining("a default of 2 int64 values; got 1");
        assertThatThrownBy(() ->
                        ExampleParser.of(Map.of("s", new FixedLenSequence(LONG, new long[0], false, Optional.empty()))))
                .hasMessageContaining("allowMissing");
        assertThatThrownBy(() -> ValueKind.named("int32")).hasMessageContaining("int32");
    }

    /// The last of a key counts, whatever the order and wherever it lies; packed numbers or not.
    @Test
    void oddButAllowedWireFormats() {
        var unpacked = ExampleTest.entry(
                new Proto().message(3, new Proto().varint(1, 8).varint(1, 9)), "c", true);
        var earlier = ExampleTest.entry(new Proto().message(1, new Proto().text(1, "wrong kind")), "c", false);
        var serialized = new Proto()
                .text(15, "unknown")
                .message(1, new Proto().message(1, earlier).varint(3, 1))
                .message(1, new Proto().message(1, unpacked))
                .toBytes();
        var data = (FeatureData.Ragged) one(FeatureSpec.varLen(LONG), "c", List.of(serialized));
        assertThat(data.values()).extracting("array").isEqualTo(new long[] {8, 9});
        var floats = new Proto().message(2, new Proto().float32(1, 1).packed(1, new float[] {2}));
        var mixed = new Proto().message(1, new Proto().message(1, ExampleTest.entry(floats, "c", false)));
        assertThatThrownBy(() -> one(FeatureSpec.varLen(FLOAT), "c", List.of(mixed.toBytes())))
                .hasMessageContaining("all packed or all unpacked");
    }

    @Test
    void manyKeysAndAnyOrderFindTheirColumns() {
        var specs = new LinkedHashMap<String, FeatureSpec>();
        for (int i = 0; i < 300; i++) {
            specs.put("feature " + i, FeatureSpec.fixedLen(LONG));
        }
        var rows = new ArrayList<byte[]>();
        for (int row = 0; row < 5; row++) {
            var map = new Proto();
            for (int i = 0; i < 300; i++) {
                int shuffled = (i * 7 + row * 13) % 300;
                map.message(
                        1,
                        ExampleTest.entry(
                                new Proto().message(3, new Proto().packed(1, new long[] {shuffled * 10L + row})),
                                "feature " + shuffled,
                                i % 2 == 0));
            }
            rows.add(new Proto().message(1, map).toBytes());
        }
        var batch = ExampleParser.of(specs).parse(rows);
        for (int i = 0; i < 300; i++) {
            var values = ((FeatureValues.Longs) batch.feature("feature " + i).values()).array();
            for (int row = 0; row < 5; row++) {
                assertThat(values[row]).isEqualTo(i * 10L + row);
            }
        }
    }

    @Test
    void aSingleExampleHasNoAxisOfRows() throws IOException {
        var record = records("tf/examples.tfrecord").get(3);
        var single = ExampleParser.of(specs()).parseSingle(record);
        assertThat(((FeatureData.Dense) single.get("id")).shape()).isEmpty();
        assertThat(single.get("id").values()).extracting("array").isEqualTo(new long[] {3});
        assertThat(((FeatureData.Dense) single.get("pair")).shape()).containsExactly(2);
        assertThat(((FeatureData.Sparse) single.get("sparse")).shape()).containsExactly(100);
        assertThat(((FeatureData.Sparse) single.get("sparse")).indices()).hasSize(3);
        assertThat(((FeatureData.Dense) single.get("nested")).shape()).containsExactly(3, 2);
        assertThat(((FeatureData.Ragged) single.get("parted")).rowSplits()[0]).containsExactly(0, 2, 3);
    }

    @Test
    void batchesAreTheSameOnAnyNumberOfThreadsAndErrorsNameTheFile() throws IOException {
        var file = Golden.file("tf/examples.tfrecord");
        var parser = ExampleParser.of(specs());
        for (int threads = 1; threads <= 3; threads++) {
            var files = List.of(file, file);
            try (var batches =
                    ExampleBatches.of(TfRecords.open(files, TfRecords.Options.DEFAULT), parser, 7, threads)) {
                var ids = new ArrayList<Long>();
                for (var batch = batches.next(); batch.isPresent(); batch = batches.next()) {
                    for (long id :
                            ((FeatureValues.Longs) batch.get().feature("id").values()).array()) {
                        ids.add(id);
                    }
                }
                assertThat(ids).hasSize(74);
                for (int i = 0; i < 74; i++) {
                    assertThat(ids.get(i)).isEqualTo(i % 37);
                }
            }
        }
        var wrong = folder.resolve("wrong.tfrecord");
        try (var writer = TfRecordWriter.create(wrong)) {
            writer.write(example("c", Feature.of(1)));
            writer.write(example("d", Feature.of(1)));
        }
        for (int threads = 1; threads <= 2; threads++) {
            try (var batches = ExampleBatches.of(
                    TfRecords.open(List.of(wrong), TfRecords.Options.DEFAULT),
                    ExampleParser.of(Map.of("c", FeatureSpec.fixedLen(LONG))),
                    8,
                    threads)) {
                long offset = Files.size(wrong) / 2;
                assertThatThrownBy(batches::next)
                        .isInstanceOf(ExampleException.class)
                        .hasMessageContaining("record 1 of " + wrong + " (byte " + offset + ")")
                        .hasMessageContaining("\"c\"");
            }
        }
    }

    private static FeatureData one(FeatureSpec spec, String name, List<byte[]> rows) {
        return ExampleParser.of(Map.of(name, spec)).parse(rows).feature(name);
    }

    private static byte[] example(String name, Feature feature) {
        return Example.of(Map.of(name, feature)).toBytes();
    }

    private static void check(String name, FeatureData data, JsonNode golden) {
        checkValues(name, data.values(), golden.path("values"));
        switch (data) {
            case FeatureData.Dense dense ->
                assertThat(dense.shape()).as(name).containsExactly(longs(golden.path("shape")));
            case FeatureData.Sparse sparse -> {
                assertThat(sparse.indices()).as(name).containsExactly(longs(golden.path("indices")));
                assertThat(sparse.shape()).as(name).containsExactly(longs(golden.path("shape")));
            }
            case FeatureData.Ragged ragged -> {
                assertThat(golden.path("splits")).as(name).hasSize(ragged.rowSplits().length);
                for (int level = 0; level < ragged.rowSplits().length; level++) {
                    var splits = new long[ragged.rowSplits()[level].length];
                    for (int i = 0; i < splits.length; i++) {
                        splits[i] = ragged.rowSplits()[level][i];
                    }
                    assertThat(splits)
                            .as(name)
                            .containsExactly(longs(golden.path("splits").path(level)));
                }
            }
        }
    }

    private static void checkValues(String name, FeatureValues values, JsonNode golden) {
        assertThat(values.size()).as(name).isEqualTo(golden.size());
        for (int i = 0; i < golden.size(); i++) {
            switch (values) {
                case FeatureValues.Longs(var array) ->
                    assertThat(array[i]).as(name).isEqualTo(golden.get(i).asLong());
                case FeatureValues.Floats(var array) ->
                    assertThat(Float.floatToRawIntBits(array[i]))
                            .as(name)
                            .isEqualTo(golden.get(i).asInt());
                case FeatureValues.Strings strings ->
                    assertThat(HexFormat.of().formatHex(strings.get(i)))
                            .as(name)
                            .isEqualTo(golden.get(i).asText());
            }
        }
    }

    private static long[] longs(JsonNode numbers) {
        var longs = new long[numbers.size()];
        for (int i = 0; i < longs.length; i++) {
            longs[i] = numbers.get(i).asLong();
        }
        return longs;
    }
}
