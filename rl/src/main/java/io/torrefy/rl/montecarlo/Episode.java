package io.torrefy.rl.montecarlo;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.TabularPolicy;
import io.torrefy.rl.internal.Walk;
import io.torrefy.tensor.SplitMix;
import java.util.Arrays;

/// What happened in an episode: states, the actions taken there, and what each paid.
@Export(value = "rl.montecarlo.Episode", since = "0.1")
public final class Episode {
    private int[] states = new int[64];
    private int[] actions = new int[64];
    private double[] rewards = new double[64];
    private int length;
    private boolean terminated;

    Episode() {}

    /// Chooses actions.
    @FunctionalInterface
    interface Actor {
        int action(int state);
    }

    /// An episode that begins with a state and an action and goes on by a policy, of at most `maxSteps` steps.
    ///
    /// @throws IllegalArgumentException where the environment cannot begin there, or has no such action
    public static Episode sample(
            Env<Integer, Integer> env, int state, int action, TabularPolicy policy, int maxSteps, long seed) {
        Walk walk = Walk.of(env, seed);
        if (state < 0 || state >= walk.states() || action < 0 || action >= walk.actions()) {
            throw new IllegalArgumentException("[episode] expected a state in [0, " + walk.states()
                    + ") and an action in" + " [0, " + walk.actions() + "); got " + state + " and " + action + ".");
        }
        var random = new SplitMix(seed, 1);
        var episode = new Episode();
        episode.run(walk, walk.resetTo(state), action, s -> policy.action(s, random.unit()), maxSteps);
        return episode;
    }

    /// Runs from a state with an action, over what was there.
    void run(Walk walk, int state, int action, Actor actor, int maxSteps) {
        length = 0;
        int s = state;
        int a = action;
        while (true) {
            int next = walk.step(a);
            add(s, a, walk.reward());
            terminated = walk.terminated();
            if (terminated || walk.truncated() || length == maxSteps) {
                return;
            }
            s = next;
            a = actor.action(s);
        }
    }

    private void add(int state, int action, double reward) {
        if (length == states.length) {
            states = Arrays.copyOf(states, 2 * length);
            actions = Arrays.copyOf(actions, 2 * length);
            rewards = Arrays.copyOf(rewards, 2 * length);
        }
        states[length] = state;
        actions[length] = action;
        rewards[length++] = reward;
    }

    /// Steps taken.
    public int length() {
        return length;
    }

    public int state(int t) {
        return states[t];
    }

    public int action(int t) {
        return actions[t];
    }

    /// What the action at t paid.
    public double reward(int t) {
        return rewards[t];
    }

    /// Whether it came to an end, rather than being cut off.
    public boolean terminated() {
        return terminated;
    }

    /// `r_{t+1} + gamma r_{t+2} + ...` from the start.
    public double discounted(double gamma) {
        double sum = 0;
        for (int t = length - 1; t >= 0; t--) {
            sum = rewards[t] + gamma * sum;
        }
        return sum;
    }

    /// The step after which returns are too short to learn from.
    int taught(int dropLast) {
        return terminated ? length : Math.max(0, length - dropLast);
    }
}
