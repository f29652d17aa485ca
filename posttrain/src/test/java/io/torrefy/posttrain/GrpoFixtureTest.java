package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.GrpoLoss.ImportanceLevel;
import io.torrefy.posttrain.GrpoLoss.LossType;
import io.torrefy.posttrain.GrpoLoss.Metrics;
import io.torrefy.posttrain.GrpoLoss.Normaliser;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Tolerance;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The losses against TRL's own functions.
class GrpoFixtureTest {
    private static final Set<String> SETTINGS = Set.of(
            "inputs",
            "epsilon",
            "epsilon_high",
            "loss_type",
            "max_completion_length",
            "beta",
            "bias_correction",
            "level",
            "delta",
            "ga",
            "spg",
            "training",
            "top_entropy_quantile",
            "entropy_coef",
            "off_policy",
            "vllm",
            "tool",
            "on_policy");

    static Stream<Fixture> grpo() {
        return Fixtures.open().ofKind("grpo").stream();
    }

    static Stream<Fixture> rloo() {
        return Fixtures.open().ofKind("rloo").stream();
    }

    static Stream<Fixture> tokenLogProbs() {
        return Fixtures.open().ofKind("token_logps").stream();
    }

    @ParameterizedTest
    @MethodSource("grpo")
    void agreesWithTrl(Fixture fixture) {
        JsonNode settings = fixture.settings();
        var unknown = new TreeSet<String>();
        settings.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(SETTINGS);
        assertThat(unknown).as("settings this test does not know").isEmpty();

        Map<String, Golden> tensors = fixture.ownTensors();
        var packed = Packed.of(tensors.get("in.mask"), settings.has("tool") ? tensors.get("in.tool_mask") : null);
        int ga = settings.path("ga").asInt(1);
        // TRL's dapo is given the tokens of the generation batch, of which a step is ga / spg.
        double tokens = packed.tokens() * (double) ga / settings.path("spg").asInt(1);
        var normaliser = new Normaliser(packed.lengths.length * (double) ga, tokens);
        try (var _ = Scope.open()) {
            Tensor logProbs = packed.tensor(tensors.get("in.logps")).requiresGrad(true);
            Tensor old = settings.has("on_policy") ? logProbs.detach() : packed.tensor(tensors.get("in.old_logps"));
            boolean needsReference = settings.path("beta").asDouble(0) != 0;
            Tensor reference = needsReference ? packed.tensor(tensors.get("in.ref_logps")) : null;
            var result = GrpoLoss.of(options(settings))
                    .loss(
                            logProbs,
                            old,
                            reference,
                            tensors.get("in.advantages").doubles(),
                            packed.lengths,
                            normaliser,
                            policyWeights(settings, tensors, packed));
            result.loss().backward();
            double bonus = settings.path("entropy_coef").asDouble(0) == 0
                    ? 0
                    : settings.get("entropy_coef").asDouble() * mean(packed.pack(tensors.get("in.entropies")));
            check(fixture, tensors, packed, result.loss().item() - bonus, logProbs);
            checkMetrics(fixture.expected(), result.metrics());
        }
    }

    @ParameterizedTest
    @MethodSource("rloo")
    void leaveOneOutIsTheProductRatioWithSequenceMeans(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        var packed = Packed.of(tensors.get("in.mask"), null);
        var options = GrpoLoss.Options.defaults()
                .withLossType(LossType.GRPO)
                .withImportanceLevel(ImportanceLevel.SEQUENCE_PRODUCT)
                .withEpsilonLow(fixture.settings().get("epsilon").asDouble())
                .withEpsilonHigh(fixture.settings().get("epsilon_high").asDouble());
        try (var _ = Scope.open()) {
            Tensor logProbs = packed.tensor(tensors.get("in.logps")).requiresGrad(true);
            var result = GrpoLoss.of(options)
                    .loss(
                            logProbs,
                            packed.tensor(tensors.get("in.old_logps")),
                            null,
                            tensors.get("in.advantages").doubles(),
                            packed.lengths,
                            Normaliser.of(packed.lengths));
            result.loss().backward();
            check(fixture, tensors, packed, result.loss().item(), logProbs);
            checkMetrics(fixture.expected(), result.metrics());
        }
    }

    @ParameterizedTest
    @MethodSource("tokenLogProbs")
    void tokenLogProbsAgreeWithTrl(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        Golden in = tensors.get("in.logits");
        Tolerance tolerance = fixture.tolerance();
        try (var _ = Scope.open()) {
            Tensor logits = Tensor.of(in.floats(), in.shape()).requiresGrad(true);
            Golden ids = tensors.get("in.ids");
            var actual = CrossEntropies.tokenLogProbs(
                    logits,
                    Tensor.of(ids.longs(), ids.shape()),
                    fixture.settings().get("temperature").asDouble());
            tensors.get("out.logps").assertClose(actual.logProbs().toFloats(), tolerance);
            tensors.get("out.entropy").assertClose(actual.entropy().toFloats(), tolerance);
            Golden upstream = tensors.get("in.dout.logps");
            actual.logProbs().backward(Tensor.of(upstream.floats(), upstream.shape()));
            tensors.get("din.logits_from_logps")
                    .assertClose(logits.grad().orElseThrow().toFloats(), tolerance);
        }
    }

