package io.torrefy.posttrain.search;

import io.torrefy.export.Export;

/// What was written after a problem's prompt, so far.
///
/// @param ids the end token included
/// @param text without special tokens
/// @param logProb the sum over the tokens, each under the model at the temperature it was drawn at
/// @param steps continuations that it was made of
@Export(value = "posttrain.search.Draft", since = "0.1")
public record Draft(int[] ids, String text, double logProb, int steps, End end) {
    /// Whether and why a draft is over.
    public enum End {
        /// It goes on.
        OPEN,
        /// The end token.
        STOP,
        /// There was no room, or no budget, for more tokens.
        LENGTH
    }

    /// Whether it may be continued.
    public boolean open() {
        return end == End.OPEN;
    }
}
