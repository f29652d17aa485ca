package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.torrefy.nn.AdamW;
import io.torrefy.nn.Losses;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The engine against the model's own modules, whose bits it must have.
class DecodeEngineTest {
    private static final int NEW = 24;

    static List<CausalLm> models() {
        List<CausalLm> models = new ArrayList<>(GeneratorTest.models());
        // Odd widths: heads of 18, an inner width that fills no vector, three query heads on one key head.
        models.add(CausalLm.create(
                new DecoderConfig(
                        DecoderConfig.Family.QWEN3,
                        203,
                        50,
                        2,
                        3,
                        1,
                        18,
                        75,
                        128,
                        10_000,
                        1e-6,
                        true,
                        true,
                        true,
                        false,
                        0.2),
                Rng.of(5)));
        // Wide enough that kernels are shared out, and that a product has several blocks of k.
        models.add(CausalLm.create(DecoderConfig.llama(320, 96, 2, 3, 1100, 128), Rng.of(6)));
        return models;
    }

    private static List<int[]> prompts(CausalLm model, int count) {
        Random random = new Random(7);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = new int[1 + (i * 5) % 17];
            Arrays.setAll(ids, _ -> 3 + random.nextInt(model.config().vocab() - 3));
            // Equal ones that are not neighbours.
            prompts.add(i > 3 && i % 4 == 0 ? prompts.get(i - 3) : ids);
        }
        return prompts;
    }

    private static void assertSame(List<Completion> got, List<Completion> expected, String what) {
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.size(); i++) {
            assertThat(got.get(i).ids())
                    .as("%s, tokens of prompt %d", what, i)
                    .isEqualTo(expected.get(i).ids());
            assertThat(got.get(i).logProbs())
                    .as("%s, log-probabilities of prompt %d", what, i)
                    .isEqualTo(expected.get(i).logProbs());
            assertThat(got.get(i).finish()).isEqualTo(expected.get(i).finish());
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void hasTheBitsOfTheModules(CausalLm model) {
        Set<Integer> stops = Set.copyOf(
                IntStream.range(0, model.config().vocab() / 25).boxed().toList());
        List<Sampling> samplings = List.of(
                Sampling.greedy(NEW),
                Sampling.of(NEW, 1, 3).withStopIds(stops),
                new Sampling(NEW, 3.3, 20, 0.9, 0.01, 4, stops, List.of()));
        int before = Threads.count();
        try {
            for (int slots : new int[] {1, 3, 7, 32}) {
                List<int[]> prompts = prompts(model, slots == 1 ? 3 : 40);
                for (Sampling sampling : samplings) {
                    Threads.use(1);
                    List<Completion> expected;
                    try (Generator modules = Generator.ofModules(model, slots)) {
                        expected = modules.generate(prompts, sampling);
                    }
                    for (int threads : new int[] {1, 2, 3}) {
                        Threads.use(threads);
                        try (Generator engine = Generator.of(model, null, slots)) {
                            String what = slots + " slots, " + threads + " threads, " + sampling;
                            assertSame(engine.generate(prompts, sampling), expected, what);
                        }
                    }
                }
            }
        } finally {
            Threads.use(before);
        }
    }

    private static boolean takesAdapters(CausalLm model) {
        return model.config().family() != DecoderConfig.Family.GPT2;
    }

    /// An adapter that does something: both factors random.
    private static Lora adapted(CausalLm model, int rank, Set<String> targets) {
        Lora lora = Lora.attach(
                model,
                Lora.Options.DEFAULT.withRank(rank).withAlpha(3).withTargets(targets.toArray(String[]::new)),
                Rng.of(1));
        Rng rng = Rng.of(2);
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            lora.namedParameters()
                    .values()
                    .forEach(p -> p.copyFrom(rng.normal(p.shape()).mul(0.3)));
        }
        return lora;
    }

    /// Beside its weights as they are, beside frozen ones of BF16, which are packed as such without a loss, and
    /// beside ones that are kept as INT8, which are read where they lie.
    @ParameterizedTest
    @MethodSource("models")
    void withAnAdapterItHasTheBitsOfTheModules(CausalLm model) {
        assumeTrue(takesAdapters(model));
        Sampling sampling = Sampling.of(NEW, 1, 3);
        List<int[]> prompts = prompts(model, 12);
        List<Completion> plain;
        try (Generator modules = Generator.ofModules(model, 5)) {
            plain = modules.generate(prompts, sampling);
        }
        // All of a product's matrices, some of them, and one of a pair.
        List<Set<String>> targets = List.of(
                Set.copyOf(Lora.Options.DEFAULT.targets()), Set.of("v_proj", "up_proj"), Set.of("q_proj", "o_proj"));
        for (PackedWeights.Format format : PackedWeights.Format.values()) {
            model.freeze(format);
            for (Set<String> some : targets) {
                try (Lora _ = adapted(model, 5, some);
                        Generator modules = Generator.ofModules(model, 5);
                        Generator engine = Generator.of(model, null, 5)) {
                    List<Completion> expected = modules.generate(prompts, sampling);
                    assertSame(expected, engine.generate(prompts, sampling), format + " " + some);
                    assertThat(expected.getFirst().logProbs())
                            .isNotEqualTo(plain.getFirst().logProbs());
                }
            }
        }
    }

    /// One generator through all that can become of an adapter, which it must see each time.
    @Test
    void followsAnAdapterThroughItsLife() {
        CausalLm model = CausalLm.create(DecoderConfig.llama(67, 32, 2, 2, 40, 64), Rng.of(1));
        List<int[]> prompts = prompts(model, 5);
        Sampling sampling = Sampling.of(NEW, 1, 2);
        try (Generator engine = Generator.of(model, null, 4)) {
            List<Completion> plain = engine.generate(prompts, sampling);
            Lora lora = adapted(model, 3, Set.of("q_proj", "down_proj"));
            List<Completion> last = assertFresh(model, engine, prompts, sampling, plain, "attached");
            try (Autograd.Mode _ = Autograd.noGrad()) {
                for (Tensor factor : lora.namedParameters().values()) {
                    factor.mulInPlace(1.5);
                    last = assertFresh(model, engine, prompts, sampling, last, "a factor changed");
                }
            }
            List<Completion> adaptedOnes = last;
            assertSame(lora.without(() -> engine.generate(prompts, sampling)), plain, "switched off");
            assertSame(engine.generate(prompts, sampling), adaptedOnes, "switched on");
            lora.merge();
            assertFresh(model, engine, prompts, sampling, adaptedOnes, "merged");
            lora.unmerge();
            assertSame(engine.generate(prompts, sampling), adaptedOnes, "unmerged");
            lora.close();
            assertSame(engine.generate(prompts, sampling), plain, "removed");
        }
        model.close();
    }

    /// Weights packed before a change must never serve after it, whichever way they change.
    @Test
    void seesEveryChangeOfTheWeights() {
        CausalLm model = CausalLm.create(DecoderConfig.llama(67, 32, 2, 2, 40, 64), Rng.of(1));
        List<int[]> prompts = prompts(model, 5);
        Sampling sampling = Sampling.of(NEW, 1, 2);
        try (Generator engine = Generator.of(model, null, 4);
                AdamW optimizer = AdamW.of(model.parameters(), 0.05)) {
            List<Completion> last = engine.generate(prompts, sampling);
            for (int step = 0; step < 3; step++) {
                try (Scope _ = Scope.open()) {
                    Tensor logits = model.forward(TokenBatch.pack(List.of(prompts.get(3))));
                    Losses.crossEntropy(logits, Tensor.zeros(logits.size(0)).to(DType.I64))
                            .backward();
                    optimizer.step();
                }
                last = assertFresh(model, engine, prompts, sampling, last, "step " + step);
            }
            try (Autograd.Mode _ = Autograd.noGrad()) {
                for (Tensor p : model.parameters()) {
                    p.mulInPlace(1.25);
                    last = assertFresh(model, engine, prompts, sampling, last, "mulInPlace");
                }
            }
            CausalLm other = CausalLm.create(model.config(), Rng.of(9));
            model.load(other.state());
            assertFresh(model, engine, prompts, sampling, last, "load");
            other.close();
        }
        model.close();
    }

    private static List<Completion> assertFresh(
            CausalLm model,
            Generator engine,
            List<int[]> prompts,
            Sampling sampling,
            List<Completion> before,
            String what) {
        List<Completion> now = engine.generate(prompts, sampling);
        try (Generator modules = Generator.ofModules(model, 4)) {
            assertSame(now, modules.generate(prompts, sampling), what);
        }
        boolean changed = IntStream.range(0, now.size())
                .anyMatch(
                        i -> !Arrays.equals(now.get(i).logProbs(), before.get(i).logProbs()));
        assertThat(changed).as("%s changes something", what).isTrue();
        return now;
    }

    /// Between two tokens, once everything has grown to its size.
    @Test
    void memoryStaysFlatFromTokenToToken() {
        CausalLm model = CausalLm.create(DecoderConfig.llama(600, 64, 2, 2, 80, 600), Rng.of(1));
        List<int[]> prompts = List.of(new int[] {5}, new int[] {6, 7}, new int[] {8});
        int tokens = 500;
        long[] allocated = new long[tokens];
        long[] live = new long[tokens];
        for (Sampling sampling : List.of(
                Sampling.greedy(tokens),
                Sampling.of(tokens, 1, 2),
                new Sampling(tokens, 0.8, 50, 0.9, 0, 1, Set.of(601), List.of()))) {
            int[] heard = {0};
            try (Generator engine = Generator.of(model, null, 3)) {
                // The interpreter boxes vectors; what the compiler makes of it does not.
                for (int round = 0; round < 4; round++) {
                    heard[0] = 0;
                    engine.generate(prompts, sampling, 0, (p, _) -> {
                        if (p == 0) {
                            allocated[heard[0]] = allocatedBytes();
                            live[heard[0]++] = Memory.stats().liveBytes();
                        }
                    });
                }
            }
            assertThat(live[tokens - 1]).isEqualTo(live[1]);
        }
    }

    /// Rounding moves a bf16 weight by at most 2^-9 of itself, and a byte's by at most 1/254 of the greatest of its
    /// row. Log-probabilities must move about as far as those of the modules do when every weight is moved by as
    /// much at random; four times that is the bound.
    @ParameterizedTest
    @MethodSource("models")
    void smallerWeightsAreAsNearTheModelAsTheirRounding(CausalLm model) {
        for (var format : List.of(PackedWeights.Format.BF16, PackedWeights.Format.INT8)) {
            CausalLm moved = moved(model, format);
            double expected = difference(model, Generator.ofModules(moved, 8));
            assertThat(difference(model, Generator.of(model, null, 8, format)))
                    .as("%s, against %s of weights moved at random", format, expected)
                    .isBetween(expected / 100, 4 * expected);
            moved.close();
        }
    }

    private static CausalLm moved(CausalLm model, PackedWeights.Format format) {
        CausalLm copy = CausalLm.create(model.config(), Rng.of(1));
        copy.load(model.state());
        Rng random = Rng.of(4);
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            copy.namedParameters().forEach((name, w) -> {
                if (w.rank() == 2 && !name.contains("wpe")) {
                    boolean inFirst = name.contains(".c_");
                    Tensor unit = random.uniform(w.shape()).mul(2).sub(1);
                    Tensor step = format == PackedWeights.Format.BF16
                            ? w.mul(0x1p-9)
                            : w.abs().amax(new int[] {inFirst ? 0 : 1}, true).div(254);
                    w.addInPlace(step.mul(unit));
                }
            });
        }
        return copy;
    }

    /// The largest difference from the model in the log-probability of a second token, of those that both chose.
    private static double difference(CausalLm model, Generator generator) {
        List<int[]> prompts = prompts(model, 40);
        double worst = 0;
        try (Generator exact = Generator.of(model, null, 8);
                Generator other = generator) {
            List<Completion> a = exact.generate(prompts, Sampling.greedy(2));
            List<Completion> b = other.generate(prompts, Sampling.greedy(2));
            for (int i = 0; i < a.size(); i++) {
                if (Arrays.equals(a.get(i).ids(), b.get(i).ids())) {
                    worst = Math.max(
                            worst, Math.abs(a.get(i).logProbs()[1] - b.get(i).logProbs()[1]));
                }
            }
        }
        return worst;
    }

    private static final MethodHandle ALLOCATED = allocationCounter();

    /// `ThreadMXBean.getCurrentThreadAllocatedBytes` without a module dependency.
    private static MethodHandle allocationCounter() {
        try {
            var lookup = MethodHandles.publicLookup();
            Class<?> type = Class.forName("com.sun.management.ThreadMXBean");
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            Object bean = factory.getMethod("getThreadMXBean").invoke(null);
            return lookup.findVirtual(type, "getCurrentThreadAllocatedBytes", MethodType.methodType(long.class))
                    .bindTo(bean)
                    .asType(MethodType.methodType(long.class));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static long allocatedBytes() {
        try {
            return (long) ALLOCATED.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