    private static GrpoLoss.Options options(JsonNode settings) {
        double epsilon = settings.get("epsilon").asDouble();
        String level = settings.path("level").asText("token");
        String type = settings.get("loss_type").asText();
        return GrpoLoss.Options.defaults()
                .withLossType(LossType.valueOf(type.toUpperCase(Locale.ROOT)))
                .withImportanceLevel(ImportanceLevel.valueOf(level.toUpperCase(Locale.ROOT)))
                .withEpsilonLow(epsilon)
                .withEpsilonHigh(settings.path("epsilon_high").asDouble(epsilon))
                .withDelta(settings.path("delta").asDouble(Double.POSITIVE_INFINITY))
                .withBeta(settings.path("beta").asDouble(0))
                .withUseBiasCorrectionKl(settings.path("bias_correction").asBoolean(true))
                .withMaxCompletionLength(settings.get("max_completion_length").asInt());
    }

    private static double @Nullable [] policyWeights(JsonNode settings, Map<String, Golden> tensors, Packed packed) {
        if (settings.path("vllm").asBoolean(false)) {
            return packed.pack(tensors.get("in.is_ratio"));
        }
        if (settings.has("top_entropy_quantile")) {
            return topEntropy(
                    packed.pack(tensors.get("in.entropies")),
                    settings.get("top_entropy_quantile").asDouble());
        }
        if (settings.has("off_policy")) {
            return onPolicy(tensors, packed, settings.get("off_policy").asDouble());
        }
        return null;
    }

    /// 1 for the given part of the tokens, those of highest entropy; the bound interpolates between two tokens.
    private static double[] topEntropy(double[] entropies, double part) {
        double[] sorted = entropies.clone();
        Arrays.sort(sorted);
        double at = (1 - part) * (sorted.length - 1);
        int below = (int) at;
        double bound = sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
        return Arrays.stream(entropies).map(e -> e >= bound ? 1 : 0).toArray();
    }

    /// 0 for the tokens of sequences with A < 0 whose log-probability fell by more than the threshold a token.
    private static double[] onPolicy(Map<String, Golden> tensors, Packed packed, double threshold) {
        double[] now = packed.pack(tensors.get("in.logps"));
        double[] old = packed.pack(tensors.get("in.old_logps"));
        double[] weights = new double[now.length];
        int from = 0;
        for (int i = 0; i < packed.lengths.length; i++) {
            int to = from + packed.lengths[i];
            double gap = mean(Arrays.copyOfRange(old, from, to)) - mean(Arrays.copyOfRange(now, from, to));
            boolean drop = tensors.get("in.advantages").at(i) < 0 && gap > threshold;
            Arrays.fill(weights, from, to, drop ? 0 : 1);
            from = to;
        }
        return weights;
    }

    private static void check(
            Fixture fixture, Map<String, Golden> tensors, Packed packed, double loss, Tensor logProbs) {
        tensors.get("out.loss").assertClose(new double[] {loss}, fixture.tolerance());
        double[] gradient = logProbs.grad().orElseThrow().toDoubles();
        tensors.get("din.logps").assertClose(packed.unpack(gradient), fixture.tolerance());
    }

    private static void checkMetrics(JsonNode expected, Metrics actual) {
        same(expected.path("kl"), actual.kl());
        same(expected.path("clip_ratio/low_mean"), actual.clipLow());
        same(expected.path("clip_ratio/high_mean"), actual.clipHigh());
        same(expected.path("clip_ratio/region_mean"), actual.clipRegion());
        same(expected.path("cispo_clip_ratio"), actual.clipHigh());
    }

    private static void same(JsonNode expected, double actual) {
        if (!expected.isMissingNode()) {
            assertThat(actual).isCloseTo(expected.asDouble(), within(2e-6));
        }
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(0);
    }

    /// Where the tokens of a padded batch lie.
    private record Packed(int[] at, int[] lengths, int size) {
        static Packed of(Golden mask, @Nullable Golden tools) {
            int columns = (int) mask.shape()[1];
            int[] lengths = new int[(int) mask.shape()[0]];
            int[] at = new int[mask.size()];
            int n = 0;
            for (int i = 0; i < mask.size(); i++) {
                if (mask.at(i) != 0 && (tools == null || tools.at(i) != 0)) {
                    at[n++] = i;
                    lengths[i / columns]++;
                }
            }
            return new Packed(Arrays.copyOf(at, n), lengths, mask.size());
        }

        int tokens() {
            return at.length;
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

        double[] unpack(double[] tokens) {
            double[] out = new double[size];
            for (int i = 0; i < at.length; i++) {
                out[at[i]] = tokens[i];
            }
            return out;
        }
    }
}
