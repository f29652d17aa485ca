package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// An episode and its reward: everything that an update needs of it.
///
/// @param reward NaN where it could not be scored
record Rollout(Episode episode, double reward, RunSample sample) {
    int[] prompt() {
        return episode.prompt();
    }

    int[] ids() {
        return episode.ids();
    }

    ObjectNode toJson() {
        ObjectNode json = RunJson.MAPPER.createObjectNode();
        ArrayNode prompt = json.putArray("prompt");
        ArrayNode ids = json.putArray("ids");
        ArrayNode sampled = json.putArray("sampled");
        ArrayNode logProbs = json.putArray("log_prob_bits");
        for (int id : episode.prompt()) {
            prompt.add(id);
        }
        for (int t = 0; t < episode.ids().length; t++) {
            ids.add(episode.ids()[t]);
            sampled.add(episode.sampled()[t] ? 1 : 0);
            logProbs.add(Float.floatToRawIntBits(episode.logProbs()[t]));
        }
        json.put("turns", episode.turns()).put("calls", episode.calls()).put("failures", episode.failures());
        json.put("environment", episode.reward()).put("truncated", episode.truncated());
        json.put("reward", reward);
        json.set("sample", RunJson.MAPPER.valueToTree(sample.toJson()));
        return json;
    }

    static Rollout fromJson(JsonNode json) {
        int[] prompt = ints(json.required("prompt"));
        int[] ids = ints(json.required("ids"));
        boolean[] sampled = new boolean[ids.length];
        float[] logProbs = new float[ids.length];
        for (int t = 0; t < ids.length; t++) {
            sampled[t] = json.required("sampled").get(t).asInt() == 1;
            logProbs[t] =
                    Float.intBitsToFloat(json.required("log_prob_bits").get(t).asInt());
        }
        Episode episode = new Episode(
                prompt,
                ids,
                sampled,
                logProbs,
                json.required("turns").asInt(),
                json.required("calls").asInt(),
                json.required("failures").asInt(),
                json.required("environment").asDouble(),
                json.required("truncated").asBoolean());
        return new Rollout(
                episode, RunMetrics.number(json.required("reward")), RunSample.fromJson(json.required("sample")));
    }

    private static int[] ints(JsonNode array) {
        int[] out = new int[array.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = array.get(i).asInt();
        }
        return out;
    }
}
