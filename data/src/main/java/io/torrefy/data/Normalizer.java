package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;

/// What is done to a number before a model sees it. A closed set, so that a saved column always loads again; a function
/// of one's own goes by a name that the encoder is given.
///
/// NaN stays NaN, and infinity may stay infinite. But a finite number that becomes infinite, and any number that
/// becomes NaN, is an error that names feature, row and number in [ColumnMode#STRICT]; [ColumnMode#TF_COMPAT] passes it
/// on.
@Export(value = "feature_column.Normalizer", since = "0.1")
public sealed interface Normalizer {
    /// The number as it is.
    Normalizer NONE = new Identity();

    /// The number as it is.
    record Identity() implements Normalizer {}

    /// `(x - mean) / deviation`; a deviation of 0 (a constant feature) gives 0 for the mean and `x - mean` else.
    record Standardize(double mean, double deviation) implements Normalizer {
        public Standardize {
            Problems.of("standardize")
                    .expect(Double.isFinite(mean), "a finite mean", mean)
                    .expect(deviation >= 0 && Double.isFinite(deviation), "a finite deviation of 0 or more", deviation)
                    .raise();
        }
    }

    /// `(x - min) / (max - min)`: 0 to 1 between them; where they are equal, `x - min`.
    record MinMax(double min, double max) implements Normalizer {
        public MinMax {
            Problems.of("minMax")
                    .expect(
                            Double.isFinite(min) && Double.isFinite(max) && min <= max,
                            "finite min <= max",
                            min + ", " + max)
                    .raise();
        }
    }

    /// `log(1 + x)`. Numbers of -1 and less have none: an error, or, in [ColumnMode#TF_COMPAT], -infinity and NaN.
    record Log1p() implements Normalizer {}

    /// `x` kept between `min` and `max`.
    record Clip(double min, double max) implements Normalizer {
        public Clip {
            Problems.of("clip")
                    .expect(min <= max, "min <= max", min + ", " + max)
                    .raise();
        }
    }

    /// A function of the name under which the encoder's options have it.
    record Custom(String name) implements Normalizer {}
}
