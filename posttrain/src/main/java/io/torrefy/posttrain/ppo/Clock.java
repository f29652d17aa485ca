package io.torrefy.posttrain.ppo;

import io.torrefy.posttrain.RunMetrics;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where a step's time goes.
final class Clock {
    private final Map<String, Double> laps = new LinkedHashMap<>();
    private final long began = System.nanoTime();
    private long last = began;

    void lap(String name) {
        long now = System.nanoTime();
        laps.put(name, (now - last) * 1e-9);
        last = now;
    }

    double seconds() {
        return (System.nanoTime() - began) * 1e-9;
    }

    void put(Map<String, Double> metrics, double tokens) {
        double all = seconds();
        metrics.put(RunMetrics.TOKENS_PER_SECOND, tokens / all);
        laps.forEach((name, seconds) -> metrics.put(RunMetrics.TIME + name, seconds));
        metrics.put(RunMetrics.STEP_TIME, all);
    }
}
