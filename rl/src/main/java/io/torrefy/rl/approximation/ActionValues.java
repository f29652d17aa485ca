package io.torrefy.rl.approximation;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;

/// Action values that are linear in a state's features, with weights of their own for every action:
/// q(s, a) = w_a · phi(s). Not for several threads at once.
@Export(value = "rl.approximation.ActionValues", since = "0.1")
public final class ActionValues {
    private final Features features;
    private final int actions;
    private final double[] weights;
    private final int[] index;
    private final double[] value;

    /// With weights of 0.
    public ActionValues(Features features, int actions) {
        if (actions < 1) {
            throw new IllegalArgumentException("[linear] expected at least one action; got " + actions + ".");
        }
        this.features = features;
        this.actions = actions;
        weights = new double[Math.multiplyExact(features.size(), actions)];
        index = new int[features.active()];
        value = new double[features.active()];
    }

    public int actions() {
        return actions;
    }

    /// The weights themselves, those of action a from `a * features.size()` on.
    public double[] weights() {
        return weights;
    }

    /// q(s, a).
    public double at(double[] state, int action) {
        return dot(features.of(state, index, value), action);
    }

    private double dot(int n, int action) {
        int from = action * features.size();
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += weights[from + index[i]] * value[i];
        }
        return sum;
    }

    /// max_a q(s, a).
    public double max(double[] state) {
        int n = features.of(state, index, value);
        double best = dot(n, 0);
        for (int a = 1; a < actions; a++) {
            best = Math.max(best, dot(n, a));
        }
        return best;
    }

    /// The action of the largest value, drawn among those that share it.
    public int greedy(double[] state, SplitMix random) {
        int n = features.of(state, index, value);
        int best = 0;
        int ties = 1;
        double largest = dot(n, 0);
        for (int a = 1; a < actions; a++) {
            double q = dot(n, a);
            if (q > largest) {
                largest = q;
                best = a;
                ties = 1;
            } else if (q == largest && random.below(++ties) == 0) {
                best = a;
            }
        }
        return best;
    }

    /// A greedy action, or with probability epsilon any one.
    public int epsilonGreedy(double[] state, double epsilon, SplitMix random) {
        return random.chance(epsilon) ? random.below(actions) : greedy(state, random);
    }

    /// w_a += step phi(s), which is the gradient of q.
    public void move(double step, double[] state, int action) {
        int n = features.of(state, index, value);
        int from = action * features.size();
        for (int i = 0; i < n; i++) {
            weights[from + index[i]] += step * value[i];
        }
    }
}
