package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where a step's time goes: what passed since the step began, or since the lap before, by name.
@Export(value = "posttrain.StepClock", since = "0.1")
public final class StepClock {
    private final Map<String, Double> laps = new LinkedHashMap<>();
    private final long began = System.nanoTime();
    private long last = began;

    /// Ends a lap, such as `rollout`.
    public void lap(String name) {
        long now = System.nanoTime();
        laps.put(name, (now - last) * 1e-9);
        last = now;
    }

    /// Forgets a lap of which the parts are told.
    void drop(String name) {
        laps.remove(name);
    }

    /// Since the step began.
    public double seconds() {
        return (System.nanoTime() - began) * 1e-9;
    }

    /// Adds the laps, the whole and the rate, by their names in [RunMetrics].
    ///
    /// @param tokens of the step, for the rate
    public void put(Map<String, Double> metrics, double tokens) {
        double all = seconds();
        metrics.put(RunMetrics.TOKENS_PER_SECOND, tokens / all);
        laps.forEach((name, seconds) -> metrics.put(RunMetrics.TIME + name, seconds));
        metrics.put(RunMetrics.STEP_TIME, all);
    }
}
