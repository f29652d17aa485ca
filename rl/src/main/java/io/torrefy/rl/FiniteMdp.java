package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
        double[] start) {
    /// How far a sum of probabilities may be from one: room for rounding, none for mistakes.
    private static final double TOLERANCE = 1e-9;

    private static final int SHOWN = 5;

    /// @throws IllegalArgumentException that lists what is wrong: lengths, probabilities that do not sum to one,
    ///     states that do not exist, rewards that are not finite
    public FiniteMdp {
        var problems = new ArrayList<String>();
        lengths(states, actions, offsets, next, probability, reward, terminal, start, problems);
        if (problems.isEmpty()) {
            rows(states, actions, offsets, next, probability, reward, problems);
            start(start, problems);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("[mdp] expected a Markov decision process; got "
                    + String.join("; ", problems.subList(0, Math.min(SHOWN, problems.size())))
                    + (problems.size() > SHOWN ? "; and more of the kind" : "")
                    + ". Hint: the outcomes of a state and an action are all that can happen, so their probabilities"
                    + " sum to one.");
        }
    }

    /// What a [Model] writes the outcomes of one state and action to.
    @FunctionalInterface
    public interface Outcomes {
        /// @param terminal whether the episode ends with it
        void add(double probability, int next, double reward, boolean terminal);
    }

    /// The transitions of a process as a function.
    @FunctionalInterface
    public interface Model {
        /// Adds all that can happen after `action` in `state`.
        void describe(int state, int action, Outcomes outcomes);
    }

    /// A process from its transitions as a function, which is asked once for each state and action, in order.
    ///
    /// @throws IllegalArgumentException as the constructor does
    public static FiniteMdp of(int states, int actions, double[] start, Model model) {
        var table = new Growing(states, actions);
        for (int s = 0; s < states; s++) {
            for (int a = 0; a < actions; a++) {
                model.describe(s, a, table);
                table.offsets[s * actions + a + 1] = table.size;
            }
        }
        return table.done(states, actions, start);
    }

    /// The distribution of first states that is all in one.
    ///
    /// @throws IllegalArgumentException if there is no such state
    public static double[] startIn(int state, int states) {
        if (state < 0 || state >= states) {
            throw new IllegalArgumentException(
                    "[mdp] expected a first state in [0, " + states + "); got " + state + ".");
        }
        double[] start = new double[states];
        start[state] = 1;
        return start;
    }

    /// The row of the outcome that a uniform number in [0, 1) chooses: the first whose cumulative probability is
    /// above it, as in Gymnasium's `categorical_sample`.
    public int outcome(int state, int action, double uniform) {
        int row = offsets[state * actions + action];
        int last = offsets[state * actions + action + 1] - 1;
        double sum = probability[row];
        while (sum <= uniform && row < last) {
            row++;
            sum += probability[row];
        }
        return row;
    }

    /// The first state that a uniform number in [0, 1) chooses.
    public int first(double uniform) {
        double sum = 0;
        int last = 0;
        for (int s = 0; s < states; s++) {
            if (start[s] > 0) {
                sum += start[s];
                last = s;
                if (sum > uniform) {
                    break;
                }
            }
        }
        return last;
    }

    /// `FiniteMdp(16 states, 4 actions, 152 outcomes)`.
    @Override
    public String toString() {
        return "FiniteMdp(" + states + " states, " + actions + " actions, " + next.length + " outcomes)";
    }

    private static void lengths(
            int states,
            int actions,
            int[] offsets,
            int[] next,
            double[] probability,
            double[] reward,
            boolean[] terminal,
            double[] start,
            List<String> problems) {
        if (states < 1 || actions < 1) {
            problems.add(states + " states and " + actions + " actions, where each has to be at least one");
            return;
        }
        long pairs = (long) states * actions;
        if (offsets.length != pairs + 1) {
            problems.add(offsets.length + " offsets for " + pairs + " pairs of state and action, which need one more");
        }
        int rows = offsets.length == 0 ? 0 : offsets[offsets.length - 1];
        if (next.length != rows || probability.length != rows || reward.length != rows || terminal.length != rows) {
            problems.add("next, probability, reward and terminal of " + next.length + ", " + probability.length + ", "
                    + reward.length + " and " + terminal.length + " outcomes for offsets that end at " + rows);
        }
        if (start.length != states) {
            problems.add("a distribution of first states over " + start.length + " of " + states + " states");
        }
    }

    private static void rows(
            int states,
            int actions,
            int[] offsets,
            int[] next,
            double[] probability,
            double[] reward,
            List<String> problems) {
        if (offsets[0] != 0) {
            problems.add("offsets that begin at " + offsets[0] + ", not 0");
            return;
        }
        for (int pair = 0; pair < states * actions && problems.size() <= SHOWN; pair++) {
            int from = offsets[pair];
            int to = offsets[pair + 1];
            if (to <= from || to > next.length) {
                problems.add((to == from ? "no outcome" : "outcomes " + from + " to " + to) + of(pair, actions));
                return;
            }
            double sum = 0;
            for (int k = from; k < to; k++) {
                sum += probability[k];
                if (!(probability[k] >= 0)) {
                    problems.add("probability " + probability[k] + of(pair, actions));
                }
                if (next[k] < 0 || next[k] >= states) {
                    problems.add("next state " + next[k] + " of " + states + of(pair, actions));
                }
                if (!Double.isFinite(reward[k])) {
                    problems.add("reward " + reward[k] + of(pair, actions));
                }
            }
            if (!(Math.abs(sum - 1) <= TOLERANCE)) {
                problems.add("probabilities that sum to " + sum + of(pair, actions));
            }
        }
    }

    private static String of(int pair, int actions) {
        return " in state " + pair / actions + " after action " + pair % actions;
    }

    private static void start(double[] start, List<String> problems) {
        double sum = 0;
        for (double p : start) {
            sum += p;
            if (!(p >= 0)) {
                problems.add("a first state of probability " + p);
            }
        }
        if (!(Math.abs(sum - 1) <= TOLERANCE)) {
            problems.add("first states whose probabilities sum to " + sum);
        }
    }

    /// The columns while they grow.
    private static final class Growing implements Outcomes {
        final int[] offsets;
        int size;
        private int[] next;
        private double[] probability;
        private double[] reward;
        private boolean[] terminal;

        Growing(int states, int actions) {
            if (states < 1 || actions < 1 || (long) states * actions > Integer.MAX_VALUE / 2) {
                throw new IllegalArgumentException("[mdp] expected states and actions of at least one, and at most "
                        + Integer.MAX_VALUE / 2 + " pairs; got " + states + " states and " + actions + " actions.");
            }
            offsets = new int[states * actions + 1];
            next = new int[states * actions];
            probability = new double[next.length];
            reward = new double[next.length];
            terminal = new boolean[next.length];
        }

        @Override
        public void add(double p, int to, double r, boolean ends) {
            if (size == next.length) {
                resize(size + (size >> 1) + 1);
            }
            next[size] = to;
            probability[size] = p;
            reward[size] = r;
            terminal[size] = ends;
            size++;
        }

        private void resize(int length) {
            next = Arrays.copyOf(next, length);
            probability = Arrays.copyOf(probability, length);
            reward = Arrays.copyOf(reward, length);
            terminal = Arrays.copyOf(terminal, length);
        }

        FiniteMdp done(int states, int actions, double[] start) {
            if (size < next.length) {
                resize(size);
            }
            return new FiniteMdp(states, actions, offsets, next, probability, reward, terminal, start);
        }
    }
}
