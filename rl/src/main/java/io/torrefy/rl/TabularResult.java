package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.List;

/// What a learner of action values learned.
///
/// @param q the values
/// @param returns undiscounted sum of rewards of each episode, while exploring: what the greedy policy earns is another
///     number, mostly a greater one
/// @param lengths steps of each episode
/// @param steps all of them
/// @param warnings what about the settings keeps it from converging, for people
@Export(value = "rl.TabularResult", since = "0.1")
public record TabularResult(ActionValues q, double[] returns, int[] lengths, long steps, List<String> warnings) {
    /// The policy that takes the best action.
    public TabularPolicy policy() {
        return q.greedyPolicy();
    }
}
