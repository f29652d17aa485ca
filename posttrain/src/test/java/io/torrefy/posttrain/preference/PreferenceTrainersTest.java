package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.nn.AdamW;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Laws of the trainers on a tiny random model.
class PreferenceTrainersTest {
    private static final int ALL = 1 << 20;
    private static final List<PreferencePair> PAIRS = TinyPairs.pairs(11, 1);

    /// A trainer of any kind.
    private record Trainer(LongFunction<Map<String, Double>> step, AdamW optimizer) {}

    @ParameterizedTest
    @EnumSource(LossType.class)
    void microBatchesDoNotChangeDpo(LossType type) {
        DpoLoss.Options loss =
                DpoLoss.Options.defaults().withLossType(type, 0.1).withLdAlpha(0.5);
        sameForEveryCut(training -> {
            CausalLm policy = TinyPairs.model(3);
            Dpo dpo = Dpo.of(
                    policy,
                    TinyPairs.model(4),
                    PAIRS,
                    Dpo.Options.defaults(training).withLoss(loss));
            return new Trainer(dpo::step, dpo.optimizer());
        });
    }

    @Test
    void microBatchesDoNotChangeWeightedDpo() {
        DpoLoss.Options loss = DpoLoss.Options.defaults().withUseWeighting(true);
        sameForEveryCut(training -> {
            Dpo dpo = Dpo.of(
                    TinyPairs.model(3),
                    TinyPairs.model(4),
                    PAIRS,
                    Dpo.Options.defaults(training).withLoss(loss));
            return new Trainer(dpo::step, dpo.optimizer());
        });
    }

    @Test
    void microBatchesDoNotChangeKto() {
        sameForEveryCut(training -> {
            Kto kto = Kto.of(
                    TinyPairs.model(3),
                    TinyPairs.model(4),
                    TinyPairs.unpaired(13, 5),
                    KtoLoss.Options.defaults().withWeights(1, 1.3),
                    training);
            return new Trainer(kto::step, kto.optimizer());
        });
    }

    @Test
    void microBatchesDoNotChangeOrpoAndSimPo() {
        sameForEveryCut(training -> {
            Orpo orpo = Orpo.of(TinyPairs.model(3), PAIRS, 0.1, training);
            return new Trainer(orpo::step, orpo.optimizer());
        });
        for (CpoLoss.Options options : List.of(CpoLoss.Options.defaults(), CpoLoss.Options.simPo(2, 1))) {
            sameForEveryCut(training -> {
                Cpo cpo = Cpo.of(TinyPairs.model(3), PAIRS, options, training);
                return new Trainer(cpo::step, cpo.optimizer());
            });
        }
    }

    @Test
    void microBatchesDoNotChangeRewardModels() {
        sameForEveryCut(training -> {
            RewardTrainer trainer =
                    RewardTrainer.of(ValueModel.of(TinyPairs.model(3), Rng.of(1)), PAIRS, 0.01, training);
            return new Trainer(trainer::step, trainer.optimizer());
        });
        for (boolean last : new boolean[] {false, true}) {
            sameForEveryCut(training -> {
                ProcessRewardTrainer trainer = ProcessRewardTrainer.of(
                        ValueModel.of(TinyPairs.model(3), Rng.of(1)), TinyPairs.stepwise(9, 2), last, training);
                return new Trainer(trainer::step, trainer.optimizer());
            });
        }
    }

