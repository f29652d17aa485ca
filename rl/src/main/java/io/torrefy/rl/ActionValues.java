package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.Arrays;

/// A table of action values: `values[s * actions + a]` is q(s, a). The array is the table's own.
@Export(value = "rl.ActionValues", since = "0.1")
public record ActionValues(int states, int actions, double[] values) {
    /// @throws IllegalArgumentException on another length
    public ActionValues {
        if (states < 1 || actions < 1 || values.length != (long) states * actions) {
            throw new IllegalArgumentException("[values] expected states * actions values, one state and action at"
                    + " least; got " + values.length + " for " + states + " states and " + actions + " actions.");
        }
    }

    /// A table that is the same everywhere.
    public static ActionValues of(int states, int actions, double value) {
        double[] values = new double[Math.multiplyExact(states, actions)];
        Arrays.fill(values, value);
        return new ActionValues(states, actions, values);
    }

    public double get(int state, int action) {
        return values[state * actions + action];
    }

    /// The greatest value of a state.
    public double max(int state) {
        double best = values[state * actions];
        for (int a = 1; a < actions; a++) {
            best = Math.max(best, values[state * actions + a]);
        }
        return best;
    }

    /// The greatest value of each state.
    public double[] max() {
        double[] v = new double[states];
        Arrays.setAll(v, this::max);
        return v;
    }

    /// The first best action of a state.
    public int greedy(int state) {
        int best = 0;
        for (int a = 1; a < actions; a++) {
            if (get(state, a) > get(state, best)) {
                best = a;
            }
        }
        return best;
    }

    /// The first best action of each state.
    public int[] greedy() {
        int[] choice = new int[states];
        Arrays.setAll(choice, this::greedy);
        return choice;
    }

    /// All actions of a state whose value is within `tolerance` of the best: ties are exact only in exact
    /// arithmetic.
    public int[] greedySet(int state, double tolerance) {
        double least = max(state) - tolerance;
        int[] set = new int[actions];
        int n = 0;
        for (int a = 0; a < actions; a++) {
            if (get(state, a) >= least) {
                set[n++] = a;
            }
        }
        return Arrays.copyOf(set, n);
    }

    /// The policy that takes the first best action.
    public TabularPolicy greedyPolicy() {
        return TabularPolicy.of(actions, greedy());
    }

    /// `ActionValues(25 states, 5 actions)`.
    @Override
    public String toString() {
        return "ActionValues(" + states + " states, " + actions + " actions)";
    }
}
