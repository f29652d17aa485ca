package io.torrefy.data.internal;

import io.torrefy.data.FeatureValues.Strings;
import io.torrefy.data.Fingerprint64;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Byte strings and their places: a table with open addressing on the fingerprint; bytes are compared before a string
/// counts as found.
public final class Vocabulary {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final byte[] bytes;
    private final int[] offsets;
    private final long[] prints;
    private final int[] entries;
    private final int mask;

    private Vocabulary(byte[] bytes, int[] offsets, int size) {
        this.bytes = bytes;
        this.offsets = offsets;
        int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, size)) * 4);
        prints = new long[capacity];
        entries = new int[capacity];
        Arrays.fill(entries, -1);
        mask = capacity - 1;
    }

    /// The first `size` strings.
    ///
    /// @throws IllegalArgumentException if one of them occurs twice; `where` says of what
    public static Vocabulary of(Strings strings, int size, String where) {
        var made = new Vocabulary(strings.bytes(), strings.offsets(), size);
        for (int i = 0; i < size; i++) {
            made.add(i, where);
        }
        return made;
    }

    private void add(int entry, String where) {
        int at = offsets[entry];
        int length = offsets[entry + 1] - at;
        long print = Fingerprint64.of(bytes, at, length);
        int other = find(bytes, at, length, print);
        if (other >= 0) {
            throw new IllegalArgumentException("[vocabulary] expected every entry of " + where + " once; got key "
                    + new String(bytes, at, length, StandardCharsets.UTF_8) + " at " + other + " and, a different value"
                    + " for the same key, at " + entry + ".");
        }
        int slot = slot(print);
        while (entries[slot] >= 0) {
            slot = (slot + 1) & mask;
        }
        prints[slot] = print;
        entries[slot] = entry;
    }

    private int slot(long print) {
        return (int) (print ^ (print >>> 32)) & mask;
    }

    /// The place of `length` bytes of `s` from `at` on, whose fingerprint is `print`; -1 if they are not in it.
    public int find(byte[] s, int at, int length, long print) {
        for (int slot = slot(print); entries[slot] >= 0; slot = (slot + 1) & mask) {
            int entry = entries[slot];
            if (prints[slot] == print
                    && offsets[entry + 1] - offsets[entry] == length
                    && same(bytes, offsets[entry], s, at, length)) {
                return entry;
            }
        }
        return -1;
    }

    /// Words are short: eight bytes at a time are faster than a call of the library's general method. The last
    /// eight may overlap those before.
    private static boolean same(byte[] a, int i, byte[] b, int j, int length) {
        if (length < Long.BYTES) {
            for (int k = 0; k < length; k++) {
                if (a[i + k] != b[j + k]) {
                    return false;
                }
            }
            return true;
        }
        for (int k = 0; k < length - Long.BYTES; k += Long.BYTES) {
            if ((long) LONGS.get(a, i + k) != (long) LONGS.get(b, j + k)) {
                return false;
            }
        }
        int last = length - Long.BYTES;
        return (long) LONGS.get(a, i + last) == (long) LONGS.get(b, j + last);
    }
}
