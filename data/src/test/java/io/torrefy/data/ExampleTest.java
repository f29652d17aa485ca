package io.torrefy.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.IOException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The bytes of TensorFlow, and protobuf-java as the judge of what is read and written.
class ExampleTest {
    private static final Descriptor EXAMPLE = descriptor("Example");
    private static final Descriptor SEQUENCE = descriptor("SequenceExample");

    @Test
    void writesAndReadsTheGoldenExample() throws IOException {
        var golden = Golden.root().path("example");
        var features = new LinkedHashMap<String, Feature>();
        features.put("c", Feature.of(1, -1, 300));
        features.put("b", Feature.of(1f, -2.5f));
        features.put("a", Feature.of("x", ""));
        assertThat(hex(Example.of(features).toBytes()))
                .isEqualTo(golden.path("hex").asText());
        assertThat(hex(Example.of(Map.of()).toBytes()))
                .isEqualTo(golden.path("empty_example").asText());
        assertThat(hex(Example.of(Map.of("a", Feature.missing())).toBytes()))
                .isEqualTo(golden.path("feature_without_kind").asText());
        assertThat(hex(Example.of(Map.of("a", Feature.of(new long[0]))).toBytes()))
                .isEqualTo(golden.path("empty_int64_list").asText());

        var read = Example.parse(bytes(golden.path("hex").asText()));
        assertThat(read.features().keySet()).containsExactly("a", "b", "c");
        assertThat(longs(read.features().get("c"))).containsExactly(1, -1, 300);
        assertThat(Example.parse(new byte[0]).toBytes()).isEmpty();
        var none = Example.parse(bytes(golden.path("feature_without_kind").asText()));
        assertThat(none.features().get("a").values()).isEmpty();
    }

    @Test
    void everyGoldenFormSurvivesARoundTrip() throws IOException {
        for (var golden : Golden.root().path("example")) {
            if (golden.asText().matches("([0-9a-f]{2})+")) {
                assertThat(hex(Example.parse(bytes(golden.asText())).toBytes())).isEqualTo(golden.asText());
            }
        }
    }

    @Test
    void keysAreSortedByTheirBytesBeyondTheFirstPlaneToo() throws IOException {
        var features = new LinkedHashMap<String, Feature>();
        for (String key : new String[] {"\ud83d\ude00", "\uffee", "é", "b", "a", "", "ab", "B"}) {
            features.put(key, Feature.of(1));
        }
        var message = DynamicMessage.parseFrom(EXAMPLE, Example.of(features).toBytes());
        assertThat(Example.of(features).features().keySet())
                .containsExactly("", "B", "a", "ab", "b", "é", "\uffee", "\ud83d\ude00");
        assertThat(message.getUnknownFields().asMap()).isEmpty();
    }

    /// What is allowed and no writer of today writes: unpacked numbers, value before key, several Features, a key
    /// twice.
    @Test
    void readsWhatOtherWritersMayWrite() {
        var unpacked = new Proto().varint(1, 5).varint(1, -6).toBytes();
        var valueFirst = entry(new Proto().message(3, new Proto().raw(unpacked)), "n", true);
        var floats = entry(new Proto().message(2, new Proto().float32(1, 2.5f).float32(1, -1f)), "f", false);
        var twice = entry(new Proto().message(3, new Proto().packed(1, new long[] {7})), "n", false);
        var several = new Proto()
                .message(1, new Proto().message(1, valueFirst).message(1, floats))
                .message(1, new Proto().message(1, twice));
        var read = Example.parse(several.toBytes());
        assertThat(longs(read.features().get("n"))).containsExactly(7);
        assertThat(((FeatureValues.Floats) read.features().get("f").values().orElseThrow()).array())
                .containsExactly(2.5f, -1f);
        var first = Example.parse(
                new Proto().message(1, new Proto().message(1, valueFirst)).toBytes());
        assertThat(longs(first.features().get("n"))).containsExactly(5, -6);
    }

    @Test
    void refusesPackedAndUnpackedInOneList() {
        var mixed = new Proto().message(3, new Proto().varint(1, 5).packed(1, new long[] {6}));
        var example = new Proto().message(1, new Proto().message(1, entry(mixed, "n", false)));
        assertThatThrownBy(() -> Example.parse(example.toBytes()))
                .isInstanceOf(ExampleException.class)
                .hasMessageContaining("all packed or all unpacked");
    }

    @Test
    void unknownFieldsSurvive() throws IOException {
        var list = new Proto().packed(1, new long[] {1}).text(9, "in the list");
        var feature = new Proto().message(3, list).float64(12, 1.5);
        var map = new Proto().message(1, entry(feature, "a", false)).float32(7, 2f);
        var example =
                new Proto().message(1, map).varint(99, 12345).text(3, "new").toBytes();
        var again = Example.parse(example).toBytes();
        assertThat(again).isEqualTo(example);
        assertThat(DynamicMessage.parseFrom(EXAMPLE, again)).isEqualTo(DynamicMessage.parseFrom(EXAMPLE, example));

        var group = bytes("0a00" + "a306" + "0801" + "a406");
        assertThat(Example.parse(group).toBytes()).isEqualTo(group);
    }

