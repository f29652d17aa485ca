package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.util.List;

/// The reward of one completion and where it came from.
///
/// @param total the sum of `weight * score` over the parts, in their order
/// @param parts every reward that was asked
@Export(value = "posttrain.RewardBreakdown", since = "0.1")
public record RewardBreakdown(double total, List<Part> parts) {
    /// One reward's share.
    public record Part(String name, double weight, double score) {}

    public RewardBreakdown {
        parts = List.copyOf(parts);
    }

    static RewardBreakdown of(List<Part> parts) {
        double total = 0;
        for (var part : parts) {
            total += part.weight() * part.score();
        }
        return new RewardBreakdown(total, parts);
    }

    /// The unweighted score of the reward called `name`.
    ///
    /// @throws IllegalArgumentException if there is none of that name
    public double score(String name) {
        return parts.stream()
                .filter(part -> part.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("[reward] expected one of "
                        + parts.stream().map(Part::name).toList() + "; got " + name))
                .score();
    }
}
