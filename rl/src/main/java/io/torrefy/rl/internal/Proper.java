package io.torrefy.rl.internal;

import io.torrefy.rl.Env;
import io.torrefy.rl.FiniteEnv;
import io.torrefy.rl.FiniteMdp;
import java.util.Arrays;
import java.util.function.IntPredicate;

/// Refuses discounts under which values do not exist.
public final class Proper {
    private Proper() {}

    /// @throws IllegalArgumentException unless 0 <= gamma < 1, or gamma = 1 and from every state the pairs that
    ///     `taken` lets through can end the episode
    public static void require(String op, FiniteMdp mdp, double gamma, IntPredicate taken) {
        range(op, gamma);
        if (gamma < 1) {
            return;
        }
        int stuck = stuck(mdp, taken);
        if (stuck >= 0) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected gamma in [0, 1), or 1 where every state reaches an"
                            + " end; got 1 and no end from state " + stuck
                            + ". Hint: without an end and without discount the sum"
                            + " of rewards has no limit; use gamma < 1, or end episodes with a terminal outcome.");
        }
    }

    /// The check that a learner can make: it needs the model, where the environment has one.
    public static void require(Env<Integer, Integer> env, double gamma) {
        env.find(FiniteEnv.class).ifPresent(finite -> {
            if (gamma == 1 && allContinue(finite.mdp())) {
                throw new IllegalArgumentException(
                        "[learn] expected gamma in [0, 1), or 1 where episodes end; got 1 for a"
                                + " task that goes on for ever. Hint: use gamma < 1, or targetTerminates(true).");
            }
        });
    }

    private static boolean allContinue(FiniteMdp mdp) {
        for (boolean ends : mdp.terminal()) {
            if (ends) {
                return false;
            }
        }
        return true;
    }

    public static void range(String op, double gamma) {
        if (!(gamma >= 0 && gamma <= 1)) {
            throw new IllegalArgumentException("[" + op + "] expected gamma in [0, 1); got " + gamma + ". Hint: values"
                    + " are sums of rewards weighted by gamma^t, which have a limit only below 1; 0.9 looks about 10 steps"
                    + " ahead.");
        }
    }

    /// A state from which no outcome of positive probability leads to an end, or -1: walks backwards from the ends.
    private static int stuck(FiniteMdp mdp, IntPredicate taken) {
        int states = mdp.states();
        int rows = mdp.next().length;
        // Which states lead to each state, in compressed rows.
        int[] begin = new int[states + 1];
        int[] from = new int[rows];
        boolean[] reaches = new boolean[states];
        int[] queue = new int[states];
        int size = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int pair = 0; pair < states * mdp.actions(); pair++) {
                int s = pair / mdp.actions();
                for (int k = mdp.offsets()[pair]; taken.test(pair) && k < mdp.offsets()[pair + 1]; k++) {
                    if (mdp.probability()[k] == 0) {
                        continue;
                    }
                    if (mdp.terminal()[k]) {
                        if (!reaches[s]) {
                            reaches[s] = true;
                            queue[size++] = s;
                        }
                    } else if (pass == 0) {
                        begin[mdp.next()[k]]++;
                    } else {
                        from[--begin[mdp.next()[k]]] = s;
                    }
                }
            }
            if (pass == 0) {
                Arrays.parallelPrefix(begin, Integer::sum);
            }
        }
        for (int at = 0; at < size; at++) {
            int s = queue[at];
            for (int k = begin[s]; k < begin[s + 1]; k++) {
                if (!reaches[from[k]]) {
                    reaches[from[k]] = true;
                    queue[size++] = from[k];
                }
            }
        }
        for (int s = 0; s < states; s++) {
            if (!reaches[s]) {
                return s;
            }
        }
        return -1;
    }
}
