package io.torrefy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FixturesTest {
    private static final Fixtures FIXTURES = Fixtures.open();

    @Test
    void everyFileOfTheManifestIsThereAndReads() {
        assertThat(FIXTURES.all()).isNotEmpty();
        for (Fixture fixture : FIXTURES.all()) {
            assertThat(fixture.files()).as(fixture.toString()).isNotEmpty();
            for (String file : fixture.files()) {
                assertThat(Files.exists(FIXTURES.folder().resolve(file)))
                        .as(file)
                        .isTrue();
            }
        }
        for (Fixture fixture : FIXTURES.ofKind("op")) {
            assertThat(fixture.tensors()).as(fixture.toString()).isNotEmpty();
            assertThat(fixture.tolerance().rtol()).isGreaterThanOrEqualTo(0);
        }
    }

    @Test
    void expIsTheExponentialOfJava() {
        for (Fixture fixture : FIXTURES.ops("exp")) {
            Map<String, Golden> tensors = fixture.tensors();
            double[] x = tensors.get("in.x").doubles();
            double[] y = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                y[i] = Math.exp(x[i]);
            }
            tensors.get("out.y").assertClose(y, fixture.tolerance());
        }
    }

    @Test
    void prefixedCasesSeeTheirOwnAndTheSharedTensors() {
        for (Fixture fixture : FIXTURES.ofKind("token_logps")) {
            assertThat(fixture.ownTensors().keySet()).anyMatch(k -> k.startsWith("in."));
            assertThat(fixture.ownTensors().keySet()).anyMatch(k -> k.startsWith("out."));
            assertThat(fixture.ownTensors().keySet()).noneMatch(k -> k.contains("/"));
        }
    }

    @Test
    void toleranceByKeyAndTheWordExact() {
        for (Fixture fixture : FIXTURES.ofKind("causal_lm")) {
            assertThat(fixture.tolerance("ids")).isEqualTo(Tolerance.EXACT);
            assertThat(fixture.tolerance("logits").atol()).isPositive();
            assertThatThrownBy(fixture::tolerance).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void everyDtypeReads() throws IOException {
        String header = "{\"__metadata__\":{\"a\":\"b\"},"
                + "\"bf\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                + "\"h\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[4,6]},"
                + "\"u\":{\"dtype\":\"U8\",\"shape\":[1,2],\"data_offsets\":[6,8]},"
                + "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
                + "\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[16,20]},"
                + "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[20,20]}}";
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + 20).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        file.putShort((short) 0x3fc0).putShort((short) 0xc000).putShort((short) 0x3e00); // 1.5, -2, 1.5
        file.put((byte) 255).put((byte) 7).putDouble(0.1).putInt(-3);
        Map<String, Golden> tensors = Safetensors.parse(file.array());
        assertThat(tensors).containsOnlyKeys("bf", "h", "u", "d", "i", "e");
        assertThat(tensors.get("bf").floats()).containsExactly(1.5f, -2f);
        assertThat(tensors.get("h").scalar()).isEqualTo(1.5);
        assertThat(tensors.get("u").longs()).containsExactly(255, 7);
        assertThat(tensors.get("d").doubles()).containsExactly(0.1);
        tensors.get("i").assertEqual(new long[] {-3});
        assertThat(tensors.get("e").size()).isZero();
    }

    @Test
    void assertCloseNamesTheFirstAndTheWorst() {
        Golden golden = new Golden("w", "F32", new long[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6});
        assertThatCode(() -> golden.assertClose(new float[] {1, 2, 3, 4, 5, 6.0001f}, 1e-4, 0))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> golden.assertClose(new float[] {1, 2.5f, 3, 4, 7, 6}, 1e-4, 0))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("2 of 6")
                .hasMessageContaining("first [0, 1]: expected 2.0, got 2.5")
                .hasMessageContaining("worst [1, 1]: expected 5.0, got 7.0");
        assertThatThrownBy(() -> golden.assertClose(new float[] {1, 2, 3, Float.NaN, 5, 6}, 1, 1))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("NaN");
        assertThatThrownBy(() -> golden.assertClose(new float[5], 1, 1)).isInstanceOf(AssertionError.class);
    }

    @Test
    void slicesAreStepsOfASequence() {
        Golden golden = new Golden("s", "I64", new long[] {2, 2}, new long[] {1, 2, 3, 4});
        golden.slice(1).assertEqual(new long[] {3, 4});
        assertThat(golden.slice(1).shape()).containsExactly(2);
        assertThatThrownBy(() -> golden.slice(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
