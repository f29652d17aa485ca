package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import java.util.function.ToDoubleFunction;

/// The process of Dvoretzky's theorem (1956; Zhao, Section 6.3), `D_{k+1} = (1 - alpha_k) D_k + beta_k eta_k`. D goes
/// to zero with probability 1 if
///
/// 1. the alphas sum to infinity: else `prod(1 - alpha_k)` of D_1 stays, a half with alpha_k = 1/(k+1)^2;
/// 2. the squares of the alphas do not;
/// 3. the squares of the betas do not: else the noise never dies out;
/// 4. the etas have mean zero given the past: else D goes to their mean where alpha = beta;
/// 5. and bounded variance.
///
/// Its extension to vectors, where the mean of eta is at most gamma |D| (Jaakkola, Jordan and Singh 1994), proves that
/// TD learning, Sarsa and Q-learning converge.
///
/// @param alpha how much of D goes at each step
/// @param beta how much of eta comes
/// @param eta the noise
@Export(value = "rl.stochastic.Dvoretzky", since = "0.1")
public record Dvoretzky(StepSize alpha, StepSize beta, ToDoubleFunction<SplitMix> eta) {
    /// D after so many steps from `first`.
    public double run(double first, long steps, long seed) {
        var random = new SplitMix(seed, 0);
        double d = first;
        for (long k = 1; k <= steps; k++) {
            d = (1 - alpha.at(k)) * d + beta.at(k) * eta.applyAsDouble(random);
        }
        return d;
    }
}
