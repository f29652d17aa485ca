package io.torrefy.data.internal;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How often each value occurs, in bounded memory: exactly up to a number of different values (and of characters in
/// them), from there on by the counters of Misra and Gries (Science of Computer Programming 2, 1982), which two counts
/// may share (Agarwal et al., Mergeable Summaries, PODS 2012). Where there are too many, the larger half stays and
/// every count loses what the first one dropped had. So a count is never too high, and too low by `error` at the most;
/// every value that occurs more often than that is there.
///
/// @param <T> strings or integers
public final class Frequencies<T> {
    private final int capacity;
    private final long room;
    private final Comparator<T> order;
    private final Map<T, long[]> counts = new HashMap<>();
    private long characters;
    private long total;
    private long error;
    private long dropped;

    /// One value and its count.
    public record Entry<T>(T value, long count) {}

    /// For so many different values, of so many characters, at a time.
    ///
    /// @param order of values that occur equally often
    public Frequencies(int capacity, long room, Comparator<T> order) {
        this.capacity = capacity;
        this.room = room;
        this.order = order;
    }

    /// Counts a value once.
    public void add(T value) {
        add(value, 1);
    }

    private void add(T value, long times) {
        total += times;
        put(value, times);
        while (counts.size() > capacity || characters > room && counts.size() > 1) {
            shrink();
        }
    }

    private void put(T value, long times) {
        long[] known = counts.get(value);
        if (known == null) {
            counts.put(value, new long[] {times});
            characters += size(value);
        } else {
            known[0] += times;
        }
    }

    private static long size(Object value) {
        return value instanceof String text ? text.length() : 0;
    }

    private void shrink() {
        long[] all = counts.values().stream().mapToLong(c -> c[0]).sorted().toArray();
        // The largest of the lower half; those above it stay, and no more of those that are equal to it.
        long less = all[(all.length - 1) / 2];
        error += less;
        counts.entrySet().removeIf(e -> {
            e.getValue()[0] -= less;
            boolean gone = e.getValue()[0] <= 0;
            if (gone) {
                characters -= size(e.getKey());
                dropped++;
            }
            return gone;
        });
    }

    /// Adds everything that `other` has counted.
    public void merge(Frequencies<T> other) {
        total += other.total;
        error += other.error;
        dropped += other.dropped;
        other.counts.forEach((value, count) -> put(value, count[0]));
        while (counts.size() > capacity || characters > room && counts.size() > 1) {
            shrink();
        }
    }

    /// The values by count, the highest first; of those that occur equally often by the given order.
    public List<Entry<T>> entries() {
        return counts.entrySet().stream()
                .map(e -> new Entry<>(e.getKey(), e.getValue()[0]))
                .sorted(Comparator.comparingLong((Entry<T> e) -> -e.count()).thenComparing(Entry::value, order))
                .toList();
    }

    /// How many values were counted, each as often as it occurred.
    public long total() {
        return total;
    }

    /// By how much a count may be too low; 0 where all are exact.
    public long error() {
        return error;
    }

    /// Whether no value was ever dropped.
    public boolean exact() {
        return dropped == 0;
    }
}
