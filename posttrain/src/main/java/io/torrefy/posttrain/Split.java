package io.torrefy.posttrain;

/// The two sides of a task. Which side a problem is on is a function of the problem alone (see [Task]), so no seed,
/// order or amount of training can carry a problem across.
public enum Split {
    /// Problems to learn from: the corpus of a base model and the prompts of reinforcement learning.
    TRAINING,
    /// Problems to measure on, never trained on.
    HELD_OUT
}
