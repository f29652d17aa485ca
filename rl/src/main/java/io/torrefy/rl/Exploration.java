package io.torrefy.rl;

import io.torrefy.export.Export;

/// How often an epsilon-greedy learner explores: epsilon, linear from `from` to `to` over the first `fraction` of the
/// episodes, `to` after it. Exploring draws from all actions, so the greedy one has probability `1 - epsilon + epsilon
/// / actions`.
@Export(value = "rl.Exploration", since = "0.1")
public record Exploration(double from, double to, double fraction) {
    /// @throws IllegalArgumentException on numbers outside of [0, 1]
    public Exploration {
        if (!(from >= 0 && from <= 1 && to >= 0 && to <= 1 && fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("[exploration] expected from, to and fraction in [0, 1]; got " + from
                    + ", " + to + " and " + fraction + ".");
        }
    }

    /// The same in every episode.
    public static Exploration constant(double epsilon) {
        return new Exploration(epsilon, epsilon, 0);
    }

    /// From one to another over a part of the episodes.
    public static Exploration linear(double from, double to, double fraction) {
        return new Exploration(from, to, fraction);
    }

    /// Epsilon in an episode of so many; the first is 0.
    public double at(int episode, int episodes) {
        double length = fraction * episodes;
        return episode >= length ? to : from + (to - from) * (episode / length);
    }
}
