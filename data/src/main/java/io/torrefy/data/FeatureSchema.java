package io.torrefy.data;

import io.torrefy.data.internal.Nearest;
import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a model is to see of each input, before any data is known: declared once, for reading, training and serving.
/// [#fit] learns what is left open (means, boundaries, vocabularies) and gives a [FittedSchema].
///
/// @param features in the order in which outputs stand; at most one label among them
@Export(value = "data.FeatureSchema", since = "0.1")
public record FeatureSchema(List<SchemaFeature> features) {
    /// @throws IllegalArgumentException that lists everything that does not go together
    public FeatureSchema {
        features = List.copyOf(features);
        var checks = Problems.of("schema");
        checks.expect(
                features.stream().anyMatch(f -> !(f instanceof SchemaFeature.Label)), "at least one feature", features);
        checks.expect(
                features.stream().filter(SchemaFeature.Label.class::isInstance).count() <= 1,
                "at most one label",
                features.stream().filter(SchemaFeature.Label.class::isInstance).toList());
        checkTypes(checks, features);
        checkColumns(checks, features);
        checks.raise();
    }

    /// Of these features.
    public static FeatureSchema of(SchemaFeature... features) {
        return new FeatureSchema(List.of(features));
    }

    /// A schema for data of which `sample` is a part, say its first 10 000 rows: numbers and integers are
    /// standardized; integers of at most 20 values that come twice on average are a vocabulary; text is one too, as
    /// an embedding of 8 numbers if it has more than 32 words; text of which most values are different is hashed
    /// into 1000 buckets. Lists of numbers, of which no column is made, and features without any value are left
    /// out.
    public static FeatureSchema infer(FeatureBatch sample) {
        return SchemaInference.infer(sample, "");
    }

    /// The same, with the input to predict.
    ///
    /// @throws IllegalArgumentException if there is no such input
    public static FeatureSchema infer(FeatureBatch sample, String label) {
        return SchemaInference.infer(sample, label);
    }

    /// Reads a schema: `{"features": [{"input": "age", "as": "standardize"}, …]}`.
    ///
    /// @throws MalformedDataException that names the file and what is wrong in it
    public static FeatureSchema read(Path file) throws IOException {
        return SchemaFiles.readSchema(file);
    }

    /// Writes the schema, readable; the file is there whole or not at all.
    public void write(Path file) throws IOException {
        SchemaFiles.write(file, SchemaConfigs.toConfig(this));
    }

    /// Learns from all of `data` in one pass and in bounded memory. The result depends on the rows and their order
    /// alone, not on the number of threads nor on how the rows come in batches.
    ///
    /// @throws IllegalArgumentException that lists every problem there is: inputs that are missing or of the wrong
    ///     kind, ids that are negative, vocabularies without a word
    public FittedSchema fit(Iterable<FeatureBatch> data) {
        return fit(data, FitOptions.DEFAULT);
    }

    /// The same with options.
    public FittedSchema fit(Iterable<FeatureBatch> data, FitOptions options) {
        var fitter = fitter(options);
        data.forEach(fitter::add);
        return fitter.finish();
    }

    /// Learns from batches that somebody else reads, or from several parts of the data apart.
    public SchemaFitter fitter(FitOptions options) {
        return new SchemaFitter(this, options);
    }

    /// The types of all inputs, the label's included, in the order in which the schema has them: what rows are to
    /// be read as ([FeatureBatches#of(List, Map)]).
    public Map<String, FieldType> types() {
        return types(features);
    }

    /// The inputs that a prediction needs: all but the label, unless that is an input too.
    public Map<String, FieldType> inputTypes() {
        return types(features.stream()
                .filter(f -> !(f instanceof SchemaFeature.Label))
                .toList());
    }

    /// The label, where there is one.
    public Optional<SchemaFeature.Label> label() {
        return features.stream()
                .filter(SchemaFeature.Label.class::isInstance)
                .map(SchemaFeature.Label.class::cast)
                .findFirst();
    }

