package io.torrefy.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The slots of all features asked for, found by the bytes of a key as it lies in a record. Writers put the features
/// of every record in the same order as a rule, so the slot of the previous record's n-th feature is tried first; a
/// hash table answers where that fails.
final class FeatureSlots {
    private static final int EXPECTED = 1024;

    private final List<FeatureSlot> all = new ArrayList<>();
    private final Map<String, FeatureSlot> firstOfKey = new HashMap<>();
    private @Nullable FeatureSlot[] table = new FeatureSlot[16];
    private final @Nullable FeatureSlot[] expected = new FeatureSlot[EXPECTED];

    /// A slot for the feature `key`, beside those that it has.
    FeatureSlot add(String key, ValueKind kind, int count, Optional<FeatureValues> missing) {
        var slot = new FeatureSlot(key, kind, count, missing);
        all.add(slot);
        FeatureSlot first = firstOfKey.putIfAbsent(key, slot);
        if (first == null) {
            insert(slot);
        } else {
            slot.next = first.next;
            first.next = slot;
        }
        return slot;
    }

    private void insert(FeatureSlot slot) {
        if (2 * firstOfKey.size() > table.length) {
            table = new FeatureSlot[2 * table.length];
            firstOfKey.values().forEach(this::place);
        } else {
            place(slot);
        }
    }

    private void place(FeatureSlot slot) {
        int at = hash(slot.key, 0, slot.key.length) & (table.length - 1);
        while (table[at] != null) {
            at = (at + 1) & (table.length - 1);
        }
        table[at] = slot;
    }

    private static int hash(byte[] bytes, int from, int length) {
        int hash = length;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash ^ hash >>> 15;
    }

    /// The first slot of the key of `length` bytes at `from`, if it was asked for.
    ///
    /// @param nth which feature of its record it is
    @Nullable
    FeatureSlot find(byte[] bytes, int from, int length, int nth) {
        int place = nth & (EXPECTED - 1);
        FeatureSlot likely = expected[place];
        if (likely != null && equal(likely.key, bytes, from, length)) {
            return likely;
        }
        FeatureSlot found = lookUp(bytes, from, length);
        if (found != null) {
            expected[place] = found;
        }
        return found;
    }

    private @Nullable FeatureSlot lookUp(byte[] bytes, int from, int length) {
        int at = hash(bytes, from, length) & (table.length - 1);
        for (FeatureSlot slot = table[at]; slot != null; slot = table[at]) {
            if (equal(slot.key, bytes, from, length)) {
                return slot;
            }
            at = (at + 1) & (table.length - 1);
        }
        return null;
    }

    private static boolean equal(byte[] key, byte[] bytes, int from, int length) {
        return Arrays.equals(key, 0, key.length, bytes, from, from + length);
    }

    List<FeatureSlot> all() {
        return all;
    }

    /// Notes the features of one `Features` message, which lies at the wire with its length in front, for `row`.
    void scan(Wire wire, int row) {
        int outer = wire.limit;
        wire.limit = wire.length() + wire.at;
        int nth = 0;
        while (wire.more()) {
            int tag = wire.tag();
            if (tag == (1 << 3 | Wire.BYTES)) {
                scanEntry(wire, row, nth++);
            } else {
                wire.skip(tag);
            }
        }
        wire.limit = outer;
    }

    private void scanEntry(Wire wire, int row, int nth) {
        int outer = wire.limit;
        wire.limit = wire.length() + wire.at;
        int keyAt = wire.at;
        int keyLength = 0;
        int valueAt = wire.at;
        int valueEnd = wire.at;
        while (wire.more()) {
            int tag = wire.tag();
            if (tag == (1 << 3 | Wire.BYTES)) {
                keyLength = wire.length();
                keyAt = wire.at;
                wire.at += keyLength;
            } else if (tag == (2 << 3 | Wire.BYTES)) {
                int length = wire.length();
                valueAt = wire.at;
                wire.at += length;
                valueEnd = wire.at;
            } else {
                wire.skip(tag);
            }
        }
        wire.limit = outer;
        for (FeatureSlot slot = find(wire.bytes, keyAt, keyLength, nth); slot != null; slot = slot.next) {
            slot.found(row, valueAt, valueEnd);
        }
    }
}
