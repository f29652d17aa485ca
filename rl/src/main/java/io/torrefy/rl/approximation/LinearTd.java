package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import java.util.Optional;

/// Semi-gradient TD(0) with linear values, TD-Linear (S. Zhao, "Mathematical Foundations of Reinforcement Learning",
/// eq. 8.14; Sutton and Barto, section 9.3):
///
/// ```
/// delta = r + gamma w · phi(s') - w · phi(s)                  nothing behind a terminal s'
/// w    += alpha rho delta phi(s)
/// ```
///
/// `rho` is 1 on-policy, where it converges to the fixed point that [LinearEvaluation] computes; off-policy it is
/// pi(a|s) / beta(a|s), and convergence is not promised: ask [#warning].
@Export(value = "rl.approximation.LinearTd", since = "0.1")
public final class LinearTd {
    private final LinearValue value;
    private final double gamma;
    private final Divergence divergence;

    /// @param value what is learned, from the weights that it has
    /// @param gamma in [0, 1]
    public LinearTd(LinearValue value, double gamma) {
        this.value = value;
        this.gamma = Divergence.gamma(gamma);
        this.divergence = new Divergence(gamma);
    }

    /// One update.
    ///
    /// @param rho 1 on-policy
    /// @return the TD error, target - estimate
    public double update(double alpha, double rho, double[] state, double reward, double[] next, boolean terminated) {
        double estimate = value.at(state);
        double delta = reward + (terminated ? 0 : gamma * value.at(next)) - estimate;
        value.move(alpha * rho * delta, state);
        divergence.see(reward, estimate);
        return delta;
    }

    /// One on-policy update.
    public double update(double alpha, double[] state, double reward, double[] next, boolean terminated) {
        return update(alpha, 1, state, reward, next, terminated);
    }

    /// What tells that the weights diverge, if anything does.
    public Optional<String> warning() {
        return divergence.warning();
    }
}
