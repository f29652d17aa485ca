package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;

/// The policy gradient without sampling, of a softmax policy with a parameter for each state and action, where the
/// model is known (Sutton et al. 2000; S. Zhao, "Mathematical Foundations of Reinforcement Learning", theorem 9.2):
///
/// ```
/// pi(a|s)        = exp theta(s, a) / sum_b exp theta(s, b)
/// J              = sum_s mu(s) v(s)
/// dJ/dtheta(s,a) = eta(s) pi(a|s) (q(s, a) - v(s)),     eta' = mu' (I - gamma P)^-1
/// ```
///
/// What REINFORCE and the actor-critics estimate. That q or q - v stands in it changes nothing, as
/// `sum_a grad pi(a|s) b(s) = 0` for any baseline b.
@Export(value = "rl.approximation.SoftmaxPolicyGradient", since = "0.1")
public final class SoftmaxPolicyGradient {
    private final FiniteMdp mdp;
    private final double[] mu;
    private final double gamma;

    /// @param mu how much each state's value counts, not below 0
    /// @param gamma in [0, 1)
    public SoftmaxPolicyGradient(FiniteMdp mdp, double[] mu, double gamma) {
        if (mu.length != mdp.states() || !(gamma >= 0 && gamma < 1)) {
            throw new IllegalArgumentException("[policygradient] expected weights of " + mdp.states()
                    + " states and gamma in [0, 1); got " + mu.length + " and " + gamma + ".");
        }
        this.mdp = mdp;
        this.mu = mu.clone();
        this.gamma = gamma;
    }

    /// pi(a|s), (states, actions) row after row, as `theta`.
    public double[] policy(double[] theta) {
        int n = mdp.actions();
        if (theta.length != mdp.states() * n) {
            throw new IllegalArgumentException(
                    "[policygradient] expected " + mdp.states() * n + " parameters; got " + theta.length + ".");
        }
        double[] pi = new double[theta.length];
        for (int s = 0; s < mdp.states(); s++) {
            double top = theta[s * n];
            for (int a = 1; a < n; a++) {
                top = Math.max(top, theta[s * n + a]);
            }
            double sum = 0;
            for (int a = 0; a < n; a++) {
                pi[s * n + a] = StrictMath.exp(theta[s * n + a] - top);
                sum += pi[s * n + a];
            }
            for (int a = 0; a < n; a++) {
                pi[s * n + a] /= sum;
            }
        }
        return pi;
    }

    /// v(s) under the policy.
    public double[] values(double[] theta) {
        double[] pi = policy(theta);
        double[] r = new double[mdp.states()];
        return LinearEvaluation.solve(system(pi, r), r);
    }

    /// J.
    public double objective(double[] theta) {
        double[] v = values(theta);
        double sum = 0;
        for (int s = 0; s < v.length; s++) {
            sum += mu[s] * v[s];
        }
        return sum;
    }

    /// The gradient of J, (states, actions) row after row.
    public double[] gradient(double[] theta) {
        int n = mdp.actions();
        double[] pi = policy(theta);
        double[] r = new double[mdp.states()];
        double[][] system = system(pi, r);
        double[] v = LinearEvaluation.solve(system, r);
        double[] eta = LinearEvaluation.solve(transposed(system), mu);
        double[] gradient = new double[theta.length];
        for (int s = 0; s < v.length; s++) {
            for (int a = 0; a < n; a++) {
                gradient[s * n + a] = eta[s] * pi[s * n + a] * (actionValue(v, s, a) - v[s]);
            }
        }
        return gradient;
    }

    private double actionValue(double[] v, int s, int a) {
        double q = 0;
        for (int o = mdp.offsets()[s * mdp.actions() + a]; o < mdp.offsets()[s * mdp.actions() + a + 1]; o++) {
            double following = mdp.terminal()[o] ? 0 : gamma * v[mdp.next()[o]];
            q += mdp.probability()[o] * (mdp.reward()[o] + following);
        }
        return q;
    }

    /// I - gamma P, and the expected rewards into `r`.
    private double[][] system(double[] pi, double[] r) {
        int n = mdp.actions();
        double[][] system = new double[r.length][r.length];
        for (int s = 0; s < r.length; s++) {
            system[s][s] += 1;
            for (int a = 0; a < n; a++) {
                for (int o = mdp.offsets()[s * n + a]; o < mdp.offsets()[s * n + a + 1]; o++) {
                    double p = pi[s * n + a] * mdp.probability()[o];
                    r[s] += p * mdp.reward()[o];
                    if (!mdp.terminal()[o]) {
                        system[s][mdp.next()[o]] -= gamma * p;
                    }
                }
            }
        }
        return system;
    }

    private static double[][] transposed(double[][] m) {
        double[][] t = new double[m.length][m.length];
        for (int i = 0; i < m.length; i++) {
            for (int j = 0; j < m.length; j++) {
                t[j][i] = m[i][j];
            }
        }
        return t;
    }
}
