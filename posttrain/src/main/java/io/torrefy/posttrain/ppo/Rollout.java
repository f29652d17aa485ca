package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.Completion;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;

/// One sampled completion.
///
/// @param prompt the prompt's token ids
/// @param completion token ids and why it ended
/// @param text the completion as text, end-of-text token excluded
@Export(value = "posttrain.Rollout", since = "0.1")
public record Rollout(Problem problem, int[] prompt, Completion completion, String text) {
    /// Tokens of the completion.
    public int tokens() {
        return completion.ids().length;
    }

    /// What rewards see of it.
    Attempt attempt() {
        return new Attempt(problem, text, completion.ids(), !ended());
    }

    /// Whether it came to an end of its own.
    public boolean ended() {
        return completion.finish() != Completion.Finish.LENGTH;
    }
}
