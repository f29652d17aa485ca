package io.torrefy.posttrain.preference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.Module;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Safetensors;
import io.torrefy.testkit.Tolerance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs of TRL's DPOTrainer and RewardTrainer, replayed from their token ids by the trainers themselves.
class PreferenceReplayTest {
    private static final int ALL = 1 << 20;

    static Stream<Fixture> dpo() {
        return Fixtures.open().ofKind("training").stream()
                .filter(run -> run.settings().path("trainer").asText().equals("DPOTrainer"));
    }

    /// With the step as one micro-batch and as one for each pair, with the reference in front and on the way.
    @ParameterizedTest
    @MethodSource("dpo")
    void followsDpoTrainer(Fixture run) {
        followDpo(run, ALL, false);
        followDpo(run, 1, true);
    }

    private static void followDpo(Fixture run, int microBatchTokens, boolean precompute) {
        JsonNode settings = run.settings();
        Map<String, Golden> stored = Safetensors.read(run.file(run.name() + ".safetensors"));
        List<PreferencePair> pairs = new ArrayList<>();
        Golden ids = stored.get("input_ids");
        for (int batch = 0; batch < ids.shape()[0]; batch++) {
            pairs.addAll(pairs(
                    ids.slice(batch),
                    stored.get("attention_mask").slice(batch),
                    stored.get("completion_mask").slice(batch)));
        }
        DpoLoss.Options loss = DpoLoss.Options.defaults()
                .withLossType(
                        LossType.valueOf(settings.get("loss_type").asText().toUpperCase(Locale.ROOT)))
                .withBeta(settings.get("beta").asDouble());
        int batch = settings.get("micro_batch").asInt()
                * settings.get("gradient_accumulation_steps").asInt();
        Dpo.Options options = Dpo.Options.defaults(training(settings, batch).withMicroBatchTokens(microBatchTokens))
                .withLoss(loss)
                .withPrecomputeRefLogProbs(precompute);
        Path folder = run.file("config.json").getParent();
        try (CausalLm policy = CausalLm.load(folder);
                CausalLm reference = CausalLm.load(folder);
                Dpo dpo = Dpo.of(policy, reference, pairs, options)) {
            follow(
                    run,
                    stored,
                    dpo::step,
                    Map.of(
                            "loss", "loss",
                            "grad_norm", "grad_norm",
                            "logps_chosen", "logps/chosen",
                            "logps_rejected", "logps/rejected",
                            "rewards_accuracies", "rewards/accuracies",
                            "rewards_chosen", "rewards/chosen",
                            "rewards_margins", "rewards/margins",
                            "rewards_rejected", "rewards/rejected"));
            checkFinal(policy, run);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ALL, 1})
    void followsRewardTrainer(int microBatchTokens) {
        Fixture run = Fixtures.open().get("training", "reward");
        JsonNode settings = run.settings();
        Map<String, Golden> stored = Safetensors.read(run.file("reward.safetensors"));
        List<PreferencePair> pairs = new ArrayList<>();
        Golden ids = stored.get("input_ids");
        for (int batch = 0; batch < ids.shape()[0]; batch++) {
            pairs.addAll(wholePairs(
                    ids.slice(batch),
                    stored.get("attention_mask").slice(batch),
                    stored.get("margin").slice(batch)));
        }
        PreferenceTraining training =
                training(settings, settings.get("micro_batch").asInt()).withMicroBatchTokens(microBatchTokens);
        try (ValueModel model =
                        ValueModel.of(CausalLm.load(run.file("config.json").getParent()), Rng.of(0));
                RewardTrainer trainer = RewardTrainer.of(
                        model, pairs, settings.get("center_rewards_coefficient").asDouble(), training)) {
            Golden head = stored.get("init.score.weight");
            try (Scope _ = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                Objects.requireNonNull(model.state().get("score.weight"))
                        .copyFrom(Tensor.of(head.floats(), head.shape()));
            }
            follow(
                    run,
                    stored,
                    trainer::step,
                    Map.of(
                            "loss", "loss",
                            "grad_norm", "grad_norm",
                            "accuracy", "accuracy",
                            "margin", "margin",
                            "mean_reward", "mean_reward"));
            checkFinal(model, run);
        }
    }

    private static PreferenceTraining training(JsonNode settings, int batch) {
        return PreferenceTraining.of(
                        settings.get("steps").asLong(), settings.get("lr").asDouble())
                .withBatchSize(batch)
                .withSchedule(0, false)
                .withWeightDecay(settings.get("weight_decay").asDouble())
                .withMaxGradNorm(settings.get("max_grad_norm").asDouble())
                .withoutShuffle();
    }

