package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.DecoderConfig;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/// Two answers to a prompt, of which one was preferred, as token ids.
///
/// @param prompt what both answers follow; not empty where log-probabilities are needed
/// @param chosen the preferred answer, its end token included
/// @param rejected the other
/// @param margin how much better the chosen one is, for the reward model's loss; 0 if that is not known
@Export(value = "posttrain.PreferencePair", since = "0.1")
public record PreferencePair(int[] prompt, int[] chosen, int[] rejected, double margin) {
    /// A pair without a margin.
    public PreferencePair(int[] prompt, int[] chosen, int[] rejected) {
        this(prompt, chosen, rejected, 0);
    }

    int tokens() {
        return prompt.length + chosen.length + rejected.length;
    }

    /// Refuses what would train nothing or fail in the midst of training.
    ///
    /// @throws IllegalArgumentException naming the pairs
    static void check(String op, List<PreferencePair> pairs, DecoderConfig model, boolean needsPrompt) {
        Wrong wrong = new Wrong(op);
        wrong.need(!pairs.isEmpty(), "at least one preference pair", "none");
        for (int i = 0; i < pairs.size(); i++) {
            PreferencePair pair = pairs.get(i);
            String who = "pair " + i;
            wrong.need(!needsPrompt || pair.prompt.length > 0, who + " with a prompt of at least a token", "none");
            wrong.need(
                    pair.chosen.length > 0 && pair.rejected.length > 0,
                    who + " with answers of at least a token",
                    pair.chosen.length + " and " + pair.rejected.length);
            wrong.hint(
                    pair.chosen.length == 0 || !Arrays.equals(pair.chosen, pair.rejected),
                    who + " with two different answers",
                    "the same " + pair.chosen.length + " tokens twice",
                    "drop it; if the texts differ, both were cut at the same length before they part");
            wrong.need(Double.isFinite(pair.margin), who + " with a finite margin", pair.margin);
            Examples.checkIds(wrong, who, model, pair.prompt, pair.chosen, pair.rejected);
            int longest = pair.prompt.length + Math.max(pair.chosen.length, pair.rejected.length);
            Examples.checkLength(wrong, who, model, longest);
        }
        wrong.refuse();
    }

    /// The checks that examples of all kinds share.
    static final class Examples {
        private Examples() {}

        static void checkIds(Wrong wrong, String who, DecoderConfig model, int[]... parts) {
            for (int[] part : parts) {
                OptionalInt strange = Arrays.stream(part)
                        .filter(id -> id < 0 || id >= model.vocab())
                        .findFirst();
                if (strange.isPresent()) {
                    wrong.hint(
                            false,
                            who + " with token ids below " + model.vocab(),
                            strange.getAsInt(),
                            "the data was made with another model's tokenizer");
                    return;
                }
            }
        }

        static void checkLength(Wrong wrong, String who, DecoderConfig model, int tokens) {
            wrong.hint(
                    tokens <= model.maxPositions(),
                    who + " of at most " + model.maxPositions() + " tokens, which is all the model has positions for",
                    tokens,
                    "drop it or cut its prompt from the left");
        }
    }
}
