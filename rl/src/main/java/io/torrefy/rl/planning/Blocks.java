package io.torrefy.rl.planning;

import io.torrefy.tensor.Threads;

/// States in blocks of a fixed size for Torrefy's threads: how many there are never changes who is in which.
final class Blocks {
    /// Its values, actions and rows fit into a second-level cache.
    static final int SIZE = 8192;

    private Blocks() {}

    /// What to do with the states `[from, to)`.
    @FunctionalInterface
    interface Body {
        void run(int from, int to);
    }

    static int count(int states) {
        return (states + SIZE - 1) / SIZE;
    }

    static void each(int states, Body body) {
        Threads.run(count(states), block -> body.run(block * SIZE, Math.min(states, (block + 1) * SIZE)));
    }
}
