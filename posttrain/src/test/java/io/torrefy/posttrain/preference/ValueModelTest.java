package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.lm.ModelException;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
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

    // ---- as an adapter ---------------------------------------------------------------------------------------------

    private static Path fixture(String name) {
        return Fixtures.own().resolve("models").resolve(name);
    }

    /// PEFT's own adapter and head of the same model, and the score that transformers reads at the last token
    /// (`bench/peers/lora_exchange.py`).
    @Test
    void peftsAdapterGivesPeftsScore() throws IOException {
        Path peft = fixture("llama_tied_scores_lora");
        var io = Safetensors.read(peft.resolve("io.safetensors"));
        int[] ids = Arrays.stream(io.get("in.ids").toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
        try (ValueModel model = ValueModel.load(fixture("llama_tied"), peft)) {
            assertThat(model.score(List.of(ids))[0])
                    .isCloseTo(io.get("out.scores").toDoubles()[0], within(2e-5));
        }
    }

    /// What is written as an adapter is read as the model it was, and as PEFT names it.
    @Test
    void anAdapterGoesThroughItsFiles() throws IOException {
        double[] scores;
        try (ValueModel model = ValueModel.of(CausalLm.load(fixture("llama_tied")), Rng.of(4))) {
            Lora lora = Lora.attach(
                    model.body(), Lora.Options.DEFAULT.withRank(2).withTargets("q_proj", "down_proj"), Rng.of(5));
            Rng rng = Rng.of(6);
            try (Scope _ = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                lora.namedParameters()
                        .values()
                        .forEach(p -> p.copyFrom(rng.normal(p.shape()).mul(0.2)));
            }
            scores = model.score(TEXTS);
            model.saveAdapter(lora, folder, "models/llama_tied");
        }
        assertThat(folder.resolve("adapter_config.json"))
                .content()
                .contains("\"task_type\" : \"SEQ_CLS\"", "\"modules_to_save\" : [ \"score\" ]");
        assertThat(Safetensors.read(folder.resolve("adapter_model.safetensors")))
                .containsKey("base_model.model.score.weight")
                .hasSize(2 * 2 * 2 + 1);
        try (ValueModel model = ValueModel.load(fixture("llama_tied"), folder)) {
            double[] read = model.score(TEXTS);
            for (int i = 0; i < scores.length; i++) {
                assertThat(read[i]).isCloseTo(scores[i], within(1e-5));
            }
        }
        try (CausalLm words = CausalLm.load(fixture("llama_tied"))) {
            assertThatThrownBy(() -> Lora.load(words, folder))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("modules_to_save: expected none; got [\"score\"]");
        }
        assertThatThrownBy(() -> ValueModel.load(fixture("llama_tied"), fixture("llama_tied_lora")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("modules_to_save: expected [score]; got");
    }

    // ---- a critic --------------------------------------------------------------------------------------------------

    private static final List<int[]> PROMPTS = List.of(new int[] {5, 9, 2}, new int[] {5, 9, 2}, new int[] {7});
    private static final List<int[]> COMPLETIONS = List.of(new int[] {4, 8}, new int[] {1}, new int[] {3, 3, 6});

    @Test
    void aNewCriticSaysNothing() {
        try (ValueModel critic = ValueModel.ofZeros(TinyPairs.model(1));
                Scope _ = Scope.open()) {
            assertThat(critic.values(PackedCompletions.of(PROMPTS, COMPLETIONS)).toDoubles())
                    .containsExactly(0, 0, 0, 0, 0, 0);
        }
    }

    /// The value before each token is the head times the last hidden state of the text so far.
    @Test
    void valuesAreThoseOfTheTextBefore() {
        CausalLm body = TinyPairs.model(1);
        try (Scope _ = Scope.open()) {
            Tensor head = Rng.of(2).normal(1, 16);
            try (ValueModel critic = ValueModel.of(body, head)) {
                double[] expected = new double[6];
                int at = 0;
                for (int i = 0; i < PROMPTS.size(); i++) {
                    int[] prompt = PROMPTS.get(i);
                    int[] completion = COMPLETIONS.get(i);
                    for (int t = 0; t < completion.length; t++) {
                        int[] before = Arrays.copyOf(prompt, prompt.length + t);
                        System.arraycopy(completion, 0, before, prompt.length, t);
                        Tensor hidden = body.hidden(TokenBatch.pack(List.of(before)));
                        Tensor last = hidden.indexSelect(0, Tensor.of(new long[] {before.length - 1}));
                        expected[at++] = last.matmul(head.t()).item();
                    }
                }
                double[] actual = critic.values(PackedCompletions.of(PROMPTS, COMPLETIONS))
                        .toDoubles();
                Close.check("values", actual, expected, 1e-5, 1e-5);
            }
        }
    }

    @Test
    void aHeadOfAnotherModelIsRefused() {
        try (CausalLm body = TinyPairs.model(1);
                Scope _ = Scope.open()) {
            assertThatThrownBy(() -> ValueModel.of(body, Tensor.zeros(1, 48)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[1, 16]; got [1, 48]");
        }
    }

    // ---- keeping ---------------------------------------------------------------------------------------------------

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
