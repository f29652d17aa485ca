package io.torrefy.app;

import io.torrefy.rl.ActionValues;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an algorithm came to.
///
/// @param values of the states, where there is a table
/// @param policy the action of each state, where there is a table
/// @param returns of the episodes, or of networks the mean of the last hundred
/// @param at for tables the lengths of the episodes; for networks the steps at which the returns are
/// @param residuals of planning: the largest change of each sweep
/// @param frames how it learned
/// @param facts in numbers
/// @param warnings for people
record RlResult(
        double @Nullable [] values,
        @Nullable ActionValues actionValues,
        int @Nullable [] policy,
        double[] returns,
        double[] at,
        double[] residuals,
        List<Frame> frames,
        Map<String, Object> facts,
        List<String> warnings) {
    /// A moment of learning.
    record Frame(String title, double[] values, int[] policy) {}

    /// The mean of the last values; NaN of none.
    static double lastMean(double[] values, int count) {
        return Arrays.stream(values, Math.max(0, values.length - count), values.length)
                .average()
                .orElse(Double.NaN);
    }
}
