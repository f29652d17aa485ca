package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.nio.file.Path;

/// A whole, verified checkpoint: the state of a run after `step` steps.
@Export(value = "posttrain.Checkpoint", since = "0.1")
public record Checkpoint(long step, Path folder) {}
