package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import java.util.SequencedMap;

/// Where a run is.
///
/// @param steps actions taken in environments
/// @param episodes that ended
/// @param meanReturn undiscounted, of the last 100 episodes that ended; NaN before the first
/// @param meanLength of the same episodes, in steps
/// @param losses the latest, by CleanRL's names: `value_loss`, `policy_loss`, `entropy`, `approx_kl`, `td_loss`, …
@Export(value = "rl.deep.Progress", since = "0.1")
public record Progress(
        long steps, long episodes, double meanReturn, double meanLength, SequencedMap<String, Double> losses) {}
