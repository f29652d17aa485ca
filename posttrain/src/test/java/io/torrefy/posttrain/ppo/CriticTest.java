package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.preference.ValueModel;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriticTest {
    private static final List<int[]> PROMPTS = List.of(new int[] {5, 9, 2}, new int[] {5, 9, 2}, new int[] {7});
    private static final List<int[]> COMPLETIONS = List.of(new int[] {4, 8}, new int[] {1}, new int[] {3, 3, 6});

    @Test
    void aNewCriticSaysNothing() {
        try (Critic critic = Critic.of(Tiny.model(1));
                Scope _ = Scope.open()) {
            assertThat(critic.values(PackedCompletions.of(PROMPTS, COMPLETIONS)).toDoubles())
                    .containsExactly(0, 0, 0, 0, 0, 0);
        }
    }

    /// The value before each token is the head times the last hidden state of the text so far.
    @Test
    void valuesAreThoseOfTheTextBefore() {
        CausalLm body = Tiny.model(1);
        try (Scope _ = Scope.open()) {
            Tensor head = Rng.of(2).normal(1, 32);
            try (Critic critic = Critic.of(body, head)) {
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
    void whatIsSavedLoads(@TempDir Path folder) throws Exception {
        try (Scope _ = Scope.open();
                Critic critic = Critic.of(Tiny.model(1), Rng.of(2).normal(1, 32))) {
            critic.save(folder);
            try (Critic loaded = Critic.load(folder)) {
                assertThat(Tiny.weights(loaded).keySet())
                        .isEqualTo(Tiny.weights(critic).keySet());
                Tiny.weights(critic)
                        .forEach((name, values) ->
                                assertThat(Tiny.weights(loaded).get(name)).isEqualTo(values));
            }
        }
        Files.delete(folder.resolve("value_head.safetensors"));
        assertThatThrownBy(() -> Critic.load(folder).close()).hasMessageContaining("value_head.safetensors");
    }

    /// Its value of a whole text is the reward model's score of it.
    @Test
    void aCriticFromARewardModelBeginsWithItsScores(@TempDir Path folder) throws Exception {
        int[] text = {5, 9, 2, 4, 8, 1};
        double score;
        try (ValueModel model = ValueModel.of(Tiny.model(1), 0.5, Rng.of(2))) {
            score = model.score(List.of(text))[0];
            model.save(folder);
        }
        try (Critic critic = Critic.fromRewardModel(folder);
                Scope _ = Scope.open()) {
            // The value before the token that follows the text, whatever that is.
            PackedCompletions next = PackedCompletions.of(List.of(text), List.of(new int[] {3}));
            Close.check("score", critic.values(next).toDoubles(), new double[] {score}, 1e-5, 1e-6);
        }
    }

    @Test
    void aHeadOfAnotherModelIsRefused() {
        try (CausalLm body = Tiny.model(1);
                Scope _ = Scope.open()) {
            assertThatThrownBy(() -> Critic.of(body, Tensor.zeros(1, 48)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[1, 32]; got [1, 48]");
        }
    }
}
