package io.torrefy.posttrain;

import io.torrefy.export.Export;

/// The sides of a task. Which side a problem is on is a function of the problem alone (see [Task]), so no seed, order
/// or amount of training can carry a problem across.
@Export(value = "posttrain.Split", since = "0.1")
public enum Split {
    /// Problems that reinforcement learning trains on.
    TRAINING,
    /// Problems to choose settings by, never trained on by reinforcement learning. Not every task has them.
    VALIDATION,
    /// Problems to measure on at the end, never trained on and never chosen by.
    HELD_OUT
}
