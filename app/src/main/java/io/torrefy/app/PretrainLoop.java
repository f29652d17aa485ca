package io.torrefy.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.Checkpoint;
import io.torrefy.posttrain.Pretraining;
import io.torrefy.posttrain.RunFolder;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The steps of a pre-training. The curve goes to `pretraining.jsonl` beside the model.
///
/// @param run where checkpoints go, `every` so many steps
record PretrainLoop(
        CommonOptions common, Pretraining training, Path out, long steps, Optional<RunFolder> run, int every) {
    private static final int SAY_EVERY = 25;
    private static final String PROGRESS = "progress.json";

    /// What must outlive a kill beside what [Pretraining#save] keeps.
    ///
    /// @param mean the mean loss of the last steps
    private record Position(long step, double mean, long tokens) {
        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("step", step);
            map.put("loss", mean);
            map.put("tokens", tokens);
            return map;
        }

        static Position read(Path checkpoint) throws IOException {
            JsonNode json = new ObjectMapper().readTree(Files.readAllBytes(checkpoint.resolve(PROGRESS)));
            return new Position(
                    json.required("step").asLong(),
                    json.required("loss").asDouble(),
                    json.required("tokens").asLong());
        }
    }

    /// The mean loss of the last steps.
    double run(Optional<Checkpoint> from) throws IOException {
        Position position = new Position(0, 0, 0);
        if (from.isPresent()) {
            training.resume(from.get().folder());
            position = Position.read(from.get().folder());
        }
        long before = position.tokens;
        long began = System.nanoTime();
        try (Writer curve = curve(position.step)) {
            while (position.step < steps) {
                Pretraining.Step done = training.step(position.step);
                double mean = position.step == 0 ? done.loss() : 0.98 * position.mean + 0.02 * done.loss();
                position = new Position(position.step + 1, mean, position.tokens + done.tokens());
                if (position.step % SAY_EVERY == 0 || position.step == steps) {
                    curve.write(Json.line(position.toMap()) + "\n");
                    curve.flush();
                    say(position, (position.tokens - before) / ((System.nanoTime() - began) * 1e-9));
                }
                log(position, done);
            }
        }
        return position.mean;
    }

    /// The curve up to a step, to be gone on with.
    private Writer curve(long step) throws IOException {
        Path file = out.resolve("pretraining.jsonl");
        List<String> lines = step > 0 && Files.exists(file) ? Files.readAllLines(file) : List.of();
        Files.write(file, lines.stream().filter(line -> isUpTo(line, step)).toList());
        return Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    private static boolean isUpTo(String line, long step) {
        try {
            return new ObjectMapper().readTree(line).path("step").asLong(Long.MAX_VALUE) <= step;
        } catch (com.fasterxml.jackson.core.JsonProcessingException _) {
            // Cut by the kill.
            return false;
        }
    }

    private void say(Position position, double tokensPerSecond) {
        common.err()
                .printf(
                        Locale.ROOT,
                        "step %d/%d  loss %.4f  %.0f tokens/s%n",
                        position.step,
                        steps,
                        position.mean,
                        tokensPerSecond);
        common.err().flush();
    }

    private void log(Position position, Pretraining.Step done) {
        if (run.isEmpty()) {
            return;
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("loss", done.loss());
        metrics.put("grad_norm", done.gradNorm());
        metrics.put("learning_rate", done.learningRate());
        run.get().log(position.step, metrics);
        if (position.step % every == 0 || position.step == steps) {
            run.get().checkpoint(position.step, folder -> {
                training.save(folder);
                Files.writeString(folder.resolve(PROGRESS), Json.line(position.toMap()));
            });
        }
    }
}
