package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import java.util.Arrays;

/// How the scores of a solution's steps become one, by which solutions are compared.
@Export(value = "posttrain.StepAggregation", since = "0.1", members = "posttrain.step_aggregations")
public enum StepAggregation {
    /// The worst step (Lightman et al. 2023, arXiv 2305.20050, appendix F; Math-Shepherd, arXiv 2312.08935).
    MIN,
    /// The probability that all steps are right, if they were independent (Lightman et al. 2023: its main results).
    /// Longer solutions score lower.
    PRODUCT,
    /// The last step, taken for the value of the whole (Snell et al. 2024, arXiv 2408.03314, section 5.1).
    LAST;

    /// One score of the steps' probabilities.
    ///
    /// @throws IllegalArgumentException if there is no step, or a score is not in [0, 1]
    public double of(double[] steps) {
        Wrong wrong = new Wrong("steps");
        wrong.need(steps.length > 0, "the score of at least one step", "none");
        wrong.need(Arrays.stream(steps).allMatch(p -> p >= 0 && p <= 1), "scores in [0, 1]", Arrays.toString(steps));
        wrong.refuse();
        return switch (this) {
            case MIN -> Arrays.stream(steps).min().orElseThrow();
            case PRODUCT -> Arrays.stream(steps).reduce(1, (a, b) -> a * b);
            case LAST -> steps[steps.length - 1];
        };
    }
}
