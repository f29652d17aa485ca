package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// GRPO of an adapter: what is trained, and that the model under it is the reference.
class GrpoAdapterTest {
    private static final Rewards EVEN = Rewards.of("even", (_, text) -> TinyBase.even(text) ? 1 : 0);
    private static final Lora.Options SMALL = Lora.Options.DEFAULT.withRank(4).withAlpha(8);

    private static Grpo grpo(
            CausalLm policy,
            @Nullable CausalLm reference,
            @Nullable Lora lora,
            Grpo.Options options,
            RolloutPlan plan) {
        return Grpo.of(policy, reference, lora, TinyBase.tokenizer(), Countdown.standard(), EVEN, options, plan);
    }

    private static Map<String, Double> timeless(Map<String, Double> metrics) {
        Map<String, Double> kept = new TreeMap<>(metrics);
        kept.keySet().removeIf(name -> name.startsWith("time/") || name.equals(RunMetrics.TOKENS_PER_SECOND));
        return kept;
    }

    /// The base with the adapter switched off is bit for bit the model that a second copy would be.
    @ParameterizedTest
    @EnumSource
    void theBaseUnderItIsTheReference(PackedWeights.Format base) {
        List<Map<String, Double>> byAdapter = new ArrayList<>();
        List<Map<String, Double>> byCopy = new ArrayList<>();
        for (boolean copy : new boolean[] {false, true}) {
            try (CausalLm policy = TinyBase.model(3);
                    CausalLm reference = TinyBase.model(3)) {
                policy.freeze(base);
                reference.freeze(base);
                Map<String, float[]> before = TinyBase.weights(policy);
                try (Lora lora = Lora.attach(policy, SMALL, Rng.of(1));
                        Grpo grpo = grpo(
                                policy,
                                copy ? reference : null,
                                lora,
                                TinyBase.options(4, 0.02, 2, 300, 0.1),
                                RolloutPlan.DEFAULT)) {
                    for (int step = 0; step < 4; step++) {
                        (copy ? byCopy : byAdapter).add(timeless(grpo.step(step).metrics()));
                    }
                }
                Map<String, float[]> after = TinyBase.weights(policy);
                before.forEach(
                        (name, values) -> assertThat(after.get(name)).as(name).isEqualTo(values));
            }
        }
        assertThat(byAdapter).isEqualTo(byCopy);
        assertThat(byAdapter.getLast().get(RunMetrics.KL)).isGreaterThan(1e-5);
    }

    /// The policy that samples, the one that is trained and the reference, while their weights are equal.
    @ParameterizedTest
    @EnumSource
    void equalWeightsHaveEqualLogProbs(PackedWeights.Format base) {
        try (CausalLm policy = TinyBase.model(3)) {
            policy.freeze(base);
            try (Lora lora = Lora.attach(policy, SMALL, Rng.of(1));
                    Grpo grpo = grpo(policy, null, lora, TinyBase.options(4, 1e-2, 1, 300, 0.1), RolloutPlan.DEFAULT)) {
                Map<String, Double> first = grpo.step(0).metrics();
                assertThat(first.get(RunMetrics.LOGP_DIFFERENCE_MAX)).isLessThan(1e-6);
                assertThat(first.get(RunMetrics.SAMPLING_RATIO)).isCloseTo(1, within(1e-6));
                assertThat(first).containsEntry(RunMetrics.KL, 0.0);
                for (int step = 1; step < 4; step++) {
                    assertThat(grpo.step(step).metrics().get(RunMetrics.LOGP_DIFFERENCE_MAX))
                            .as("sampling and update see the same adapter at step %d", step)
                            .isLessThan(1e-6);
                }
            }
        }
    }

    @Test
    void onlyTheFactorsAreTrained() {
        try (CausalLm policy = TinyBase.model(3);
                Lora lora = Lora.attach(policy, SMALL, Rng.of(1));
                Grpo grpo = grpo(policy, null, lora, TinyBase.options(4, 1e-2, 1, 300, 0), RolloutPlan.DEFAULT)) {
            Map<String, float[]> before = TinyBase.weights(policy);
            grpo.step(0);
            grpo.step(1);
            TinyBase.weights(policy).forEach((name, values) -> {
                if (name.contains("lora_")) {
                    assertThat(values).as(name).isNotEqualTo(before.get(name));
                } else {
                    assertThat(values).as(name).isEqualTo(before.get(name));
                }
            });
            assertThat(grpo.optimizer().state().keySet())
                    .allMatch(name -> name.contains("lora_") || !name.contains("model"));
        }
    }

    /// Sampling from rounded weights: the ratio is taken to the log-probabilities of the sampler, and says by how
    /// much the two differ.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void ratiosAreTakenToTheRoundedSampler(PackedWeights.Format format) {
        try (CausalLm policy = TinyBase.model(3);
                Grpo grpo = grpo(
                        policy,
                        null,
                        null,
                        TinyBase.options(4, 1e-2, 1, 300, 0),
                        RolloutPlan.DEFAULT.withWeights(format))) {
            Map<String, Double> metrics = grpo.step(0).metrics();
            assertThat(metrics.get(RunMetrics.LOGP_DIFFERENCE)).isBetween(1e-6, 0.05);
            // With ratio 1 the loss of group-normalised advantages would be what the lengths make of their sum.
            assertThat(metrics.get(RunMetrics.SAMPLING_RATIO)).isNotEqualTo(1.0).isCloseTo(1, within(0.05));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void memoryStaysFlatAndComesBack(PackedWeights.Format base) {
        long start = Memory.stats().liveBytes();
        List<Long> live = new ArrayList<>();
        try (CausalLm policy = TinyBase.model(3)) {
            policy.freeze(base);
            try (Lora lora = Lora.attach(policy, SMALL, Rng.of(1));
                    Grpo grpo =
                            grpo(policy, null, lora, TinyBase.options(20, 1e-2, 2, 150, 0.1), RolloutPlan.DEFAULT)) {
                for (int step = 0; step < 20; step++) {
                    grpo.step(step);
                    live.add(Memory.stats().liveBytes());
                }
            }
        }
        assertThat(live.subList(1, 20)).containsOnly(live.get(1));
        assertThat(Memory.stats().liveBytes()).isEqualTo(start);
    }
}
