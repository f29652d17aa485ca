package io.torrefy.rl;

import io.torrefy.export.Export;
import io.torrefy.rl.EnvChecker.Finding;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// Says where an environment and its model disagree, and what in the model surprises those who plan with it. That
/// probabilities sum to one is [FiniteMdp]'s own rule.
@Export(value = "rl.ModelChecker", since = "0.1", members = "rl.checks.model")
public final class ModelChecker {
    /// Draws of each pair that is sampled, and how many pairs are.
    private static final int DRAWS = 400;

    private static final int PAIRS = 300;

    /// Standard errors that a frequency may be off, plus a draw or two: a right model is blamed once in 10^6 runs.
    private static final double ERRORS = 6;

    private ModelChecker() {}

    /// Everything that was found. It resets and steps the environment.
    public static List<Finding> check(FiniteEnv env) {
        var findings = new ArrayList<Finding>();
        FiniteMdp mdp = env.mdp();
        if (mdp.states() != env.states() || mdp.actions() != env.actions()) {
            findings.add(new Finding(
                    true,
                    "model",
                    "has " + mdp.states() + " states and " + mdp.actions() + " actions, the environment " + env.states()
                            + " and " + env.actions()));
            return findings;
        }
        boolean[] reached = reached(mdp);
        unreachable(reached, findings);
        endless(mdp, reached, findings);
        start(env, findings);
        try {
            sampled(env, reached, findings);
        } catch (UnsupportedOperationException _) {
            findings.add(new Finding(false, "model", "was not compared with what happens: resetTo(state) is missing"));
        }
        return findings;
    }

    /// States that an episode can be in, or end in.
    private static boolean[] reached(FiniteMdp mdp) {
        boolean[] seen = new boolean[mdp.states()];
        boolean[] open = new boolean[mdp.states()];
        Deque<Integer> waiting = new ArrayDeque<>();
        for (int s = 0; s < seen.length; s++) {
            if (mdp.start()[s] > 0) {
                seen[s] = true;
                open[s] = true;
                waiting.add(s);
            }
        }
        while (!waiting.isEmpty()) {
            int s = waiting.remove();
            for (int k = mdp.offsets()[s * mdp.actions()]; k < mdp.offsets()[(s + 1) * mdp.actions()]; k++) {
                int next = mdp.next()[k];
                if (mdp.probability()[k] > 0) {
                    seen[next] = true;
                    if (!mdp.terminal()[k] && !open[next]) {
                        open[next] = true;
                        waiting.add(next);
                    }
                }
            }
        }
        return seen;
    }

    private static void unreachable(boolean[] reached, List<Finding> findings) {
        List<Integer> missing = new ArrayList<>();
        for (int s = 0; s < reached.length; s++) {
            if (!reached[s]) {
                missing.add(s);
            }
        }
        if (!missing.isEmpty()) {
            findings.add(new Finding(
                    false,
                    "reachable",
                    missing.size() + " of " + reached.length
                            + " states cannot be reached from the start, such as " + missing.getFirst()
                            + ": their values mean nothing to an agent"));
        }
    }

    /// States from which no way leads to an end, and terminal outcomes into states that go on.
    private static void endless(FiniteMdp mdp, boolean[] reached, List<Finding> findings) {
        boolean[] ends = new boolean[mdp.states()];
        boolean grew = true;
        boolean any = false;
        while (grew) {
            grew = false;
            for (int s = 0; s < ends.length; s++) {
                if (!ends[s] && leads(mdp, s, ends)) {
                    ends[s] = true;
                    grew = true;
                    any = true;
                }
            }
        }
        if (!any) {
            findings.add(new Finding(
                    false,
                    "endless",
                    "no episode ever ends: discount with gamma below 1, and cut" + " episodes with TimeLimit"));
            return;
        }
        for (int s = 0; s < ends.length; s++) {
            if (reached[s] && !ends[s]) {
                findings.add(new Finding(
                        false,
                        "endless",
                        "no way leads from state " + s + " to an end: with gamma 1 its value may be infinite"));
                return;
            }
        }
    }

