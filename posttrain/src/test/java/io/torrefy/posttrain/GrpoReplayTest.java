package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.posttrain.GrpoLoss.ImportanceLevel;
import io.torrefy.posttrain.GrpoLoss.LossType;
import io.torrefy.posttrain.GrpoLoss.Normaliser;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs of TRL's GRPOTrainer, replayed from its token ids and advantages: model, loss, clipping and optimiser together.
class GrpoReplayTest {
    static Stream<Fixture> runs() {
        return Replay.runsOf("GRPOTrainer");
    }

    @ParameterizedTest
    @MethodSource("runs")
    void followsTheTrainer(Fixture run) {
        Replay replay = Replay.of(run);
        JsonNode settings = replay.settings();
        GrpoLoss loss = GrpoLoss.of(options(settings));
        int accumulated = settings.get("gradient_accumulation_steps").asInt();
        int updates = settings.get("updates").asInt();
        double[] micro = new double[updates * accumulated];
        double[] losses = new double[updates];
        double[] norms = new double[updates];
        try (CausalLm model = replay.model();
                Learner learner = replay.learner(model)) {
            for (int update = 0; update < updates; update++) {
                for (int part = 0; part < accumulated; part++) {
                    int at = update * accumulated + part;
                    micro[at] = microBatch(model, loss, MicroBatch.of(replay.stored(), at), settings);
                    losses[update] += micro[at];
                }
                norms[update] = learner.update(update, losses[update]);
            }
            replay.checkCurve("micro_loss", micro);
            replay.checkCurve("loss", losses);
            replay.checkCurve("grad_norm", norms);
            replay.checkFinal(model);
        }
    }

    private static double microBatch(CausalLm model, GrpoLoss loss, MicroBatch batch, JsonNode settings) {
        try (Scope _ = Scope.open()) {
            Tensor hidden = model.hidden(TokenBatch.pack(batch.inputs))
                    .indexSelect(0, Tensor.of(batch.places, batch.places.length));
            Tensor logProbs = CrossEntropies.tokenLogProbs(
                            model.logits(hidden),
                            Tensor.of(batch.targets, batch.targets.length),
                            settings.get("temperature").asDouble())
                    .logProbs();
            Tensor old = batch.old.length == 0 ? logProbs.detach() : Tensor.of(batch.old, batch.old.length);
            Tensor reference = batch.reference.length == 0 ? null : Tensor.of(batch.reference, batch.reference.length);
            int sequences = batch.lengths.length
                    * settings.get("gradient_accumulation_steps").asInt();
            var result = loss.loss(
                    logProbs, old, reference, batch.advantages, batch.lengths, new Normaliser(sequences, batch.tokens));
            result.loss().backward();
            return result.loss().item();
        }
    }

    private static GrpoLoss.Options options(JsonNode settings) {
        double epsilon = settings.get("epsilon").asDouble();
        return GrpoLoss.Options.defaults()
                .withLossType(
                        LossType.valueOf(settings.get("loss_type").asText().toUpperCase(Locale.ROOT)))
                .withImportanceLevel(ImportanceLevel.valueOf(settings.path("importance_sampling_level")
                        .asText("token")
                        .toUpperCase(Locale.ROOT)))
                .withEpsilonLow(epsilon)
                .withEpsilonHigh(settings.path("epsilon_high").asDouble(epsilon))
                .withBeta(settings.get("beta").asDouble())
                .withUseBiasCorrectionKl(settings.get("use_bias_correction_kl").asBoolean())
                .withMaxCompletionLength(settings.get("max_completion_length").asInt());
    }

    /// Rows of a padded batch as sequences without padding; `old` and `reference` are empty where the run has none.
    private record MicroBatch(
            List<int[]> inputs,
            long[] places,
            long[] targets,
            int[] lengths,
            double[] advantages,
            float[] old,
            float[] reference,
            double tokens) {
        static MicroBatch of(Map<String, Golden> stored, int index) {
            long[] prompts = stored.get("prompt_ids").slice(index).longs();
            long[] promptMask = stored.get("prompt_mask").slice(index).longs();
            long[] completions = stored.get("completion_ids").slice(index).longs();
            long[] mask = stored.get("completion_mask").slice(index).longs();
            int rows = (int) stored.get("prompt_ids").shape()[1];
            List<int[]> inputs = new ArrayList<>();
            List<Long> places = new ArrayList<>();
            List<Integer> kept = new ArrayList<>();
            int[] lengths = new int[rows];
            long offset = 0;
            for (int row = 0; row < rows; row++) {
                List<Integer> ids = new ArrayList<>();
                append(ids, prompts, promptMask, row, rows);
                int prompt = ids.size();
                append(ids, completions, mask, row, rows);
                lengths[row] = ids.size() - prompt;
                int width = completions.length / rows;
                for (int t = 0; t < width; t++) {
                    if (mask[row * width + t] != 0) {
                        places.add(offset + prompt - 1 + t);
                        kept.add(row * width + t);
                    }
                }
                inputs.add(ids.stream()
                        .limit(ids.size() - 1L)
                        .mapToInt(Integer::intValue)
                        .toArray());
                offset += ids.size() - 1;
            }
            return new MicroBatch(
                    inputs,
                    places.stream().mapToLong(Long::longValue).toArray(),
                    kept.stream().mapToLong(i -> completions[i]).toArray(),
                    lengths,
                    stored.get("advantages").slice(index).doubles(),
                    packed(stored, "old_per_token_logps", index, kept),
                    packed(stored, "ref_per_token_logps", index, kept),
                    stored.get("num_items_in_batch").at(index));
        }

        private static void append(List<Integer> ids, long[] padded, long[] mask, int row, int rows) {
            int width = padded.length / rows;
            for (int i = row * width; i < (row + 1) * width; i++) {
                if (mask[i] != 0) {
                    ids.add(Math.toIntExact(padded[i]));
                }
            }
        }

        private static float[] packed(Map<String, Golden> stored, String name, int index, List<Integer> kept) {
            if (!stored.containsKey(name)) {
                return new float[0];
            }
            Golden values = stored.get(name).slice(index);
            float[] out = new float[kept.size()];
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) values.at(kept.get(i));
            }
            return out;
        }
    }
}
