package io.torrefy.rl.deep;

import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/// Environments side by side that reset in the step that ends an episode, with what they last gave in flat arrays.
///
/// Every episode begins with a seed of its own, a function of (seed, slot, episode), and the actions of the running
/// ones are recorded. So where an environment is can be saved without its help: by what it was told since its last
/// reset.
final class Actors<O, A> implements AutoCloseable {
    private final List<Env<O, A>> envs = new ArrayList<>();
    private final Space<O> space;
    private final ActionForm<A> form;
    private final long seed;
    private final long[] episode;
    private final float[][] taken;
    private final int[] length;

    final int count;
    /// Floats of an observation.
    final int size;
    /// (slots, size): what to act on next.
    final float[] observations;
    /// (slots, size): what the last actions led to, before any reset.
    final float[] led;
    /// (slots) of the last step.
    final float[] rewards;

    final boolean[] terminated;
    final boolean[] done;
    final EpisodeReturns returns;

    Actors(Supplier<? extends Env<O, A>> maker, Env<O, A> first, ActionForm<A> form, int count, long seed) {
        this.form = form;
        this.count = count;
        this.seed = seed;
        envs.add(first);
        while (envs.size() < count) {
            envs.add(maker.get());
        }
        space = first.observationSpace();
        size = space.flatSize();
        observations = new float[count * size];
        led = new float[count * size];
        rewards = new float[count];
        terminated = new boolean[count];
        done = new boolean[count];
        episode = new long[count];
        taken = new float[count][64 * form.size];
        length = new int[count];
        returns = new EpisodeReturns(count);
        for (int i = 0; i < count; i++) {
            reset(i);
        }
    }

    private long seedOf(int slot) {
        return new SplitMix(seed ^ 0x5EED_0F_EB15_0DE5L, ((long) slot << 40) + episode[slot]).next();
    }

    private void reset(int slot) {
        length[slot] = 0;
        space.flatten(envs.get(slot).reset(seedOf(slot)), observations, slot * size);
    }

    /// Takes one action in every slot.
    ///
    /// @param actions (slots, form.size)
    void step(float[] actions) {
        for (int i = 0; i < count; i++) {
            record(i, actions, i * form.size);
            Step<O> step = envs.get(i).step(form.read(actions, i * form.size));
            space.flatten(step.observation(), led, i * size);
            rewards[i] = (float) step.reward();
            terminated[i] = step.terminated();
            done[i] = step.done();
            returns.add(i, step.reward(), step.done());
            if (step.done()) {
                episode[i]++;
                reset(i);
            } else {
                System.arraycopy(led, i * size, observations, i * size, size);
            }
        }
    }

    private void record(int slot, float[] actions, int at) {
        int end = (length[slot] + 1) * form.size;
        if (end > taken[slot].length) {
            taken[slot] = Arrays.copyOf(taken[slot], 2 * taken[slot].length);
        }
        System.arraycopy(actions, at, taken[slot], length[slot]++ * form.size, form.size);
    }

    void save(Checkpoint to) {
        to.put("actors.episode", episode);
        for (int i = 0; i < count; i++) {
            to.put("actors.taken." + i, Arrays.copyOf(taken[i], length[i] * form.size));
        }
        returns.save(to);
    }

    /// Begins the saved episodes again and takes their actions again.
    void load(Checkpoint from) {
        from.get("actors.episode", episode);
        for (int i = 0; i < count; i++) {
            float[] actions = from.floats("actors.taken." + i);
            reset(i);
            for (int at = 0; at < actions.length; at += form.size) {
                record(i, actions, at);
                Step<O> step = envs.get(i).step(form.read(actions, at));
                if (step.done()) {
                    throw new IllegalArgumentException("[load] expected the environment that was saved; got one whose"
                            + " episode ends after " + length[i] + " of the recorded actions. Hint: the same"
                            + " environment with the same settings must load it.");
                }
                space.flatten(step.observation(), observations, i * size);
            }
        }
        returns.load(from);
    }

    @Override
    public void close() {
        envs.forEach(Env::close);
    }
}
