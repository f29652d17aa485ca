package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Lora;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rollouts beside the updates: which weights sample which batch is fixed, so nothing that takes time changes a bit.
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AsyncRolloutTest {
    private static final int STEPS = 7;
    private static final Rewards EVEN = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);

    private final int threads = Threads.count();

    @TempDir
    Path temporary;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    private static Grpo.Options options() {
        return TinyBase.options(STEPS, 0.02, 1, 300, 0);
    }

    private static Grpo grpo(CausalLm policy, int staleness, Rewards rewards) {
        return Grpo.of(
                policy,
                null,
                null,
                TinyBase.tokenizer(),
                Countdown.standard(),
                rewards,
                options(),
                RolloutPlan.DEFAULT.withMaxStaleness(staleness));
    }

    /// What a run does, without what a clock says.
    private record Trace(List<Map<String, Double>> metrics, List<List<RunSample>> samples, Map<String, float[]> end) {}

    private static Trace trace(int staleness, Rewards rewards) {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, staleness, rewards)) {
            List<Map<String, Double>> metrics = new ArrayList<>();
            List<List<RunSample>> samples = new ArrayList<>();
            for (int step = 0; step < STEPS; step++) {
                Grpo.Step done = grpo.step(step);
                metrics.add(timeless(done.metrics()));
                samples.add(done.samples());
            }
            return new Trace(metrics, samples, TinyBase.weights(policy));
        }
    }

    private static Map<String, Double> timeless(Map<String, Double> metrics) {
        Map<String, Double> kept = new TreeMap<>(metrics);
        kept.keySet()
                .removeIf(name -> name.startsWith("time/")
                        || name.equals(RunMetrics.TOKENS_PER_SECOND)
                        || name.equals(RunMetrics.SAMPLER_SECONDS));
        return kept;
    }

    private static void assertSame(Trace actual, Trace expected) {
        assertThat(actual.metrics).isEqualTo(expected.metrics);
        assertThat(actual.samples).isEqualTo(expected.samples);
        expected.end.forEach(
                (name, values) -> assertThat(actual.end.get(name)).as(name).isEqualTo(values));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void bitsDoNotDependOnWhoIsFaster(int staleness) {
        Threads.use(1);
        Trace one = trace(staleness, EVEN);
        Threads.use(2);
        assertSame(trace(staleness, EVEN), one);
        AtomicInteger calls = new AtomicInteger();
        Rewards slow = Rewards.of("even", (_, text) -> {
            // Some batches take long, most take none.
            if (calls.incrementAndGet() % 24 == 0) {
                LockSupport.parkNanos(30_000_000);
            }
            return TinyBase.even(text) ? 1 : 0;
        });
        assertSame(trace(staleness, slow), one);
    }

    /// Each batch is what the weights of its version sample, kept here as copies of them.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 50})
    void batchesAreSampledByTheWeightsOfTheSchedule(int staleness) {
        List<Map<String, float[]>> versions = new ArrayList<>();
        try (CausalLm policy = TinyBase.model(3);
                CausalLm then = TinyBase.model(3);
                Generator generator = Generator.of(then, TinyBase.tokenizer(), 8);
                Grpo grpo = grpo(policy, staleness, EVEN)) {
            GroupSampler sampler = new GroupSampler(
                    generator,
                    TinyBase.tokenizer(),
                    policy.config().maxPositions(),
                    Countdown.standard(),
                    EVEN,
                    options(),
                    RolloutPlan.DEFAULT);
            for (int step = 0; step < STEPS; step++) {
                versions.add(TinyBase.weights(policy));
                Grpo.Step done = grpo.step(step);
                int version = Math.max(0, step - staleness);
                assertThat(done.metrics()).containsEntry(RunMetrics.STALENESS, (double) (step - version));
                load(then, versions.get(version));
                RolloutBatch expected = sampler.sample(step, version);
                assertThat(done.samples())
                        .isEqualTo(expected.rollouts().stream()
                                .map(Rollout::sample)
                                .toList());
                // Where all rewards are equal there is no update to compare with.
                if (done.metrics().get(RunMetrics.ZERO_VARIANCE) < 1) {
                    if (same(versions.get(version), versions.get(step))) {
                        assertThat(done.metrics().get(RunMetrics.LOGP_DIFFERENCE_MAX))
                                .isLessThan(1e-6);
                    } else {
                        assertThat(done.metrics().get(RunMetrics.LOGP_DIFFERENCE))
                                .isGreaterThan(1e-4);
                    }
                }
            }
        }
    }

    private static boolean same(Map<String, float[]> a, Map<String, float[]> b) {
        return a.entrySet().stream().allMatch(one -> Arrays.equals(one.getValue(), b.get(one.getKey())));
    }

    private static void load(CausalLm model, Map<String, float[]> weights) {
        try (var _ = Autograd.noGrad();
                var _ = Scope.open()) {
            model.namedParameters().forEach((name, p) -> p.copyFrom(Tensor.of(weights.get(name), p.shape())));
        }
    }

    /// Batches that wait go through a file, and the run goes on as if it had not been stopped.
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3", "3, 1", "3, 4", "3, 6"})
    void goesOnFromTheBatchesThatWait(int staleness, int stopAfter) throws IOException {
        Trace whole = trace(staleness, EVEN);
        try (CausalLm policy = TinyBase.model(3)) {
            Map<String, Tensor> state = new TreeMap<>();
            try (Grpo grpo = grpo(policy, staleness, EVEN)) {
                for (int step = 0; step < stopAfter; step++) {
                    grpo.step(step);
                }
                grpo.save(temporary);
                grpo.optimizer()
                        .state()
                        .forEach((name, t) -> state.put(name, t.copy().keep()));
            }
            try (Grpo grpo = grpo(policy, staleness, EVEN)) {
                grpo.optimizer().load(state);
                grpo.restore(temporary);
                for (int step = stopAfter; step < STEPS; step++) {
                    Grpo.Step done = grpo.step(step);
                    assertThat(timeless(done.metrics())).isEqualTo(whole.metrics.get(step));
                    assertThat(done.samples()).isEqualTo(whole.samples.get(step));
                }
            }
            state.values().forEach(Tensor::close);
            TinyBase.weights(policy)
                    .forEach((name, values) -> assertThat(values).as(name).isEqualTo(whole.end.get(name)));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void theSamplerHasAnAdapterOfItsOwn(PackedWeights.Format base) {
        List<Map<String, Double>> traces = new ArrayList<>();
        for (int n : new int[] {1, 2}) {
            Threads.use(n);
            try (CausalLm policy = TinyBase.model(3)) {
                policy.freeze(base);
                try (Lora lora = Lora.attach(
                                policy, Lora.Options.DEFAULT.withRank(4).withAlpha(8), Rng.of(1));
                        Grpo grpo = Grpo.of(
                                policy,
                                null,
                                lora,
                                TinyBase.tokenizer(),
                                Countdown.standard(),
                                EVEN,
                                TinyBase.options(STEPS, 0.02, 1, 300, 0.1),
                                RolloutPlan.DEFAULT.withMaxStaleness(1))) {
                    Map<String, Double> last = Map.of();
                    for (int step = 0; step < STEPS; step++) {
                        last = timeless(grpo.step(step).metrics());
                        if (step == 0) {
                            assertThat(last.get(RunMetrics.LOGP_DIFFERENCE_MAX)).isLessThan(1e-6);
                        }
                    }
                    traces.add(last);
                }
            }
        }
        assertThat(traces.get(0)).isEqualTo(traces.get(1));
    }

    @Test
    void whatFailsOnTheOtherThreadIsSaidHere() {
        AtomicInteger left = new AtomicInteger(20);
        Rewards breaking = Rewards.of("even", (_, text) -> {
            if (left.decrementAndGet() < 0) {
                throw new IllegalArgumentException("no such unit");
            }
            return TinyBase.even(text) ? 1 : 0;
        });
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, 2, breaking)) {
            assertThatThrownBy(() -> {
                        for (int step = 0; step < STEPS; step++) {
                            grpo.step(step);
                        }
                    })
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("[reward even]", "no such unit");
        }
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, 2, EVEN)) {
            grpo.step(0);
            assertThatThrownBy(() -> grpo.step(0)).hasMessageContaining("steps in their order");
        }
    }

    /// Once the first version has been taken; also when it is closed with batches under way.
    @Test
    void memoryStaysFlatAndComesBack() {
        Threads.use(1);
        long start = Memory.stats().liveBytes();
        List<Long> live = new ArrayList<>();
        Grpo.Options many = TinyBase.options(40, 1e-2, 1, 150, 0);
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = Grpo.of(
                        policy,
                        null,
                        null,
                        TinyBase.tokenizer(),
                        Countdown.standard(),
                        EVEN,
                        many,
                        RolloutPlan.DEFAULT.withMaxStaleness(2))) {
            long weights = policy.parameters().stream()
                    .mapToLong(p -> p.count() * p.dtype().bytes())
                    .sum();
            for (int step = 0; step < 30; step++) {
                grpo.step(step);
                live.add(Memory.stats().liveBytes());
            }
            // A pass under way holds what it computes; what must not grow is what is left behind.
            long first = live.subList(2, 10).stream().mapToLong(b -> b).max().orElseThrow();
            long last = live.subList(20, 30).stream().mapToLong(b -> b).min().orElseThrow();
            assertThat(last).isLessThanOrEqualTo(first);
            // Policy, sampler's copy, three packed forms at most, two moments and versions that wait.
            assertThat(last).isGreaterThan(4 * weights);
        }
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
        assertThat(live).isNotEmpty();
    }

    @Test
    void aRolloutComesOutOfItsFileAsItWentIn() {
        Episode episode = new Episode(
                new int[] {1, 2},
                new int[] {3, 4, 5},
                new boolean[] {true, false, true},
                new float[] {-0.1f, 0, Float.MIN_VALUE},
                2,
                1,
                1,
                0.1 + 0.2,
                true);
        RunSample sample = new RunSample(
                3, "train", "p", "c", "t", true, Double.NaN, Map.of("a", Double.NaN, "b", 1.0 / 3), 3, "length");
        RolloutBatch batch = new RolloutBatch(
                7,
                5,
                List.of(new Rollout(episode, Double.NaN, sample)),
                2,
                Map.of("x", Double.NaN),
                List.of("careful"));
        RolloutBatch read = RolloutBatch.fromJson(tree(batch.toJson().toString()));
        Episode back = read.rollouts().getFirst().episode();
        assertThat(back.prompt()).isEqualTo(episode.prompt());
        assertThat(back.ids()).isEqualTo(episode.ids());
        assertThat(back.sampled()).isEqualTo(episode.sampled());
        assertThat(back.logProbs()).isEqualTo(episode.logProbs());
        assertThat(back.reward()).isEqualTo(episode.reward());
        assertThat(List.of(back.turns(), back.calls(), back.failures(), back.truncated()))
                .isEqualTo(Arrays.asList(2, 1, 1, true));
        assertThat(read.rollouts().getFirst().reward()).isNaN();
        assertThat(read.rollouts().getFirst().sample()).isEqualTo(sample);
        assertThat(List.of(read.step(), read.version(), read.tokens())).isEqualTo(List.of(7L, 5L, 2L));
        assertThat(read.metrics()).isEqualTo(batch.metrics());
        assertThat(read.warnings()).isEqualTo(batch.warnings());
    }

    private static JsonNode tree(String json) {
        try {
            return RunJson.MAPPER.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
