package io.torrefy.posttrain.ppo;

import java.util.LinkedHashMap;
import java.util.Map;

/// What the updates of a step measured, by name: the mean over the updates, each of which adds up its micro-batches.
final class Means {
    private final Map<String, Double> sums = new LinkedHashMap<>();
    private int updates;

    void add(String name, double value) {
        sums.merge(name, value, Double::sum);
    }

    void endUpdate() {
        updates++;
    }

    double of(String name) {
        return sums.getOrDefault(name, 0.0) / updates;
    }

    void put(Map<String, Double> metrics) {
        sums.forEach((name, sum) -> metrics.put(name, sum / updates));
    }
}
