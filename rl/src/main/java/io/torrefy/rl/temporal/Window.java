package io.torrefy.rl.temporal;

/// The last n steps of an episode, for targets of n rewards. At the end of an episode the window runs empty from the
/// front.
final class Window {
    private final int[] entries;
    private final double[] rewards;
    private int first;
    private int size;

    /// @throws IllegalArgumentException if n < 1
    Window(int n, int longest) {
        if (n < 1) {
            throw new IllegalArgumentException("[learn] expected n of at least 1; got " + n + ".");
        }
        entries = new int[Math.min(n, longest)];
        rewards = new double[entries.length];
    }

    /// Adds a step: the entry of the table that it left from, and what it paid.
    void add(int entry, double reward) {
        int at = (first + size++) % entries.length;
        entries[at] = entry;
        rewards[at] = reward;
    }

    boolean full() {
        return size == entries.length;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// The entry of the oldest step.
    int entry() {
        return entries[first];
    }

    /// The discounted rewards from the oldest step on, then what comes after them.
    double target(double gamma, double after) {
        double target = after;
        for (int i = size - 1; i >= 0; i--) {
            target = rewards[(first + i) % rewards.length] + gamma * target;
        }
        return target;
    }

    /// Forgets the oldest step.
    void drop() {
        first = (first + 1) % entries.length;
        size--;
    }
}
