package io.torrefy.rl;

import io.torrefy.export.Export;

/// What an environment answers to an action: Gymnasium's `observation, reward, terminated, truncated`.
///
/// @param observation what is seen after the action, also where the episode ends
/// @param terminated whether a terminal state was reached: its value is zero, and nothing is bootstrapped from it
/// @param truncated whether the episode was cut for a reason outside the decision process, such as a limit on time: the
///     state has a value, and a learner bootstraps from it
@Export(value = "rl.Step", since = "0.1")
public record Step<O>(O observation, double reward, boolean terminated, boolean truncated) {
    /// Whether the episode is over, for either reason.
    public boolean done() {
        return terminated || truncated;
    }
}
