package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.ProcessRewardModel;
import io.torrefy.posttrain.preference.StepAggregation;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessRewardScorerTest {
    @TempDir
    Path folder;

    private Path saved() throws IOException {
        var trained = BpeTrainer.of(300).endOfText("<|endoftext|>").train(List.of("1 + 2 = 3\n3 + 4 = 7\nanswer 7"));
        trained.save(folder);
        DecoderConfig config = DecoderConfig.llama(trained.tokenizer().highestId() + 1, 16, 1, 2, 24, 128);
        try (ValueModel model = ValueModel.of(CausalLm.create(config, Rng.of(3)), 1, Rng.of(4))) {
            model.save(folder);
        }
        return folder;
    }

    private static Draft draft(String text, Draft.End end) {
        return new Draft(new int[0], text, 0, 1, end);
    }

    /// What a search asks is what the model says of the same steps, each with its separator.
    @Test
    void aDraftHasTheScoreOfItsSteps() throws IOException {
        String where = saved().toString();
        Tokenizer tokenizer = BpeTokenizer.load(folder);
        Session session = ScriptedPolicy.session(ScriptedPolicy.telling("x"), ScriptedPolicy.task(), 9);
        int[] prompt = Tokens.prompt(tokenizer, "p");
        List<Draft> drafts = List.of(
                draft("", Draft.End.OPEN),
                draft("1 + 2 = 3\n", Draft.End.OPEN),
                draft("1 + 2 = 3\nanswer 7", Draft.End.STOP));
        for (StepAggregation how : StepAggregation.values()) {
            try (ProcessRewardScorer scorer = ProcessRewardScorer.load(where, how.name(), "newline");
                    ValueModel model = ValueModel.load(folder)) {
                var judge = new ProcessRewardModel(model, how);
                int[] first = tokenizer.encode("1 + 2 = 3\n");
                int[] second = tokenizer.encode("answer 7\n");
                assertThat(session.score(scorer, drafts))
                        .containsExactly(
                                0.5, judge.score(prompt, List.of(first)), judge.score(prompt, List.of(first, second)));
                assertThat(scorer.asksVerifier()).isFalse();
            }
        }
        assertThat(session.tokens()).isZero();
    }

    /// A draft of broken characters is longer in tokens than what was generated.
    @Test
    void ofADraftThatIsTooLongTheFirstStepsCount() throws IOException {
        String where = saved().toString();
        Session session = ScriptedPolicy.session(ScriptedPolicy.telling("x"), ScriptedPolicy.task(), 9);
        String sound = "1 + 2 = 3\n";
        List<Draft> drafts = List.of(
                draft(sound, Draft.End.OPEN),
                draft(sound + "\uFFFD".repeat(128), Draft.End.OPEN),
                draft("\uFFFD".repeat(128), Draft.End.OPEN));
        try (ProcessRewardScorer scorer = ProcessRewardScorer.load(where, "last", "newline")) {
            double[] scores = session.score(scorer, drafts);
            assertThat(scores[1]).isEqualTo(scores[0]);
            assertThat(scores[2]).isEqualTo(0.5);
        }
    }

    @Test
    void itHasAName() throws IOException {
        try (ProcessScorer scorer = Searches.scorer("process_reward:model=" + saved() + ",aggregation=last")) {
            assertThat(scorer).isInstanceOf(ProcessRewardScorer.class);
        }
        assertThatThrownBy(() -> ProcessRewardScorer.load(folder.toString(), "mean", "newline"))
                .hasMessageContaining("expected the aggregation min, product or last; got mean");
    }
}
