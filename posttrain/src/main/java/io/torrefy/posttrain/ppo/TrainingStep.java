package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.posttrain.RunSample;
import java.util.List;
import java.util.Map;

/// What a step did.
///
/// @param metrics by the names of [io.torrefy.posttrain.RunMetrics] and of TRL
/// @param samples the completions with their rewards
@Export(value = "posttrain.TrainingStep", since = "0.1")
public record TrainingStep(Map<String, Double> metrics, List<RunSample> samples) {}