    private static Map<String, FieldType> types(List<SchemaFeature> features) {
        Map<String, FieldType> all = new LinkedHashMap<>();
        for (var feature : features) {
            declared(feature).forEach(all::putIfAbsent);
        }
        return Collections.unmodifiableMap(all);
    }

    private static Map<String, FieldType> declared(SchemaFeature feature) {
        return switch (feature) {
            case SchemaFeature.Numeric(String input, var _, var _) -> Map.of(input, FieldType.DOUBLE);
            case SchemaFeature.Buckets buckets -> Map.of(buckets.input(), FieldType.DOUBLE);
            case SchemaFeature.Vocabulary words -> weighted(words.input(), words.type(), words.weight());
            case SchemaFeature.Hashed words -> weighted(words.input(), words.type(), words.weight());
            case SchemaFeature.Identity ids -> Map.of(ids.input(), FieldType.LONG);
            case SchemaFeature.Cross _ -> Map.of();
            case SchemaFeature.Label(String input, FieldType type) -> Map.of(input, type);
        };
    }

    private static Map<String, FieldType> weighted(String input, FieldType type, @Nullable String weight) {
        Map<String, FieldType> all = new LinkedHashMap<>();
        all.put(input, type);
        if (weight != null) {
            all.put(weight, FieldType.DOUBLE);
        }
        return all;
    }

    private static void checkTypes(Problems checks, List<SchemaFeature> features) {
        var types = types(features);
        // Half a surrogate pair is in no file: a schema with it would be written and never be read again.
        types.keySet()
                .forEach(name -> checks.expect(
                        StandardCharsets.UTF_8.newEncoder().canEncode(name),
                        "names of inputs that are Unicode text",
                        "\"" + name + "\""));
        for (var feature : features) {
            declared(feature)
                    .forEach((input, type) -> checks.expect(
                            types.get(input) == type,
                            "one type for input \"" + input + "\"",
                            types.get(input) + " and " + type));
            if (feature instanceof SchemaFeature.Cross cross) {
                checkCross(checks, cross, types, features);
            }
        }
    }

    private static void checkCross(
            Problems checks, SchemaFeature.Cross cross, Map<String, FieldType> types, List<SchemaFeature> features) {
        for (String input : cross.inputs()) {
            checks.expect(
                    types.containsKey(input),
                    "a cross of inputs that the schema has",
                    "\"" + input + "\"",
                    Nearest.hint(input, types.keySet()));
            checks.expect(
                    types.get(input) != FieldType.DOUBLE || bucketized(features, input),
                    "a cross of text, integers or buckets",
                    "the numbers of \"" + input + "\"",
                    "add quantiles(\"" + input + "\", 10).");
        }
    }

    private static boolean bucketized(List<SchemaFeature> features, String input) {
        return features.stream()
                .anyMatch(f -> f instanceof SchemaFeature.Buckets b && b.input().equals(input));
    }

    private static void checkColumns(Problems checks, List<SchemaFeature> features) {
        Set<String> seen = new LinkedHashSet<>();
        List<String> twice = new ArrayList<>();
        for (var feature : features) {
            if (!(feature instanceof SchemaFeature.Label) && !seen.add(columnName(feature, features))) {
                twice.add(columnName(feature, features));
            }
        }
        checks.expect(twice.isEmpty(), "features that become columns of different names", "two of each of " + twice);
    }

    /// The name of the column that a feature becomes.
    String columnName(SchemaFeature feature) {
        return columnName(feature, features);
    }

    private static String columnName(SchemaFeature feature, List<SchemaFeature> features) {
        return feature instanceof SchemaFeature.Cross cross
                ? cross.inputs().stream()
                        .map(input -> bucketized(features, input) ? input + "_bucketized" : input)
                        .sorted(FeatureColumns.BY_CODE_POINT)
                        .collect(Collectors.joining("_X_"))
                : feature.column();
    }
}