    private static boolean leads(FiniteMdp mdp, int s, boolean[] ends) {
        for (int k = mdp.offsets()[s * mdp.actions()]; k < mdp.offsets()[(s + 1) * mdp.actions()]; k++) {
            if (mdp.probability()[k] > 0 && (mdp.terminal()[k] || ends[mdp.next()[k]])) {
                return true;
            }
        }
        return false;
    }

    private static void start(FiniteEnv env, List<Finding> findings) {
        int draws = 20 * DRAWS;
        int[] count = new int[env.states()];
        count[env.reset(1)]++;
        for (int i = 1; i < draws; i++) {
            count[env.reset()]++;
        }
        for (int s = 0; s < count.length; s++) {
            if (off(count[s], draws, env.mdp().start()[s])) {
                findings.add(new Finding(
                        true,
                        "start",
                        "state " + s + " was first in " + count[s] + " of " + draws + " episodes, where the model says "
                                + env.mdp().start()[s]));
                return;
            }
        }
    }

    /// Pairs of state and action, spread over all that can be reached.
    private static void sampled(FiniteEnv env, boolean[] reached, List<Finding> findings) {
        int pairs = env.states() * env.actions();
        int stride = Math.max(1, pairs / PAIRS);
        for (int pair = 0; pair < pairs; pair += stride) {
            int s = pair / env.actions();
            if (reached[s] && !sample(env, s, pair % env.actions(), findings)) {
                return;
            }
        }
    }

    private static boolean sample(FiniteEnv env, int s, int a, List<Finding> findings) {
        FiniteMdp mdp = env.mdp();
        int from = mdp.offsets()[s * mdp.actions() + a];
        int to = mdp.offsets()[s * mdp.actions() + a + 1];
        int[] kind = kinds(mdp, from, to);
        int[] count = new int[to - from];
        for (int n = 0; n < DRAWS; n++) {
            env.resetTo(s);
            Step<Integer> step = env.step(a);
            int k = from;
            while (k < to
                    && !(mdp.next()[k] == step.observation()
                            && mdp.reward()[k] == step.reward()
                            && mdp.terminal()[k] == step.terminated())) {
                k++;
            }
            if (k == to) {
                findings.add(new Finding(
                        true,
                        "model",
                        "action " + a + " in state " + s + " led to state "
                                + step.observation() + " with reward " + step.reward()
                                + (step.terminated() ? " and an end" : "") + ", which the model does not have"));
                return false;
            }
            count[k - from]++;
        }
        for (int k = 0; k < count.length; k++) {
            double p = 0;
            for (int j = 0; j < count.length; j++) {
                p += kind[j] == k ? mdp.probability()[from + j] : 0;
            }
            if (kind[k] == k && off(count[k], DRAWS, p)) {
                findings.add(new Finding(
                        true,
                        "model",
                        "action " + a + " in state " + s + " led to state "
                                + mdp.next()[from + k] + " in " + count[k] + " of " + DRAWS
                                + " tries, where the model says "
                                + p));
                return false;
            }
        }
        return true;
    }

    /// For each outcome the first one that nobody can tell from it.
    private static int[] kinds(FiniteMdp mdp, int from, int to) {
        int[] kind = new int[to - from];
        Arrays.setAll(kind, k -> {
            int j = 0;
            while (mdp.next()[from + j] != mdp.next()[from + k]
                    || mdp.reward()[from + j] != mdp.reward()[from + k]
                    || mdp.terminal()[from + j] != mdp.terminal()[from + k]) {
                j++;
            }
            return j;
        });
        return kind;
    }

    private static boolean off(int count, int draws, double p) {
        double spread = ERRORS * Math.sqrt(draws * p * (1 - p));
        return Math.abs(count - draws * p) > spread + (p > 0 && p < 1 ? 2 : 1e-6 * draws);
    }
}
