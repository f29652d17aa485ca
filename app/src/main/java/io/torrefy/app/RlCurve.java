package io.torrefy.app;

import java.util.ArrayList;
import java.util.List;

/// Values on their way into a picture, with the steps at which they were measured.
final class RlCurve {
    private final List<Double> at = new ArrayList<>();
    private final List<Double> values = new ArrayList<>();

    /// @param value NaN where there is none yet
    void add(double step, double value) {
        at.add(step);
        values.add(value);
    }

    double[] at() {
        return array(at);
    }

    double[] values() {
        return array(values);
    }

    private static double[] array(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
