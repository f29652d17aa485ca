package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Single steps of a tiny random model.
class GrpoTest {
    private static final Rewards EVEN = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);

    @Test
    void microBatchesDoNotChangeTheUpdate() {
        Map<String, double[]> whole = moments(1_000_000);
        for (int tokens : new int[] {1, 150}) {
            Map<String, double[]> cut = moments(tokens);
            assertThat(cut.keySet()).isEqualTo(whole.keySet()).isNotEmpty();
            whole.forEach((name, expected) -> {
                double largest = 0;
                for (double value : expected) {
                    largest = Math.max(largest, Math.abs(value));
                }
                assertThat(cut.get(name)).as(name).containsExactly(expected, within(1e-5 * largest + 1e-12));
            });
        }
    }

    /// The first step's moments are its gradient, and unlike the weights linear in it.
    private static Map<String, double[]> moments(int microBatchTokens) {
        Map<String, double[]> moments = new TreeMap<>();
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, EVEN, TinyBase.options(2, 1e-2, 1, microBatchTokens, 0))) {
            grpo.step(0);
            grpo.optimizer().state().forEach((name, tensor) -> {
                if (name.startsWith("m.")) {
                    moments.put(name, tensor.toDoubles());
                }
            });
        }
        return moments;
    }

    @Test
    void theSecondUpdateOfARolloutSeesTheRatioToItsSampler() {
        try (CausalLm once = TinyBase.model(3);
                CausalLm twice = TinyBase.model(3);
                Grpo one = grpo(once, EVEN, TinyBase.options(3, 0.05, 1, 300, 0));
                Grpo two = grpo(twice, EVEN, TinyBase.options(3, 0.05, 2, 300, 0))) {
            Map<String, Double> first = one.step(1).metrics();
            Map<String, Double> second = two.step(1).metrics();
            assertThat(one.optimizer().steps()).isEqualTo(1);
            assertThat(two.optimizer().steps()).isEqualTo(2);
            assertThat(second.get(RunMetrics.REWARD)).isEqualTo(first.get(RunMetrics.REWARD));
            assertThat(first.get(RunMetrics.CLIP_FRACTION)).isZero();
            assertThat(second.get(RunMetrics.CLIP_FRACTION)).isPositive();
            assertThat(second.get(RunMetrics.LOSS))
                    .as("the first update lowered the loss")
                    .isLessThan(first.get(RunMetrics.LOSS));
        }
    }

    @Test
    void theDivergenceToTheBaseBeginsAtZero() {
        try (CausalLm policy = TinyBase.model(3);
                CausalLm reference = TinyBase.model(3);
                Grpo grpo = Grpo.of(
                        policy,
                        reference,
                        TinyBase.tokenizer(),
                        Countdown.standard(),
                        EVEN,
                        TinyBase.options(4, 1e-2, 1, 300, 0.1))) {
            Map<String, float[]> frozen = TinyBase.weights(reference);
            assertThat(grpo.step(0).metrics().get(RunMetrics.KL)).isCloseTo(0, within(1e-9));
            assertThat(grpo.step(1).metrics().get(RunMetrics.KL)).isGreaterThan(1e-6);
            assertSame(TinyBase.weights(reference), frozen);
        }
    }

    @Test
    void withoutAReferenceNoDivergenceCanBeWeighed() {
        try (CausalLm policy = TinyBase.model(3)) {
            assertThatThrownBy(() -> grpo(policy, EVEN, TinyBase.options(1, 1e-2, 1, 300, 0.1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("reference");
        }
    }

    @Test
    void aReferenceThatDoesNotFitIsNamed() {
        Grpo.Options options = TinyBase.options(1, 1e-2, 1, 300, 0.1);
        try (CausalLm policy = TinyBase.model(3);
                CausalLm larger = CausalLm.create(
                        DecoderConfig.llama(TinyBase.tokenizer().vocabSize() + 8, 32, 2, 2, 64, 256), Rng.of(3))) {
            for (CausalLm wrong : List.of(larger, policy)) {
                assertThatThrownBy(
                                () -> Grpo.of(policy, wrong, TinyBase.tokenizer(), Countdown.standard(), EVEN, options))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(
                                wrong == policy
                                        ? "a reference model that stays as it is; got the policy itself. Hint:"
                                        : "a reference model of the policy's vocabulary, "
                                                + policy.config().vocab() + "; got "
                                                + larger.config().vocab() + ". Hint:");
            }
        }
    }

    @Test
    void optionsThatContradictAreNamedAtOnce() {
        assertThatThrownBy(() -> new Grpo.Options(
                        2, 0, 1, 0, 0, 0, 3, true, 0, Advantages.Scale.GROUP, GrpoLoss.Options.defaults(), 0, 0, 5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "[grpo]",
                        "problems of at least 1; got 0",
                        "numGenerations of at least 2, a group; got 1",
                        "maxCompletionLength; got 0",
                        "temperature; got 0",
                        "learningRate; got 0",
                        "a warmup from 0 to the 2 steps; got 3",
                        "numIterations of at least 1; got 0",
                        "maxGradNorm; got 0",
                        "microBatchTokens of at least 1; got 0");
    }

    /// Where the time went is in the metrics of every step and in the report.
    @Test
    void aStepSaysWhereItsTimeWent(@TempDir Path folder) {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, EVEN, TinyBase.options(2, 1e-2, 1, 300, 0));
                RunFolder run = RunFolder.open(folder, false)) {
            for (int step = 0; step < 2; step++) {
                Map<String, Double> metrics = grpo.step(step).metrics();
                double parts = 0;
                for (String part : List.of("rollout", "reward", "log_probs", "update")) {
                    parts += metrics.get(RunMetrics.TIME + part);
                }
                assertThat(parts).isPositive().isLessThanOrEqualTo(metrics.get(RunMetrics.STEP_TIME));
                run.log(step + 1L, metrics);
            }
        }
        assertThat(Report.html(folder))
                .contains("Where a step's time goes")
                .contains("scope=\"row\">rollout</th>", "scope=\"row\">reward</th>")
                .contains("scope=\"row\">log_probs</th>", "scope=\"row\">update</th>");
    }

    @Test
    void memoryStaysFlatAndComesBack() {
        long start = Memory.stats().liveBytes();
        List<Long> live = new ArrayList<>();
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, EVEN, TinyBase.options(20, 1e-2, 2, 150, 0))) {
            for (int step = 0; step < 20; step++) {
                grpo.step(step);
                live.add(Memory.stats().liveBytes());
            }
        }
        assertThat(live.subList(1, 20)).containsOnly(live.get(1));
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
    }

    @Test
    void equalRewardsChangeNothing() {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, Rewards.of("same", (_, _) -> 0.25), TinyBase.options(4, 1e-2, 2, 300, 0))) {
            Map<String, float[]> before = TinyBase.weights(policy);
            Map<String, Double> metrics = grpo.step(2).metrics();
            assertSame(TinyBase.weights(policy), before);
            assertThat(metrics)
                    .containsEntry(RunMetrics.ZERO_VARIANCE, 1.0)
                    .containsEntry(RunMetrics.GRAD_NORM, 0.0)
                    .containsEntry(RunMetrics.LOSS, 0.0)
                    .containsEntry(RunMetrics.REWARD, 0.25);
        }
    }

    @Test
    void weightsThatAreNoNumbersNameTheStep() {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(policy, EVEN, TinyBase.options(20, 1e-2, 1, 300, 0))) {
            try (var _ = Autograd.noGrad()) {
                for (Tensor parameter : policy.parameters()) {
                    parameter.fillInPlace(Double.NaN);
                }
            }
            assertThatThrownBy(() -> grpo.step(16))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("step 17");
        }
    }

    @Test
    void aBrokenRewardIsNamedAndTrainsNothing() {
        Map<String, Reward> broken = Map.of(
                "nan", (_, _) -> Double.NaN,
                "throws",
                        (_, _) -> {
                            throw new IllegalArgumentException("no such unit");
                        });
        try (CausalLm policy = TinyBase.model(3)) {
            Map<String, float[]> before = TinyBase.weights(policy);
            broken.forEach((name, reward) -> {
                Rewards rewards = EVEN.plus(name, reward, 1);
                try (Grpo grpo = grpo(policy, rewards, TinyBase.options(4, 1e-2, 1, 300, 0))) {
                    assertThatThrownBy(() -> grpo.step(0))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("[reward " + name + "]")
                            .hasMessageContaining("problem")
                            .hasMessageContaining(name.equals("nan") ? "NaN" : "no such unit");
                }
            });
            assertSame(TinyBase.weights(policy), before);
        }
    }

    /// A completion without a reward teaches nothing: the step is that of one whose advantage is 0.
    @Test
    void aRewardThatSometimesFailsIsCounted() {
        try (CausalLm policy = TinyBase.model(3)) {
            Rewards rewards = Rewards.of("odd", (_, text) -> {
                        if (TinyBase.even(text)) {
                            throw new IllegalArgumentException("even");
                        }
                        return text.length();
                    })
                    .withMaxFailures(1);
            try (Grpo grpo = grpo(policy, rewards, TinyBase.options(4, 1e-2, 1, 300, 0))) {
                Grpo.Step step = grpo.step(0);
                long failed = step.samples().stream()
                        .filter(sample -> TinyBase.even(sample.completion()))
                        .count();
                assertThat(failed).isPositive();
                assertThat(step.metrics()).containsEntry("rewards/odd/failed", (double) failed);
                assertThat(step.metrics().get(RunMetrics.REWARD)).isFinite();
                assertThat(step.metrics().get(RunMetrics.LOSS)).isFinite();
                assertThat(grpo.warnings()).hasSize(1);
                assertThat(grpo.warnings().getFirst()).contains("[reward odd]", "even", failed + " of 8", "Hint");
            }
        }
    }

    private static Grpo grpo(CausalLm policy, Rewards rewards, Grpo.Options options) {
        return Grpo.of(policy, null, TinyBase.tokenizer(), Countdown.standard(), rewards, options);
    }

    private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }
}