    /// What is measured of held-out examples is what a step says of the same ones before it changes anything,
    /// whatever cut; for the reference beside the policy and for that under an adapter.
    @Test
    void measuresWhatAStepBeginsWith() {
        for (int tokens : new int[] {1, ALL}) {
            PreferenceTraining training = PreferenceTraining.of(3, 1e-3)
                    .withBatchSize(PAIRS.size())
                    .withMicroBatchTokens(tokens)
                    .withoutShuffle();
            for (LossType type : List.of(LossType.SIGMOID, LossType.AOT, LossType.SFT)) {
                Dpo dpo = Dpo.of(
                        TinyPairs.model(3),
                        Reference.of(TinyPairs.model(4)),
                        PAIRS,
                        PAIRS,
                        Dpo.Options.defaults(training)
                                .withLoss(DpoLoss.Options.defaults().withLossType(type)));
                measured(dpo.evaluate(), dpo.step(0));
            }
            Orpo orpo = Orpo.of(TinyPairs.model(3), PAIRS, 0.1, training);
            measured(orpo.evaluate(PAIRS), orpo.step(0));
            Cpo cpo = Cpo.of(TinyPairs.model(3), PAIRS, CpoLoss.Options.defaults(), training);
            measured(cpo.evaluate(PAIRS), cpo.step(0));
            RewardTrainer reward =
                    RewardTrainer.of(ValueModel.of(TinyPairs.model(3), Rng.of(1)), PAIRS, 0.01, training);
            measured(reward.evaluate(PAIRS), reward.step(0));
            List<StepwiseExample> steps = TinyPairs.stepwise(PAIRS.size(), 2);
            ProcessRewardTrainer process =
                    ProcessRewardTrainer.of(ValueModel.of(TinyPairs.model(3), Rng.of(1)), steps, false, training);
            measured(process.evaluate(steps), process.step(0));
            List<UnpairedExample> unpaired = TinyPairs.unpaired(PAIRS.size(), 5);
            Kto kto = Kto.of(
                    TinyPairs.model(3),
                    Reference.of(TinyPairs.model(4)),
                    unpaired,
                    unpaired,
                    KtoLoss.Options.defaults(),
                    training);
            measured(kto.evaluate(), kto.step(0));
        }
    }

    private static void measured(Map<String, Double> held, Map<String, Double> step) {
        assertThat(held).isNotEmpty();
        held.forEach((name, value) -> assertThat(value)
                .as(name)
                .isCloseTo(step.get(name.substring("eval_".length())), within(1e-6 + 1e-6 * Math.abs(value))));
    }

    @Test
    void theBaseUnderAnAdapterIsAReference() {
        PreferenceTraining training = PreferenceTraining.of(3, 1e-2).withBatchSize(5);
        double[][] losses = new double[2][3];
        for (int which = 0; which < 2; which++) {
            CausalLm policy = TinyPairs.model(3);
            Lora adapter = Lora.attach(policy, Lora.Options.DEFAULT.withRank(2), Rng.of(7));
            Reference reference = which == 0 ? Reference.under(policy, adapter) : Reference.of(TinyPairs.model(3));
            Dpo dpo = Dpo.of(policy, reference, PAIRS, List.of(), Dpo.Options.defaults(training));
            for (int step = 0; step < 3; step++) {
                losses[which][step] = dpo.step(step).get("loss");
            }
        }
        assertThat(losses[0]).isEqualTo(losses[1]);
        assertThat(losses[0][0]).isCloseTo(Math.log(2), within(1e-6));
        assertThat(losses[0][2]).isNotEqualTo(losses[0][0]);
    }

