package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.util.function.LongConsumer;

/// How a schema is fitted.
///
/// @param maxValues how many different values of a feature are counted at a time; counts are exact up to there
/// @param maxCharacters how many characters those values may have together
/// @param progress called with the number of rows read so far, now and then and at the end
@Export(value = "data.FitOptions", since = "0.1")
public record FitOptions(int maxValues, long maxCharacters, LongConsumer progress) {
    /// 200 000 values and 32 million characters, about 100 MB for a feature that has so many; silent.
    public static final FitOptions DEFAULT = new FitOptions(200_000, 32_000_000, _ -> {});

    public FitOptions {
        Problems.of("fitOptions")
                .expect(maxValues >= 2, "maxValues of at least 2", maxValues)
                .expect(maxCharacters >= 1, "maxCharacters of at least 1", maxCharacters)
                .raise();
    }

    /// With another bound for different values.
    public FitOptions withMaxValues(int value) {
        return new FitOptions(value, maxCharacters, progress);
    }

    /// With somebody to tell how far it is.
    public FitOptions withProgress(LongConsumer value) {
        return new FitOptions(maxValues, maxCharacters, value);
    }
}
