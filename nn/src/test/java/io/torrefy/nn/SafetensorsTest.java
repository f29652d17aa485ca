package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.RawData;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    private static byte[] raw(Tensor t) {
        try (Scope _ = Scope.open()) {
            return RawData.of(t.contiguous()).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static SequencedMap<String, Tensor> everyType() {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        Random random = new Random(7);
        for (DType type : DType.values()) {
            for (int n : new int[] {0, 1, 3}) {
                double[] values = random.doubles(n * 5L, 0, 2).map(Math::floor).toArray();
                tensors.put(
                        "z." + type + "." + n, Tensor.of(values, n, 5).to(type).keep());
            }
        }
        tensors.put("a.scalar", Tensor.scalar(-2.5).keep());
        tensors.put("view", Tensor.arange(6).reshape(2, 3).t().keep());
        return tensors;
    }

    private static void assertSame(SequencedMap<String, Tensor> actual, SequencedMap<String, Tensor> expected) {
        assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
        expected.forEach((name, t) -> {
            Tensor got = OptimizerCases.require(actual, name);
            assertThat(got.dtype()).as(name).isEqualTo(t.dtype());
            assertThat(got.shape()).as(name).isEqualTo(t.shape());
            assertThat(raw(got)).as(name).isEqualTo(raw(t));
        });
    }

    /// The fixtures were written by the reference implementation; the testkit's reader is another one.
    @Test
    void readsWhatTheReferenceWrote() throws IOException {
        for (Fixture fixture : Fixtures.open().ofKind("causal_lm").subList(0, 2)) {
            Path file = fixture.file("model.safetensors");
            Map<String, Golden> expected = io.torrefy.testkit.Safetensors.read(file);
            for (var read : List.of(Safetensors.read(file), Safetensors.map(file))) {
                assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
                expected.forEach((name, golden) -> {
                    Tensor t = OptimizerCases.require(read, name);
                    assertThat(t.shape()).isEqualTo(golden.shape());
                    assertThat(t.toDoubles()).isEqualTo(golden.doubles());
                });
            }
            assertThat(Safetensors.metadata(file)).containsEntry("format", "pt");
        }
    }

    @Test
    void everyDtypeComesBackBitwiseInItsOrder() throws IOException {
        Path file = folder.resolve("all.safetensors");
        var tensors = everyType();
        Safetensors.write(file, tensors, Map.of("format", "pt", "nöte", "\"quoted\"\n"));
        try (Scope _ = Scope.open()) {
            assertSame(Safetensors.read(file), tensors);
            assertSame(Safetensors.map(file), tensors);
        }
        assertThat(Safetensors.metadata(file)).hasSize(2).containsEntry("nöte", "\"quoted\"\n");
        Map<String, Golden> other = io.torrefy.testkit.Safetensors.read(file);
        assertThat(OptimizerCases.require(other, "view").longs()).containsExactly(0, 3, 1, 4, 2, 5);
        try (var files = Files.list(folder)) {
            assertThat(files).as("no temporary file stays").hasSize(1);
        }
    }

    @Test
    void tensorsOutliveScopesAndAMappedOneDoesNotWriteToItsFile() throws IOException {
        Path file = folder.resolve("m.safetensors");
        SequencedMap<String, Tensor> one = new LinkedHashMap<>();
        one.put("w", Tensor.of(new float[] {1, 2, 3}).keep());
        Safetensors.write(file, one);
        byte[] before = Files.readAllBytes(file);
        Tensor mapped;
        Tensor copied;
        try (Scope _ = Scope.open()) {
            mapped = OptimizerCases.require(Safetensors.map(file), "w");
            copied = OptimizerCases.require(Safetensors.read(file), "w");
        }
        mapped.mulInPlace(10);
        Safetensors.write(file, new LinkedHashMap<>(Map.of("w", Tensor.zeros(3).keep())));
        assertThat(mapped.toFloats()).containsExactly(10, 20, 30);
        assertThat(copied.toFloats()).containsExactly(1, 2, 3);
        assertThat(Files.readAllBytes(file)).isNotEqualTo(before).hasSameSizeAs(before);
        Safetensors.write(file, one);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    @Test
    void anUnalignedFileReads() throws IOException {
        String json = "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[1,17]}}";
        ByteBuffer data = ByteBuffer.allocate(17).order(ByteOrder.LITTLE_ENDIAN);
        data.put((byte) 200).putDouble(0.1).putDouble(-3);
        Path file = write(json, data.array());
        for (var read : List.of(Safetensors.read(file), Safetensors.map(file))) {
            assertThat(OptimizerCases.require(read, "b").toLongs()).containsExactly(200);
            assertThat(OptimizerCases.require(read, "d").toDoubles()).containsExactly(0.1, -3);
        }
    }

    // ---- faults ----------------------------------------------------------------------------------------------------

    private Path write(String json, byte[] data) throws IOException {
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        ByteBuffer all = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        all.putLong(header.length).put(header).put(data);
        return Files.write(folder.resolve("bad.safetensors"), all.array());
    }

    private void fails(Path file, String tensor, String... message) {
        Throwable e = catchThrowable(() -> Safetensors.read(file));
        assertThat(e).isInstanceOf(SafetensorsException.class).hasMessageContainingAll(message);
        assertThat(e).hasMessageContaining(file.getFileName().toString());
        assertThat(((SafetensorsException) e).file()).isEqualTo(file);
        assertThat(((SafetensorsException) e).tensor().orElse("")).isEqualTo(tensor);
        assertThatThrownBy(() -> Safetensors.map(file)).isInstanceOf(SafetensorsException.class);
    }

    /// One F32 tensor "w" by its header, over eight bytes of data; `~` stands for a comma.
    @ParameterizedTest
    @CsvSource({
        "'F32','[2]','[0~8]', ''",
        "'F8_E4M3','[8]','[0~8]', 'F8_E4M3'",
        "'F32','[3]','[0~8]', '12 bytes'",
        "'F32','[2]','[0~9]', 'within the 8 bytes'",
        "'F32','[2]','[8~0]', 'within the 8 bytes'",
        "'F32','[1]','[0~4]', '4 bytes of data after the header; got 8'",
        "'F32','[1]','[4~8]', 'right after the one before'",
        "'F32','[-2]','[0~8]', 'from 0 to 2^63'",
        "'F32','[2.0]','[0~8]', 'VALUE_NUMBER_INT'",
        "'F32','[99999999999999999999]','[0~8]', 'from 0 to 2^63'",
        "'F32','[4611686018427387904~4]','[0~8]', 'fits into memory'",
        "'F32','[2]','[0]', 'two data_offsets'",
        "'F32','2','[0~8]', 'START_ARRAY'",
        "'BOOL','[8]','[0~8]', 'bytes 0 and 1'",
    })
    void aTensorThatDoesNotFit(String dtype, String shape, String offsets, String message) throws IOException {
        String json = "{\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
        Path file = write(json.replace('~', ','), new byte[] {0, 0, 2, 0, 0, 0, 0, 0});
        if (message.isEmpty()) {
            assertThat(Safetensors.read(file)).hasSize(1);
        } else {
            fails(file, message.contains("of data after") ? "" : "w", message);
        }
    }

    @Test
    void aHeaderThatIsNone() throws IOException {
        byte[] none = {};
        fails(Files.write(folder.resolve("x"), none), "", "8 bytes", "0 bytes");
        fails(Files.write(folder.resolve("x"), new byte[7]), "", "7 bytes");
        fails(Files.write(folder.resolve("x"), new byte[8]), "", "the length 0");
        fails(
                Files.write(folder.resolve("x"), new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}),
                "",
                "18446744073709551615");
        fails(Files.write(folder.resolve("x"), new byte[] {0, 0, 0, 0, 1, 0, 0, 0}), "", "4294967296");
        fails(Files.write(folder.resolve("x"), new byte[] {64, 0, 0, 0, 0, 0, 0, 0, '{', '}'}), "", "ends after 2");
        fails(write("[]", none), "", "START_OBJECT");
        fails(write("{\"w\":{}", none), "w", "got dtype \"\", no shape, data_offsets []");
        fails(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", none), "", "JSON");
        fails(write("{} {}", none), "", "after the header's object");
        fails(write("{\"w\":[]}", none), "w", "START_OBJECT");
        fails(write("{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"offset\":[0,0]}}", none), "w", "\"offset\"");
        fails(write("{\"__metadata__\":{\"a\":1}}", none), "", "VALUE_STRING");
        fails(write("{\"__metadata__\":{},\"__metadata__\":{}}", none), "", "twice");
        String entry = "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
        fails(write("{\"w\":" + entry + ",\"w\":" + entry + "}", none), "w", "twice");
        ByteBuffer latin =
                ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(4);
        latin.put("{\"é\"".getBytes(StandardCharsets.ISO_8859_1));
        fails(Files.write(folder.resolve("x"), latin.array()), "", "UTF-8");
        assertThat(Safetensors.read(write("{}   ", none))).isEmpty();
    }

    @Test
    void tensorsThatOverlapOrLeaveAGap() throws IOException {
        String json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,8]}}";
        assertThat(Safetensors.read(write(String.format(json, 3, 5), new byte[8])))
                .hasSize(2);
        fails(write(String.format(json, 4, 4), new byte[8]), "b", "overlap \"a\"");
        fails(write(String.format(json, 2, 6), new byte[8]), "b", "right after");
    }

    @Test
    void everyTruncationIsNamed() throws IOException {
        Path whole = folder.resolve("whole.safetensors");
        Safetensors.write(whole, everyType(), Map.of("format", "pt"));
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = folder.resolve("cut.safetensors");
        for (int n = 0; n < bytes.length; n += 1 + n / 7) {
            Files.write(cut, java.util.Arrays.copyOf(bytes, n));
            assertThatThrownBy(() -> Safetensors.read(cut))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageContaining("cut.safetensors");
        }
        Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length + 1));
        assertThatThrownBy(() -> Safetensors.read(cut)).isInstanceOf(SafetensorsException.class);
    }

    /// Whatever happens to the header, the reader either says what is wrong or reads tensors that fit the file.
    @Test
    void randomDamageNeverDoesMoreThanAnError() throws IOException {
        Path whole = folder.resolve("whole.safetensors");
        Safetensors.write(whole, everyType(), Map.of("format", "pt"));
        byte[] bytes = Files.readAllBytes(whole);
        int header =
                8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        Random random = new Random(20260101);
        String likely = "{}[]\",:0123456789-e. FU";
        Path bad = folder.resolve("fuzz.safetensors");
        int refused = 0;
        for (int round = 0; round < 600; round++) {
            byte[] damaged = bytes.clone();
            for (int hits = 1 + random.nextInt(3); hits > 0; hits--) {
                int at = random.nextInt(header);
                damaged[at] = (byte)
                        (random.nextBoolean() ? random.nextInt(256) : likely.charAt(random.nextInt(likely.length())));
            }
            Files.write(bad, damaged);
            try {
                Safetensors.read(bad).values().forEach(Tensor::close);
            } catch (SafetensorsException e) {
                assertThat(e).hasMessageStartingWith("[safetensors] " + bad);
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(200);
    }

    @Test
    void aFailedWriteLeavesWhatWasThere() throws IOException {
        Path file = folder.resolve("keep.safetensors");
        SequencedMap<String, Tensor> one = new LinkedHashMap<>();
        one.put("w", Tensor.ones(3).keep());
        Safetensors.write(file, one);
        byte[] before = Files.readAllBytes(file);
        one.put("x", Tensor.ones(2).keep());
        OptimizerCases.require(one, "x").close();
        assertThatThrownBy(() -> Safetensors.write(file, one)).hasMessageContaining("freed");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
        assertThatThrownBy(() -> Safetensors.write(
                        file,
                        new LinkedHashMap<>(
                                Map.of("__metadata__", Tensor.ones(1).keep()))))
                .hasMessageContaining("reserved");
    }

    // ---- shards ----------------------------------------------------------------------------------------------------

    @Test
    void shardsHoldNoMoreThanAskedAndReadAsOne() throws IOException {
        var tensors = everyType();
        Safetensors.writeSharded(folder, tensors, 100);
        assertThat(folder.resolve(Safetensors.SINGLE)).doesNotExist();
        assertThat(Files.readString(folder.resolve(Safetensors.INDEX))).contains("\"total_size\"");
        assertSame(Safetensors.readSharded(folder), tensors);
        try (var files = Files.list(folder)) {
            for (Path shard :
                    files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                var read = Safetensors.read(shard);
                long bytes = read.values().stream()
                        .mapToLong(t -> t.count() * t.dtype().bytes())
                        .sum();
                assertThat(bytes <= 100 || read.size() == 1)
                        .as(shard.toString())
                        .isTrue();
            }
        }
        Safetensors.writeSharded(folder, tensors, 1 << 20);
        assertThat(folder.resolve(Safetensors.INDEX)).doesNotExist();
        assertSame(Safetensors.readSharded(folder), tensors);
    }

    @Test
    void everyMissingShardIsNamed() throws IOException {
        Safetensors.writeSharded(folder, everyType(), 100);
        List<Path> shards;
        try (var files = Files.list(folder)) {
            shards = files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
        Files.delete(shards.get(1));
        Files.delete(shards.get(2));
        assertThatThrownBy(() -> Safetensors.readSharded(folder))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContainingAll(
                        shards.get(1).getFileName().toString(),
                        shards.get(2).getFileName().toString());
    }

    @Test
    void anIndexThatDoesNotFitItsShards() throws IOException {
        assertThatThrownBy(() -> Safetensors.readSharded(folder))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContainingAll(Safetensors.SINGLE, Safetensors.INDEX);
        Path index = folder.resolve(Safetensors.INDEX);
        SequencedMap<String, Tensor> one = new LinkedHashMap<>();
        one.put("w", Tensor.ones(3).keep());
        Safetensors.write(folder.resolve("a.safetensors"), one);
        for (var bad : Map.of(
                        "{\"weight_map\":{\"w\":\"a.safetensors\",\"v\":\"a.safetensors\"}}", "tensor \"v\"",
                        "{\"weight_map\":{\"w\":\"../a.safetensors\"}}", "same folder",
                        "{\"weight_map\":{\"w\":1}}", "VALUE_STRING",
                        "{\"weight_map\":{\"w\":\"a.safetensors\"", "JSON",
                        "{\"metadata\":{\"x\":[1]}}", "weight_map",
                        "[]", "weight_map")
                .entrySet()) {
            Files.writeString(index, bad.getKey());
            assertThatThrownBy(() -> Safetensors.readSharded(folder))
                    .as(bad.getKey())
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageContaining(bad.getValue());
        }
        Files.writeString(index, "{\"metadata\":{\"x\":[1]},\"weight_map\":{\"w\":\"a.safetensors\"}}");
        assertThat(Safetensors.readSharded(folder)).containsOnlyKeys("w");
    }
}
