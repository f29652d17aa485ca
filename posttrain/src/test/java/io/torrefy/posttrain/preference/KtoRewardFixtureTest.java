package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.preference.KtoLoss.LossType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The losses of single answers and of reward models against TRL's own functions: values and gradients.
class KtoRewardFixtureTest {
    static Stream<Fixture> kto() {
        return Fixtures.open().ofKind("kto").stream();
    }

    static Stream<Fixture> reward() {
        return Fixtures.open().ofKind("reward_model").stream();
    }

    @ParameterizedTest
    @MethodSource("kto")
    void ktoAgreesWithTrl(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        JsonNode settings = fixture.settings();
        KtoLoss.Options options = new KtoLoss.Options(
                LossType.valueOf(settings.get("loss_type").asText().toUpperCase(Locale.ROOT)),
                settings.get("beta").asDouble(),
                settings.get("desirable_weight").asDouble(),
                settings.get("undesirable_weight").asDouble());
        CompletionRows rows = CompletionRows.of(tensors.get("in.input_ids"), tensors.get("in.completion_mask"));
        CompletionRows klRows = CompletionRows.of(tensors.get("in.kl_input_ids"), tensors.get("in.kl_completion_mask"));
        try (Scope _ = Scope.open()) {
            Tensor logits = tensor(tensors.get("in.logits")).requiresGrad(true);
            String klLogits = "in." + settings.get("kl_logits").asText();
            double kl = options.lossType() == LossType.APO_ZERO_UNPAIRED
                    ? 0
                    : KtoLoss.kl(
                            klRows.scores(tensor(tensors.get(klLogits))).sums().toDoubles(),
                            klRows.scores(tensor(tensors.get("in.kl_ref_logits")))
                                    .sums()
                                    .toDoubles());
            long[] labels = tensors.get("in.label").longs();
            boolean[] desirable = new boolean[labels.length];
            for (int i = 0; i < labels.length; i++) {
                desirable[i] = labels[i] == 1;
            }
            Tensor loss = KtoLoss.of(options)
                    .loss(
                            rows.scores(logits).sums(),
                            rows.scores(tensor(tensors.get("in.ref_logits"))).sums(),
                            desirable,
                            kl,
                            labels.length);
            loss.backward();
            tensors.get("out.kl").assertClose(new double[] {kl}, fixture.tolerance());
            tensors.get("out.loss").assertClose(new double[] {loss.item()}, fixture.tolerance());
            tensors.get("din.logits").assertClose(logits.grad().orElseThrow().toDoubles(), fixture.tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("reward")
    void rewardAgreesWithTrl(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        JsonNode settings = fixture.settings();
        Golden margin = tensors.get("in.margin");
        int pairs = margin.size();
        double[] margins = settings.get("margin").asBoolean() ? margin.doubles() : new double[pairs];
        try (Scope _ = Scope.open()) {
            Tensor scores = tensor(tensors.get("in.scores")).requiresGrad(true);
            assertThat(scores.shape()).containsExactly(2L * pairs, 1);
            Tensor flat = scores.squeeze(-1);
            Tensor loss = RewardLoss.loss(
                    flat.slice(0, 0, pairs),
                    flat.slice(0, pairs, 2L * pairs),
                    margins,
                    settings.path("center_rewards_coefficient").asDouble(0),
                    pairs);
            loss.backward();
            tensors.get("out.loss").assertClose(new double[] {loss.item()}, fixture.tolerance());
            tensors.get("din.scores").assertClose(scores.grad().orElseThrow().toDoubles(), fixture.tolerance());
        }
    }

    private static Tensor tensor(Golden golden) {
        return Tensor.of(golden.floats(), golden.shape());
    }
}
