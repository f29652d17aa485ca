package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Objects;

/// One problem of a [Task].
///
/// @param id the canonical name of the problem: two problems that ask the same thing in another order have the
///     same id, and the side of the split is a function of it
/// @param prompt the text the model continues, template included
/// @param goal what a verifier needs to judge an answer, in the task's own type
@Export(value = "posttrain.Problem", since = "0.1")
public record Problem(String id, String prompt, Object goal) {
    public Problem {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(goal, "goal");
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
}
