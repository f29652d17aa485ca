package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.nn.Safetensors;
import io.torrefy.nn.SafetensorsException;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CausalLmTest {
    @TempDir
    Path folder;

    static List<Fixture> models() {
        return ParityTest.models();
    }

    @ParameterizedTest
    @MethodSource("models")
    void whatIsSavedLoadsBitForBit(Fixture fixture) throws IOException {
        CausalLm model = CausalLm.load(fixture.file("config.json").getParent());
        model.save(folder);
        CausalLm again = CausalLm.load(folder);
        assertThat(again.config()).isEqualTo(model.config());
        assertThat(again.state().keySet()).isEqualTo(model.state().keySet());
        again.state()
                .forEach((name, tensor) -> assertThat(tensor.toFloats())
                        .as(name)
                        .isEqualTo(model.state().get(name).toFloats()));
        assertThat(logits(again)).isEqualTo(logits(model));
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    /// Each sequence of a packed batch is as if it were alone, to float32 noise.
    @ParameterizedTest
    @MethodSource("models")
    void packedSequencesDoNotSeeEachOther(Fixture fixture) {
        CausalLm model = CausalLm.load(fixture.file("config.json").getParent());
        int[] a = {5, 9, 4};
        int[] b = {7};
        int[] c = {9, 8, 7, 6, 5, 4, 3, 9, 8, 7, 6, 5, 4, 3, 9, 8, 7, 6};
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            float[] together = model.forward(TokenBatch.pack(List.of(a, b, c))).toFloats();
            int at = 0;
            for (int[] one : List.of(a, b, c)) {
                float[] alone = model.forward(TokenBatch.pack(List.of(one))).toFloats();
                for (int i = 0; i < alone.length; i++) {
                    assertThat(together[at++]).isCloseTo(alone[i], org.assertj.core.data.Offset.offset(1e-5f));
                }
            }
        }
    }

    @Test
    void shardsLoadAsOneFileDoes() throws IOException {
        Path from = path("llama_tied");
        shard(from);
        assertThat(logits(CausalLm.load(folder))).isEqualTo(logits(CausalLm.load(from)));
        Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContainingAll("missing", "model-00002-of-00002.safetensors");
    }

    private void shard(Path from) throws IOException {
        Map<String, Tensor> all = Safetensors.read(from.resolve("model.safetensors"));
        List<SequencedMap<String, Tensor>> parts = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
        StringBuilder index = new StringBuilder("{\"weight_map\": {");
        all.forEach((name, tensor) -> {
            int part = name.length() % 2;
            index.append(parts.get(0).size() + parts.get(1).size() == 0 ? "" : ", ");
            parts.get(part).put(name, tensor);
            index.append('"')
                    .append(name)
                    .append("\": \"model-0000")
                    .append(part + 1)
                    .append("-of-00002.safetensors\"");
        });
        Files.writeString(folder.resolve("model.safetensors.index.json"), index + "}}");
        for (int part = 0; part < 2; part++) {
            Safetensors.write(
                    folder.resolve("model-0000" + (part + 1) + "-of-00002.safetensors"), parts.get(part), Map.of());
        }
        Files.copy(from.resolve("config.json"), folder.resolve("config.json"));
    }

    @Test
    void anUnknownArchitectureIsNamed() throws IOException {
        copy("qwen2");
        config("Qwen2ForCausalLM", "MambaForCausalLM");
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("MambaForCausalLM", "Qwen2ForCausalLM", "config.json");
    }

    @Test
    void whatAConfigurationAsksForInVainIsAllNamed() throws IOException {
        copy("llama_tied");
        config("\"silu\"", "\"relu\"");
        config("\"mlp_bias\": false", "\"mlp_bias\": true");
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("relu", "mlp_bias");
        Files.writeString(folder.resolve("config.json"), "{\"architectures\": [");
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("config.json");
        Files.delete(folder.resolve("config.json"));
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("config.json");
    }

    @Test
    void weightsThatDoNotFitAreAllNamed() throws IOException {
        copy("qwen3");
        SequencedMap<String, Tensor> weights = Safetensors.read(folder.resolve("model.safetensors"));
        weights.remove("model.norm.weight");
        weights.put("extra.weight", Tensor.zeros(2).keep());
        weights.put("model.layers.0.mlp.up_proj.weight", Tensor.zeros(3, 4).keep());
        Safetensors.write(folder.resolve("model.safetensors"), weights, Map.of());
        assertThatThrownBy(() -> CausalLm.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(
                        "missing: model.norm.weight",
                        "unknown: extra.weight",
                        "model.layers.0.mlp.up_proj.weight: expected",
                        folder.toString());
        Files.delete(folder.resolve("model.safetensors"));
        assertThatThrownBy(() -> CausalLm.load(folder)).hasMessageContaining("model.safetensors");
        assertThatThrownBy(() -> CausalLm.load(folder.resolve("none"))).isInstanceOf(ModelException.class);
    }

    @Test
    void aTokenizerThatDoesNotFitIsNamed() {
        CausalLm model = CausalLm.create(DecoderConfig.llama(10, 8, 1, 2, 16, 32), Rng.of(1));
        assertThatThrownBy(
                        () -> new OneLetterTokens(12).checkFits(model.config().vocab()))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContainingAll("vocab_size 10", "11", "2 token");
        new OneLetterTokens(10).checkFits(model.config().vocab());
    }

    @Test
    void moreTokensThanPositionsAreRefused() {
        CausalLm model = CausalLm.create(DecoderConfig.llama(10, 8, 1, 2, 16, 4), Rng.of(1));
        assertThatThrownBy(() -> model.forward(TokenBatch.pack(List.of(new int[5]))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("4", "5");
    }

    @Test
    void theSameSeedMakesTheSameModel() {
        DecoderConfig config = DecoderConfig.llama(10, 8, 2, 2, 16, 32);
        assertThat(logits(CausalLm.create(config, Rng.of(4)))).isEqualTo(logits(CausalLm.create(config, Rng.of(4))));
        assertThat(logits(CausalLm.create(config, Rng.of(4)))).isNotEqualTo(logits(CausalLm.create(config, Rng.of(5))));
    }

    private static float[] logits(CausalLm model) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return model.forward(TokenBatch.pack(List.of(new int[] {5, 9, 4, 3}, new int[] {7})))
                    .toFloats();
        }
    }

    private static Path path(String name) {
        return Fixtures.open().get("causal_lm", name).file("config.json").getParent();
    }

    private void copy(String name) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(path(name).resolve(file), folder.resolve(file));
        }
    }

    private void config(String from, String to) throws IOException {
        Path file = folder.resolve("config.json");
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }
}
