package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.SchemaFeature.Scaling;
import io.torrefy.data.internal.Fields;
import io.torrefy.data.internal.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Schemas as JSON and back: `{"features": [{"input": "age", "as": "standardize"}, …]}`. What has its default is not
/// written.
final class SchemaConfigs {
    private static final List<String> KINDS = List.of(
            "numeric",
            "standardize",
            "minmax",
            "log1p",
            "quantiles",
            "boundaries",
            "vocabulary",
            "hash",
            "identity",
            "cross",
            "label");

    private SchemaConfigs() {}

    static ObjectNode toConfig(FeatureSchema schema) {
        var document = JsonNodeFactory.instance.objectNode();
        var features = document.putArray("features");
        schema.features().forEach(f -> features.add(toConfig(f)));
        return document;
    }

    private static ObjectNode toConfig(SchemaFeature feature) {
        var c = JsonNodeFactory.instance.objectNode();
        switch (feature) {
            case SchemaFeature.Numeric(String input, Scaling scaling, var missing) -> {
                c.put("input", input).put("as", scaling.name().toLowerCase(Locale.ROOT));
                putMissing(c, missing);
            }
            case SchemaFeature.Buckets buckets -> {
                c.put("input", buckets.input());
                if (buckets.quantiles() > 0) {
                    c.put("as", "quantiles").put("buckets", buckets.quantiles());
                } else {
                    var array = c.put("as", "boundaries").putArray("boundaries");
                    buckets.boundaries().forEach(array::add);
                }
                putMissing(c, buckets.missing());
                putEmbedding(c, buckets.dimension());
            }
            case SchemaFeature.Vocabulary words -> {
                c.put("input", words.input()).put("as", "vocabulary");
                putType(c, words.type());
                c.put("min_count", words.minCount())
                        .put("max_size", words.maxSize())
                        .put("oov_buckets", words.oovBuckets());
                putWeight(c, words.weight());
                putEmbedding(c, words.dimension());
            }
            case SchemaFeature.Hashed words -> {
                c.put("input", words.input()).put("as", "hash");
                putType(c, words.type());
                c.put("buckets", words.buckets());
                putWeight(c, words.weight());
                putEmbedding(c, words.dimension());
            }
            case SchemaFeature.Identity ids -> {
                c.put("input", ids.input()).put("as", "identity");
                if (ids.buckets() > 0) {
                    c.put("buckets", ids.buckets());
                }
                Long other = ids.defaultId();
                if (other != null) {
                    c.put("default", other);
                }
                putEmbedding(c, ids.dimension());
            }
            case SchemaFeature.Cross cross -> {
                var inputs = c.putArray("inputs");
                cross.inputs().forEach(inputs::add);
                c.put("as", "cross").put("buckets", cross.buckets());
                putEmbedding(c, cross.dimension());
            }
            case SchemaFeature.Label(String input, FieldType type) -> {
                c.put("input", input).put("as", "label");
                putType(c, type);
            }
        }
        return c;
    }

    private static void putMissing(ObjectNode c, @Nullable Double missing) {
        if (missing != null) {
            c.put("missing", missing);
        }
    }

    private static void putEmbedding(ObjectNode c, int dimension) {
        if (dimension > 0) {
            c.put("embedding", dimension);
        }
    }

    private static void putWeight(ObjectNode c, @Nullable String weight) {
        if (weight != null) {
            c.put("weighted_by", weight);
        }
    }

    private static void putType(ObjectNode c, FieldType type) {
        if (type != FieldType.STRING) {
            c.put("type", nameOf(type));
        }
    }

    static String nameOf(FieldType type) {
        return switch (type) {
            case STRING -> "text";
            case LONG -> "integer";
            case DOUBLE -> "number";
        };
    }

    static FieldType typeNamed(String name) {
        return Stream.of(FieldType.values())
                .filter(t -> nameOf(t).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "[schema] expected a type of text, integer and number; got \"" + name + "\"."));
    }

    static FeatureSchema fromConfig(JsonNode document) {
        var fields = Fields.of(document, "a schema", "features");
        return new FeatureSchema(fields.list("features", SchemaConfigs::feature));
    }

    static List<SchemaFeature> features(Fields document) {
        return document.list("features", SchemaConfigs::feature);
    }

    private static SchemaFeature feature(JsonNode node) {
        String kind = new Fields(node, "a feature").text("as");
        String name = node.path("input").isTextual() ? "\"" + node.path("input").textValue() + "\"" : "a " + kind;
        return switch (kind) {
            case "numeric", "standardize", "minmax", "log1p" -> {
                var c = keys(node, name, "missing");
                yield new SchemaFeature.Numeric(
                        c.text("input"), Scaling.valueOf(kind.toUpperCase(Locale.ROOT)), missing(c));
            }
            case "quantiles" -> {
                var c = keys(node, name, "buckets", "missing", "embedding");
                yield new SchemaFeature.Buckets(
                        c.text("input"), c.small("buckets"), List.of(), missing(c), c.small("embedding", 0));
            }
            case "boundaries" -> {
                var c = keys(node, name, "boundaries", "missing", "embedding");
                yield new SchemaFeature.Buckets(
                        c.text("input"), 0, c.reals("boundaries"), missing(c), c.small("embedding", 0));
            }
            case "vocabulary" -> {
                var c = keys(node, name, "type", "min_count", "max_size", "oov_buckets", "weighted_by", "embedding");
                yield new SchemaFeature.Vocabulary(
                        c.text("input"),
                        type(c),
                        c.integer("min_count", 1),
                        c.small("max_size", 100_000),
                        c.small("oov_buckets", 1),
                        c.textOrNull("weighted_by"),
                        c.small("embedding", 0));
            }
            case "hash" -> {
                var c = keys(node, name, "type", "buckets", "weighted_by", "embedding");
                yield new SchemaFeature.Hashed(
                        c.text("input"),
                        type(c),
                        c.integer("buckets"),
                        c.textOrNull("weighted_by"),
                        c.small("embedding", 0));
            }
            case "identity" -> {
                var c = keys(node, name, "buckets", "default", "embedding");
                yield new SchemaFeature.Identity(
                        c.text("input"),
                        c.integer("buckets", 0),
                        c.has("default") ? (Long) c.integer("default") : null,
                        c.small("embedding", 0));
            }
            case "cross" -> {
                var c = Fields.of(node, name, "inputs", "as", "buckets", "embedding");
                yield new SchemaFeature.Cross(c.texts("inputs"), c.integer("buckets"), c.small("embedding", 0));
            }
            case "label" -> {
                var c = keys(node, name, "type");
                yield new SchemaFeature.Label(c.text("input"), type(c));
            }
            default ->
                throw new IllegalArgumentException("[schema] expected \"as\" of " + KINDS + " for " + name + "; got \""
                        + kind + "\"." + hint(Nearest.hint(kind, KINDS)));
        };
    }

    private static String hint(String hint) {
        return hint.isEmpty() ? "" : " Hint: " + hint;
    }

    private static Fields keys(JsonNode node, String name, String... more) {
        List<String> all = new ArrayList<>(List.of("input", "as"));
        all.addAll(List.of(more));
        return Fields.of(node, name, all.toArray(String[]::new));
    }

    private static @Nullable Double missing(Fields c) {
        OptionalDouble value = c.realIfAny("missing");
        return value.isPresent() ? (Double) value.getAsDouble() : null;
    }

    private static FieldType type(Fields c) {
        return c.has("type") ? typeNamed(c.text("type")) : FieldType.STRING;
    }
}
