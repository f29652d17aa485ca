package io.torrefy.posttrain.formats;

import io.torrefy.export.Export;

/// Samples as ids, of the formats that are more than one [TokenSequence]. Arrays are shared, not copied.
@Export(value = "posttrain.formats.Encoded", since = "0.1")
public sealed interface Encoded {
    /// Where the sample comes from.
    String place();

    /// A prompt, to be continued by the model.
    record Prompt(int[] ids, String place) implements Encoded {}

    /// A prompt and its better and worse continuation.
    record Pair(int[] prompt, int[] chosen, int[] rejected, String place) implements Encoded {
        /// Prompt and better answer, of which the answer is trained.
        public TokenSequence better() {
            return TokenSequence.completion(TokenSequence.joined(prompt, chosen), prompt.length, place);
        }

        /// Prompt and worse answer, of which the answer is trained.
        public TokenSequence worse() {
            return TokenSequence.completion(TokenSequence.joined(prompt, rejected), prompt.length, place);
        }
    }

    /// A prompt, its continuation, and whether that is a good one.
    record Judged(int[] prompt, int[] completion, boolean label, String place) implements Encoded {
        /// Prompt and answer, of which the answer is trained.
        public TokenSequence sequence() {
            return TokenSequence.completion(TokenSequence.joined(prompt, completion), prompt.length, place);
        }
    }

    /// A prompt and steps, end to end.
    ///
    /// @param ends where in `ids` the last token of each step is, at which a process reward model judges it
    /// @param labels whether each step is right
    record Steps(int[] ids, int[] ends, boolean[] labels, String place) implements Encoded {}
}
