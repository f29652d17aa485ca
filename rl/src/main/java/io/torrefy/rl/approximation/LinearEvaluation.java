package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import java.util.Arrays;

/// What linear values of a policy come to, exactly, where the model is known (S. Zhao, "Mathematical Foundations of
/// Reinforcement Learning", section 8.2.5). With the states' features as the rows of Phi, the chain P and rewards r of
/// a policy, and weights d of the states:
///
/// ```
/// best fit         w = argmin sum_s d(s) (v(s) - phi(s) · w)^2
/// TD fixed point   A w = b,  A = Phi' D (I - gamma P) Phi,  b = Phi' D r
/// expected update  w += alpha (b - A w)
/// ```
///
/// The fixed point minimises the *projected* Bellman error and is at most 1 / (1 - gamma) times as far from v as the
/// best fit, if d is the policy's stationary distribution; with another d the expected update may diverge.
@Export(value = "rl.approximation.LinearEvaluation", since = "0.1")
public final class LinearEvaluation {
    private final double[][] phi;
    private final double[] weights;
    private final double[][] a;
    private final double[] b;

    private LinearEvaluation(double[][] phi, double[] weights, double[][] a, double[] b) {
        this.phi = phi;
        this.weights = weights;
        this.a = a;
        this.b = b;
    }

    /// @param policy probability of each action in each state, (states, actions), row after row
    /// @param phi features of each state, (states, features)
    /// @param weights of the states, d, which sum to one
    /// @param gamma in [0, 1]
    /// @throws IllegalArgumentException on shapes that do not fit the process, or rows that do not sum to one
    public static LinearEvaluation of(FiniteMdp mdp, double[] policy, double[][] phi, double[] weights, double gamma) {
        Divergence.gamma(gamma);
        int states = mdp.states();
        if (phi.length != states || weights.length != states || policy.length != states * mdp.actions()) {
            throw new IllegalArgumentException("[linear] expected features and weights of " + states
                    + " states and a policy of " + states * mdp.actions() + " probabilities; got " + phi.length + ", "
                    + weights.length + " and " + policy.length + ".");
        }
        int n = phi[0].length;
        double[][] a = new double[n][n];
        double[] b = new double[n];
        for (int s = 0; s < states; s++) {
            double[] row = policyRow(mdp, policy, s);
            double[] following = new double[n];
            double reward = 0;
            for (int action = 0; action < mdp.actions(); action++) {
                int at = s * mdp.actions() + action;
                for (int o = mdp.offsets()[at]; o < mdp.offsets()[at + 1]; o++) {
                    double p = row[action] * mdp.probability()[o];
                    reward += p * mdp.reward()[o];
                    for (int j = 0; j < n && !mdp.terminal()[o]; j++) {
                        following[j] += p * phi[mdp.next()[o]][j];
                    }
                }
            }
            for (int i = 0; i < n; i++) {
                double weighted = weights[s] * phi[s][i];
                b[i] += weighted * reward;
                for (int j = 0; j < n; j++) {
                    a[i][j] += weighted * (phi[s][j] - gamma * following[j]);
                }
            }
        }
        return new LinearEvaluation(phi, weights, a, b);
    }

    private static double[] policyRow(FiniteMdp mdp, double[] policy, int s) {
        double[] row = Arrays.copyOfRange(policy, s * mdp.actions(), (s + 1) * mdp.actions());
        double sum = Arrays.stream(row).sum();
        if (!(Math.abs(sum - 1) < 1e-9)) {
            throw new IllegalArgumentException(
                    "[linear] expected a policy whose rows sum to one; got " + sum + " in state " + s + ".");
        }
        return row;
    }

    /// The weights that TD(0) converges to.
    public double[] fixedPoint() {
        return solve(a, b);
    }

    /// The weights closest to given values.
    public double[] bestFit(double[] values) {
        int n = b.length;
        double[][] normal = new double[n][n];
        double[] right = new double[n];
        for (int s = 0; s < phi.length; s++) {
            for (int i = 0; i < n; i++) {
                right[i] += weights[s] * phi[s][i] * values[s];
                for (int j = 0; j < n; j++) {
                    normal[i][j] += weights[s] * phi[s][i] * phi[s][j];
                }
            }
        }
        return solve(normal, right);
    }

    /// Changes weights as TD(0) does on average.
    public void expectedUpdate(double[] w, double alpha) {
        double[] change = b.clone();
        for (int i = 0; i < change.length; i++) {
            for (int j = 0; j < w.length; j++) {
                change[i] -= a[i][j] * w[j];
            }
        }
        for (int i = 0; i < w.length; i++) {
            w[i] += alpha * change[i];
        }
    }

    /// The values that weights give.
    public double[] values(double[] w) {
        double[] values = new double[phi.length];
        for (int s = 0; s < values.length; s++) {
            for (int i = 0; i < w.length; i++) {
                values[s] += phi[s][i] * w[i];
            }
        }
        return values;
    }

    /// Gauss with a search of the whole matrix for each pivot. Features that depend on others leave nothing to
    /// pivot on: theirs are 0 then, one of the many solutions.
    static double[] solve(double[][] matrix, double[] right) {
        int n = right.length;
        double[][] m = new double[n][];
        int[] column = new int[n];
        double scale = 0;
        for (int i = 0; i < n; i++) {
            m[i] = Arrays.copyOf(matrix[i], n + 1);
            m[i][n] = right[i];
            column[i] = i;
            for (int j = 0; j < n; j++) {
                scale = Math.max(scale, Math.abs(m[i][j]));
            }
        }
        int rank = 0;
        while (rank < n && pivot(m, column, rank, 1e-12 * scale)) {
            for (int i = 0; i < n; i++) {
                double factor = i == rank ? 0 : m[i][rank] / m[rank][rank];
                for (int j = rank; j <= n && factor != 0; j++) {
                    m[i][j] -= factor * m[rank][j];
                }
            }
            rank++;
        }
        double[] x = new double[n];
        for (int i = 0; i < rank; i++) {
            x[column[i]] = m[i][n] / m[i][i];
        }
        return x;
    }

    private static boolean pivot(double[][] m, int[] column, int at, double least) {
        int row = at;
        int col = at;
        for (int i = at; i < m.length; i++) {
            for (int j = at; j < m.length; j++) {
                if (Math.abs(m[i][j]) > Math.abs(m[row][col])) {
                    row = i;
                    col = j;
                }
            }
        }
        if (!(Math.abs(m[row][col]) > least)) {
            return false;
        }
        double[] swapped = m[at];
        m[at] = m[row];
        m[row] = swapped;
        int name = column[at];
        column[at] = column[col];
        column[col] = name;
        for (double[] line : m) {
            double value = line[at];
            line[at] = line[col];
            line[col] = value;
        }
        return true;
    }
}
