package io.torrefy.rl.approximation;

import io.torrefy.export.Export;

/// What an episode of learning came to.
///
/// @param steps actions taken
/// @param sum the undiscounted return
@Export(value = "rl.approximation.LinearEpisode", since = "0.1")
public record LinearEpisode(int steps, double sum) {}
