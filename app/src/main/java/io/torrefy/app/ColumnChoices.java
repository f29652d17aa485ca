package io.torrefy.app;

import io.torrefy.data.FeatureBatch;
import io.torrefy.data.FeatureData;
import io.torrefy.data.FeatureSchema;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import io.torrefy.data.SchemaFeature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the options `--column` say, in place of what was inferred: `age=quantiles:10`, `url=hash:1000`, `id=none`,
/// `city*day=cross:100`.
final class ColumnChoices {
    private static final String KINDS =
            "numeric, standardize, minmax, log1p, quantiles:N, boundaries:A,B,..., vocabulary[:MOST], hash:N,"
                    + " identity[:N], none, cross:N";

    private final FeatureBatch sample;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, List<SchemaFeature>> chosen = new LinkedHashMap<>();
    private final List<SchemaFeature> crosses = new ArrayList<>();

    private ColumnChoices(FeatureBatch sample) {
        this.sample = sample;
    }

    /// @throws IllegalArgumentException that lists every choice that cannot be made
    static FeatureSchema apply(FeatureSchema inferred, List<String> choices, FeatureBatch sample) {
        var all = new ColumnChoices(sample);
        choices.forEach(all::read);
        if (!all.problems.isEmpty()) {
            throw new IllegalArgumentException("[columns] " + String.join("\n  ", all.problems));
        }
        return all.applyTo(inferred);
    }

    private void read(String choice) {
        int equals = choice.lastIndexOf('=');
        if (equals < 1) {
            problems.add("expected NAME=KIND in --column; got \"" + choice + "\".");
            return;
        }
        String name = choice.substring(0, equals);
        String[] kind = choice.substring(equals + 1).split(":", 2);
        var inputs = kind[0].equals("cross") ? List.of(name.split("\\*", -1)) : List.of(name);
        var unknown = inputs.stream()
                .filter(input -> !sample.features().containsKey(input))
                .toList();
        if (!unknown.isEmpty()) {
            problems.add("expected inputs of " + sample.features().keySet() + " in --column " + choice + "; got "
                    + unknown + ".");
            return;
        }
        try {
            put(inputs, kind[0], kind.length == 1 ? "" : kind[1]);
        } catch (NumberFormatException e) {
            problems.add("expected numbers after the colon in --column " + choice + "; got \"" + kind[1] + "\".");
        } catch (IllegalArgumentException e) {
            problems.add("--column " + choice + ": " + e.getMessage());
        }
    }

    private void put(List<String> inputs, String kind, String argument) {
        if (kind.equals("cross")) {
            crosses.add(SchemaFeature.cross(required(kind, argument), inputs.toArray(String[]::new)));
            return;
        }
        var features = chosen.computeIfAbsent(inputs.getFirst(), _ -> new ArrayList<>());
        if (!kind.equals("none")) {
            features.add(feature(inputs.getFirst(), kind, argument));
        }
    }

    private SchemaFeature feature(String input, String kind, String argument) {
        return switch (kind) {
            case "numeric" -> SchemaFeature.numeric(input);
            case "standardize" -> SchemaFeature.standardize(input);
            case "minmax" -> SchemaFeature.minmax(input);
            case "log1p" -> SchemaFeature.log1p(input);
            case "quantiles" -> SchemaFeature.quantiles(input, Math.toIntExact(required(kind, argument)));
            case "boundaries" ->
                SchemaFeature.boundaries(
                        input,
                        Arrays.stream(argument.split(","))
                                .mapToDouble(Double::parseDouble)
                                .toArray());
            case "vocabulary" -> {
                var words = SchemaFeature.vocabulary(input, type(input));
                yield argument.isEmpty() ? words : words.maxSize(Integer.parseInt(argument));
            }
            case "hash" -> SchemaFeature.hashed(input, type(input), required(kind, argument));
            case "identity" -> SchemaFeature.identity(input, argument.isEmpty() ? 0 : Long.parseLong(argument));
            default -> throw new IllegalArgumentException("expected one of " + KINDS + "; got \"" + kind + "\".");
        };
    }

    private static long required(String kind, String argument) {
        if (argument.isEmpty()) {
            throw new IllegalArgumentException("expected " + kind + ":N; got no number.");
        }
        return Long.parseLong(argument);
    }

    /// Numbers are no words; that error is worded where the feature is made.
    private FieldType type(String input) {
        FeatureData data = sample.feature(input);
        return switch (data.values()) {
            case FeatureValues.Strings _ -> FieldType.STRING;
            case FeatureValues.Longs _ -> FieldType.LONG;
            case FeatureValues.Floats _ -> FieldType.DOUBLE;
        };
    }

    private FeatureSchema applyTo(FeatureSchema inferred) {
        List<SchemaFeature> features = new ArrayList<>();
        Set<String> left = new LinkedHashSet<>(chosen.keySet());
        for (var feature : inferred.features()) {
            var instead = feature instanceof SchemaFeature.Label ? null : chosen.get(feature.column());
            if (instead == null) {
                features.add(feature);
            } else {
                features.addAll(instead);
                left.remove(feature.column());
            }
        }
        left.forEach(input -> features.addAll(chosen.getOrDefault(input, List.of())));
        features.addAll(crosses);
        return new FeatureSchema(features);
    }
}
