package io.torrefy.rl.planning;

import io.torrefy.export.Export;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TabularPolicy;
import java.util.Arrays;

/// Policy iteration (Howard 1960; Zhao, Algorithm 4.2): the value of the policy, then in each state the action that is
/// best under it, until no state changes. A state keeps its action unless another is better by more than rounding: with
/// ties broken anew in every round it would never end.
///
/// Values are exact ([Bellman#solve]) where the states are few enough for its matrix, else swept to an error of 1e-10.
@Export(value = "rl.planning.PolicyIteration", since = "0.1")
public final class PolicyIteration {
    /// Up to here the matrix is the faster way.
    private static final int DENSE = 1024;

    private static final int MAX_ROUNDS = 100_000;

    private PolicyIteration() {}

    /// From the policy that takes the first action everywhere.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1)
    public static Plan of(FiniteMdp mdp, double gamma) {
        return of(mdp, gamma, new int[mdp.states()]);
    }

    /// From a policy, given by its actions.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and the policy ends from
    ///     everywhere
    public static Plan of(FiniteMdp mdp, double gamma, int[] first) {
        return of(mdp, gamma, TabularPolicy.of(mdp.actions(), first), 0);
    }

    /// Among the epsilon-greedy policies, from any policy: the best of them, which is what epsilon-greedy control
    /// can reach. The values are those of acting that way, and [Plan#choice] is the greedy part.
    ///
    /// @throws IllegalArgumentException on gamma outside of [0, 1), unless it is 1 and the policies end from
    ///     everywhere
    public static Plan of(FiniteMdp mdp, double gamma, TabularPolicy first, double epsilon) {
        TabularPolicy policy = first;
        double[] v = values(mdp, policy, gamma);
        int[] choice = new int[v.length];
        Arrays.setAll(choice, first::mode);
        var residuals = new Residuals();
        for (int round = 1; round <= MAX_ROUNDS; round++) {
            double[] old = v;
            int[] better = new int[v.length];
            Arrays.setAll(better, s -> Plan.greedy(mdp, old, s, gamma, choice[s]));
            policy = TabularPolicy.epsilonGreedy(mdp.actions(), better, epsilon);
            v = values(mdp, policy, gamma);
            double gain = 0;
            for (int s = 0; s < v.length; s++) {
                gain = Math.max(gain, Math.abs(v[s] - old[s]));
            }
            residuals.add(gain);
            boolean same = Arrays.equals(choice, better);
            System.arraycopy(better, 0, choice, 0, choice.length);
            if (same && gain <= 1e-9) {
                return new Plan(mdp, gamma, v, choice, round, 0, residuals.all(), true);
            }
        }
        return new Plan(mdp, gamma, v, choice, MAX_ROUNDS, 0, residuals.all(), false);
    }

    private static double[] values(FiniteMdp mdp, TabularPolicy policy, double gamma) {
        return mdp.states() <= DENSE
                ? Bellman.solve(mdp, policy, gamma)
                : PolicyEvaluation.of(mdp, policy, gamma, Stop.error(1e-10)).values();
    }
}
