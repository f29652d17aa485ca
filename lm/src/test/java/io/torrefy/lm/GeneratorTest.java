package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {
    private static final int NEW = 20;
    /// The fixtures' models are so sure of themselves that only heat makes their samples differ.
    private static final double HOT = 4;

    static List<CausalLm> models() {
        return ParityTest.models().stream().map(GeneratorTest::load).toList();
    }

    private static CausalLm load(Fixture fixture) {
        return CausalLm.load(fixture.file("config.json").getParent());
    }

    private static CausalLm llama() {
        return load(Fixtures.open().get("causal_lm", "llama_tied"));
    }

    /// Prompts of odd lengths, 1 among them.
    private static List<int[]> prompts(CausalLm model, int count) {
        Random random = new Random(7);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = new int[1 + (i * 5) % 17];
            Arrays.setAll(ids, _ -> 3 + random.nextInt(model.config().vocab() - 3));
            prompts.add(ids);
        }
        return prompts;
    }

    private static List<Completion> run(CausalLm model, int slots, List<int[]> prompts, Sampling sampling) {
        try (Generator generator = Generator.of(model, null, slots)) {
            return generator.generate(prompts, sampling);
        }
    }

    private static List<List<Integer>> ids(List<Completion> completions) {
        return completions.stream()
                .map(c -> Arrays.stream(c.ids()).boxed().toList())
                .toList();
    }

    /// How closely: float32 noise of two orders of summation. Log-probabilities here are 1 to 20 in size; the
    /// largest difference over all architectures is below 1e-5.
    @ParameterizedTest
    @MethodSource("models")
    void logProbsAreThoseOfTheTrainingForward(CausalLm model) {
        List<int[]> prompts = prompts(model, 6);
        for (double temperature : new double[] {0, 0.7, 1, 1.9}) {
            Sampling sampling = Sampling.of(NEW, temperature, 5);
            List<Completion> done = run(model, 4, prompts, sampling);
            for (int i = 0; i < prompts.size(); i++) {
                int[] ids = done.get(i).ids();
                float[] expected = forward(model, prompts.get(i), ids, temperature == 0 ? 1 : temperature);
                for (int t = 0; t < ids.length; t++) {
                    assertThat((double) done.get(i).logProbs()[t])
                            .as("prompt %d, token %d, temperature %s", i, t, temperature)
                            .isCloseTo(expected[t], within(1e-5 + 1e-6 * Math.abs(expected[t])));
                }
            }
        }
    }

    private static float[] forward(CausalLm model, int[] prompt, int[] completion, double temperature) {
        int[] all = Arrays.copyOf(prompt, prompt.length + completion.length);
        System.arraycopy(completion, 0, all, prompt.length, completion.length);
        float[] out = new float[completion.length];
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor logits = model.forward(TokenBatch.pack(List.of(all)));
            float[] logProbs = logits.div(temperature).logSoftmax(-1).toFloats();
            int vocab = model.config().vocab();
            for (int t = 0; t < out.length; t++) {
                out[t] = logProbs[(prompt.length + t - 1) * vocab + completion[t]];
            }
        }
        return out;
    }

    /// Slots, neighbours and the order of arrival change nothing.
    @ParameterizedTest
    @MethodSource("models")
    void continuousBatchingIsOneByOne(CausalLm model) {
        List<int[]> prompts = prompts(model, 7);
        for (double temperature : new double[] {0, 1, HOT}) {
            // Some end early, so that slots are handed on in the middle.
            Set<Integer> stops = Set.copyOf(
                    IntStream.range(0, model.config().vocab() / 20).boxed().toList());
            Sampling sampling = Sampling.of(NEW, temperature, 3).withStopIds(stops);
            List<List<Integer>> alone = new ArrayList<>();
            try (Generator one = Generator.of(model, null, 1)) {
                for (int i = 0; i < prompts.size(); i++) {
                    alone.addAll(ids(one.generate(List.of(prompts.get(i)), sampling, i, (_, _) -> {})));
                }
            }
            for (int slots : new int[] {1, 2, 3, 7, 50}) {
                assertThat(ids(run(model, slots, prompts, sampling)))
                        .as("%d slots, temperature %s", slots, temperature)
                        .isEqualTo(alone);
            }
        }
    }

    /// Streams and limits of their own give what each gives alone.
    @Test
    void everyPromptMayHaveItsOwnStreamAndLimit() {
        CausalLm model = llama();
        List<int[]> prompts = prompts(model, 5);
        Sampling sampling = Sampling.of(NEW, HOT, 3);
        List<Generator.Prompt> each = new ArrayList<>();
        List<List<Integer>> alone = new ArrayList<>();
        try (Generator generator = Generator.of(model, null, 3)) {
            for (int i = 0; i < prompts.size(); i++) {
                long stream = 1000L * i * i;
                int limit = 1 + 4 * i;
                each.add(new Generator.Prompt(prompts.get(i), stream, limit));
                int[] free = generator
                        .generate(List.of(prompts.get(i)), sampling, stream, (_, _) -> {})
                        .getFirst()
                        .ids();
                alone.add(Arrays.stream(free).limit(limit).boxed().toList());
            }
            assertThat(ids(generator.generateEach(each, sampling, (_, _) -> {})))
                    .isEqualTo(alone);
            assertThat(generator.generateEach(List.of(), sampling, (_, _) -> {}))
                    .isEmpty();
            assertThatThrownBy(() -> generator.generateEach(
                            List.of(new Generator.Prompt(prompts.get(0), 0, 0)), sampling, (_, _) -> {}))
                    .hasMessageContaining("at least one new token; got 0");
        }
    }

    @Test
    void samplesOfOnePromptShareItsReadingAndDiffer() {
        CausalLm model = llama();
        int[] prompt = prompts(model, 3).get(2);
        Sampling sampling = Sampling.of(NEW, HOT, 8);
        List<List<Integer>> group = ids(run(model, 8, Collections.nCopies(8, prompt), sampling));
        assertThat(Set.copyOf(group)).hasSize(8);
        // Fewer slots than samples: the later ones read the prompt again.
        assertThat(ids(run(model, 3, Collections.nCopies(8, prompt), sampling))).isEqualTo(group);
        // The first samples of a larger group are those of a smaller one.
        assertThat(ids(run(model, 8, Collections.nCopies(5, prompt), sampling))).isEqualTo(group.subList(0, 5));
    }

    @Test
    void threadsChangeNoBit() {
        CausalLm model = llama();
        int before = Threads.count();
        try {
            Threads.use(1);
            List<Completion> one = run(model, 4, prompts(model, 6), Sampling.of(NEW, HOT, 2));
            Threads.use(3);
            List<Completion> three = run(model, 4, prompts(model, 6), Sampling.of(NEW, HOT, 2));
            for (int i = 0; i < one.size(); i++) {
                assertThat(three.get(i).ids()).isEqualTo(one.get(i).ids());
                assertThat(three.get(i).logProbs()).isEqualTo(one.get(i).logProbs());
            }
        } finally {
            Threads.use(before);
        }
    }

    @Test
    void aStopTokenEndsASequenceAndIsItsLast() {
        CausalLm model = llama();
        int[] prompt = prompts(model, 4).get(3);
        int[] free = run(model, 1, List.of(prompt), hot()).getFirst().ids();
        int at = firstNew(free, 4);
        Completion stopped = run(model, 1, List.of(prompt), hot().withStopIds(Set.of(free[at])))
                .getFirst();
        assertThat(stopped.ids()).isEqualTo(Arrays.copyOf(free, at + 1));
        assertThat(stopped.finish()).isEqualTo(Completion.Finish.STOP);
        Completion atOnce = run(model, 1, List.of(prompt), hot().withStopIds(Set.of(free[0])))
                .getFirst();
        assertThat(atOnce.ids()).containsExactly(free[0]);
    }

    private static Sampling hot() {
        return Sampling.of(NEW, HOT, 21);
    }

    /// The first place from `from` on of a token that was not there before.
    private static int firstNew(int[] ids, int from) {
        return IntStream.range(from, ids.length)
                .filter(i -> IntStream.range(0, i).noneMatch(j -> ids[j] == ids[i]))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aStopStringThatSpansTokensEndsASequence() {
        CausalLm model = llama();
        Tokenizer tokenizer = new OneLetterTokens(model.config().vocab());
        int[] prompt = prompts(model, 4).get(3);
        int[] free = run(model, 1, List.of(prompt), hot()).getFirst().ids();
        int at = firstNew(free, 4);
        String stop = tokenizer.decode(new int[] {free[at - 1], free[at]});
        Sampling sampling = hot().withStopStrings(List.of("never", stop));
        try (Generator generator = Generator.of(model, tokenizer, 2)) {
            Completion done = generator.generate(List.of(prompt), sampling).getFirst();
            assertThat(done.ids()).isEqualTo(Arrays.copyOf(free, at + 1));
            assertThat(done.finish()).isEqualTo(Completion.Finish.STOP_STRING);
        }
        assertThatThrownBy(() -> run(model, 1, List.of(prompt), sampling))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tokenizer");
    }

    @Test
    void lengthEndsAtTheLimitOfTheCallAndOfTheModel() {
        CausalLm model = llama();
        int limit = model.config().maxPositions();
        int[] longest = new int[limit - 1];
        Arrays.fill(longest, 5);
        int[] shorter = Arrays.copyOf(longest, limit - 3);
        List<Completion> done = run(model, 2, List.of(longest, shorter, new int[] {5}), Sampling.greedy(NEW));
        assertThat(done).allMatch(c -> c.finish() == Completion.Finish.LENGTH);
        assertThat(done.stream().map(c -> c.ids().length)).containsExactly(1, 3, NEW);
        assertThatThrownBy(() -> run(model, 1, List.of(new int[limit]), Sampling.greedy(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(limit));
        assertThatThrownBy(() -> run(model, 1, List.of(new int[0]), Sampling.greedy(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Generator.of(model, null, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theListenerHearsEveryTokenInOrder() {
        CausalLm model = llama();
        List<int[]> prompts = prompts(model, 5);
        List<List<Integer>> heard = new ArrayList<>();
        prompts.forEach(_ -> heard.add(new ArrayList<>()));
        try (Generator generator = Generator.of(model, null, 2)) {
            List<Completion> done = generator.generate(
                    prompts,
                    Sampling.of(9, HOT, 4),
                    0,
                    (prompt, id) -> heard.get(prompt).add(id));
            assertThat(heard).isEqualTo(ids(done));
        }
    }

    @Test
    void oneGeneratorServesManyCallsAndGivesItsMemoryBack() {
        CausalLm model = llama();
        List<int[]> prompts = prompts(model, 6);
        Sampling sampling = Sampling.of(NEW, HOT, 6);
        List<List<Integer>> fresh = ids(run(model, 4, prompts, sampling));
        collectWhatEarlierTestsLeft();
        long before = Memory.stats().liveBytes();
        try (Generator generator = Generator.of(model, null, 4)) {
            // What an earlier, longer call left in the cache must not show.
            generator.generate(prompts, Sampling.of(3 * NEW, HOT, 1));
            long warm = Memory.stats().liveBytes();
            for (int i = 0; i < 3; i++) {
                assertThat(ids(generator.generate(prompts, sampling))).isEqualTo(fresh);
                assertThat(Memory.stats().liveBytes()).isEqualTo(warm);
            }
            assertThat(generator.generate(List.of(), sampling)).isEmpty();
        }
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }

    /// Models that other tests did not close go when the collector finds them: before this one counts, not
    /// meanwhile.
    private static void collectWhatEarlierTestsLeft() {
        for (int quiet = 0; quiet < 3; ) {
            long live = Memory.stats().liveBytes();
            System.gc();
            LockSupport.parkNanos(50_000_000);
            quiet = Memory.stats().liveBytes() == live ? quiet + 1 : 0;
        }
    }

    /// A caller that gives up in the middle leaves the generator usable.
    @Test
    void aListenerThatThrowsBreaksNothing() {
        CausalLm model = llama();
        List<int[]> prompts = prompts(model, 5);
        Sampling sampling = Sampling.of(NEW, HOT, 6);
        List<List<Integer>> expected = ids(run(model, 3, prompts, sampling));
        try (Generator generator = Generator.of(model, null, 3)) {
            assertThatThrownBy(() -> generator.generate(prompts, sampling, 0, (prompt, _) -> {
                        if (prompt == 4) {
                            throw new IllegalStateException("enough");
                        }
                    }))
                    .hasMessage("enough");
            assertThat(ids(generator.generate(prompts, sampling))).isEqualTo(expected);
            assertThat(Autograd.isEnabled()).isTrue();
        }
    }

    @Test
    void weightsThatAreNoNumbersAreSaid() {
        CausalLm model = llama();
        try (Autograd.Mode _ = Autograd.noGrad()) {
            model.parameters().getLast().fillInPlace(Double.NaN);
        }
        for (double temperature : new double[] {0, 1}) {
            assertThatThrownBy(() -> run(model, 1, List.of(new int[] {5}), Sampling.of(4, temperature, 1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("finite logits");
        }
    }
}
