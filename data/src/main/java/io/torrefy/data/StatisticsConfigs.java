package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.Fields;

/// Statistics as JSON and back.
final class StatisticsConfigs {
    private StatisticsConfigs() {}

    static ObjectNode toConfig(FeatureStatistics learned) {
        var c = JsonNodeFactory.instance.objectNode();
        c.put("type", SchemaConfigs.nameOf(learned.type()))
                .put("rows", learned.rows())
                .put("missing", learned.missing())
                .put("values", learned.values())
                .put("fewest", learned.fewest())
                .put("most", learned.most());
        var numbers = learned.numbers();
        if (numbers != null) {
            var n = c.putObject("numbers");
            n.put("count", numbers.count())
                    .put("not_finite", numbers.notFinite())
                    .put("mean", numbers.mean())
                    .put("variance", numbers.variance())
                    .put("min", numbers.min())
                    .put("max", numbers.max())
                    .put("rank_error", numbers.rankError());
            var quantiles = n.putArray("quantiles");
            numbers.quantiles().forEach(quantiles::add);
        }
        var integers = learned.integers();
        if (integers != null) {
            c.putObject("integers").put("smallest", integers.smallest()).put("largest", integers.largest());
        }
        var lengths = learned.lengths();
        if (lengths != null) {
            c.putObject("lengths")
                    .put("shortest", lengths.shortest())
                    .put("longest", lengths.longest())
                    .put("mean", lengths.mean());
        }
        var words = learned.words();
        if (words != null) {
            var w = c.putObject("words");
            w.put("distinct", words.distinct()).put("error", words.error()).put("exact", words.exact());
            var counts = w.putArray("counts");
            for (var word : words.words()) {
                var pair = counts.addArray();
                if (word.value() instanceof Long n) {
                    pair.add(n);
                } else {
                    pair.add((String) word.value());
                }
                pair.add(word.count());
            }
        }
        return c;
    }

    static FeatureStatistics fromConfig(JsonNode node, String what) {
        var c = Fields.of(
                node,
                what,
                "type",
                "rows",
                "missing",
                "values",
                "fewest",
                "most",
                "numbers",
                "integers",
                "lengths",
                "words");
        return new FeatureStatistics(
                SchemaConfigs.typeNamed(c.text("type")),
                c.integer("rows"),
                c.integer("missing"),
                c.integer("values"),
                c.small("fewest"),
                c.small("most"),
                c.has("numbers") ? numbers(c.value("numbers"), what) : null,
                c.has("integers") ? integers(c.value("integers"), what) : null,
                c.has("lengths") ? lengths(c.value("lengths"), what) : null,
                c.has("words") ? words(c.value("words"), what) : null);
    }

    private static FeatureStatistics.Numbers numbers(JsonNode node, String what) {
        var n = Fields.of(
                node, what, "count", "not_finite", "mean", "variance", "min", "max", "rank_error", "quantiles");
        return new FeatureStatistics.Numbers(
                n.integer("count"),
                n.integer("not_finite"),
                n.real("mean"),
                n.real("variance"),
                n.real("min"),
                n.real("max"),
                n.reals("quantiles"),
                n.integer("rank_error"));
    }

    private static FeatureStatistics.Integers integers(JsonNode node, String what) {
        var i = Fields.of(node, what, "smallest", "largest");
        return new FeatureStatistics.Integers(i.integer("smallest"), i.integer("largest"));
    }

    private static FeatureStatistics.Lengths lengths(JsonNode node, String what) {
        var l = Fields.of(node, what, "shortest", "longest", "mean");
        return new FeatureStatistics.Lengths(l.small("shortest"), l.small("longest"), l.real("mean"));
    }

    private static FeatureStatistics.Words words(JsonNode node, String what) {
        var w = Fields.of(node, what, "distinct", "error", "exact", "counts");
        return new FeatureStatistics.Words(
                w.small("distinct"), w.integer("error"), w.flag("exact"), w.list("counts", pair -> {
                    JsonNode value = pair.path(0);
                    JsonNode count = pair.path(1);
                    boolean fine = pair.isArray()
                            && pair.size() == 2
                            && (value.isTextual() || value.isIntegralNumber() && value.canConvertToLong())
                            && count.isIntegralNumber()
                            && count.canConvertToLong();
                    if (!fine) {
                        throw w.bad("pairs of a word and its count in \"counts\"", pair);
                    }
                    Object word = value.isTextual() ? value.textValue() : (Object) value.longValue();
                    return new FeatureStatistics.Word(word, count.longValue());
                }));
    }
}
