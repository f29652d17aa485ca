package io.torrefy.data.internal;

import java.util.Arrays;

/// Integers and their places: a table with open addressing.
public final class LongVocabulary {
    private static final long MIX = 0x9e3779b97f4a7c15L;

    private final long[] keys;
    private final int[] entries;
    private final int shift;

    private LongVocabulary(int size) {
        int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, size)) * 4);
        keys = new long[capacity];
        entries = new int[capacity];
        Arrays.fill(entries, -1);
        shift = Long.SIZE - Integer.numberOfTrailingZeros(capacity);
    }

    /// All of `values`.
    ///
    /// @throws IllegalArgumentException if one of them occurs twice; `where` says of what
    public static LongVocabulary of(long[] values, String where) {
        var made = new LongVocabulary(values.length);
        for (int i = 0; i < values.length; i++) {
            int other = made.find(values[i]);
            if (other >= 0) {
                throw new IllegalArgumentException("[vocabulary] expected every entry of " + where + " once; got key "
                        + values[i] + " at " + other + " and, a different value for the same key, at " + i + ".");
            }
            made.add(values[i], i);
        }
        return made;
    }

    private void add(long value, int entry) {
        int slot = slot(value);
        while (entries[slot] >= 0) {
            slot = (slot + 1) & (keys.length - 1);
        }
        keys[slot] = value;
        entries[slot] = entry;
    }

    private int slot(long value) {
        return (int) (value * MIX >>> shift);
    }

    /// The place of `value`; -1 if it is not in it.
    public int find(long value) {
        for (int slot = slot(value); entries[slot] >= 0; slot = (slot + 1) & (keys.length - 1)) {
            if (keys[slot] == value) {
                return entries[slot];
            }
        }
        return -1;
    }
}
