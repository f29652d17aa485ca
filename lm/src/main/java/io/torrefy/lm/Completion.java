package io.torrefy.lm;

import io.torrefy.export.Export;

/// What was generated for one prompt.
///
/// @param ids the new tokens, the stopping one included
/// @param logProbs of each token under the model at the sampling temperature (1 when greedy); filters are not reflected
/// @param finish why it ended
@Export(value = "lm.Completion", since = "0.1")
public record Completion(int[] ids, float[] logProbs, Finish finish) {
    /// Why a sequence ended.
    public enum Finish {
        /// A stop token.
        STOP,
        /// A stop string.
        STOP_STRING,
        /// As many tokens as allowed.
        LENGTH
    }
}