    /// @param curves which of our metrics each stored curve is
    private static void follow(
            Fixture run,
            Map<String, Golden> stored,
            LongFunction<Map<String, Double>> step,
            Map<String, String> curves) {
        int steps = run.settings().get("steps").asInt();
        List<Map<String, Double>> seen = new ArrayList<>();
        for (int k = 0; k < steps; k++) {
            seen.add(step.apply(k));
        }
        curves.forEach((curve, metric) -> {
            Golden golden = stored.get("curve." + curve);
            double[] actual = seen.stream().mapToDouble(m -> m.get(metric)).toArray();
            golden.assertClose(actual, run.tolerance(curve.equals("grad_norm") ? "grad_norm" : "loss"));
            if (!curve.equals("grad_norm")) {
                for (int k = 0; k < 3; k++) {
                    Tolerance first = run.tolerance("first_3_steps");
                    assertThat(first.accepts(actual[k], golden.at(k)))
                            .as("%s of step %d: %s, got %s", curve, k, golden.at(k), actual[k])
                            .isTrue();
                }
            }
        });
    }

    private static void checkFinal(Module model, Fixture run) {
        JsonNode expected = Fixtures.json(run.file(run.name() + ".json")).get("final");
        Tolerance tolerance = run.tolerance("final");
        Set<String> names = new HashSet<>();
        expected.fieldNames().forEachRemaining(names::add);
        assertThat(model.namedParameters().keySet()).containsExactlyInAnyOrderElementsOf(names);
        model.namedParameters().forEach((name, parameter) -> {
            double squares = 0;
            double probe = 0;
            double[] x = parameter.toDoubles();
            for (int i = 0; i < x.length; i++) {
                squares += x[i] * x[i];
                probe += x[i] * Math.cos(0.7 * i + 0.3);
            }
            double norm = expected.get(name).get("norm").asDouble();
            double limit = tolerance.limit(norm);
            assertThat(Math.sqrt(squares) - norm).as("norm of " + name).isBetween(-limit, limit);
            assertThat(probe - expected.get(name).get("probe").asDouble())
                    .as("probe of " + name)
                    .isBetween(-limit, limit);
        });
    }

    /// The pairs of a micro-batch of rows [chosen; rejected], padded.
    private static List<PreferencePair> pairs(Golden ids, Golden attention, Golden completion) {
        int rows = (int) ids.shape()[0];
        List<PreferencePair> pairs = new ArrayList<>();
        for (int i = 0; i < rows / 2; i++) {
            int[] chosen = kept(ids.slice(i), attention.slice(i));
            int[] rejected = kept(ids.slice(i + rows / 2), attention.slice(i + rows / 2));
            int answer = kept(ids.slice(i), completion.slice(i)).length;
            int prompt = chosen.length - answer;
            pairs.add(new PreferencePair(
                    Arrays.copyOf(chosen, prompt),
                    Arrays.copyOfRange(chosen, prompt, chosen.length),
                    Arrays.copyOfRange(rejected, prompt, rejected.length)));
        }
        return pairs;
    }

    /// The same without a mask of what is prompt: as much of both as is equal, of each pair of uneven number;
    /// nothing of the others.
    private static List<PreferencePair> wholePairs(Golden ids, Golden attention, Golden margin) {
        int rows = (int) ids.shape()[0];
        List<PreferencePair> pairs = new ArrayList<>();
        for (int i = 0; i < rows / 2; i++) {
            int[] chosen = kept(ids.slice(i), attention.slice(i));
            int[] rejected = kept(ids.slice(i + rows / 2), attention.slice(i + rows / 2));
            int equal = Arrays.mismatch(chosen, rejected);
            int prompt = i % 2 == 0 ? 0 : Math.min(equal, Math.min(chosen.length, rejected.length) - 1);
            pairs.add(new PreferencePair(
                    Arrays.copyOf(chosen, prompt),
                    Arrays.copyOfRange(chosen, prompt, chosen.length),
                    Arrays.copyOfRange(rejected, prompt, rejected.length),
                    margin.at(i)));
        }
        return pairs;
    }

    private static int[] kept(Golden ids, Golden mask) {
        int[] out = new int[ids.size()];
        int n = 0;
        for (int i = 0; i < out.length; i++) {
            if (mask.at(i) != 0) {
                out[n++] = (int) ids.at(i);
            }
        }
        return Arrays.copyOf(out, n);
    }
}