    @Test
    void theFilesOfTensorFlowSurviveARoundTrip() throws IOException {
        int sorted = 0;
        try (var reader = TfRecordReader.open(Golden.file("tf/examples.tfrecord"))) {
            while (reader.next()) {
                var ours = Example.parse(reader.record()).toBytes();
                assertThat(DynamicMessage.parseFrom(EXAMPLE, ours))
                        .isEqualTo(DynamicMessage.parseFrom(EXAMPLE, reader.record()));
                if (reader.number() % 2 == 0) {
                    assertThat(ours).isEqualTo(reader.record());
                    sorted++;
                }
            }
        }
        assertThat(sorted).isEqualTo(19);
        int sequences = 0;
        try (var reader = TfRecordReader.open(Golden.file("tf/sequences.tfrecord"))) {
            while (reader.next()) {
                assertThat(SequenceExample.parse(reader.record()).toBytes()).isEqualTo(reader.record());
                assertThat(DynamicMessage.parseFrom(SEQUENCE, reader.record()).isInitialized())
                        .isTrue();
                sequences++;
            }
        }
        assertThat(sequences).isEqualTo(11);
    }

    @Test
    void aSequenceExampleIsBuiltOfLists() {
        var built = SequenceExample.of(
                Map.of("id", Feature.of(3)), Map.of("words", List.of(Feature.of("a", "b"), Feature.of("c"))));
        var read = SequenceExample.parse(built.toBytes());
        assertThat(longs(read.context().get("id"))).containsExactly(3);
        assertThat(read.lists().get("words")).hasSize(2);
        assertThat(read.toBytes()).isEqualTo(built.toBytes());
    }

    static Proto entry(Proto feature, String key, boolean valueFirst) {
        var name = key.getBytes(UTF_8);
        return valueFirst
                ? new Proto().message(2, feature).bytes(1, name)
                : new Proto().bytes(1, name).message(2, feature);
    }

    private static long[] longs(Feature feature) {
        return ((FeatureValues.Longs) feature.values().orElseThrow()).array();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /// `tensorflow/core/example/*.proto`, as far as the specification states it.
    static Descriptor descriptor(String name) {
        var file = FileDescriptorProto.newBuilder()
                .setName("example.proto")
                .setSyntax("proto3")
                .addMessageType(message("BytesList", repeated("value", 1, Type.TYPE_BYTES, "")))
                .addMessageType(message("FloatList", repeated("value", 1, Type.TYPE_FLOAT, "")))
                .addMessageType(message("Int64List", repeated("value", 1, Type.TYPE_INT64, "")))
                .addMessageType(message(
                                "Feature",
                                one("bytes_list", 1, "BytesList").setOneofIndex(0),
                                one("float_list", 2, "FloatList").setOneofIndex(0),
                                one("int64_list", 3, "Int64List").setOneofIndex(0))
                        .addOneofDecl(com.google.protobuf.DescriptorProtos.OneofDescriptorProto.newBuilder()
                                .setName("kind")))
                .addMessageType(map("Features", "feature", "Feature"))
                .addMessageType(message("FeatureList", repeated("feature", 1, Type.TYPE_MESSAGE, ".Feature")))
                .addMessageType(map("FeatureLists", "feature_list", "FeatureList"))
                .addMessageType(message("Example", one("features", 1, "Features")))
                .addMessageType(message(
                        "SequenceExample", one("context", 1, "Features"), one("feature_lists", 2, "FeatureLists")))
                .build();
        try {
            return FileDescriptor.buildFrom(file, new FileDescriptor[0]).findMessageTypeByName(name);
        } catch (com.google.protobuf.Descriptors.DescriptorValidationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static DescriptorProto.Builder message(String name, FieldDescriptorProto.Builder... fields) {
        var message = DescriptorProto.newBuilder().setName(name);
        for (var field : fields) {
            message.addField(field);
        }
        return message;
    }

    private static DescriptorProto.Builder map(String name, String field, String value) {
        String entry = field.equals("feature") ? "FeatureEntry" : "FeatureListEntry";
        var key = FieldDescriptorProto.newBuilder()
                .setName("key")
                .setNumber(1)
                .setLabel(Label.LABEL_OPTIONAL)
                .setType(Type.TYPE_STRING);
        return message(name, repeated(field, 1, Type.TYPE_MESSAGE, "." + name + "." + entry))
                .addNestedType(message(entry, key, one("value", 2, value))
                        .setOptions(MessageOptions.newBuilder().setMapEntry(true)));
    }

    private static FieldDescriptorProto.Builder one(String name, int number, String type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setLabel(Label.LABEL_OPTIONAL)
                .setType(Type.TYPE_MESSAGE)
                .setTypeName("." + type);
    }

    private static FieldDescriptorProto.Builder repeated(String name, int number, Type type, String typeName) {
        var field = FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setLabel(Label.LABEL_REPEATED)
                .setType(type);
        return typeName.isEmpty() ? field : field.setTypeName(typeName);
    }
}
