package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.DecoderConfig;
import java.util.List;

/// An answer that was liked or not, as token ids.
///
/// @param prompt not empty
/// @param completion the answer, its end token included
/// @param desirable TRL's `label`
@Export(value = "posttrain.UnpairedExample", since = "0.1")
public record UnpairedExample(int[] prompt, int[] completion, boolean desirable) {
    /// @throws IllegalArgumentException naming the examples that cannot be trained on
    static void check(String op, List<UnpairedExample> examples, DecoderConfig model) {
        Wrong wrong = new Wrong(op);
        wrong.need(!examples.isEmpty(), "at least one example", "none");
        for (int i = 0; i < examples.size(); i++) {
            UnpairedExample example = examples.get(i);
            String who = "example " + i;
            wrong.need(example.prompt.length > 0, who + " with a prompt of at least a token", "none");
            wrong.need(example.completion.length > 0, who + " with a completion of at least a token", "none");
            PreferencePair.Examples.checkIds(wrong, who, model, example.prompt, example.completion);
            PreferencePair.Examples.checkLength(wrong, who, model, example.prompt.length + example.completion.length);
        }
        wrong.refuse();
    }
}
