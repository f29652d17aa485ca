package io.torrefy.posttrain.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.sft.Sft.LossType;
import io.torrefy.posttrain.sft.Sft.Options;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SftTest {
    private static final int VOCAB = 50;

    private static CausalLm model() {
        return CausalLm.create(DecoderConfig.llama(VOCAB, 16, 2, 2, 40, 64), Rng.of(3));
    }

    /// Ragged samples, some with prompts and some with holes.
    private static List<TokenSequence> samples(int count) {
        Rng rng = Rng.of(11);
        List<TokenSequence> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = new int[2 + i % 9];
            boolean[] trained = new boolean[ids.length];
            for (int t = 0; t < ids.length; t++) {
                ids[t] = rng.nextInt(VOCAB);
                trained[t] = t >= i % 3 && (t + i) % 4 != 0;
            }
            trained[ids.length - 1] = true;
            samples.add(new TokenSequence(ids, trained, "sample " + i));
        }
        return samples;
    }

    private record Gradients(double loss, Map<String, double[]> of) {}

    private static Gradients gradients(List<List<TokenSequence>> parts, LossType type) {
        double n = parts.stream()
                .flatMap(List::stream)
                .mapToInt(TokenSequence::targets)
                .sum();
        try (CausalLm model = model()) {
            double loss = 0;
            for (var part : parts) {
                loss += Sft.accumulate(model, part, type, n).loss();
            }
            Map<String, double[]> all = new TreeMap<>();
            model.namedParameters()
                    .forEach((name, p) -> all.put(name, p.grad().orElseThrow().toDoubles()));
            return new Gradients(loss, all);
        }
    }

    private static void assertSame(Gradients actual, Gradients expected) {
        assertThat(actual.loss).isCloseTo(expected.loss, within(1e-5));
        expected.of.forEach(
                (name, gradient) -> assertThat(actual.of.get(name)).as(name).containsExactly(gradient, within(2e-6)));
    }

    @ParameterizedTest
    @EnumSource(LossType.class)
    void howAStepIsCutPackedAndOrderedChangesNothing(LossType type) {
        List<TokenSequence> samples = samples(23);
        Gradients whole = gradients(List.of(samples), type);
        assertSame(gradients(samples.stream().map(List::of).toList(), type), whole);
        assertSame(gradients(List.of(samples.subList(0, 5), samples.subList(5, 23)), type), whole);
        assertSame(gradients(Packing.BFD.pack(samples, 17), type), whole);
        assertSame(gradients(List.of(samples.reversed()), type), whole);
        List<TokenSequence> mixed = new ArrayList<>(samples);
        Collections.rotate(mixed, 7);
        assertSame(gradients(List.of(mixed.subList(0, 11), mixed.subList(11, 23)), type), whole);
    }

    @Test
    void theChunkedLossIsTheLoss() {
        assertSame(
                gradients(List.of(samples(12)), LossType.CHUNKED_NLL), gradients(List.of(samples(12)), LossType.NLL));
    }

    /// The mean of micro-batch means would be another number wherever micro-batches have unequal targets.
    @Test
    void accumulationIsOneBatch() {
        List<TokenSequence> samples = samples(24);
        try (CausalLm one = model();
                CausalLm two = model();
                Sft whole = Sft.of(one, samples, Options.defaults().withBatch(12, 1));
                Sft parts = Sft.of(two, samples, Options.defaults().withBatch(3, 4))) {
            for (int step = 0; step < 3; step++) {
                Map<String, Double> a = whole.step(step).metrics();
                Map<String, Double> b = parts.step(step).metrics();
                a.forEach((name, value) ->
                        assertThat(b.get(name)).as(name).isCloseTo(value, within(1e-5 * Math.max(1, value))));
            }
        }
    }

    @Test
    void countsAndSchedulesAsTheTrainerDoes() {
        List<TokenSequence> samples = samples(10);
        double all = samples.stream().mapToInt(TokenSequence::length).sum();
        try (CausalLm model = model();
                Sft sft = Sft.of(
                        model,
                        samples,
                        Options.defaults().withBatch(2, 2).withNumTrainEpochs(2).withLearningRate(1e-3))) {
            assertThat(sft.steps()).isEqualTo(6); // 4 + 4 + 2 rows, twice
            List<Map<String, Double>> steps = new ArrayList<>();
            for (int step = 0; step < 6; step++) {
                steps.add(sft.step(step).metrics());
            }
            assertThat(steps.get(2).get("num_tokens")).isEqualTo(all);
            assertThat(steps.get(5).get("num_tokens")).isEqualTo(2 * all);
            assertThat(steps.get(2).get("epoch")).isEqualTo(1);
            assertThat(steps.get(0).get("learning_rate")).isCloseTo(1e-3, within(1e-12));
            assertThat(steps.get(3).get("learning_rate")).isCloseTo(0.5e-3, within(1e-12));
            assertThat(steps.get(0).keySet())
                    .containsExactly(
                            "loss",
                            "grad_norm",
                            "learning_rate",
                            "epoch",
                            "num_tokens",
                            "entropy",
                            "mean_token_accuracy");
        }
    }

    @Test
    void learnsByHeart() {
        List<TokenSequence> samples = samples(6);
        Options options = Options.defaults().withLearningRate(0.02).withMaxSteps(60);
        try (CausalLm model = model();
                Sft sft = Sft.of(model, samples, options)) {
            double before = sft.evaluate(samples).get("eval_loss");
            for (int step = 0; step < 60; step++) {
                sft.step(step);
            }
            Map<String, Double> after = sft.evaluate(samples);
            assertThat(before).isCloseTo(Math.log(VOCAB), within(0.2));
            assertThat(after.get("eval_loss")).isLessThan(0.3 * before);
            assertThat(after.get("eval_mean_token_accuracy")).isGreaterThan(0.8);
        }
    }

    @Test
    void resumedIsUninterrupted(@TempDir Path folder) throws IOException {
        List<TokenSequence> samples = samples(10);
        Options options = Options.defaults().withLearningRate(1e-2).withBatch(2, 1);
        Map<String, Double> expected;
        try (CausalLm model = model();
                Sft sft = Sft.of(model, samples, options)) {
            for (int step = 0; step < 4; step++) {
                sft.step(step);
            }
            sft.save(folder);
            for (int step = 4; step < 7; step++) {
                sft.step(step);
            }
            expected = sft.step(7).metrics();
        }
        try (CausalLm model = CausalLm.load(folder);
                Sft sft = Sft.of(model, samples, options)) {
            sft.resume(folder);
            for (int step = 4; step < 7; step++) {
                sft.step(step);
            }
            assertThat(sft.step(7).metrics()).isEqualTo(expected);
        }
    }

    private static TokenSequence ids(int... ids) {
        return TokenSequence.whole(ids, "here");
    }

    private static List<List<Integer>> packed(Packing strategy, TokenSequence... sequences) {
        return strategy.pack(List.of(sequences), 4).stream()
                .map(row -> row.stream()
                        .flatMap(s -> java.util.Arrays.stream(s.ids()).boxed())
                        .toList())
                .toList();
    }

    /// The cases of TRL's own tests (`tests/test_data_utils.py`).
    @Test
    void packsAsTrl() {
        assertThat(packed(Packing.BFD, ids(1, 2, 3), ids(4, 5, 6, 7), ids(8)))
                .containsExactly(List.of(4, 5, 6, 7), List.of(1, 2, 3, 8));
        TokenSequence[] longer = {ids(1, 2, 3, 4, 5), ids(6, 7), ids(8, 9, 10, 11), ids(12)};
        assertThat(packed(Packing.BFD_SPLIT, longer))
                .containsExactly(List.of(1, 2, 3, 4), List.of(8, 9, 10, 11), List.of(6, 7, 5, 12));
        assertThat(packed(Packing.BFD, longer))
                .containsExactly(List.of(1, 2, 3, 4), List.of(8, 9, 10, 11), List.of(6, 7, 12));
        assertThat(packed(Packing.BFD, ids(), ids(1))).containsExactly(List.of(1));
    }

    @Test
    void refusesWhatTeachesNothing() {
        TokenSequence none = new TokenSequence(new int[] {1, 2}, new boolean[2], "data.jsonl:7");
        TokenSequence late = TokenSequence.completion(new int[9], 6, "data.jsonl:8");
        TokenSequence alien = TokenSequence.whole(new int[] {1, VOCAB}, "data.jsonl:9");
        Options options = Options.defaults().withMaxLength(5);
        try (CausalLm model = model()) {
            assertThatThrownBy(() -> Sft.of(model, List.of(ids(1, 2), none, late, alien), options))
                    .hasMessageContaining("3 of 4")
                    .hasMessageContaining("data.jsonl:7: no trained token")
                    .hasMessageContaining("data.jsonl:8: its 3 trained tokens lie behind maxLength 5")
                    .hasMessageContaining("data.jsonl:9: id 50 in a vocabulary of 50");
            assertThatThrownBy(() -> Sft.of(model, List.of(), options)).hasMessageContaining("no sample");
        }
        assertThatThrownBy(() -> options.withBatch(0, 0))
                .hasMessageContaining("perDeviceTrainBatchSize")
                .hasMessageContaining("gradientAccumulationSteps");
    }
}
