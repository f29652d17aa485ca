package io.torrefy.posttrain;

import java.nio.file.Path;

/// A whole, verified checkpoint: the state of a run after `step` steps.
public record Checkpoint(long step, Path folder) {}
