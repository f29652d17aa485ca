package io.torrefy.data.internal;

import io.torrefy.data.FeatureValues.Longs;
import io.torrefy.data.FeatureValues.Strings;
import io.torrefy.data.Fingerprint64;
import org.jspecify.annotations.Nullable;

/// Turns single values into ids.
public sealed interface Lookup {
    /// Puts the ids of values `from..to` into the same places of `ids`. Missing values get any id; they are dropped
    /// later.
    void fill(Cells cells, int from, int to, long[] ids);

    /// By fingerprint.
    record Hashed(Remainder buckets, boolean unsigned) implements Lookup {
        @Override
        public void fill(Cells cells, int from, int to, long[] ids) {
            fingerprints(cells, from, to, unsigned, ids);
            for (int i = from; i < to; i++) {
                ids[i] = buckets.of(ids[i]);
            }
        }
    }

    /// By place in a list of strings.
    record Words(Vocabulary vocabulary, Unknown unknown) implements Lookup {
        @Override
        public void fill(Cells cells, int from, int to, long[] ids) {
            var strings = (Strings) cells.values();
            byte[] bytes = strings.bytes();
            int[] offsets = strings.offsets();
            for (int i = from; i < to; i++) {
                int at = offsets[i];
                int length = offsets[i + 1] - at;
                long print = Fingerprint64.of(bytes, at, length);
                int found = vocabulary.find(bytes, at, length, print);
                ids[i] = found >= 0 ? found : unknown.id(print);
            }
        }
    }

    /// By place in a list of integers.
    record Integers(LongVocabulary vocabulary, Unknown unknown) implements Lookup {
        @Override
        public void fill(Cells cells, int from, int to, long[] ids) {
            long[] values = ((Longs) cells.values()).array();
            for (int i = from; i < to; i++) {
                int found = vocabulary.find(values[i]);
                ids[i] = found >= 0
                        ? found
                        : unknown.buckets() == 0 ? unknown.id(0) : unknown.id(Fingerprint64.ofDecimal(values[i]));
            }
        }
    }

    /// What a value that is not in a vocabulary gets: `otherwise`, or, with buckets, an id behind the vocabulary.
    record Unknown(long size, int buckets, long otherwise) {
        long id(long print) {
            return buckets == 0 ? otherwise : size + Long.remainderUnsigned(print, buckets);
        }
    }

    /// The value itself.
    ///
    /// @param otherwise what a value out of range becomes; null to refuse it where `strict`, else to let it pass
    record Identity(long buckets, @Nullable Long otherwise, boolean strict) implements Lookup {
        @Override
        public void fill(Cells cells, int from, int to, long[] ids) {
            long[] values = ((Longs) cells.values()).array();
            for (int i = from; i < to; i++) {
                long value = values[i];
                boolean outside = value < 0 || value >= buckets;
                if (outside && otherwise == null && strict && value != -1) {
                    throw new RowException(
                            "expected ids in [0, " + buckets + ") in feature \"" + cells.key() + "\"; got " + value,
                            cells.rowOf(i),
                            "give the column a default_value for ids out of range");
                }
                ids[i] = outside && otherwise != null ? otherwise : value;
            }
        }
    }

    /// Puts the fingerprints of values `from..to` into the same places of `out`; integers hash as their digits.
    static void fingerprints(Cells cells, int from, int to, boolean unsigned, long[] out) {
        if (cells.values() instanceof Strings strings) {
            byte[] bytes = strings.bytes();
            int[] offsets = strings.offsets();
            for (int i = from; i < to; i++) {
                out[i] = Fingerprint64.of(bytes, offsets[i], offsets[i + 1] - offsets[i]);
            }
            return;
        }
        long[] values = ((Longs) cells.values()).array();
        for (int i = from; i < to; i++) {
            out[i] = unsigned && values[i] < 0
                    ? Fingerprint64.of(Long.toUnsignedString(values[i]))
                    : Fingerprint64.ofDecimal(values[i]);
        }
    }
}
