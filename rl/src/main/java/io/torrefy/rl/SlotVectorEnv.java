package io.torrefy.rl;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A vector environment of any environments, one a slot, on one thread or on more: a slot is computed by itself, so
/// their number changes nothing but time.
///
/// @param <A> actions of all slots
/// @param <B> an action of one
@Export(value = "rl.SlotVectorEnv", since = "0.1")
public final class SlotVectorEnv<A, B> implements VectorEnv<A> {
    /// Slots that a thread takes at a time.
    private static final int BLOCK = 16;

    /// Gives slots their actions.
    private interface Actions<A, B> {
        int length(int count);

        int lengthOf(A actions);

        B of(A actions, int slot);
    }

    private final List<Env<float[], B>> slots = new ArrayList<>();
    private final Actions<A, B> split;
    private final Box space;
    private final int size;
    private final float[] observations;
    private final float[] finals;
    private final float[] rewards;
    private final boolean[] terminated;
    private final boolean[] truncated;
    private final int threads;
    private final @Nullable ExecutorService pool;
    private boolean running;

    private SlotVectorEnv(Supplier<Env<float[], B>> maker, int count, int threads, Actions<A, B> split) {
        if (count < 1 || threads < 1) {
            throw new IllegalArgumentException("[vector] expected at least one slot and one thread; got " + count
                    + " slots and " + threads + " threads.");
        }
        for (int i = 0; i < count; i++) {
            slots.add(maker.get());
        }
        if (!(slots.getFirst().observationSpace() instanceof Box box)) {
            throw new IllegalArgumentException("[vector] expected observations in a Box; got "
                    + slots.getFirst().observationSpace() + ". Hint: TransformObservation.flat(env) gives vectors.");
        }
        this.split = split;
        space = box;
        size = box.size();
        observations = new float[count * size];
        finals = new float[count * size];
        rewards = new float[count];
        terminated = new boolean[count];
        truncated = new boolean[count];
        this.threads = Math.min(threads, (count + BLOCK - 1) / BLOCK);
        pool = this.threads == 1
                ? null
                : Executors.newFixedThreadPool(
                        this.threads,
                        Thread.ofPlatform().daemon().name("slots-", 0).factory());
    }

    /// Of environments with numbered actions.
    ///
    /// @param maker makes one slot after the other
    /// @throws IllegalArgumentException without a slot or a thread
    public static SlotVectorEnv<int[], Integer> discrete(
            Supplier<Env<float[], Integer>> maker, int count, int threads) {
        return new SlotVectorEnv<>(maker, count, threads, new Actions<>() {
            @Override
            public int length(int slots) {
                return slots;
            }

            @Override
            public int lengthOf(int[] actions) {
                return actions.length;
            }

            @Override
            public Integer of(int[] actions, int slot) {
                return actions[slot];
            }
        });
    }

    /// Of environments whose actions are vectors.
    ///
    /// @param maker makes one slot after the other
    /// @throws IllegalArgumentException without a slot or a thread
    public static SlotVectorEnv<float[], float[]> continuous(
            Supplier<Env<float[], float[]>> maker, int count, int threads) {
        int width;
        try (Env<float[], float[]> one = maker.get()) {
            width = one.actionSpace().flatSize();
        }
        return new SlotVectorEnv<>(maker, count, threads, new Actions<>() {
            @Override
            public int length(int slots) {
                return slots * width;
            }

            @Override
            public int lengthOf(float[] actions) {
                return actions.length;
            }

            @Override
            public float[] of(float[] actions, int slot) {
                return Arrays.copyOfRange(actions, slot * width, (slot + 1) * width);
            }
        });
    }

    @Override
    public int count() {
        return slots.size();
    }

    @Override
    public Box observationSpace() {
        return space;
    }

    @Override
    public Space<B> actionSpace() {
        return slots.getFirst().actionSpace();
    }

    @Override
    public void reset(long seed) {
        each(i -> put(slots.get(i).reset(seed + i), observations, i));
        System.arraycopy(observations, 0, finals, 0, finals.length);
        Arrays.fill(rewards, 0);
        Arrays.fill(terminated, false);
        Arrays.fill(truncated, false);
        running = true;
    }

    @Override
    public void step(A actions) {
        if (!running) {
            throw Episodes.over();
        }
        if (split.lengthOf(actions) != split.length(count())) {
            throw new IllegalArgumentException("[vector] expected " + split.length(count()) + " actions for " + count()
                    + " slots; got " + split.lengthOf(actions) + ".");
        }
        for (int i = 0; i < count(); i++) {
            B action = split.of(actions, i);
            if (!actionSpace().contains(action)) {
                throw actionSpace().refusal("vector", "an action for slot " + i, action);
            }
        }
        each(i -> stepSlot(i, split.of(actions, i)));
    }

    private void stepSlot(int i, B action) {
        Env<float[], B> slot = slots.get(i);
        Step<float[]> step = slot.step(action);
        rewards[i] = (float) step.reward();
        terminated[i] = step.terminated();
        truncated[i] = step.truncated();
        put(step.observation(), finals, i);
        put(step.done() ? slot.reset() : step.observation(), observations, i);
    }

    private void put(float[] observation, float[] into, int slot) {
        if (observation.length != size) {
            throw space.refusal("vector", "an observation of slot " + slot, observation);
        }
        System.arraycopy(observation, 0, into, slot * size, size);
    }

    /// Does it for every slot. A slot writes nothing but its own rows.
    private void each(IntConsumer work) {
        ExecutorService threadsOfMine = pool;
        if (threadsOfMine == null) {
            for (int i = 0; i < count(); i++) {
                work.accept(i);
            }
            return;
        }
        var next = new AtomicInteger();
        List<Future<?>> tasks = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            tasks.add(threadsOfMine.submit(() -> {
                for (int from = next.getAndAdd(BLOCK); from < count(); from = next.getAndAdd(BLOCK)) {
                    for (int i = from; i < Math.min(count(), from + BLOCK); i++) {
                        work.accept(i);
                    }
                }
            }));
        }
        for (Future<?> task : tasks) {
            await(task);
        }
    }

    private static void await(Future<?> task) {
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[vector] interrupted while slots stepped", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException problem
                    ? problem
                    : new IllegalStateException("[vector] a slot failed", e.getCause());
        }
    }

    @Override
    public float[] observations() {
        return observations;
    }

    @Override
    public float[] finalObservations() {
        return finals;
    }

    @Override
    public float[] rewards() {
        return rewards;
    }

    @Override
    public boolean[] terminated() {
        return terminated;
    }

    @Override
    public boolean[] truncated() {
        return truncated;
    }

    @Override
    public void close() {
        slots.forEach(Env::close);
        ExecutorService threadsOfMine = pool;
        if (threadsOfMine != null) {
            threadsOfMine.shutdown();
        }
    }
}
