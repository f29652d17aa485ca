package io.torrefy.posttrain;

import io.torrefy.export.Export;

/// A completion as rewards see it.
///
/// @param completion the generated text, prompt and end-of-text token excluded
/// @param ids the completion's token ids, an end-of-text token included
/// @param truncated whether it was cut off at the length limit
@Export(value = "posttrain.Attempt", since = "0.1")
public record Attempt(Problem problem, String completion, int[] ids, boolean truncated) {
    /// The completion's length in tokens.
    public int tokens() {
        return ids.length;
    }
}
