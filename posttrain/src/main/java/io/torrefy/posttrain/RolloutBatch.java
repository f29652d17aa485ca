package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a step trains on.
///
/// @param step whose problems these are
/// @param version steps done by the weights that sampled
/// @param rollouts groups next to each other; with dynamic sampling those that were kept
/// @param tokens sampled, in those thrown away too
/// @param metrics of all that were sampled, those thrown away included
/// @param warnings for people
record RolloutBatch(
        long step,
        long version,
        List<Rollout> rollouts,
        long tokens,
        Map<String, Double> metrics,
        List<String> warnings) {
    double[] rewards() {
        return rollouts.stream().mapToDouble(Rollout::reward).toArray();
    }

    ObjectNode toJson() {
        ObjectNode json = RunJson.MAPPER.createObjectNode();
        json.put("step", step).put("version", version).put("tokens", tokens);
        ArrayNode all = json.putArray("rollouts");
        rollouts.forEach(rollout -> all.add(rollout.toJson()));
        json.set("metrics", RunJson.MAPPER.valueToTree(metrics));
        json.set("warnings", RunJson.MAPPER.valueToTree(warnings));
        return json;
    }

    static RolloutBatch fromJson(JsonNode json) {
        List<Rollout> rollouts = new ArrayList<>();
        json.required("rollouts").forEach(one -> rollouts.add(Rollout.fromJson(one)));
        Map<String, Double> metrics = new LinkedHashMap<>();
        json.required("metrics")
                .properties()
                .forEach(metric -> metrics.put(metric.getKey(), RunMetrics.number(metric.getValue())));
        List<String> warnings = new ArrayList<>();
        json.required("warnings").forEach(one -> warnings.add(one.asText()));
        return new RolloutBatch(
                json.required("step").asLong(),
                json.required("version").asLong(),
                rollouts,
                json.required("tokens").asLong(),
                metrics,
                warnings);
    }
}
