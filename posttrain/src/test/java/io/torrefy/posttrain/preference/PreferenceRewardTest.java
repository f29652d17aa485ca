package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.TokenizerException;
import io.torrefy.lm.TrainedBpe;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Rng;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreferenceRewardTest {
    private static final TrainedBpe BPE =
            BpeTrainer.of(270).endOfText("<|endoftext|>").train(List.of("which is better, this or that"));

    private static ValueModel model(int vocab) {
        return ValueModel.of(CausalLm.create(DecoderConfig.llama(vocab, 16, 2, 2, 32, 64), Rng.of(3)), Rng.of(4));
    }

    private static List<Attempt> attempts() {
        List<Attempt> attempts = new ArrayList<>();
        for (String text : List.of("this", "that", "this or that", "", "better")) {
            int[] ids = Tokens.completion(BPE.tokenizer(), text);
            attempts.add(new Attempt(new Problem("which", "which is better", "this"), text, ids, false));
        }
        return attempts;
    }

    /// The score of the prompt with the completion, as the reward model reads them, however many at a time.
    @Test
    void scoresAreTheModelsOwn() {
        try (ValueModel model = model(BPE.tokenizer().vocabSize())) {
            int[] prompt = Tokens.prompt(BPE.tokenizer(), "which is better");
            double[] expected = attempts().stream()
                    .mapToDouble(a -> model.score(List.of(StepwiseExample.join(prompt, List.of(a.ids()))))[0])
                    .toArray();
            assertThat(expected).doesNotHaveDuplicates();
            for (int tokens : new int[] {1, 20, 4096}) {
                PreferenceReward reward = PreferenceReward.of(model, BPE.tokenizer(), tokens);
                assertThat(reward.scores(attempts())).containsExactly(expected, within(1e-5));
                assertThat(reward.scores(List.of())).isEmpty();
            }
        }
    }

    @Test
    void refusesAModelOfFewerWords() {
        try (ValueModel model = model(100)) {
            assertThatThrownBy(() -> PreferenceReward.of(model, BPE.tokenizer(), 10))
                    .isInstanceOf(TokenizerException.class);
            assertThatThrownBy(() -> PreferenceReward.of(model, BPE.tokenizer(), 0))
                    .hasMessageContaining("at least 1; got 0");
        }
    }
}
