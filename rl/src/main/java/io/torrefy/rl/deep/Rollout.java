package io.torrefy.rl.deep;

import io.torrefy.nn.Layer;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;

/// Some steps of all environments side by side, in flat arrays (time, environments).
final class Rollout {
    final int time;
    final int environments;
    private final int size;
    /// (time, environments, size): what was acted on.
    final float[] observations;
    /// (time, environments, size): what that led to, before any reset.
    final float[] led;

    final int[] actions;
    final float[] logProbs;
    final float[] rewards;
    final boolean[] terminated;
    final boolean[] done;

    Rollout(int time, Actors<?, ?> actors) {
        this.time = time;
        this.environments = actors.count;
        this.size = actors.size;
        int n = time * environments;
        observations = new float[n * size];
        led = new float[n * size];
        actions = new int[n];
        logProbs = new float[n];
        rewards = new float[n];
        terminated = new boolean[n];
        done = new boolean[n];
    }

    /// Steps in all.
    int count() {
        return time * environments;
    }

    /// Takes `time` steps in every environment, with actions drawn from the policy.
    ///
    /// @param policy observations (environments, size) to logits (environments, actions)
    void collect(Agent<?, Integer> agent, Layer policy) {
        Actors<?, ?> actors = agent.actors;
        float[] chosen = new float[environments];
        for (int t = 0; t < time; t++) {
            float[] logits = values(policy, actors.observations);
            int n = logits.length / environments;
            for (int e = 0; e < environments; e++) {
                int action = Categorical.sample(logits, e * n, n, agent.random().unit());
                chosen[e] = action;
                actions[t * environments + e] = action;
                logProbs[t * environments + e] = Categorical.logProb(logits, e * n, n, action);
            }
            System.arraycopy(actors.observations, 0, observations, t * environments * size, environments * size);
            actors.step(chosen);
            System.arraycopy(actors.led, 0, led, t * environments * size, environments * size);
            System.arraycopy(actors.rewards, 0, rewards, t * environments, environments);
            System.arraycopy(actors.terminated, 0, terminated, t * environments, environments);
            System.arraycopy(actors.done, 0, done, t * environments, environments);
            agent.steps += environments;
        }
    }

    /// What a network says of rows of `size`, without gradients.
    float[] values(Layer network, float[] rows) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            return network.forward(Tensor.of(rows, rows.length / size, size)).toFloats();
        }
    }

    /// Advantages by a critic (n, size) to (n, 1). It is asked twice for all steps at once, for V(s) and for V(s'):
    /// so a truncated episode needs no case of its own.
    Gae advantages(Layer critic, double gamma, double lambda) {
        return Gae.of(
                rewards,
                values(critic, observations),
                values(critic, led),
                terminated,
                done,
                environments,
                gamma,
                lambda);
    }

    /// The observations of some steps, (n, size).
    Tensor observations(int[] which, int from, int to) {
        float[] rows = new float[(to - from) * size];
        for (int i = from; i < to; i++) {
            System.arraycopy(observations, which[i] * size, rows, (i - from) * size, size);
        }
        return Tensor.of(rows, to - from, size);
    }

    /// The actions of some steps, (n, 1), I64.
    Tensor actions(int[] which, int from, int to) {
        int[] chosen = new int[to - from];
        for (int i = from; i < to; i++) {
            chosen[i - from] = actions[which[i]];
        }
        return Tensor.of(chosen, chosen.length, 1);
    }

    /// Some of a number each step.
    static float[] of(float[] values, int[] which, int from, int to) {
        float[] some = new float[to - from];
        for (int i = from; i < to; i++) {
            some[i - from] = values[which[i]];
        }
        return some;
    }

    /// 0, 1, …, n - 1.
    static int[] order(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        return order;
    }
}
