package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Ten thousand mutations of TensorFlow's Examples and SequenceExamples, one by one and into columns. protobuf-java is
/// the judge of single records, and they are of columns.
@Timeout(120)
class ExampleFuzzTest {
    private static final int MUTATIONS = 10_000;
    private static final Descriptor EXAMPLE = ExampleTest.descriptor("Example");
    private static final Descriptor SEQUENCE = ExampleTest.descriptor("SequenceExample");

    @Test
    void examples() throws IOException {
        judge("tf/examples.tfrecord", EXAMPLE, bytes -> Example.parse(bytes).toBytes());
    }

    @Test
    void sequenceExamples() throws IOException {
        judge(
                "tf/sequences.tfrecord",
                SEQUENCE,
                bytes -> SequenceExample.parse(bytes).toBytes());
    }

    /// Where protobuf-java reads a message so do we, with the same contents; else there is an error that says so.
    private static void judge(String file, Descriptor type, Function<byte[], byte[]> roundTrip) throws IOException {
        var sources = ExampleParserTest.records(file);
        int same = 0;
        int refused = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            var mutated = Mutations.of(sources.get(seed % sources.size()), seed);
            var theirs = read(type, mutated);
            try {
                var ours = roundTrip.apply(mutated);
                assertThat(theirs).as("seed %d", seed).isPresent();
                assertThat(maps(read(type, ours).orElseThrow()))
                        .as("seed %d", seed)
                        .isEqualTo(maps(theirs.get()));
                assertThat(roundTrip.apply(ours)).isEqualTo(ours);
                same++;
            } catch (ExampleException e) {
                assertThat(e.getMessage()).startsWith("[example] expected ");
                if (!ours(e.getMessage())) {
                    assertThat(theirs).as("seed %d: %s", seed, e.getMessage()).isEmpty();
                }
                refused++;
            }
        }
        assertThat(same).isGreaterThan(MUTATIONS / 5);
        assertThat(refused).isGreaterThan(MUTATIONS / 5);
    }

    /// What protobuf-java reads and we do not: mixed lists, varints of more than 10 bytes where they come to
    /// nothing, and lengths of which it drops the bits above 32.
    private static boolean ours(String message) {
        return message.contains("all packed or all unpacked")
                || message.contains("a varint of 10 bytes at most")
                || message.matches(".*expected a length of at most .*; got [0-9]{10,}\\.");
    }

    private static Optional<DynamicMessage> read(Descriptor type, byte[] bytes) {
        try {
            return Optional.of(DynamicMessage.parseFrom(type, bytes));
        } catch (InvalidProtocolBufferException _) {
            return Optional.empty();
        }
    }

    /// Of each map of the message the last entry of each key, by protobuf's own reading.
    private static Map<String, Map<Object, Object>> maps(DynamicMessage message) {
        var maps = new HashMap<String, Map<Object, Object>>();
        for (var field : message.getDescriptorForType().getFields()) {
            var features = (DynamicMessage) message.getField(field);
            var map = features.getDescriptorForType().findFieldByNumber(1);
            var last = new HashMap<Object, Object>();
            for (Object entry : (List<?>) features.getField(map)) {
                var fields = map.getMessageType().getFields();
                last.put(
                        ((DynamicMessage) entry).getField(fields.get(0)),
                        ((DynamicMessage) entry).getField(fields.get(1)));
            }
            maps.put(field.getName(), last);
        }
        return maps;
    }

    /// A mutated row behind a sound one: the columns hold what the examples hold.
    @Test
    void columns() throws IOException {
        var records = ExampleParserTest.records("tf/examples.tfrecord");
        var parser = ExampleParser.of(ExampleParserTest.specs());
        var sound = Example.parse(records.getFirst()).features();
        int compared = 0;
        int refused = 0;
        int unread = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            var mutated = Mutations.of(records.get(seed % records.size()), seed);
            FeatureBatch batch;
            try {
                batch = parser.parse(List.of(records.getFirst(), mutated));
            } catch (ExampleException e) {
                assertThat(e.getMessage()).startsWith("[parseExample] row 1: expected ");
                refused++;
                continue;
            }
            Map<String, Feature> features;
            try {
                features = Example.parse(mutated).features();
            } catch (ExampleException _) {
                unread++; // damage in a feature that nobody asked for
                continue;
            }
            for (var feature : batch.features().entrySet()) {
                assertThat(strings(feature.getValue().values()))
                        .as("seed %d, %s", seed, feature.getKey())
                        .isEqualTo(expected(feature.getKey(), List.of(sound, features)));
            }
            compared++;
        }
        assertThat(compared).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(1000);
        assertThat(unread).isLessThan(200);
    }

    /// What [ExampleParserTest#specs] make of the rows, value by value.
    private static List<String> expected(String name, List<Map<String, Feature>> rows) {
        return switch (name) {
            case "floats" -> padded(rows, name, "-1.0");
            case "even" -> padded(rows, name, "0");
            case "default" ->
                all(
                        rows,
                        row -> row.getOrDefault(name, Feature.missing())
                                        .values()
                                        .isEmpty()
                                ? List.of("-7")
                                : values(row, name));
            case "sparse" -> all(rows, ExampleFuzzTest::byIndex);
            case "nested" -> all(rows, row -> values(row, "inner"));
            case "parted" -> all(rows, row -> values(row, "parts"));
            default -> all(rows, row -> values(row, name));
        };
    }

    private static List<String> all(List<Map<String, Feature>> rows, Function<Map<String, Feature>, List<String>> of) {
        return rows.stream().flatMap(row -> of.apply(row).stream()).toList();
    }

    private static List<String> padded(List<Map<String, Feature>> rows, String name, String padding) {
        int longest =
                rows.stream().mapToInt(row -> values(row, name).size()).max().orElse(0);
        return all(rows, row -> {
            var values = new ArrayList<>(values(row, name));
            while (values.size() < longest) {
                values.add(padding);
            }
            return values;
        });
    }

    private static List<String> byIndex(Map<String, Feature> row) {
        var indices = values(row, "index").stream().map(Long::valueOf).toList();
        var values = values(row, "value");
        return IntStream.range(0, values.size())
                .boxed()
                .sorted(Comparator.comparing(indices::get))
                .map(values::get)
                .toList();
    }

    private static List<String> values(Map<String, Feature> row, String name) {
        return row.getOrDefault(name, Feature.missing())
                .values()
                .map(ExampleFuzzTest::strings)
                .orElse(List.of());
    }

    /// The values as text: floats by what tells their bits apart.
    private static List<String> strings(FeatureValues values) {
        return IntStream.range(0, values.size())
                .mapToObj(i -> switch (values) {
                    case FeatureValues.Longs(var array) -> Long.toString(array[i]);
                    case FeatureValues.Floats(var array) ->
                        Float.isNaN(array[i]) ? "NaN " + Float.floatToRawIntBits(array[i]) : Float.toString(array[i]);
                    case FeatureValues.Strings strings -> HexFormat.of().formatHex(strings.get(i));
                })
                .toList();
    }

    @Test
    void columnsOfSequences() throws IOException {
        var records = ExampleParserTest.records("tf/sequences.tfrecord");
        var steps = new LinkedHashMap<String, FeatureSpec>();
        steps.put("pairs", new FeatureSpec.FixedLenSequence(ValueKind.FLOAT32, new long[] {2}, true, Optional.empty()));
        steps.put("letters", FeatureSpec.varLen(ValueKind.STRING));
        var parser = SequenceExampleParser.of(Map.of("id", FeatureSpec.fixedLen(ValueKind.INT64)), steps);
        int compared = 0;
        int refused = 0;
        int unread = 0;
        for (int seed = 0; seed < MUTATIONS; seed++) {
            var mutated = Mutations.of(records.get(seed % records.size()), seed);
            SequenceBatch batch;
            try {
                batch = parser.parse(List.of(mutated));
            } catch (ExampleException e) {
                assertThat(e.getMessage()).contains("row 0").contains(": expected ");
                refused++;
                continue;
            }
            SequenceExample example;
            try {
                example = SequenceExample.parse(mutated);
            } catch (ExampleException _) {
                unread++;
                continue;
            }
            assertThat(strings(batch.context().feature("id").values())).isEqualTo(values(example.context(), "id"));
            for (String name : steps.keySet()) {
                var all = example.lists().getOrDefault(name, List.of()).stream()
                        .flatMap(step -> values(Map.of(name, step), name).stream())
                        .toList();
                assertThat(strings(batch.sequences().feature(name).values()))
                        .as("seed %d, %s", seed, name)
                        .isEqualTo(all);
            }
            compared++;
        }
        assertThat(compared).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(1000);
        assertThat(unread).isLessThan(1000);
    }
}
