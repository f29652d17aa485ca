package io.torrefy.posttrain.preference;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.Replay;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.DpoLoss.LossType;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs of TRL's DPOTrainer and RewardTrainer, replayed from their token ids by the trainers themselves.
class PreferenceReplayTest {
    private static final int ALL = 1 << 20;

    static Stream<Fixture> dpo() {
        return Replay.runsOf("DPOTrainer");
    }

    /// With the step as one micro-batch and as one for each pair, with the reference in front and on the way.
    @ParameterizedTest
    @MethodSource("dpo")
    void followsDpoTrainer(Fixture run) {
        Replay replay = Replay.of(run);
        followDpo(replay, ALL, false);
        followDpo(replay, 1, true);
    }

    private static void followDpo(Replay replay, int microBatchTokens, boolean precompute) {
        JsonNode settings = replay.settings();
        List<PreferencePair> pairs = new ArrayList<>();
        Golden ids = replay.get("input_ids");
        for (int batch = 0; batch < ids.shape()[0]; batch++) {
            pairs.addAll(pairs(
                    ids.slice(batch),
                    replay.get("attention_mask").slice(batch),
                    replay.get("completion_mask").slice(batch)));
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
        try (CausalLm policy = replay.model();
                CausalLm reference = replay.model();
                Dpo dpo = Dpo.of(policy, reference, pairs, options)) {
            follow(
                    replay,
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
            replay.checkFinal(policy);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ALL, 1})
    void followsRewardTrainer(int microBatchTokens) {
        Replay replay = Replay.of(Fixtures.open().get("training", "reward"));
        JsonNode settings = replay.settings();
        List<PreferencePair> pairs = new ArrayList<>();
        Golden ids = replay.get("input_ids");
        for (int batch = 0; batch < ids.shape()[0]; batch++) {
            pairs.addAll(wholePairs(
                    ids.slice(batch),
                    replay.get("attention_mask").slice(batch),
                    replay.get("margin").slice(batch)));
        }
        PreferenceTraining training =
                training(settings, settings.get("micro_batch").asInt()).withMicroBatchTokens(microBatchTokens);
        try (ValueModel model = ValueModel.of(replay.model(), Rng.of(0));
                RewardTrainer trainer = RewardTrainer.of(
                        model, pairs, settings.get("center_rewards_coefficient").asDouble(), training)) {
            Golden head = replay.get("init.score.weight");
            try (Scope _ = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                Objects.requireNonNull(model.state().get("score.weight"))
                        .copyFrom(Tensor.of(head.floats(), head.shape()));
            }
            follow(
                    replay,
                    trainer::step,
                    Map.of(
                            "loss", "loss",
                            "grad_norm", "grad_norm",
                            "accuracy", "accuracy",
                            "margin", "margin",
                            "mean_reward", "mean_reward"));
            replay.checkFinal(model);
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
    private static void follow(Replay replay, LongFunction<Map<String, Double>> step, Map<String, String> curves) {
        int steps = replay.settings().get("steps").asInt();
        List<Map<String, Double>> seen = new ArrayList<>();
        for (int k = 0; k < steps; k++) {
            seen.add(step.apply(k));
        }
        curves.forEach((curve, metric) -> {
            double[] actual = seen.stream().mapToDouble(m -> m.get(metric)).toArray();
            replay.checkCurve(curve, actual);
            if (!curve.equals("grad_norm")) {
                replay.checkBeginning(curve, actual);
            }
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
