package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.Tokenizer;
import java.util.Arrays;

/// Ids of prompts and completions, the same in pre-training, rollout and evaluation.
@Export(value = "posttrain.Tokens", since = "0.1")
public final class Tokens {
    private Tokens() {}

    /// The beginning token (the end token where there is none, as GPT-2 does) and the prompt.
    public static int[] prompt(Tokenizer tokenizer, String text) {
        int begin = tokenizer.bosId().orElseGet(() -> end(tokenizer));
        return joined(new int[] {begin}, tokenizer.encode(text));
    }

    /// The ids of a problem's prompt.
    public static int[] prompt(Tokenizer tokenizer, Problem problem) {
        return problem.whole() ? tokenizer.encode(problem.prompt()) : prompt(tokenizer, problem.prompt());
    }

    /// The completion and the end token.
    public static int[] completion(Tokenizer tokenizer, String text) {
        return joined(tokenizer.encode(text), new int[] {end(tokenizer)});
    }

    /// The token that ends a text.
    ///
    /// @throws RunException if the tokenizer's files name none
    public static int end(Tokenizer tokenizer) {
        return tokenizer
                .eosId()
                .orElseThrow(
                        () -> new RunException(
                                "[tokenizer] expected an end-of-text token (eos_token in"
                                        + " tokenizer_config.json); got none. Hint: a model that cannot end cannot be rewarded for its answer."));
    }

    static int[] joined(int[] a, int[] b) {
        int[] out = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }
}
