package io.torrefy.posttrain.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.Replay;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.sft.Sft.LossType;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Losses, gradients and whole runs of TRL's SFTTrainer.
class SftFixtureTest {
    static Stream<Fixture> losses() {
        return Fixtures.open().ofKind("sft_loss").stream();
    }

    static Stream<Fixture> logProbs() {
        return Fixtures.open().ofKind("token_logps").stream();
    }

    static Stream<Fixture> runs() {
        return Replay.runsOf("SFTTrainer");
    }

    /// The kept targets of labels (rows, tokens), shifted by one, and the places that predict them.
    private record Targets(Tensor places, Tensor ids, int count) {
        static Targets of(Golden labels) {
            long[] all = labels.longs();
            int width = (int) labels.shape()[1];
            List<Long> places = new ArrayList<>();
            List<Long> ids = new ArrayList<>();
            for (int i = 0; i < all.length - 1; i++) {
                if ((i + 1) % width != 0 && all[i + 1] != -100) {
                    places.add((long) i);
                    ids.add(all[i + 1]);
                }
            }
            return new Targets(tensor(places), tensor(ids), ids.size());
        }

        private static Tensor tensor(List<Long> values) {
            return Tensor.of(values.stream().mapToLong(Long::longValue).toArray(), values.size());
        }
    }

    private static Tensor leaf(Golden golden) {
        return Tensor.of(golden.floats(), golden.shape()).requiresGrad(true);
    }

    /// Against logits: the output matrix is the identity.
    @ParameterizedTest
    @MethodSource("losses")
    void losesWhatTrlLoses(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        Tolerance tolerance = fixture.tolerance();
        boolean dft = fixture.settings().get("loss").asText().equals("dft");
        try (Scope _ = Scope.open()) {
            Targets targets = Targets.of(golden.get("in.labels"));
            JsonNode items = fixture.settings().get("num_items_in_batch");
            double n = items.isNull() ? targets.count : items.asDouble();
            for (LossType type : dft ? List.of(LossType.DFT) : List.of(LossType.NLL, LossType.CHUNKED_NLL)) {
                Tensor logits = leaf(golden.get("in.logits"));
                Tensor rows = logits.reshape(-1, logits.size(2)).indexSelect(0, targets.places);
                Tensor loss = Sft.loss(rows, Tensor.eye(logits.size(2)), targets.ids, type, n);
                loss.backward();
                golden.get(fixture.prefix() + "/out.loss").assertClose(loss.toDoubles(), tolerance);
                golden.get(fixture.prefix() + "/din.logits")
                        .assertClose(logits.grad().orElseThrow().toFloats(), tolerance);
                if (dft) {
                    continue;
                }
                Tensor hidden = leaf(golden.get("in.hidden"));
                Tensor head = leaf(golden.get("in.lm_head"));
                Tensor states = hidden.reshape(-1, hidden.size(2)).indexSelect(0, targets.places);
                Tensor fused = Sft.loss(states, head, targets.ids, type, n);
                fused.backward();
                golden.get(fixture.prefix() + "/out.loss").assertClose(fused.toDoubles(), tolerance);
                golden.get(fixture.prefix() + "/din.hidden")
                        .assertClose(hidden.grad().orElseThrow().toFloats(), tolerance);
                golden.get(fixture.prefix() + "/din.lm_head")
                        .assertClose(head.grad().orElseThrow().toFloats(), tolerance);
                JsonNode expected = fixture.expected();
                Sft.Sums sums = Sft.measure(states.detach(), head.detach(), targets.ids.toLongs(), 0);
                assertThat(sums.targets())
                        .isEqualTo(expected.get("valid_tokens").asLong());
                assertThat(sums.correct())
                        .isEqualTo(expected.get("correct_tokens").asDouble());
                double entropy = expected.get("entropy_sum").asDouble();
                assertThat(sums.entropy()).isCloseTo(entropy, within(tolerance.limit(entropy)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("logProbs")
    void surprisesAsTrl(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        try (Scope _ = Scope.open()) {
            Tensor logits = leaf(golden.get("in.logits"));
            Golden ids = golden.get("in.ids");
            var result = CrossEntropies.tokenLogProbs(
                    logits,
                    Tensor.of(ids.longs(), ids.shape()),
                    fixture.settings().get("temperature").asDouble());
            golden.get(fixture.prefix() + "/out.logps")
                    .assertClose(result.logProbs().toFloats(), fixture.tolerance());
            golden.get(fixture.prefix() + "/out.entropy")
                    .assertClose(result.entropy().toFloats(), fixture.tolerance());
            Golden upstream = golden.get("in.dout.logps");
            result.logProbs()
                    .mul(Tensor.of(upstream.floats(), upstream.shape()))
                    .sum()
                    .backward();
            golden.get(fixture.prefix() + "/din.logits_from_logps")
                    .assertClose(logits.grad().orElseThrow().toFloats(), fixture.tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    void followsTheTrainer(Fixture run) {
        Replay replay = Replay.of(run);
        JsonNode settings = replay.settings();
        LossType type = LossType.valueOf(settings.get("loss_type").asText().toUpperCase(Locale.ROOT));
        int accumulated = settings.get("gradient_accumulation_steps").asInt();
        int steps = settings.get("steps").asInt();
        double[] losses = new double[steps];
        double[] norms = new double[steps];
        double[] entropies = new double[steps];
        double[] accuracies = new double[steps];
        try (CausalLm model = replay.model();
                Learner learner = replay.learner(model)) {
            for (int step = 0; step < steps; step++) {
                double n = replay.get("num_items_in_batch").at(step * accumulated);
                long kept = 0;
                for (int part = 0; part < accumulated; part++) {
                    Sft.Sums sums =
                            Sft.accumulate(model, sequences(replay.stored(), step * accumulated + part), type, n);
                    kept += sums.targets();
                    losses[step] += sums.loss();
                    entropies[step] += sums.entropy() / sums.targets() / accumulated;
                    accuracies[step] += sums.correct() / sums.targets() / accumulated;
                }
                assertThat((double) kept).isEqualTo(n);
                norms[step] = learner.update(step, losses[step]);
            }
            replay.checkCurve("loss", losses);
            replay.checkBeginning("loss", losses);
            replay.checkCurve("grad_norm", norms);
            replay.checkCurve("entropy", entropies);
            replay.checkCurve("mean_token_accuracy", accuracies);
            replay.checkFinal(model);
        }
    }

    /// The rows of a padded micro-batch without their padding.
    private static List<TokenSequence> sequences(Map<String, Golden> stored, int index) {
        long[] ids = stored.get("input_ids").slice(index).longs();
        long[] mask = stored.get("attention_mask").slice(index).longs();
        long[] labels = stored.get("labels").slice(index).longs();
        int rows = (int) stored.get("input_ids").shape()[1];
        int width = ids.length / rows;
        List<TokenSequence> sequences = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            int length =
                    (int) Arrays.stream(mask, row * width, (row + 1) * width).sum();
            int[] tokens = new int[length];
            boolean[] trained = new boolean[length];
            for (int t = 0; t < length; t++) {
                tokens[t] = (int) ids[row * width + t];
                trained[t] = labels[row * width + t] != -100;
            }
            sequences.add(new TokenSequence(tokens, trained, "row " + row));
        }
        return sequences;
    }
}
