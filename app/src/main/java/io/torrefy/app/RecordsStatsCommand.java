package io.torrefy.app;

import io.torrefy.data.ExampleException;
import io.torrefy.data.Feature;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.SequenceExample;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.ValueKind;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy records stats`.
@Command(
        name = "stats",
        description = "Sizes of the records, and what the features of their Examples and SequenceExamples hold.")
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
    private boolean tooMany;

    @Override
    public Integer call() throws IOException {
        files.each(common.err(), "stats", (file, progress) -> {
            try (TfRecordReader reader = TfRecordReader.open(file)) {
                while (reader.next()) {
                    sizes.add(reader.length());
                    addExample(reader.record());
                    progress.at(reader.bytesRead(), reader.number());
                }
            }
        });
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
            SequenceExample example = SequenceExample.parse(record);
            example.context().forEach((name, feature) -> add(name, List.of(feature), false));
            example.lists().forEach((name, steps) -> add(name, steps, true));
            // Any message is an Example without features and with unknown fields.
            if (example.context().isEmpty() && example.lists().isEmpty() && record.length > 2) {
                noExamples++;
            }
        } catch (ExampleException _) {
            noExamples++;
        }
    }

    private void add(String name, List<Feature> steps, boolean sequence) {
        if (features.size() < MOST_FEATURES || features.containsKey(name)) {
            features.computeIfAbsent(name, _ -> new FeatureStats()).add(steps, sequence);
        } else {
            tooMany = true;
        }
    }

    private void show() {
        common.out()
                .printf(
                        Locale.ROOT,
                        "%d records%s; %d are no Examples%n",
                        sizes.count,
                        sizes.count == 0
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        " of %.0f to %.0f bytes, %.1f on average",
                                        sizes.min,
                                        sizes.max,
                                        sizes.mean()),
                        noExamples);
        features.forEach((name, stats) -> common.out().println(stats.line(name)));
        if (tooMany) {
            common.out().println("  ... and more: only the first " + MOST_FEATURES + " names are told apart");
        }
    }

    /// Count, extremes and mean of finite numbers.
    private static final class Numbers {
        private long count;
        private long notFinite;
        private double min = Double.POSITIVE_INFINITY;
        private double max = Double.NEGATIVE_INFINITY;
        private double sum;

        void add(double value) {
            if (Double.isFinite(value)) {
                count++;
                min = Math.min(min, value);
                max = Math.max(max, value);
                sum += value;
            } else {
                notFinite++;
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
        private final Numbers steps = new Numbers();
        private final Numbers lengths = new Numbers();
        private final Numbers numbers = new Numbers();
        // Doubles lose the last digits of large integers.
        private long least = Long.MAX_VALUE;
        private long greatest = Long.MIN_VALUE;

        void add(List<Feature> all, boolean sequence) {
            if (sequence) {
                steps.add(all.size());
            }
            all.forEach(feature -> feature.values().ifPresent(this::add));
        }

        private void add(FeatureValues values) {
            kinds.merge(ValueKind.of(values), 1L, Long::sum);
            lengths.add(values.size());
            switch (values) {
                case FeatureValues.Longs(var array) -> {
                    for (long value : array) {
                        numbers.add(value);
                        least = Math.min(least, value);
                        greatest = Math.max(greatest, value);
                    }
                }
                case FeatureValues.Floats(var array) -> {
                    for (float value : array) {
                        numbers.add(value);
                    }
                }
                case FeatureValues.Strings _ -> {}
            }
        }

        private boolean whole() {
            return kinds.keySet().equals(Set.of(ValueKind.INT64));
        }

        String kinds() {
            return String.join(
                    "|", kinds.keySet().stream().map(ValueKind::label).toList());
        }

        String line(String name) {
            String line = String.format(
                    Locale.ROOT,
                    "  %-24s %-16s%s in %d  values %s",
                    name,
                    kinds(),
                    steps.count == 0
                            ? ""
                            : String.format(Locale.ROOT, "  lists of %.0f to %.0f steps", steps.min, steps.max),
                    steps.count == 0 ? lengths.count : steps.count,
                    lengths.count == 0 ? "none" : String.format(Locale.ROOT, "%.0f to %.0f", lengths.min, lengths.max));
            if (numbers.count > 0) {
                line += whole()
                        ? String.format(Locale.ROOT, "  %d to %d, mean %.6g", least, greatest, numbers.mean())
                        : String.format(
                                Locale.ROOT, "  %.6g to %.6g, mean %.6g", numbers.min, numbers.max, numbers.mean());
            }
            return numbers.notFinite == 0 ? line : line + ", " + numbers.notFinite + " not finite";
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("kind", kinds());
            if (steps.count > 0) {
                json.put("steps", steps.json());
            }
            json.put("lengths", lengths.json());
            Map<String, Object> ofNumbers = new LinkedHashMap<>(numbers.json());
            if (whole() && numbers.count > 0) {
                ofNumbers.put("min", least);
                ofNumbers.put("max", greatest);
            }
            if (numbers.notFinite > 0) {
                ofNumbers.put("not_finite", numbers.notFinite);
            }
            json.put("numbers", ofNumbers);
            return json;
        }
    }
}