    private static void sameForEveryCut(Function<PreferenceTraining, Trainer> make) {
        PreferenceTraining training = PreferenceTraining.of(3, 1e-3).withBatchSize(5);
        Trainer whole = make.apply(training.withMicroBatchTokens(ALL));
        Map<String, Double> expected = whole.step.apply(1);
        Map<String, double[]> moments = moments(whole.optimizer);
        for (int tokens : new int[] {1, 40}) {
            Trainer cut = make.apply(training.withMicroBatchTokens(tokens));
            Map<String, Double> actual = cut.step.apply(1);
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, value) ->
                    assertThat(actual.get(name)).as(name).isCloseTo(value, within(2e-5 * Math.abs(value) + 2e-6)));
            moments(cut.optimizer).forEach((name, values) -> {
                double[] all = moments.get(name);
                double largest = 0;
                for (double value : all) {
                    largest = Math.max(largest, Math.abs(value));
                }
                assertThat(values).as(name).containsExactly(all, within(2e-5 * largest + 1e-10));
            });
        }
    }

    /// The first step's moments are its gradient, and unlike the weights linear in it.
    private static Map<String, double[]> moments(AdamW optimizer) {
        Map<String, double[]> moments = new TreeMap<>();
        optimizer.state().forEach((name, tensor) -> {
            if (name.startsWith("m.")) {
                moments.put(name, tensor.toDoubles());
            }
        });
        assertThat(moments).isNotEmpty();
        return moments;
    }

    @Test
    void beginsAtLogTwoWithItsOwnReference() {
        PreferenceTraining training = PreferenceTraining.of(3, 1e-3).withBatchSize(6);
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm reference = TinyPairs.model(3);
                Dpo dpo = Dpo.of(policy, reference, PAIRS, Dpo.Options.defaults(training))) {
            Map<String, Double> first = dpo.step(0);
            assertThat(first.get("loss")).isCloseTo(0.693147, within(1e-6));
            assertThat(first.get("rewards/margins")).isCloseTo(0, within(1e-6));
            assertThat(dpo.step(1).get("loss")).isNotCloseTo(0.693147, within(1e-5));
        }
    }

    /// The reference in front may be the policy itself.
    @Test
    void precomputedAndLiveReferencesAgree() {
        PreferenceTraining training = PreferenceTraining.of(4, 1e-2).withBatchSize(4);
        Dpo.Options options = Dpo.Options.defaults(training);
        try (CausalLm live = TinyPairs.model(3);
                CausalLm reference = TinyPairs.model(3);
                CausalLm ahead = TinyPairs.model(3);
                Dpo one = Dpo.of(live, reference, PAIRS, options);
                Dpo other = Dpo.of(ahead, ahead, PAIRS, options.withPrecomputeRefLogProbs(true))) {
            for (int step = 0; step < 4; step++) {
                double expected = one.step(step).get("loss");
                assertThat(other.step(step).get("loss")).isCloseTo(expected, within(1e-5));
            }
        }
    }

    @Test
    void dpoRaisesTheMarginOfHeldOutPairs() {
        List<PreferencePair> heldOut = TinyPairs.pairs(40, 99);
        PreferenceTraining training = PreferenceTraining.of(100, 5e-3).withBatchSize(16);
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm reference = TinyPairs.model(3);
                Dpo dpo = Dpo.of(policy, reference, TinyPairs.pairs(200, 7), Dpo.Options.defaults(training))) {
            for (int step = 0; step < 100; step++) {
                dpo.step(step);
            }
            try (Dpo judge = Dpo.of(
                    policy,
                    reference,
                    heldOut,
                    Dpo.Options.defaults(PreferenceTraining.of(1, 1e-9).withBatchSize(40)))) {
                Map<String, Double> seen = judge.step(0);
                assertThat(seen.get("rewards/accuracies")).isGreaterThan(0.9);
                assertThat(seen.get("rewards/margins")).isGreaterThan(0);
            }
        }
    }

    @Test
    void rewardModelsLearnTheRule() {
        PreferenceTraining training = PreferenceTraining.of(100, 5e-3).withBatchSize(16);
        try (ValueModel model = ValueModel.of(TinyPairs.model(3), Rng.of(1));
                RewardTrainer trainer = RewardTrainer.of(model, TinyPairs.pairs(200, 7), 0.01, training)) {
            for (int step = 0; step < 100; step++) {
                trainer.step(step);
            }
            assertThat(trainer.evaluate(TinyPairs.pairs(40, 99)).get("eval_accuracy"))
                    .isGreaterThan(0.9);
        }
        try (ValueModel model = ValueModel.of(TinyPairs.model(3), Rng.of(1));
                ProcessRewardTrainer trainer =
                        ProcessRewardTrainer.of(model, TinyPairs.stepwise(200, 7), false, training)) {
            for (int step = 0; step < 100; step++) {
                trainer.step(step);
            }
            ProcessRewardModel judge = new ProcessRewardModel(model, StepAggregation.MIN);
            int right = 0;
            int steps = 0;
            for (StepwiseExample example : TinyPairs.stepwise(40, 99)) {
                double[] scores = judge.stepScores(example.prompt(), example.steps());
                for (int i = 0; i < scores.length; i++) {
                    right += scores[i] > 0.5 == example.labels()[i] > 0.5 ? 1 : 0;
                    steps++;
                }
            }
            assertThat((double) right / steps).isGreaterThan(0.9);
        }
    }

    @Test
    void namesPairsThatCannotBeTrainedOn() {
        int[] p = {5};
        int[] a = {6, 7};
        List<PreferencePair> bad = List.of(
                new PreferencePair(p, a, new int[] {6, 7}),
                new PreferencePair(new int[0], a, new int[] {8}),
                new PreferencePair(p, new int[0], a),
                new PreferencePair(p, a, new int[] {TinyPairs.VOCAB}),
                new PreferencePair(p, a, new int[60]));
        Dpo.Options options = Dpo.Options.defaults(PreferenceTraining.of(1, 1e-3));
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm reference = TinyPairs.model(4)) {
            assertThatThrownBy(() -> Dpo.of(policy, reference, bad, options))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "[dpo] expected pair 0 with two different answers; got the same 2 tokens twice")
                    .hasMessageContaining("pair 1 with a prompt")
                    .hasMessageContaining("pair 2 with answers of at least a token; got 0 and 2")
                    .hasMessageContaining("pair 3 with token ids below 24; got 24")
                    .hasMessageContaining("pair 4 of at most 40 tokens");
            assertThatThrownBy(() -> Dpo.of(policy, reference, List.of(), options))
                    .hasMessageContaining("at least one preference pair; got none");
            PreferenceTraining once = PreferenceTraining.of(1, 1e-3);
            String equal = "expected pair 0 with two different answers; got the same 2 tokens twice. Hint:";
            assertThatThrownBy(() -> Cpo.of(policy, bad, CpoLoss.Options.defaults(), once))
                    .hasMessageContaining("[cpo] " + equal);
            assertThatThrownBy(() -> Orpo.of(policy, bad, 0.1, once)).hasMessageContaining("[orpo] " + equal);
            try (ValueModel scores = ValueModel.of(TinyPairs.model(3), Rng.of(1))) {
                assertThatThrownBy(() -> RewardTrainer.of(scores, bad, 0, once))
                        .hasMessageContaining("[reward] " + equal);
            }
        }
    }

    @Test
    void namesAReferenceThatDoesNotFit() {
        Dpo.Options options = Dpo.Options.defaults(PreferenceTraining.of(1, 1e-3));
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm other = TinyPairs.model(3, 30)) {
            assertThatThrownBy(() -> Dpo.of(policy, other, PAIRS, options))
                    .hasMessageContaining("a reference model of the policy's vocabulary, 24 tokens; got 30. Hint:");
            assertThatThrownBy(() -> Kto.of(
                            policy,
                            other,
                            TinyPairs.unpaired(4, 1),
                            KtoLoss.Options.defaults(),
                            PreferenceTraining.of(1, 1e-3)))
                    .hasMessageContaining(
                            "[kto] expected a reference model of the policy's vocabulary, 24 tokens; got 30");
            assertThatThrownBy(() -> Dpo.of(policy, policy, PAIRS, options))
                    .hasMessageContaining("the policy itself, which changes");
        }
    }

    @Test
    void namesWhatIsNoNumber() {
        Dpo.Options options = Dpo.Options.defaults(PreferenceTraining.of(2, 1e-3));
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm broken = TinyPairs.model(3)) {
            poison(broken);
            assertThatThrownBy(() -> Dpo.of(policy, broken, PAIRS, options.withPrecomputeRefLogProbs(true)))
                    .hasMessageContaining("finite log-probabilities under the reference; got NaN");
            try (Dpo dpo = Dpo.of(broken, policy, PAIRS, options)) {
                assertThatThrownBy(() -> dpo.step(0))
                        .isInstanceOf(RunException.class)
                        .hasMessageContaining("[dpo] expected a finite loss and gradient; got a loss of NaN")
                        .hasMessageContaining("step 1");
            }
        }
        assertThatThrownBy(() -> RewardTrainer.of(
                        ValueModel.of(TinyPairs.model(3), Rng.of(1)),
                        List.of(new PreferencePair(new int[0], new int[] {1}, new int[] {2}, Double.NaN)),
                        0,
                        PreferenceTraining.of(1, 1e-3)))
                .hasMessageContaining("pair 0 with a finite margin; got NaN");
    }

    private static void poison(CausalLm model) {
        try (Autograd.Mode _ = Autograd.noGrad()) {
            model.parameters().getLast().fillInPlace(Double.NaN);
        }
    }

    @Test
    void ktoNeedsASecondAnswer() {
        try (CausalLm policy = TinyPairs.model(3);
                CausalLm reference = TinyPairs.model(4)) {
            assertThatThrownBy(() -> Kto.of(
                            policy,
                            reference,
                            TinyPairs.unpaired(4, 1),
                            KtoLoss.Options.defaults(),
                            PreferenceTraining.of(1, 1e-3).withBatchSize(1)))
                    .hasMessageContaining("a batch of at least 2 answers");
        }
    }

    /// A pass has every example once, and another order than the one before.
    @Test
    void everyPassHasEveryExampleOnce() {
        try (CausalLm model = TinyPairs.model(3);
                Updates updates = new Updates(
                        "test", model, PreferenceTraining.of(9, 1e-3).withBatchSize(11), 11)) {
            int[] first = updates.batch(0);
            int[] second = updates.batch(1);
            assertThat(first).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
            assertThat(second).containsExactlyInAnyOrder(first).isNotEqualTo(first);
            assertThat(updates.batch(1)).isEqualTo(second);
        }
    }
}
