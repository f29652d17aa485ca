package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Objects;

/// One problem of a [Task].
///
/// @param id the canonical name of the problem: two problems that ask the same thing in another order have the
///     same id, and the side of the split is a function of it
/// @param prompt the text the model continues, template included
/// @param goal what a verifier needs to judge an answer, in the task's own type
/// @param whole whether the prompt is all that the model reads, as what a chat template wrote; else the token that
///     begins a text goes before it
@Export(value = "posttrain.Problem", since = "0.1")
public record Problem(String id, String prompt, Object goal, boolean whole) {
    public Problem {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(goal, "goal");
    }

    /// A problem whose prompt is plain text.
    public Problem(String id, String prompt, Object goal) {
        this(id, prompt, goal, false);
    }

    /// The goal in the type the verifier works on.
    ///
    /// @throws IllegalArgumentException if this problem comes from a task of another kind
    public <T> T goal(Class<T> type) {
        if (!type.isInstance(goal)) {
            throw new IllegalArgumentException("[verify] expected a problem whose goal is a " + type.getSimpleName()
                    + "; got " + goal.getClass().getSimpleName() + " in problem " + id
                    + ". Hint: verify a problem with the task it came from.");
        }
        return type.cast(goal);
    }

    /// Whether the expected answer can be had as text.
    public boolean hasReference() {
        return goal instanceof CharSequence || goal instanceof QaFile.Gold gold && !gold.isNone();
    }

    /// The expected answer as text: of a question file's problem what follows `####` or stands in the box, or else
    /// the whole; of a problem whose goal is a text that text.
    ///
    /// @throws IllegalArgumentException if the goal is no such thing
    public String reference() {
        return switch (goal) {
            case CharSequence text -> text.toString();
            case QaFile.Gold gold when !gold.isNone() -> gold.text();
            default ->
                throw new IllegalArgumentException("[reward] expected a problem with an answer in words; got the goal "
                        + goal + " in problem " + id + ". Hint: reward by the task's own verifier, `accuracy`.");
        };
    }
}
