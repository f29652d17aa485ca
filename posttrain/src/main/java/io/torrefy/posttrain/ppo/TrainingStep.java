package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.posttrain.RunSample;
import java.util.List;
import java.util.Map;

/// What a step did.
///
/// @param metrics by the names of [io.torrefy.posttrain.RunMetrics] and of TRL
/// @param samples the completions with their rewards
/// @param warnings what people should know of it: the rewards that failed, and what to do
@Export(value = "posttrain.TrainingStep", since = "0.1")
public record TrainingStep(Map<String, Double> metrics, List<RunSample> samples, List<String> warnings) {
    /// A step without warnings.
    public TrainingStep(Map<String, Double> metrics, List<RunSample> samples) {
        this(metrics, samples, List.of());
    }
}
