package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ParityTest {
    private static final Set<String> CLASSES =
            Set.of("GPT2LMHeadModel", "LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM");

    /// Every folder of the families that load, whatever the fixtures are.
    static List<Fixture> models() {
        return Fixtures.open().ofKind("causal_lm").stream()
                .filter(f -> CLASSES.contains(f.settings().path("class").asText()))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("models")
    void agreesWithTransformers(Fixture fixture) {
        Parity.Result result = Parity.check(folder(fixture));
        assertThat(result.lines()).filteredOn(line -> !line.passed()).isEmpty();
        // Nothing of the dump is left out, so an empty list of lines cannot pass.
        assertThat(result.skipped()).isEmpty();
        int tensors = fixture.tensors().size();
        assertThat(result.lines())
                .hasSizeGreaterThan(tensors - 10)
                .map(Parity.Line::what)
                .contains("logits", "loss", "hidden.embed", "hidden.layer.0", "hidden.norm", "left.logits")
                .contains("gen.ids", "gen_batch.ids", "norm of all gradients");
    }

    @Test
    void aChangedWeightShows(@TempDir Path folder) throws IOException {
        Path from = folder(models().getFirst());
        for (String name : List.of("config.json", "io.json", "io.safetensors")) {
            Files.copy(from.resolve(name), folder.resolve(name));
        }
        byte[] weights = Files.readAllBytes(from.resolve("model.safetensors"));
        // The high byte of the last float of the little-endian file: its sign.
        weights[weights.length - 1] ^= (byte) 0x80;
        Files.write(folder.resolve("model.safetensors"), weights);
        Parity.Result result = Parity.check(folder);
        assertThat(result.passed()).isFalse();
        assertThat(result.lines())
                .filteredOn(line -> !line.passed())
                .map(Parity.Line::what)
                .contains("logits");
    }

    @Test
    void aFolderWithoutADumpSaysSo(@TempDir Path folder) throws IOException {
        Path from = folder(models().getFirst());
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(from.resolve(name), folder.resolve(name));
        }
        assertThatThrownBy(() -> Parity.check(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("io.safetensors");
    }

    /// The probe of a constant, by the sum of a cosine's arithmetic progression.
    @Test
    void theProbeIsTheFormula() {
        double[] ones = new double[50];
        Arrays.fill(ones, 1);
        double closed = Math.sin(50 * 0.35) / Math.sin(0.35) * Math.cos(0.3 + 49 * 0.35);
        assertThat(Parity.probe(ones)).isCloseTo(closed, org.assertj.core.data.Offset.offset(1e-9));
    }

    private static Path folder(Fixture fixture) {
        return fixture.file("config.json").getParent();
    }
}
