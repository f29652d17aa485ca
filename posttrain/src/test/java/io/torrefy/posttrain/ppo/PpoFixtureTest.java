package io.torrefy.posttrain.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// From log-probabilities and scores to the two losses and their gradients, against a PyTorch implementation.
class PpoFixtureTest {
    static Stream<Fixture> cases() {
        return Fixtures.open().ofKind("ppo").stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyStageAgrees(Fixture fixture) {
        JsonNode settings = fixture.settings();
        Map<String, Golden> tensors = fixture.ownTensors();
        Rows rows = Rows.of(tensors.get("in.mask"));
        double[] old = rows.pack(tensors.get("in.old_logps"));
        KlEstimator estimator = KlEstimator.valueOf(settings.get("kl").asText().toUpperCase(Locale.ROOT));
        double[] kl = estimator.of(old, rows.pack(tensors.get("in.ref_logps")));

        double[] rewards = TokenRewards.of(
                kl, settings.get("kl_coef").asDouble(), tensors.get("in.scores").doubles(), rows.lengths);
        rows.check(tensors.get("out.rewards"), rewards, fixture);
        double[] values = rows.pack(tensors.get("in.values"));
        Gae gae = Gae.of(
                rewards,
                values,
                rows.lengths,
                settings.get("gamma").asDouble(),
                settings.get("lam").asDouble());
        rows.check(tensors.get("out.advantages"), gae.advantages(), fixture);
        rows.check(tensors.get("out.returns"), gae.returns(), fixture);
        boolean unbiased = settings.get("whiten_unbiased").asBoolean();
        double[] whitened = Whitening.whiten(gae.advantages(), null, unbiased, true);
        rows.check(tensors.get("out.whitened"), whitened, fixture);
        losses(fixture, rows, whitened, gae.returns());
    }

    private static void losses(Fixture fixture, Rows rows, double[] advantages, double[] returns) {
        JsonNode settings = fixture.settings();
        Map<String, Golden> tensors = fixture.ownTensors();
        PpoLoss loss = PpoLoss.of(new PpoLoss.Options(
                settings.get("clip").asDouble(),
                settings.get("value_clip").asDouble(),
                settings.path("dual").asDouble(Double.POSITIVE_INFINITY)));
        double tokens = rows.at.length;
        try (Scope _ = Scope.open()) {
            Tensor logProbs = rows.tensor(tensors.get("in.new_logps")).requiresGrad(true);
            PpoLoss.Policy policy = loss.policy(logProbs, rows.pack(tensors.get("in.old_logps")), advantages, tokens);
            policy.loss().backward();
            Tensor values = rows.tensor(tensors.get("in.new_values")).requiresGrad(true);
            PpoLoss.Value value = loss.value(values, rows.pack(tensors.get("in.values")), returns, tokens);
            value.loss().backward();

            tensors.get("out.policy_loss")
                    .assertClose(new double[] {policy.loss().item()}, fixture.tolerance());
            tensors.get("out.value_loss").assertClose(new double[] {value.loss().item()}, fixture.tolerance());
            rows.check(
                    tensors.get("din.new_logps"), logProbs.grad().orElseThrow().toDoubles(), fixture);
            rows.check(
                    tensors.get("din.new_values"), values.grad().orElseThrow().toDoubles(), fixture);
            JsonNode expected = fixture.expected();
            assertThat(policy.clipfrac())
                    .isCloseTo(expected.get("policy_clipfrac").asDouble(), within(1e-6));
            assertThat(value.clipfrac())
                    .isCloseTo(expected.get("value_clipfrac").asDouble(), within(1e-6));
            assertThat(policy.approxkl()).isCloseTo(expected.get("approx_kl_k2").asDouble(), within(2e-6));
        }
    }

    /// Where the tokens of a padded batch lie.
    private record Rows(int[] at, int[] lengths, int size) {
        static Rows of(Golden mask) {
            int columns = (int) mask.shape()[1];
            int[] lengths = new int[(int) mask.shape()[0]];
            int[] at = new int[mask.size()];
            int n = 0;
            for (int i = 0; i < mask.size(); i++) {
                if (mask.at(i) != 0) {
                    at[n++] = i;
                    lengths[i / columns]++;
                }
            }
            return new Rows(Arrays.copyOf(at, n), lengths, mask.size());
        }

        double[] pack(Golden padded) {
            return Arrays.stream(at).mapToDouble(padded::at).toArray();
        }

        Tensor tensor(Golden padded) {
            float[] out = new float[at.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) padded.at(at[i]);
            }
            return Tensor.of(out, out.length);
        }

        void check(Golden expected, double[] tokens, Fixture fixture) {
            double[] padded = new double[size];
            for (int i = 0; i < at.length; i++) {
                padded[at[i]] = tokens[i];
            }
            expected.assertClose(padded, fixture.tolerance());
        }
    }
}
