package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.data.JsonLines;
import io.torrefy.data.MalformedDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A run as its folder tells it, finished or not.
///
/// @param name the folder's name
/// @param series metrics by name, in the order in which they first appear
/// @param troubles what went wrong, by the step at which it began to show
/// @param elapsed seconds of running
record RunData(
        String name,
        JsonNode config,
        JsonNode run,
        JsonNode result,
        Map<String, Series> series,
        List<RunSample> samples,
        List<Trouble> troubles,
        double elapsed) {
    private static final Set<String> NO_METRICS = Set.of("step", "time", "elapsed");

    /// A metric over the steps at which it was logged.
    record Series(double[] steps, double[] values) {
        double first() {
            return values[0];
        }

        double last() {
            return values[values.length - 1];
        }
    }

    static RunData read(Path folder) throws IOException {
        var metrics = folder.resolve("metrics.jsonl");
        if (!Files.exists(metrics)) {
            throw new RunException("[report] expected a run folder; " + folder + " has no metrics.jsonl.");
        }
        var points = new LinkedHashMap<String, List<double[]>>();
        double elapsed = 0;
        for (var line : lines(metrics)) {
            double step = line.value().path("step").asDouble(Double.NaN);
            elapsed = line.value().path("elapsed").asDouble(elapsed);
            line.value().properties().stream()
                    .filter(field -> !NO_METRICS.contains(field.getKey()))
                    .forEach(field -> points.computeIfAbsent(field.getKey(), _ -> new ArrayList<>())
                            .add(new double[] {step, RunMetrics.number(field.getValue())}));
        }
        var series = new LinkedHashMap<String, Series>();
        points.forEach((name, pairs) -> series.put(
                name,
                new Series(
                        pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
                        pairs.stream().mapToDouble(pair -> pair[1]).toArray())));
        return new RunData(
                AtomicFiles.name(folder.toRealPath()),
                RunJson.read(folder.resolve("config.json")),
                RunJson.read(folder.resolve("run.json")),
                RunJson.read(folder.resolve("result.json")),
                series,
                samples(folder.resolve("samples.jsonl")),
                watch(metrics).all(),
                elapsed);
    }

    /// What was seen in the metrics of a file, which need not be there.
    static Trouble.Watch watch(Path metrics) throws IOException {
        var watch = new Trouble.Watch();
        if (Files.isRegularFile(metrics)) {
            for (var line : lines(metrics)) {
                var values = new LinkedHashMap<String, Double>();
                line.value().properties().stream()
                        .filter(field -> !NO_METRICS.contains(field.getKey()))
                        .forEach(field -> values.put(field.getKey(), RunMetrics.number(field.getValue())));
                watch.log(line.value().path("step").asLong(), values);
            }
        }
        return watch;
    }

    private static List<RunSample> samples(Path file) throws IOException {
        return Files.exists(file)
                ? lines(file).stream()
                        .map(line -> RunSample.fromJson(line.value()))
                        .toList()
                : List.of();
    }

    /// A run that goes on, or was killed, may have half a last line.
    private static List<JsonLines.Line> lines(Path file) throws IOException {
        var lines = new ArrayList<JsonLines.Line>();
        try (var stream = JsonLines.stream(file)) {
            stream.forEach(lines::add);
        } catch (MalformedDataException e) {
            if (Files.readString(file).endsWith("\n")) {
                throw e;
            }
        }
        return lines;
    }

    Optional<Series> find(String metric) {
        return Optional.ofNullable(series.get(metric));
    }

    /// The last step that was logged.
    long lastStep() {
        return series.values().stream()
                .mapToLong(one -> (long) one.steps()[one.steps().length - 1])
                .max()
                .orElse(0);
    }

    /// Held-out accuracy at the first evaluation.
    Optional<Double> accuracyBefore() {
        return number(result, "accuracy_before")
                .or(() -> find(RunMetrics.EVAL_ACCURACY).map(Series::first));
    }

    /// Held-out accuracy at the last evaluation; empty where there was only one.
    Optional<Double> accuracyAfter() {
        return number(result, "accuracy_after")
                .or(() -> find(RunMetrics.EVAL_ACCURACY)
                        .filter(evals -> evals.values().length > 1)
                        .map(Series::last));
    }

    static Optional<Double> number(JsonNode object, String field) {
        return object.path(field).isNumber() ? Optional.of(object.path(field).asDouble()) : Optional.empty();
    }
}
