package io.torrefy.lm;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/// The counts of neighbouring symbols over a set of words, kept right while pairs are merged.
final class PairCounts {
    /// A word and how often it occurs.
    static final class Word {
        int[] symbols;
        long count;

        Word(int[] symbols) {
            this.symbols = symbols;
        }
    }

    /// A pair and the words it is, or was, in.
    private static final class Pair {
        final int left;
        final int right;
        final Set<Word> words = new LinkedHashSet<>();
        long count;

        Pair(int left, int right) {
            this.left = left;
            this.right = right;
        }
    }

    /// A pair with the count it had when it was put in the queue.
    private record Entry(long count, Pair pair) {
        static final Comparator<Entry> MOST_FREQUENT = Comparator.comparingLong(Entry::count)
                .reversed()
                .thenComparingInt((Entry e) -> e.pair.left)
                .thenComparingInt((Entry e) -> e.pair.right);
    }

    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Entry> queue = new PriorityQueue<>(Entry.MOST_FREQUENT);

    PairCounts(Collection<Word> words) {
        Set<Pair> counted = new HashSet<>();
        for (Word word : words) {
            count(word, word.count, counted);
        }
        counted.forEach(pair -> queue.add(new Entry(pair.count, pair)));
    }

    /// Merges until `vocab` has `vocabSize` tokens or no pair occurs `minFrequency` times. New tokens go to the end
    /// of
    /// `vocab`.
    ///
    /// @return the merges in order, two tokens each
    List<String[]> learn(List<String> vocab, int vocabSize, int minFrequency) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < vocab.size(); id++) {
            ids.put(vocab.get(id), id);
        }
        List<String[]> merges = new ArrayList<>();
        while (vocab.size() < vocabSize && !queue.isEmpty()) {
            Entry best = queue.remove();
            Pair pair = best.pair;
            if (best.count != pair.count) {
                continue;
            }
            if (pair.count < Math.max(1, minFrequency)) {
                break;
            }
            String token = vocab.get(pair.left) + vocab.get(pair.right);
            int id = ids.computeIfAbsent(token, t -> {
                vocab.add(t);
                return vocab.size() - 1;
            });
            merges.add(new String[] {vocab.get(pair.left), vocab.get(pair.right)});
            merge(pair, id);
        }
        return merges;
    }

    private void merge(Pair pair, int id) {
        Set<Pair> changed = new LinkedHashSet<>();
        for (Word word : List.copyOf(pair.words)) {
            int[] merged = merged(word.symbols, pair.left, pair.right, id);
            if (merged.length < word.symbols.length) {
                count(word, -word.count, changed);
                word.symbols = merged;
                count(word, word.count, changed);
            }
        }
        for (Pair touched : changed) {
            if (touched.count > 0) {
                queue.add(new Entry(touched.count, touched));
            } else {
                pairs.remove(key(touched.left, touched.right));
            }
        }
    }

    private void count(Word word, long by, Collection<Pair> changed) {
        for (int i = 0; i + 1 < word.symbols.length; i++) {
            int left = word.symbols[i];
            int right = word.symbols[i + 1];
            Pair pair = pairs.computeIfAbsent(key(left, right), _ -> new Pair(left, right));
            pair.count += by;
            if (by > 0) {
                pair.words.add(word);
            }
            changed.add(pair);
        }
    }

    private static int[] merged(int[] symbols, int left, int right, int id) {
        var out = new IntSink(symbols.length);
        for (int i = 0; i < symbols.length; i++) {
            if (i + 1 < symbols.length && symbols[i] == left && symbols[i + 1] == right) {
                out.add(id);
                i++;
            } else {
                out.add(symbols[i]);
            }
        }
        return out.toArray();
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }
}
