package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.preference.DpoLoss.FDivergence;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import io.torrefy.posttrain.preference.DpoLoss.Normaliser;
import io.torrefy.posttrain.preference.DpoLoss.Term;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The losses of pairs against TRL's own function: values, gradients and metrics.
class DpoFixtureTest {
    private static final Set<String> SETTINGS = Set.of(
            "loss_type",
            "loss_weights",
            "beta",
            "label_smoothing",
            "f_divergence_type",
            "alpha",
            "tau",
            "ld_alpha",
            "use_weighting");

    static Stream<Fixture> sums() {
        return cases("dpo_logps/");
    }

    static Stream<Fixture> logits() {
        return Fixtures.open().ofKind("dpo").stream()
                .filter(f -> f.file(".safetensors").endsWith("dpo_logits.safetensors"));
    }

    private static Stream<Fixture> cases(String name) {
        return Fixtures.open().ofKind("dpo").stream().filter(f -> f.name().startsWith(name));
    }

    @ParameterizedTest
    @MethodSource("sums")
    void agreesWithTrlOnLogProbabilities(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        DpoLoss.Options options = options(fixture.settings());
        try (Scope _ = Scope.open()) {
            Tensor chosen = tensor(tensors.get("in.chosen_logps")).requiresGrad(true);
            Tensor rejected = tensor(tensors.get("in.rejected_logps")).requiresGrad(true);
            Tensor refChosen = tensor(tensors.get("in.ref_chosen_logps"));
            Tensor refRejected = tensor(tensors.get("in.ref_rejected_logps"));
            DpoLoss.Pairs pairs = new DpoLoss.Pairs(
                    chosen,
                    rejected,
                    refChosen,
                    refRejected,
                    ints(tensors.get("in.chosen_lengths")),
                    ints(tensors.get("in.rejected_lengths")),
                    null);
            Tensor loss = DpoLoss.of(options).loss(pairs, Normaliser.of(pairs));
            loss.backward();
            tensors.get("out.loss").assertClose(new double[] {loss.item()}, fixture.tolerance());
            tensors.get("din.chosen_logps")
                    .assertClose(chosen.grad().orElseThrow().toDoubles(), fixture.tolerance());
            tensors.get("din.rejected_logps")
                    .assertClose(rejected.grad().orElseThrow().toDoubles(), fixture.tolerance());
            PairMetrics metrics = new PairMetrics(options.beta());
            metrics.add(interleaved(chosen, rejected), interleaved(refChosen, refRejected));
            checkMetrics(fixture.expected(), metrics);
        }
    }

    @ParameterizedTest
    @MethodSource("logits")
    void agreesWithTrlOnLogits(Fixture fixture) {
        Map<String, Golden> tensors = fixture.ownTensors();
        DpoLoss.Options options = options(fixture.settings());
        CompletionRows rows = CompletionRows.of(tensors.get("in.input_ids"), tensors.get("in.completion_mask"))
                .interleaved();
        try (Scope _ = Scope.open()) {
            Tensor logits = tensor(tensors.get("in.logits")).requiresGrad(true);
            Answers.Scores policy = rows.scores(logits);
            Tensor sums = policy.pairSums(options.ldAlpha());
            Tensor ref = rows.scores(tensor(tensors.get("in.ref_logits"))).pairSums(options.ldAlpha());
            DpoLoss.Pairs pairs = new DpoLoss.Pairs(
                    sums.select(1, 0),
                    sums.select(1, 1),
                    ref.select(1, 0),
                    ref.select(1, 1),
                    policy.lengthsFrom(0),
                    policy.lengthsFrom(1),
                    options.useWeighting() ? policy.pairWeights() : null);
            Tensor loss = DpoLoss.of(options).loss(pairs, Normaliser.of(pairs));
            loss.backward();
            tensors.get("out.loss").assertClose(new double[] {loss.item()}, fixture.tolerance());
            tensors.get("din.logits").assertClose(logits.grad().orElseThrow().toDoubles(), fixture.tolerance());
            PairMetrics metrics = new PairMetrics(options.beta());
            metrics.add(sums, ref, policy);
            checkMetrics(fixture.expected(), metrics);
        }
    }

    static DpoLoss.Options options(JsonNode settings) {
        var unknown = new TreeSet<String>();
        settings.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(SETTINGS);
        assertThat(unknown).as("settings this test does not know").isEmpty();
        return new DpoLoss.Options(
                terms(settings),
                settings.get("beta").asDouble(),
                settings.path("label_smoothing").asDouble(0),
                FDivergence.valueOf(upper(settings.path("f_divergence_type").asText("reverse_kl"))),
                settings.path("alpha").asDouble(0.5),
                settings.path("tau").asDouble(0.05),
                settings.path("ld_alpha").asDouble(1),
                settings.path("use_weighting").asBoolean(false));
    }

    private static List<Term> terms(JsonNode settings) {
        JsonNode types = settings.path("loss_type");
        if (!types.isArray()) {
            return List.of(new Term(LossType.valueOf(upper(types.asText("sigmoid"))), 1));
        }
        List<Term> terms = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            terms.add(new Term(
                    LossType.valueOf(upper(types.get(i).asText())),
                    settings.get("loss_weights").get(i).asDouble()));
        }
        return terms;
    }

    private static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    private static void checkMetrics(JsonNode expected, PairMetrics seen) {
        Map<String, Double> actual = new HashMap<>();
        seen.put(actual);
        expected.fieldNames().forEachRemaining(name -> {
            if (actual.containsKey(name) && Double.isFinite(actual.get(name))) {
                double value = expected.get(name).asDouble();
                assertThat(actual.get(name)).as(name).isCloseTo(value, within(2e-5 * Math.abs(value) + 2e-6));
            }
        });
        assertThat(actual.keySet()).contains("rewards/chosen", "rewards/margins", "logps/rejected");
    }

    private static double[] interleaved(Tensor a, Tensor b) {
        double[] x = a.detach().toDoubles();
        double[] y = b.detach().toDoubles();
        double[] both = new double[2 * x.length];
        for (int i = 0; i < x.length; i++) {
            both[2 * i] = x[i];
            both[2 * i + 1] = y[i];
        }
        return both;
    }

    private static Tensor tensor(Golden golden) {
        return Tensor.of(golden.floats(), golden.shape());
    }

    private static int[] ints(Golden golden) {
        return Arrays.stream(golden.longs()).mapToInt(Math::toIntExact).toArray();
    }
}
