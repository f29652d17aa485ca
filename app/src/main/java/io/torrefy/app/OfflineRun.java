package io.torrefy.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/// A run of a trainer of fixed data:
///
/// 1. measure on what is held out;
/// 2. step by step train, log, and every so often measure and save;
/// 3. leave the result.
///
/// A step depends on its number, the weights and the optimiser alone, and all of these are in a checkpoint: a run that
/// was killed goes on with the same bits.
final class OfflineRun implements RunPlan.Body {
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String POSITION = "position.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// A trainer.
    ///
    /// @param step metrics of step k, from 0
    /// @param evaluate metrics of what is held out, named `eval_…`; empty where nothing is
    /// @param reference a frozen model beside the one that is trained, closed with it
    record Trainer(
            long steps,
            LongFunction<Map<String, Double>> step,
            Supplier<Map<String, Double>> evaluate,
            AdamW optimizer,
            Optional<CausalLm> reference) {
        Trainer(
                long steps,
                LongFunction<Map<String, Double>> step,
                Supplier<Map<String, Double>> evaluate,
                AdamW optimizer) {
            this(steps, step, evaluate, optimizer, Optional.empty());
        }
    }

    /// How often.
    ///
    /// @param evaluate steps; 0 for never on the way
    /// @param save steps
    /// @param keep checkpoints
    record Pace(long evaluate, long save, int keep) {}

    /// What must outlive a kill beside weights and optimiser.
    ///
    /// @param first metrics of the first step
    /// @param last those of the last
    /// @param before held-out metrics at the beginning
    /// @param now the newest
    private record Position(
            long step,
            Map<String, Double> first,
            Map<String, Double> last,
            Map<String, Double> before,
            Map<String, Double> now) {
        Map<String, Object> toMap() {
            return Map.of("step", step, "first", first, "last", last, "before", before, "now", now);
        }

        static Position of(JsonNode json) {
            return new Position(
                    json.required("step").asLong(),
                    metrics(json.required("first")),
                    metrics(json.required("last")),
                    metrics(json.required("before")),
                    metrics(json.required("now")));
        }

        /// NaN and infinities are strings in JSON.
        private static Map<String, Double> metrics(JsonNode json) {
            Map<String, Double> metrics = new LinkedHashMap<>();
            json.properties()
                    .forEach(one -> metrics.put(
                            one.getKey(), Double.parseDouble(one.getValue().asText())));
            return metrics;
        }
    }

    private static final String HELD_OUT = RunMetrics.HELD_OUT;
    /// As many times what it was: of losses, and of log-probabilities, which are negative.
    private static final double WORSE = 1.1;

    private final Trainer trainer;
    private final Weights weights;
    private final Pace pace;
    private final List<String> notes;
    private double best = Double.POSITIVE_INFINITY;
    private boolean warned;
    private boolean sunk;

    /// @param notes what the user should know of the data before it is trained on
    OfflineRun(Trainer trainer, Weights weights, Pace pace, List<String> notes) {
        this.trainer = trainer;
        this.weights = weights;
        this.pace = pace;
        this.notes = List.copyOf(notes);
    }

    @Override
    public RunPlan.Outcome run(RunFolder run, Progress progress) throws IOException {
        run.keep(pace.keep);
        notes.forEach(progress::message);
        Position position =
                run.resumed().isPresent() ? restore(run.resumed().get().folder()) : begin(run, progress);
        while (position.step < trainer.steps) {
            position = step(run, progress, position);
        }
        weights.publish(run);
        return finish(run, position);
    }

    private Position begin(RunFolder run, Progress progress) {
        Map<String, Double> before = measure(run, progress, 0);
        Position position = new Position(0, Map.of(), Map.of(), before, before);
        save(run, position);
        return position;
    }

