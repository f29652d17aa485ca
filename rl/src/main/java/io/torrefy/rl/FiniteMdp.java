package io.torrefy.rl;

import io.torrefy.export.Export;

/// A finite Markov decision process with its model: for every state and action the outcomes, in compressed rows.
/// Outcomes of (s, a) are `offsets[s * actions + a]` up to `offsets[s * actions + a + 1]`, in the order in which a
/// sampler walks their cumulative probabilities. The arrays are the process's own; do not write to them.
///
/// @param offsets outcome rows, `states * actions + 1` entries
/// @param next the state after each outcome
/// @param probability of each outcome, given state and action
/// @param reward expected reward of each outcome
/// @param terminal whether the episode ends with the outcome: nothing is bootstrapped from `next`
/// @param start the distribution of first states, `states` entries that sum to one
@Export(value = "rl.FiniteMdp", since = "0.1")
public record FiniteMdp(
        int states,
        int actions,
        int[] offsets,
        int[] next,
        double[] probability,
        double[] reward,
        boolean[] terminal,
        double[] start) {}
