package io.torrefy.app;

import io.torrefy.data.Example;
import io.torrefy.data.ExampleException;
import io.torrefy.data.Feature;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.ValueKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy records stats`.
@Command(name = "stats", description = "Sizes of the records, and what their Examples' features hold.")
final class RecordsStatsCommand implements Callable<Integer> {
    /// Feature names that are told apart; more are no table of features.
    private static final int MOST_FEATURES = 10_000;

    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    private final Numbers sizes = new Numbers();
    private final Map<String, FeatureStats> features = new TreeMap<>();
    private long noExamples;

    @Override
    public Integer call() throws IOException {
        for (Path file : files.all()) {
            var progress = new RecordFiles.Progress(common.err(), file);
            try (TfRecordReader reader = TfRecordReader.open(file)) {
                while (reader.next()) {
                    sizes.add(reader.length());
                    addExample(reader.record());
                    progress.at(reader.offset(), reader.number());
                }
            }
        }
        show();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("records", sizes.count);
        json.put("bytes", sizes.json());
        json.put("no_examples", noExamples);
        Map<String, Object> byName = new LinkedHashMap<>();
        features.forEach((name, stats) -> byName.put(name, stats.json()));
        json.put("features", byName);
        common.result(json);
        return 0;
    }

    private void addExample(byte[] record) {
        try {
            Example.parse(record).features().forEach((name, feature) -> {
                if (features.size() < MOST_FEATURES || features.containsKey(name)) {
                    features.computeIfAbsent(name, _ -> new FeatureStats()).add(feature);
                }
            });
        } catch (ExampleException _) {
            noExamples++;
        }
    }

    private void show() {
        common.out()
                .printf(
                        Locale.ROOT,
                        "%d records of %.0f to %.0f bytes, %.1f on average; %d are no Examples%n",
                        sizes.count,
                        sizes.min,
                        sizes.max,
                        sizes.mean(),
                        noExamples);
        features.forEach((name, stats) -> common.out()
                .printf(
                        Locale.ROOT,
                        "  %-24s %-16s in %d  values %.0f to %.0f%s%n",
                        name,
                        stats.kinds(),
                        stats.lengths.count,
                        stats.lengths.min,
                        stats.lengths.max,
                        stats.numbers.count == 0
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        "  %.6g to %.6g, mean %.6g",
                                        stats.numbers.min,
                                        stats.numbers.max,
                                        stats.numbers.mean())));
    }

    /// Count, extremes and mean of finite numbers.
    private static final class Numbers {
        private long count;
        private double min = Double.POSITIVE_INFINITY;
        private double max = Double.NEGATIVE_INFINITY;
        private double sum;

        void add(double value) {
            if (Double.isFinite(value)) {
                count++;
                min = Math.min(min, value);
                max = Math.max(max, value);
                sum += value;
            }
        }

        double mean() {
            return count == 0 ? 0 : sum / count;
        }

        Map<String, Object> json() {
            return count == 0 ? Map.of("count", 0) : Map.of("count", count, "min", min, "max", max, "mean", mean());
        }
    }

    private static final class FeatureStats {
        private final Map<ValueKind, Long> kinds = new TreeMap<>();
        private final Numbers lengths = new Numbers();
        private final Numbers numbers = new Numbers();

        void add(Feature feature) {
            feature.values().ifPresent(values -> {
                kinds.merge(ValueKind.of(values), 1L, Long::sum);
                lengths.add(values.size());
                switch (values) {
                    case FeatureValues.Longs(var array) -> {
                        for (long value : array) {
                            numbers.add(value);
                        }
                    }
                    case FeatureValues.Floats(var array) -> {
                        for (float value : array) {
                            numbers.add(value);
                        }
                    }
                    case FeatureValues.Strings _ -> {}
                }
            });
        }

        String kinds() {
            return String.join(
                    "|", kinds.keySet().stream().map(ValueKind::label).toList());
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("kind", kinds());
            json.put("lengths", lengths.json());
            json.put("numbers", numbers.json());
            return json;
        }
    }
}