    private Position step(RunFolder run, Progress progress, Position from) {
        Map<String, Double> metrics = trainer.step.apply(from.step);
        long done = from.step + 1;
        run.log(done, metrics);
        progress.step(done, metrics);
        boolean last = done == trainer.steps;
        boolean measures = last || pace.evaluate > 0 && done % pace.evaluate == 0;
        Position position = new Position(
                done,
                from.first.isEmpty() ? metrics : from.first,
                metrics,
                from.before,
                measures ? measure(run, progress, done) : from.now);
        if (measures && !position.now.isEmpty()) {
            warn(progress, position);
        }
        // Behind all that is logged of the step, or a resumed run would log it twice.
        if (last || done % pace.save == 0) {
            save(run, position);
        }
        return position;
    }

    private Map<String, Double> measure(RunFolder run, Progress progress, long step) {
        progress.phase("measuring");
        Map<String, Double> metrics = trainer.evaluate.get();
        if (!metrics.isEmpty()) {
            run.log(step, metrics);
        }
        return metrics;
    }

    /// Says once, in words, when what is held out gets worse.
    private void warn(Progress progress, Position position) {
        double loss = loss(position.now, HELD_OUT);
        best = Math.min(best, Math.min(loss(position.before, HELD_OUT), loss));
        if (!warned && loss > WORSE * best) {
            warned = true;
            progress.message(String.format(
                    Locale.ROOT,
                    "The held-out loss has risen from %.4f to %.4f: the samples are being learnt by heart. Hint: fewer"
                            + " steps, or a lower learning_rate.",
                    best,
                    loss));
        }
        double chosen = metric(position.now, HELD_OUT + "logps/chosen");
        double before = metric(position.before, HELD_OUT + "logps/chosen");
        if (!sunk && chosen < WORSE * before && metric(position.now, HELD_OUT + "rewards/margins") > 0) {
            sunk = true;
            progress.message(String.format(
                    Locale.ROOT,
                    "Held-out chosen answers have become less likely too, %.2f from %.2f: both answers are pushed down."
                            + " Hint: add sft to loss_type, or raise beta.",
                    chosen,
                    before));
        }
    }

    private RunPlan.Outcome finish(RunFolder run, Position position) {
        Map<String, Object> values = new LinkedHashMap<>();
        List<String> said = new ArrayList<>();
        said.add(String.format(
                Locale.ROOT,
                "Loss: %.4f at the first step, %.4f at the last of %d.",
                loss(position.first, ""),
                loss(position.last, ""),
                position.step));
        values.put("loss_first", loss(position.first, ""));
        values.put("loss", loss(position.last, ""));
        if (!position.now.isEmpty()) {
            said.add(String.format(
                    Locale.ROOT,
                    "Held-out loss: %.4f before, %.4f after.",
                    loss(position.before, HELD_OUT),
                    loss(position.now, HELD_OUT)));
            position.before.forEach((name, value) -> values.put(name + "_before", value));
            values.putAll(position.now);
        }
        values.put("steps", position.step);
        values.put("seconds", run.elapsed());
        run.result(values);
        return new RunPlan.Outcome(said, values);
    }

    private static double loss(Map<String, Double> metrics, String prefix) {
        return metric(metrics, prefix + RunMetrics.LOSS);
    }

    private static double metric(Map<String, Double> metrics, String name) {
        return metrics.getOrDefault(name, Double.NaN);
    }

    private void save(RunFolder run, Position position) {
        run.checkpoint(position.step, folder -> {
            weights.save(folder);
            Safetensors.write(folder.resolve(OPTIMIZER), trainer.optimizer.state(), Map.of());
            Files.write(folder.resolve(POSITION), JSON.writeValueAsBytes(position.toMap()));
        });
    }

    private Position restore(Path folder) throws IOException {
        weights.restore(folder);
        Map<String, Tensor> state = Safetensors.read(folder.resolve(OPTIMIZER));
        trainer.optimizer.load(state);
        state.values().forEach(Tensor::close);
        return Position.of(JSON.readTree(Files.readAllBytes(folder.resolve(POSITION))));
    }

    @Override
    public void close() {
        trainer.optimizer.close();
        trainer.reference.ifPresent(CausalLm::close);
        weights.close();
    }
}
