package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Locale;

/// What a verifier found.
///
/// @param outcome the class of the answer, for a report's break-down
/// @param said the answer as it was read, empty when there was none
/// @param why one sentence for a human, empty for a correct answer
@Export(value = "posttrain.Verdict", since = "0.1")
public record Verdict(Outcome outcome, String said, String why) {
    /// Classes of answers, from best to worst.
    public enum Outcome {
        CORRECT,
        /// A well-formed answer with another value.
        WRONG_VALUE,
        /// An expression that does not use the numbers as the rules demand.
        WRONG_NUMBERS,
        /// There is an answer, but it cannot be read.
        UNPARSABLE,
        /// No answer was given.
        NO_ANSWER;

        /// The name for reports and JSON, such as `wrong_value`.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public boolean correct() {
        return outcome == Outcome.CORRECT;
    }

    static Verdict correct(String said) {
        return new Verdict(Outcome.CORRECT, said, "");
    }

    static Verdict noAnswer() {
        return new Verdict(Outcome.NO_ANSWER, "", "there is no <answer>…</answer>");
    }
}
