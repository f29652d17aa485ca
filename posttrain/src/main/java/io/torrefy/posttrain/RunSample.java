package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.export.Export;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One completion of a run, with its reward broken down: a line of `samples.jsonl`.
///
/// @param step optimiser steps done when the completion was sampled
/// @param phase `before`, `train`, `eval` or `after`; reports pair `before` and `after` samples of one prompt
/// @param prompt what the model was given
/// @param completion what it wrote, as text
/// @param target the reference answer, empty where the task has none
/// @param correct whether the verifier accepted the answer
/// @param reward the total reward
/// @param rewards its parts by name, weights applied, in the order of the reward functions
/// @param tokens completion length in tokens
/// @param finish why generation ended: `stop` or `length`
@Export(value = "posttrain.RunSample", since = "0.1")
public record RunSample(
        long step,
        String phase,
        String prompt,
        String completion,
        String target,
        boolean correct,
        double reward,
        Map<String, Double> rewards,
        int tokens,
        String finish) {
    /// Copies `rewards`, keeping their order.
    public RunSample {
        rewards = Collections.unmodifiableMap(new LinkedHashMap<>(rewards));
    }

    Map<String, Object> toJson() {
        var json = new LinkedHashMap<String, Object>();
        json.put("step", step);
        json.put("phase", phase);
        json.put("prompt", prompt);
        json.put("completion", completion);
        json.put("target", target);
        json.put("correct", correct);
        json.put("reward", reward);
        json.put("rewards", rewards);
        json.put("tokens", tokens);
        json.put("finish", finish);
        return json;
    }

    static RunSample fromJson(JsonNode json) {
        var rewards = new LinkedHashMap<String, Double>();
        json.path("rewards")
                .properties()
                .forEach(part -> rewards.put(part.getKey(), RunMetrics.number(part.getValue())));
        return new RunSample(
                json.path("step").asLong(),
                json.path("phase").asText(),
                json.path("prompt").asText(),
                json.path("completion").asText(),
                json.path("target").asText(),
                json.path("correct").asBoolean(),
                RunMetrics.number(json.path("reward")),
                rewards,
                json.path("tokens").asInt(),
                json.path("finish").asText());
    }

    /// For TensorBoard, which shows Markdown.
    String toMarkdown() {
        return "**reward " + reward + "** " + rewards + "\n\n" + indent(prompt) + "\n\n---\n\n" + indent(completion);
    }

    private static String indent(String text) {
        return "    " + text.replace("\n", "\n    ");
    }
}
