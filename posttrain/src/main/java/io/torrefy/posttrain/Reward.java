package io.torrefy.posttrain;

import io.torrefy.export.Export;

/// A rule that scores one completion. Rules are pure: the same arguments give the same finite score, on any thread.
@FunctionalInterface
@Export(value = "posttrain.Reward", since = "0.1")
public interface Reward {
    /// @param completion the generated text, prompt and end-of-text token excluded
    double score(Problem problem, String completion);
}
