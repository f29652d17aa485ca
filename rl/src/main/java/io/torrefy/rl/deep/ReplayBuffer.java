package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// The last transitions, of which batches are drawn uniformly and with replacement (Lin 1992; Mnih et al. 2015). Only
/// `terminated` is kept of how a step ended: a truncated one is a transition as any other, to the state it led to. All
/// memory is taken at once: `capacity * (2 * size + actionSize + 2) * 4` bytes.
@Export(value = "rl.deep.ReplayBuffer", since = "0.1")
public final class ReplayBuffer {
    private final int capacity;
    private final int size;
    private final int actionSize;
    private final float[] observations;
    private final float[] next;
    private final float[] actions;
    private final float[] rewards;
    private final float[] terminated;
    private long added;

    /// @param size floats of an observation
    /// @param actionSize floats of an action; 1 of a discrete one, its number
    public ReplayBuffer(int capacity, int size, int actionSize) {
        this.capacity = Checks.atLeast("replay", "capacity", 1, capacity);
        this.size = Checks.atLeast("replay", "size", 1, size);
        this.actionSize = Checks.atLeast("replay", "actionSize", 1, actionSize);
        observations = new float[Math.multiplyExact(capacity, size)];
        next = new float[observations.length];
        actions = new float[Math.multiplyExact(capacity, actionSize)];
        rewards = new float[capacity];
        terminated = new float[capacity];
    }

    /// Transitions (s, a, r, s'), and whether s' is terminal: 1, or 0.
    ///
    /// @param observations (n, size)
    /// @param actions (n, actionSize)
    /// @param next (n, size)
    public record Batch(float[] observations, float[] actions, float[] rewards, float[] next, float[] terminated) {
        /// Transitions in it.
        public int count() {
            return rewards.length;
        }

        /// The observations, (n, size).
        public Tensor observationRows() {
            return Tensor.of(observations, rewards.length, observations.length / rewards.length);
        }

        /// What was led to, (n, size).
        public Tensor nextRows() {
            return Tensor.of(next, rewards.length, next.length / rewards.length);
        }

        /// The actions as vectors, (n, actionSize).
        public Tensor actionRows() {
            return Tensor.of(actions, rewards.length, actions.length / rewards.length);
        }

        /// The actions as numbers, (n, 1), I64.
        public Tensor actionIndices() {
            long[] indices = new long[actions.length];
            for (int i = 0; i < indices.length; i++) {
                indices[i] = (long) actions[i];
            }
            return Tensor.of(indices, indices.length, 1);
        }
    }

    /// How many there are to draw from.
    public int count() {
        return (int) Math.min(added, capacity);
    }

    /// Adds a transition, in the place of the oldest once it is full.
    ///
    /// @param at where the observations begin in their arrays
    /// @param actionAt where the action does
    public void add(
            float[] observation, float[] led, int at, float[] action, int actionAt, float reward, boolean terminal) {
        int slot = (int) (added++ % capacity);
        System.arraycopy(observation, at, observations, slot * size, size);
        System.arraycopy(led, at, next, slot * size, size);
        System.arraycopy(action, actionAt, actions, slot * actionSize, actionSize);
        rewards[slot] = reward;
        terminated[slot] = terminal ? 1 : 0;
    }

    /// `n` transitions, each drawn by itself.
    ///
    /// @throws IllegalStateException of an empty buffer
    public Batch sample(int n, SplitMix random) {
        if (added == 0) {
            throw new IllegalStateException("[replay] expected transitions to draw from; got an empty buffer.");
        }
        var batch = new Batch(
                new float[n * size], new float[n * actionSize], new float[n], new float[n * size], new float[n]);
        for (int i = 0; i < n; i++) {
            int slot = random.below(count());
            System.arraycopy(observations, slot * size, batch.observations, i * size, size);
            System.arraycopy(next, slot * size, batch.next, i * size, size);
            System.arraycopy(actions, slot * actionSize, batch.actions, i * actionSize, actionSize);
            batch.rewards[i] = rewards[slot];
            batch.terminated[i] = terminated[slot];
        }
        return batch;
    }

    /// @throws IllegalArgumentException unless its observations and actions have these sizes
    void require(int wantedSize, int wantedActionSize) {
        if (size != wantedSize || actionSize != wantedActionSize) {
            throw new IllegalArgumentException("[replay] expected observations of " + wantedSize + " and actions of "
                    + wantedActionSize + " floats; got " + size + " and " + actionSize + ".");
        }
    }

    void save(Checkpoint to) {
        int n = count();
        to.put("replay.added", new long[] {added});
        to.put("replay.observations", Arrays.copyOf(observations, n * size));
        to.put("replay.next", Arrays.copyOf(next, n * size));
        to.put("replay.actions", Arrays.copyOf(actions, n * actionSize));
        to.put("replay.rewards", Arrays.copyOf(rewards, n));
        to.put("replay.terminated", Arrays.copyOf(terminated, n));
    }

    void load(Checkpoint from) {
        long[] number = new long[1];
        from.get("replay.added", number);
        added = number[0];
        copy(from.floats("replay.observations"), observations);
        copy(from.floats("replay.next"), next);
        copy(from.floats("replay.actions"), actions);
        copy(from.floats("replay.rewards"), rewards);
        copy(from.floats("replay.terminated"), terminated);
    }

    private static void copy(float[] from, float[] to) {
        System.arraycopy(from, 0, to, 0, from.length);
    }
}
