package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.nn.AdamW;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoraTest {
    private static final int[] IDS = {5, 9, 4, 17, 3, 8, 8, 21};
    private static final Lora.Options SMALL = Lora.Options.DEFAULT.withRank(3).withAlpha(6);

    @TempDir
    Path folder;

    private final CausalLm model = load();

    private static CausalLm load() {
        return CausalLm.load(Fixtures.open()
                .get("causal_lm", "llama_tied")
                .file("config.json")
                .getParent());
    }

    @AfterEach
    void close() {
        model.close();
    }

    private float[] logits() {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return model.forward(TokenBatch.pack(List.of(IDS))).toFloats();
        }
    }

    /// Makes an adapter do something: both factors random.
    private static Lora trained(CausalLm model) {
        Lora lora = Lora.attach(model, SMALL, Rng.of(1));
        Rng rng = Rng.of(2);
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            lora.namedParameters()
                    .values()
                    .forEach(p -> p.copyFrom(rng.normal(p.shape()).mul(0.2)));
        }
        return lora;
    }

    @Test
    void aNewAdapterChangesNoBit() {
        float[] before = logits();
        try (Lora lora = Lora.attach(model, Lora.Options.DEFAULT.withRank(4), Rng.of(1))) {
            assertThat(logits()).isEqualTo(before);
            assertThat(lora.layers()).hasSize(7 * model.config().layers());
        }
    }

    @Test
    void itIsTheDenseUpdateOfItsFactors() {
        try (Lora lora = trained(model);
                CausalLm dense = load()) {
            SequencedMap<String, Tensor> factors = lora.namedParameters();
            try (Scope _ = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                for (String layer : lora.layers()) {
                    Tensor a = factors.get("base_model.model." + layer + ".lora_A.weight");
                    Tensor b = factors.get("base_model.model." + layer + ".lora_B.weight");
                    Tensor weight = dense.namedParameters().get(layer + ".weight");
                    weight.copyFrom(weight.add(b.matmul(a).mul(2)));
                }
                close(logits(), dense.forward(TokenBatch.pack(List.of(IDS))).toFloats(), 2e-4);
            }
        }
    }

    private static void close(float[] x, float[] y, double within) {
        assertThat(x).hasSameSizeAs(y);
        for (int i = 0; i < x.length; i++) {
            assertThat(x[i]).as("logit %d", i).isCloseTo(y[i], within((float) within));
        }
    }

    @Test
    void trainsTheFactorsAlone() {
        try (Lora lora = trained(model)) {
            assertThat(model.trainableParameters())
                    .hasSize(lora.namedParameters().size());
            float[] base =
                    model.namedParameters().get("model.embed_tokens.weight").toFloats();
            AdamW optimizer = AdamW.of(lora.namedParameters(), 0.01);
            double[] loss = new double[8];
            for (int step = 0; step < loss.length; step++) {
                try (Scope _ = Scope.open()) {
                    Tensor y = model.forward(TokenBatch.pack(List.of(IDS)));
                    Tensor wanted = Tensor.of(
                            Arrays.stream(IDS)
                                    .asLongStream()
                                    .map(id -> (id + 1) % 32)
                                    .toArray(),
                            IDS.length);
                    Tensor l = io.torrefy.nn.Losses.crossEntropy(y, wanted);
                    loss[step] = l.item();
                    l.backward();
                }
                model.namedParameters()
                        .forEach((name, p) ->
                                assertThat(p.grad().isPresent()).as(name).isEqualTo(Lora.isAdapters(name)));
                optimizer.step();
                model.zeroGrad();
            }
            assertThat(loss[loss.length - 1]).isLessThan(0.8 * loss[0]);
            assertThat(model.namedParameters().get("model.embed_tokens.weight").toFloats())
                    .isEqualTo(base);
        }
    }

    @Test
    void withoutItTheModelIsItsOwnReference() {
        float[] before = logits();
        try (Lora lora = trained(model)) {
            float[] adapted = logits();
            assertThat(adapted).isNotEqualTo(before);
            assertThat(lora.without(this::logits)).isEqualTo(before);
            assertThat(logits()).isEqualTo(adapted);
            assertThatThrownBy(() -> lora.without(() -> {
                        throw new IllegalArgumentException("in the middle");
                    }))
                    .hasMessage("in the middle");
            assertThat(logits()).isEqualTo(adapted);
        }
        assertThat(logits()).isEqualTo(before);
    }

    @Test
    void mergesAndGivesTheBitsBack() {
        float[] before = logits();
        try (Lora lora = trained(model)) {
            float[] adapted = logits();
            lora.merge();
            close(logits(), adapted, 2e-4);
            lora.unmerge();
            assertThat(logits()).isEqualTo(adapted);
            assertThat(lora.without(this::logits)).isEqualTo(before);
        }
    }

    /// Unmerged and merged, by packed weights with the bits of the modules.
    @Test
    void generatesWithIt() {
        List<int[]> prompts = List.of(IDS, new int[] {7, 3});
        Sampling sampling = Sampling.greedy(12);
        try (Generator generator = Generator.of(model, null, 2);
                Generator byModules = Generator.ofModules(model, 2)) {
            List<int[]> plain = ids(generator.generate(prompts, sampling));
            try (Lora lora = trained(model)) {
                List<Completion> adapted = generator.generate(prompts, sampling);
                List<Completion> expected = byModules.generate(prompts, sampling);
                assertThat(ids(adapted)).usingRecursiveComparison().isEqualTo(ids(expected));
                assertThat(adapted.getFirst().logProbs())
                        .isEqualTo(expected.getFirst().logProbs());
                lora.merge();
                List<Completion> merged = generator.generate(prompts, sampling);
                assertThat(merged.getFirst().logProbs())
                        .isEqualTo(
                                byModules.generate(prompts, sampling).getFirst().logProbs());
                lora.unmerge();
            }
            assertThat(ids(generator.generate(prompts, sampling)))
                    .usingRecursiveComparison()
                    .isEqualTo(plain);
        }
    }

    private static List<int[]> ids(List<Completion> completions) {
        return completions.stream().map(Completion::ids).toList();
    }

    @Test
    void whatIsSavedLoadsBitForBit() throws IOException {
        float[] adapted;
        try (Lora lora = trained(model)) {
            adapted = logits();
            lora.save(folder, "base");
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
        assertThat(Safetensors.read(folder.resolve("adapter_model.safetensors")))
                .containsKey("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
        try (Lora lora = Lora.load(model, folder)) {
            assertThat(logits()).isEqualTo(adapted);
            assertThat(lora.options().rank()).isEqualTo(3);
        }
    }

    /// PEFT's own adapter of the same model, and its logits.
    @Test
    void computesWhatPeftDoes() throws IOException {
        Path peft = Fixtures.own().resolve("models/llama_tied_lora");
        SequencedMap<String, Tensor> io = Safetensors.read(peft.resolve("io.safetensors"));
        try (Lora _ = Lora.load(model, peft)) {
            close(logits(), io.get("out.logits").toFloats(), 2e-5);
        }
    }

    /// The base in BF16 under the adapter: forward and gradients are those of the F32 model with rounded weights.
    @Test
    void trainsOnAFrozenBaseOfHalfTheMemory() {
        long before = bytes(model);
        try (CausalLm rounded = load()) {
            try (Autograd.Mode _ = Autograd.noGrad();
                    Scope _ = Scope.open()) {
                rounded.namedParameters().forEach((name, p) -> {
                    if (name.contains("_proj")) {
                        p.copyFrom(p.to(DType.BF16));
                    }
                });
            }
            model.freeze(DType.BF16);
            assertThat(model.trainableParameters()).isEmpty();
            assertThat(bytes(model)).isLessThan(before * 7 / 10);
            assertThat(logits()).isEqualTo(logitsOf(rounded));
            try (Lora mine = trained(model);
                    Lora theirs = trained(rounded)) {
                assertThat(logits()).isEqualTo(logitsOf(rounded));
                SequencedMap<String, float[]> expected = gradients(rounded, theirs);
                gradients(model, mine)
                        .forEach((name, gradient) ->
                                assertThat(gradient).as(name).isEqualTo(expected.get(name)));
                assertThatThrownBy(mine::merge).hasMessageContainingAll("BF16", "Hint");
                assertThatThrownBy(() -> model.freeze(DType.F32)).hasMessageContainingAll("rank 3", "Hint");
            }
        }
    }

    /// The base as INT8 under the adapter: what it computes and the gradients of the factors are those of the F32
    /// model with the values that are kept, but for the rounding of other sums.
    @Test
    void trainsOnAFrozenBaseOfAQuarterOfTheMemory() {
        long before = bytes(model);
        try (CausalLm rounded = load()) {
            model.freeze(PackedWeights.Format.INT8);
            assertThat(model.format()).isEqualTo(PackedWeights.Format.INT8);
            try (Autograd.Mode _ = Autograd.noGrad();
                    Scope _ = Scope.open()) {
                model.packed().forEach((name, packed) -> {
                    Tensor weight = rounded.namedParameters().get(name + ".weight");
                    weight.copyFrom(packed.rows(0, packed.out()));
                });
            }
            assertThat(model.trainableParameters()).isEmpty();
            assertThat(bytes(model)).isLessThan(before * 6 / 10);
            close(logits(), logitsOf(rounded), 2e-5);
            try (Lora mine = trained(model);
                    Lora theirs = trained(rounded)) {
                close(logits(), logitsOf(rounded), 2e-5);
                SequencedMap<String, float[]> expected = gradients(rounded, theirs);
                gradients(model, mine).forEach((name, gradient) -> {
                    float[] wanted = expected.get(name);
                    float largest = 0;
                    for (float value : wanted) {
                        largest = Math.max(largest, Math.abs(value));
                    }
                    close(gradient, wanted, 1e-4 * largest);
                });
                assertThatThrownBy(mine::merge).hasMessageContainingAll("packed ones", "Hint");
                assertThatThrownBy(() -> model.freeze(PackedWeights.Format.INT8))
                        .hasMessageContainingAll("rank 3", "Hint");
            }
            assertThatThrownBy(() -> model.save(folder)).hasMessageContainingAll("INT8", "Hint");
        }
    }

    private static long bytes(CausalLm model) {
        return model.state().values().stream()
                .mapToLong(p -> p.count() * p.dtype().bytes())
                .sum();
    }

    private static float[] logitsOf(CausalLm model) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return model.forward(TokenBatch.pack(List.of(IDS))).toFloats();
        }
    }

    private static SequencedMap<String, float[]> gradients(CausalLm model, Lora lora) {
        SequencedMap<String, float[]> all = new LinkedHashMap<>();
        try (Scope _ = Scope.open()) {
            Tensor logits = model.forward(TokenBatch.pack(List.of(IDS)));
            logits.mul(logits).mean().backward();
        }
        lora.namedParameters()
                .forEach((name, p) -> all.put(name, p.grad().orElseThrow().toFloats()));
        return all;
    }

    /// The output matrix is not read through its layer.
    @Test
    void theOutputMatrixIsNoTarget() {
        assertThatThrownBy(() -> Lora.attach(model, SMALL.withTargets("q_proj", "lm_head"), Rng.of(0)))
                .hasMessageContaining("got [lm_head]");
    }

    @Test
    void aModelIsSavedWithTheAdapterMergedOrNotAtAll() throws IOException {
        try (Lora lora = trained(model)) {
            assertThatThrownBy(() -> model.save(folder))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("adapter", "Hint");
            lora.merge();
            float[] merged = logits();
            model.save(folder);
            try (CausalLm again = CausalLm.load(folder);
                    Scope _ = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                assertThat(again.forward(TokenBatch.pack(List.of(IDS))).toFloats())
                        .isEqualTo(merged);
            }
        }
    }

    @Test
    void saysWhatDoesNotFit() throws IOException {
        assertThatThrownBy(() -> Lora.attach(model, Lora.Options.DEFAULT.withTargets("q_proj", "wq"), Rng.of(0)))
                .hasMessageContainingAll("[wq]", "q_proj", "down_proj");
        assertThat(model.trainableParameters()).hasSameSizeAs(model.namedParameters());
        assertThatThrownBy(() -> Lora.attach(model, Lora.Options.DEFAULT.withRank(0), Rng.of(0)))
                .hasMessageContaining("rank 0");
        try (Lora lora = trained(model)) {
            lora.save(folder, "base");
            assertThatThrownBy(() -> Lora.attach(model, SMALL, Rng.of(0))).hasMessageContaining("rank 3");
        }
        Path config = folder.resolve("adapter_config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replace("\"bias\" : \"none\"", "\"bias\" : \"all\""));
        assertThatThrownBy(() -> Lora.load(model, folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("bias: expected none; got \"all\"");
        Files.writeString(config, text.replace("\"r\" : 3", "\"r\" : 5"));
        assertThatThrownBy(() -> Lora.load(model, folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("lora_A.weight: expected [5, ");
        assertThat(model.children().values()).noneMatch(m -> m instanceof Linear);
        assertThat(Lora.computes(model)).isFalse();
    }
}
