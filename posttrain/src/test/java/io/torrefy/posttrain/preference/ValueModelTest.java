package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.ModelException;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValueModelTest {
    private static final List<int[]> TEXTS = List.of(new int[] {5, 6, 7}, new int[] {8}, new int[] {9, 0, 0, 4, 3});

    @TempDir
    Path folder;

    /// The number of a hidden state is its product with the head.
    @Test
    void readsTheHeadAtTheLastToken() {
        try (CausalLm same = TinyPairs.model(3);
                ValueModel model = ValueModel.of(TinyPairs.model(3), Rng.of(9));
                Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            double[] head = Objects.requireNonNull(model.namedParameters().get("score.weight"))
                    .toDoubles();
            double[] hidden = same.hidden(TokenBatch.pack(TEXTS)).toDoubles();
            double[] values = model.values(TokenBatch.pack(TEXTS)).toDoubles();
            int[] last = {2, 3, 8};
            double[] scores = model.score(TEXTS);
            assertThat(values).hasSize(9);
            for (int t = 0; t < values.length; t++) {
                double expected = 0;
                for (int i = 0; i < head.length; i++) {
                    expected += head[i] * hidden[t * head.length + i];
                }
                assertThat(values[t]).isCloseTo(expected, within(1e-6));
            }
            for (int s = 0; s < last.length; s++) {
                assertThat(scores[s]).isCloseTo(values[last[s]], within(1e-7));
                assertThat(model.score(List.of(TEXTS.get(s)))[0]).isCloseTo(scores[s], within(1e-6));
            }
        }
    }

    @Test
    void savesAndLoads() throws IOException {
        double[] expected;
        try (ValueModel model = ValueModel.of(TinyPairs.model(3), 0.3, Rng.of(9))) {
            expected = model.score(TEXTS);
            model.save(folder);
        }
        try (ValueModel model = ValueModel.load(folder)) {
            assertThat(model.score(TEXTS)).isEqualTo(expected);
        }
        var config = Fixtures.json(folder.resolve("config.json"));
        assertThat(config.path("architectures").path(0).asText()).isEqualTo("LlamaForSequenceClassification");
        assertThat(config.path("id2label").size()).isEqualTo(1);
        var weights = Safetensors.read(folder.resolve("model.safetensors"));
        assertThat(weights.keySet()).contains("model.embed_tokens.weight", "score.weight");
        assertThat(Objects.requireNonNull(weights.get("score.weight")).shape()).containsExactly(1, 16);
        weights.values().forEach(Tensor::close);
        assertThatThrownBy(() -> CausalLm.load(folder)).isInstanceOf(ModelException.class);
    }

    @Test
    void namesWhatCannotBeScored() throws IOException {
        try (ValueModel model = ValueModel.of(TinyPairs.model(3), Rng.of(9))) {
            assertThatThrownBy(() -> model.score(List.of(new int[] {4}, new int[0])))
                    .hasMessageContaining("got an empty one, number 1");
            try (Autograd.Mode _ = Autograd.noGrad()) {
                Objects.requireNonNull(model.namedParameters().get("score.weight"))
                        .fillInPlace(Double.NaN);
            }
            assertThatThrownBy(() -> model.score(TEXTS)).hasMessageContaining("finite scores; got NaN for sequence 0");
        }
        try (CausalLm words = TinyPairs.model(3)) {
            words.save(folder);
        }
        assertThatThrownBy(() -> ValueModel.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("missing: score.weight")
                .hasMessageContaining("ValueModel.of");
    }
}
