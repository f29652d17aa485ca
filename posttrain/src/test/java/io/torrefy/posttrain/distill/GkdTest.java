package io.torrefy.posttrain.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.ppo.TrainingStep;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GkdTest {
    private final int threads = Threads.count();
    private final Tokenizer tokenizer = TinyModels.tokenizer();

    @TempDir
    Path temporary;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    private static PreferenceTraining training(long steps, double rate) {
        return PreferenceTraining.of(steps, rate).withBatchSize(6).withSchedule(0, false);
    }

    private static Gkd.Options options(PreferenceTraining training) {
        return Gkd.Options.of(training).withSampling(6, 0.9);
    }

    private DistillSource prompts() {
        return DistillSource.of(Countdown.standard(), tokenizer, 5);
    }

    private static DistillSource data() {
        return DistillSource.of(TinyModels.samples(20), 5);
    }

    /// The loss of a step on data, from the definition in double arithmetic, and the same in micro-batches.
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 1})
    void theLossIsTheMeanDivergenceOfTheAnswersTokens(double beta) {
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher()) {
            DistillSource source = data();
            double sum = 0;
            double tokens = 0;
            for (int i = 0; i < 6; i++) {
                TokenSequence answer = source.example(i).answer();
                double[][] s = logits(student, answer);
                double[][] t = logits(teacher, answer);
                for (int at = 1; at < answer.length(); at++) {
                    if (answer.trained()[at]) {
                        sum += divergence(softmax(t[at - 1]), softmax(s[at - 1]), beta);
                        tokens++;
                    }
                }
            }
            for (int microBatchTokens : new int[] {8192, 1}) {
                Gkd.Options options = options(training(1, 1e-9).withMicroBatchTokens(microBatchTokens))
                        .withBeta(beta)
                        .withAnswers(0, false);
                try (Gkd gkd = Gkd.of(student, teacher, tokenizer, source, options)) {
                    Map<String, Double> m = gkd.step(0).metrics();
                    assertThat(m.get(RunMetrics.LOSS)).isCloseTo(sum / tokens, within(2e-5));
                    assertThat(m.get("on_policy")).isZero();
                    assertThat(m.get(RunMetrics.RESPONSE_LENGTH)).isEqualTo(tokens / 6);
                }
            }
        }
    }

    private static double[][] logits(CausalLm model, TokenSequence sequence) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor logits = model.forward(TokenBatch.pack(List.of(sequence.ids())));
            double[][] rows = new double[sequence.length()][];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = logits.select(0, i).toDoubles();
            }
            return rows;
        }
    }

    private static double[] softmax(double[] row) {
        double most = Arrays.stream(row).max().orElseThrow();
        double sum = Arrays.stream(row).map(x -> Math.exp(x - most)).sum();
        return Arrays.stream(row).map(x -> Math.exp(x - most) / sum).toArray();
    }

    private static double divergence(double[] t, double[] s, double beta) {
        double[] m = new double[t.length];
        Arrays.setAll(m, i -> beta * t[i] + (1 - beta) * s[i]);
        return beta == 0 ? kl(t, s) : beta == 1 ? kl(s, t) : beta * kl(t, m) + (1 - beta) * kl(s, m);
    }

    private static double kl(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i] == 0 ? 0 : p[i] * Math.log(p[i] / q[i]);
        }
        return sum;
    }

    /// On-policy distillation brings the student to the teacher, where the student goes.
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 1})
    void theStudentComesToTheTeacher(double beta) {
        int steps = 100;
        double[] loss = new double[steps];
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        prompts(),
                        options(training(steps, 2e-2).withBatchSize(32))
                                .withBeta(beta)
                                .withAnswers(1, false))) {
            for (int step = 0; step < steps; step++) {
                Map<String, Double> m = gkd.step(step).metrics();
                loss[step] = m.get(RunMetrics.LOSS);
                assertThat(m.get("on_policy")).isEqualTo(1);
                assertThat(m).containsKeys(RunMetrics.ACCURACY, "time/rollout", "time/log_probs", "time/update");
            }
        }
        double first = Arrays.stream(loss, 0, 5).average().orElseThrow();
        double last = Arrays.stream(loss, steps - 5, steps).average().orElseThrow();
        assertThat(last).isLessThan(0.6 * first);
    }

    @Test
    void anEqualTeacherTeachesNothing() {
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.student(3);
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        prompts(),
                        options(training(1, 1e-3)).withAnswers(1, false))) {
            Map<String, Double> m = gkd.step(0).metrics();
            assertThat(m.get(RunMetrics.LOSS)).isCloseTo(0, within(3e-6));
            assertThat(m.get(RunMetrics.GRAD_NORM)).isCloseTo(0, within(1e-5));
        }
    }

    /// 80 steps at ½: 40 ± 4.5 are the student's, so 25 to 55 by more than three deviations.
    @Test
    void lmbdaIsTheShareOfTheStudentsSteps() {
        double student = 0;
        Gkd.Options options =
                Gkd.Options.of(training(80, 1e-3).withBatchSize(1)).withSampling(1, 0.9);
        try (CausalLm learner = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(learner, teacher, tokenizer, data(), options)) {
            for (int step = 0; step < 80; step++) {
                TrainingStep done = gkd.step(step);
                student += done.metrics().get("on_policy");
                assertThat(done.samples()).hasSize(done.metrics().get("on_policy") == 1 ? 1 : 0);
            }
        }
        assertThat(student).isBetween(25.0, 55.0);
    }

    /// At a temperature near 0 what is sampled is the teacher's most likely answer.
    @Test
    void withSeqKdTheTeacherAnswers() {
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        prompts(),
                        options(training(1, 1e-3)).withSampling(6, 1e-4).withAnswers(0, true));
                Generator generator = Generator.of(teacher, tokenizer, 6)) {
            List<int[]> prompts = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                prompts.add(prompts().example(i).prompt());
            }
            Sampling greedy = Sampling.greedy(6).withStopIds(Set.of(Tokens.end(tokenizer)));
            List<String> expected = new ArrayList<>();
            for (Completion completion : generator.generate(prompts, greedy)) {
                expected.add(tokenizer.decode(completion.ids(), true));
            }
            TrainingStep done = gkd.step(0);
            assertThat(done.samples().stream().map(RunSample::completion).toList())
                    .isEqualTo(expected);
            assertThat(done.metrics().get("on_policy")).isZero();
        }
    }

    private Map<String, float[]> after(int steps) {
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        data(),
                        options(training(4, 1e-2).withMicroBatchTokens(30)))) {
            for (int step = 0; step < steps; step++) {
                gkd.step(step);
            }
            return TinyModels.weights(student);
        }
    }

    private static void same(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }

    @Test
    void weightsDoNotDependOnThreads() {
        Threads.use(1);
        Map<String, float[]> one = after(4);
        Threads.use(2);
        same(after(4), one);
    }

    /// The second student begins with other weights, all of which the saved ones replace.
    @Test
    void aResumedRunEndsAsOneThatWasNotStopped() throws Exception {
        Map<String, float[]> whole = after(4);
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        data(),
                        options(training(4, 1e-2).withMicroBatchTokens(30)))) {
            gkd.step(0);
            gkd.step(1);
            gkd.save(temporary);
        }
        try (CausalLm student = TinyModels.student(8);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        data(),
                        options(training(4, 1e-2).withMicroBatchTokens(30)))) {
            gkd.restore(temporary);
            gkd.step(2);
            gkd.step(3);
            same(TinyModels.weights(student), whole);
        }
    }

    @Test
    void memoryStaysFlatAndComesBack() {
        long start = Memory.stats().liveBytes();
        List<Long> live = new ArrayList<>();
        try (CausalLm student = TinyModels.student(3);
                CausalLm teacher = TinyModels.teacher();
                Gkd gkd = Gkd.of(
                        student,
                        teacher,
                        tokenizer,
                        prompts(),
                        options(training(8, 1e-2)).withAnswers(0.5, true))) {
            for (int step = 0; step < 8; step++) {
                gkd.step(step);
                live.add(Memory.stats().liveBytes());
            }
        }
        assertThat(live.subList(5, 8)).containsOnly(live.get(5)); // both generators have been at work
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
    }

    @Test
    void refusesATeacherThatDoesNotFit() {
        int vocabulary = tokenizer.vocabSize();
        try (CausalLm student = TinyModels.student(3);
                CausalLm other = CausalLm.create(DecoderConfig.llama(vocabulary + 1, 8, 1, 1, 8, 128), Rng.of(1));
                CausalLm shorter = CausalLm.create(DecoderConfig.llama(vocabulary, 8, 1, 1, 8, 64), Rng.of(1));
                CausalLm teacher = TinyModels.teacher()) {
            Gkd.Options options = options(training(1, 1e-3));
            assertThatThrownBy(() -> Gkd.of(student, other, tokenizer, data(), options))
                    .hasMessageContaining("[distill] expected a teacher of the student's vocabulary, " + vocabulary)
                    .hasMessageContaining("got " + (vocabulary + 1));
            assertThatThrownBy(() -> Gkd.of(student, student, tokenizer, data(), options))
                    .hasMessageContaining("the student itself");
            assertThatThrownBy(() -> Gkd.of(student, shorter, tokenizer, data(), options))
                    .hasMessageContaining("at least the student's 128 positions; got 64");
            assertThatThrownBy(() -> Gkd.of(student, teacher, tokenizer, prompts(), options))
                    .hasMessageContaining("expected answers in the data with lmbda 0.5; got prompts alone");
        }
    }

    @Test
    void saysAllThatIsWrongWithOptions() {
        assertThatThrownBy(() -> new Gkd.Options(training(1, 1e-3), 1.5, -1, false, 0, 0))
                .hasMessageContaining("lmbda in [0, 1]; got 1.5")
                .hasMessageContaining("beta in [0, 1]; got -1.0")
                .hasMessageContaining("maxNewTokens of at least 1; got 0")
                .hasMessageContaining("a positive temperature; got 0.0");
        assertThatThrownBy(() -> options(training(1, 1e-3)).withAnswers(1, true))
                .hasMessageContaining("lmbda below 1 with seqKd");
    }

    @Test
    void aSourceNamesTheSamplesThatDoNotFit() {
        TokenSequence good = TokenSequence.completion(new int[] {1, 2, 3}, 1, "a:1");
        TokenSequence noPrompt = TokenSequence.whole(new int[] {1, 2}, "a:2");
        TokenSequence noAnswer = TokenSequence.completion(new int[] {1, 2}, 2, "a:3");
        assertThatThrownBy(() -> DistillSource.of(List.of(good, noPrompt, noAnswer), 1))
                .hasMessageContaining("a:2: no prompt before the trained tokens")
                .hasMessageContaining("a:3: no trained token, which others have");
        assertThatThrownBy(() -> DistillSource.of(List.of(), 1)).hasMessageContaining("got none");
        assertThat(DistillSource.of(List.of(noAnswer), 1).hasAnswers()).isFalse();
    }

    /// Each pass has all samples, in another order.
    @Test
    void aSourceGoesThroughAllSamples() {
        DistillSource source = data();
        Map<String, Integer> seen = new TreeMap<>();
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String place = source.example(i).answer().place();
            seen.merge(place, 1, Integer::sum);
            order.add(place);
        }
        assertThat(seen).hasSize(20).allSatisfy((_, count) -> assertThat(count).isEqualTo(2));
        assertThat(order.subList(0, 20)).isNotEqualTo(order.subList(20, 40));
        assertThat(source.example(3).answer().place()).isEqualTo(order.get(3));
    }
}
