package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.GradientClipping;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.posttrain.GrpoLoss.ImportanceLevel;
import io.torrefy.posttrain.GrpoLoss.LossType;
import io.torrefy.posttrain.GrpoLoss.Normaliser;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Safetensors;
import io.torrefy.testkit.Tolerance;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs of TRL's GRPOTrainer, replayed from its token ids and advantages: model, loss, clipping and optimiser together.
class GrpoReplayTest {
    static Stream<Fixture> runs() {
        return Fixtures.open().ofKind("training").stream()
                .filter(run -> run.settings().path("trainer").asText().equals("GRPOTrainer"));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void followsTheTrainer(Fixture run) {
        JsonNode settings = run.settings();
        Map<String, Golden> stored = Safetensors.read(run.file(run.name() + ".safetensors"));
        GrpoLoss loss = GrpoLoss.of(options(settings));
        int accumulated = settings.get("gradient_accumulation_steps").asInt();
        int updates = settings.get("updates").asInt();
        double[] micro = new double[updates * accumulated];
        double[] losses = new double[updates];
        double[] norms = new double[updates];
        try (CausalLm model = CausalLm.load(run.file("config.json").getParent());
                AdamW optimizer = optimizer(model, settings)) {
            for (int update = 0; update < updates; update++) {
                for (int part = 0; part < accumulated; part++) {
                    int at = update * accumulated + part;
                    micro[at] = microBatch(model, loss, MicroBatch.of(stored, at), settings);
                    losses[update] += micro[at];
                }
                norms[update] = GradientClipping.norm(model.parameters());
                optimizer.step(GradientClipping.coefficient(
                        norms[update], settings.get("max_grad_norm").asDouble()));
            }
            stored.get("curve.micro_loss").assertClose(micro, run.tolerance("loss"));
            stored.get("curve.loss").assertClose(losses, run.tolerance("loss"));
            stored.get("curve.grad_norm").assertClose(norms, run.tolerance("grad_norm"));
            checkFinal(model, Fixtures.json(run.file(run.name() + ".json")).get("final"), run.tolerance("final"));
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

    private static AdamW optimizer(CausalLm model, JsonNode settings) {
        Set<String> undecayed = new HashSet<>();
        settings.get("no_weight_decay").forEach(name -> undecayed.add(name.asText()));
        assertThat(model.namedParameters().keySet()).containsAll(undecayed);
        var groups =
                ParameterGroups.of(model.namedParameters()).withWeightDecay((name, _) -> undecayed.contains(name), 0);
        return AdamW.of(groups, settings.get("lr").asDouble())
                .withBetas(0.9, 0.999)
                .withEps(1e-8)
                .withWeightDecay(settings.get("weight_decay").asDouble());
    }

    private static void checkFinal(CausalLm model, JsonNode expected, Tolerance tolerance) {
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
