package io.torrefy.posttrain.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.Verdict;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.sft.Sft;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TeacherSamplesTest {
    private final Tokenizer tokenizer = TinyModels.tokenizer();

    /// Countdown's problems; what is right has an even number of characters.
    private static Task task() {
        Countdown problems = Countdown.standard();
        return new Task() {
            @Override
            public String name() {
                return "even";
            }

            @Override
            public Problem training(long seed, long index) {
                return problems.training(seed, index);
            }

            @Override
            public List<Problem> heldOut(int count) {
                return problems.heldOut(count);
            }

            @Override
            public Verdict verify(Problem problem, String completion) {
                boolean right = completion.length() % 2 == 0;
                return new Verdict(right ? Verdict.Outcome.CORRECT : Verdict.Outcome.WRONG_VALUE, completion, "");
            }
        };
    }

    /// What came to its end and, if asked, was right, in the ids of the teacher: nothing else.
    @Test
    void answersThatEndedAreKeptWithTheirIds() {
        try (CausalLm teacher = TinyModels.student(3);
                Generator generator = Generator.of(teacher, tokenizer, 8)) {
            TeacherSamples all = new TeacherSamples(150, 2, 40, 1, false, 7);
            TeacherSamples.Yield drawn = all.draw(generator, tokenizer, tokenizer, task());
            assertThat(drawn.drawn()).isEqualTo(300);
            assertThat(drawn.truncated()).isPositive();
            assertThat(drawn.sequences()).hasSize(300 - drawn.truncated());
            int end = Tokens.end(tokenizer);
            int right = 0;
            for (TokenSequence sequence : drawn.sequences()) {
                int[] ids = sequence.ids();
                assertThat(ids[ids.length - 1]).isEqualTo(end);
                int prompt = ids.length - answer(sequence).length;
                assertThat(tokenizer.decode(Arrays.copyOf(ids, prompt), true)).contains("Target");
                right += tokenizer.decode(answer(sequence), true).length() % 2 == 0 ? 1 : 0;
            }
            TeacherSamples.Yield correct =
                    new TeacherSamples(150, 2, 40, 1, true, 7).draw(generator, tokenizer, tokenizer, task());
            assertThat(correct.sequences()).hasSize(right);
            assertThat(correct.refused()).isEqualTo(drawn.sequences().size() - right);
        }
    }

    private static int[] answer(TokenSequence sequence) {
        int from = 0;
        while (!sequence.trained()[from]) {
            from++;
        }
        return Arrays.copyOfRange(sequence.ids(), from, sequence.length());
    }

    /// Another tokenizer's ids spell the same answers.
    @Test
    void aStudentOfAnotherTokenizerIsGivenTheText() {
        Tokenizer other = BpeTrainer.of(280)
                .endOfText("<|endoftext|>")
                .train(List.of("Numbers Numbers Target Target answer answer"))
                .tokenizer();
        assertThat(SharedVocabulary.isSame(tokenizer, other)).isFalse();
        assertThatThrownBy(() -> SharedVocabulary.check(other, tokenizer))
                .hasMessageContaining("expected a teacher with the student's tokenizer")
                .hasMessageContaining("method sequence");
        TeacherSamples samples = new TeacherSamples(60, 1, 40, 1, false, 7);
        try (CausalLm teacher = TinyModels.student(3);
                Generator generator = Generator.of(teacher, tokenizer, 8)) {
            List<TokenSequence> own =
                    samples.draw(generator, tokenizer, tokenizer, task()).sequences();
            List<TokenSequence> theirs =
                    samples.draw(generator, tokenizer, other, task()).sequences();
            assertThat(theirs).hasSameSizeAs(own);
            for (int i = 0; i < own.size(); i++) {
                assertThat(other.decode(theirs.get(i).ids(), true))
                        .isEqualTo(tokenizer.decode(own.get(i).ids(), true));
                assertThat(theirs.get(i).ids()[theirs.get(i).length() - 1]).isEqualTo(Tokens.end(other));
            }
        }
    }

    /// The student learns the teacher's answers by heart.
    @Test
    void theStudentSaysWhatTheTeacherSaid() {
        int end = Tokens.end(tokenizer);
        Sampling greedy = Sampling.greedy(40).withStopIds(Set.of(end));
        try (CausalLm teacher = TinyModels.student(3);
                CausalLm student = TinyModels.student(4);
                Generator generator = Generator.of(teacher, tokenizer, 8)) {
            List<TokenSequence> samples = new TeacherSamples(200, 1, 12, 1, false, 7)
                    .draw(generator, tokenizer, tokenizer, task())
                    .sequences();
            List<TokenSequence> few = samples.subList(0, 3);
            Sft.Options options = Sft.Options.defaults().withLearningRate(1e-2).withMaxSteps(300);
            try (Sft sft = Sft.of(student, tokenizer, few, options)) {
                for (int step = 0; step < 300; step++) {
                    sft.step(step);
                }
            }
            List<int[]> prompts = new ArrayList<>();
            List<int[]> answers = new ArrayList<>();
            for (TokenSequence one : few) {
                int[] answer = answer(one);
                answers.add(answer);
                prompts.add(Arrays.copyOf(one.ids(), one.length() - answer.length));
            }
            try (Generator learnt = Generator.of(student, tokenizer, 8)) {
                assertThat(learnt.generate(prompts, greedy).stream().map(Completion::ids))
                        .containsExactlyElementsOf(answers);
            }
        }
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> new TeacherSamples(0, 0, 0, -1, false, 1))
                .hasMessageContaining("prompts of at least 1; got 0")
                .hasMessageContaining("numGenerations of at least 1; got 0")
                .hasMessageContaining("maxNewTokens of at least 1; got 0")
                .hasMessageContaining("temperature >= 0; got -1.0");
        assertThatThrownBy(() -> new TeacherSamples(1, 2, 8, 0, false, 1))
                .hasMessageContaining("all answers are equal");
        try (CausalLm teacher = TinyModels.student(3);
                Generator generator = Generator.of(teacher, tokenizer, 8)) {
            assertThatThrownBy(() ->
                            new TeacherSamples(3, 1, 1, 0, false, 1).draw(generator, tokenizer, tokenizer, task()))
                    .hasMessageContaining("of 3 none was left: 3 were cut off at 1 tokens");
        }
    }
}
