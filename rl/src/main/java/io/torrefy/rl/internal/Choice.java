package io.torrefy.rl.internal;

import io.torrefy.tensor.SplitMix;

/// Choosing among the action values of a state, `q[at .. at + n)`.
public final class Choice {
    private Choice() {}

    public static double max(double[] q, int at, int n) {
        double best = q[at];
        for (int i = at + 1; i < at + n; i++) {
            best = Math.max(best, q[i]);
        }
        return best;
    }

    /// A best action; several are drawn from alike, which makes a state that knows nothing yet explore.
    public static int greedy(double[] q, int at, int n, SplitMix random) {
        double best = q[at];
        int action = 0;
        int ties = 1;
        for (int a = 1; a < n; a++) {
            double value = q[at + a];
            if (value > best) {
                best = value;
                action = a;
                ties = 1;
            } else if (value == best) {
                ties++;
            }
        }
        return ties == 1 ? action : tied(q, at, best, random.below(ties));
    }

    private static int tied(double[] q, int at, double best, int skip) {
        int left = skip;
        int a = 0;
        while (q[at + a] != best || left-- > 0) {
            a++;
        }
        return a;
    }

    /// Any action with probability epsilon, else a best one.
    public static int epsilonGreedy(double[] q, int at, int n, double epsilon, SplitMix random) {
        double u = random.unit();
        // Below epsilon, u / epsilon is uniform again: one number chooses whether to explore and what.
        return u < epsilon ? Math.min(n - 1, (int) (u / epsilon * n)) : greedy(q, at, n, random);
    }

    /// What the epsilon-greedy policy expects of a state.
    public static double expected(double[] q, int at, int n, double epsilon) {
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += q[i];
        }
        return (1 - epsilon) * max(q, at, n) + epsilon * sum / n;
    }
}
