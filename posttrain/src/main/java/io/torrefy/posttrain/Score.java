package io.torrefy.posttrain;

import io.torrefy.export.Export;
import org.jspecify.annotations.Nullable;

/// What a reward says of one completion: a finite score, or why there is none.
///
/// @param value the score; NaN where there is none
/// @param failure why there is none; null where there is a score
@Export(value = "posttrain.Score", since = "0.1")
public record Score(double value, @Nullable Exception failure) {
    /// A score; a failure if it is not finite.
    public static Score of(double value) {
        return Double.isFinite(value)
                ? new Score(value, null)
                : failed(new ArithmeticException("expected a finite score; got " + value));
    }

    /// No score.
    public static Score failed(Exception why) {
        return new Score(Double.NaN, why);
    }

    /// Whether there is no score.
    public boolean isFailure() {
        return failure != null;
    }
}
