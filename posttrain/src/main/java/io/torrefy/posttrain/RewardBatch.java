package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The rewards of a step's completions.
///
/// @param breakdowns one a completion, in their order; a completion that a reward could not score has a total of NaN
/// @param failed how many completions each reward could not score, by name, in the order of the rewards
/// @param messages one sentence a reward that failed, for people: how often, why, and what to do
@Export(value = "posttrain.RewardBatch", since = "0.1")
public record RewardBatch(List<RewardBreakdown> breakdowns, Map<String, Integer> failed, List<String> messages) {
    public RewardBatch {
        breakdowns = List.copyOf(breakdowns);
        failed = Collections.unmodifiableMap(new LinkedHashMap<>(failed));
        messages = List.copyOf(messages);
    }
}
