package io.torrefy.rl;

import io.torrefy.export.Export;

/// Several environments of a kind that step together, in arrays of numbers. A slot whose episode is done begins the
/// next one within the same step (Gymnasium's `AutoresetMode.SAME_STEP`), so that every transition is a real one: act
/// on [#observations], learn from [#finalObservations], bootstrap where a slot is not [#terminated].
///
/// Slot i is the environment by itself under seed + i, bit for bit. The arrays are this object's own, the same ones
/// in every step: copy what has to outlive the next.
///
/// @param <A> actions of all slots: `int[count]` of numbered ones, `float[count * size]` of vectors, row by row
@Export(value = "rl.VectorEnv", since = "0.1")
public interface VectorEnv<A> extends AutoCloseable {
    /// How many slots.
    int count();

    /// Of one slot.
    Box observationSpace();

    /// Of one slot: [Discrete] or [Box].
    Space<?> actionSpace();

    /// Begins an episode in every slot; slot i is seeded with `seed + i`, all that follows too.
    void reset(long seed);

    /// Takes one action in every slot, and resets the slots that are done.
    ///
    /// @throws IllegalStateException before the first reset
    /// @throws IllegalArgumentException that names the slot of an action that is not one
    void step(A actions);

    /// (count, size), row by row: what to act on, of a new episode where the last one is done.
    float[] observations();

    /// (count, size): what was seen after the actions. It differs from [#observations] only where an episode is
    /// done, and has the last observation of that one.
    float[] finalObservations();

    /// (count) of the last step.
    float[] rewards();

    /// (count): where a terminal state was reached.
    boolean[] terminated();

    /// (count): where an episode was cut short; its last observation has a value to bootstrap from.
    boolean[] truncated();

    /// Whether the episode of a slot ended with the last step.
    default boolean done(int slot) {
        return terminated()[slot] || truncated()[slot];
    }

    @Override
    default void close() {}
}
