package io.torrefy.data.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Quantiles of a stream in bounded memory, without chance: buffers of doubling weight, each of which is sorted when it
/// is full and hands every other item to the next (Manku, Rajagopalan and Lindsay, SIGMOD 1998; two sketches add up as
/// in Agarwal et al., Mergeable Summaries, PODS 2012).
///
/// A level of weight `w` that keeps the items of even places overestimates a rank by 0 or `w`, one that keeps the odd
/// ones underestimates it by as much. Each level takes the kind that it took less often, so that errors cancel, and
/// counts both: [#rankError] is a bound that holds, not a probable one. It is 0 up to 4096 numbers, at most 0.13 % of a
/// million and 0.25 % of a billion.
public final class QuantileSketch {
    private static final int CAPACITY = 4096;

    private final List<Level> levels = new ArrayList<>();
    private long count;

    private static final class Level {
        private double[] items = new double[16];
        private int size;
        private long evens;
        private long odds;

        void add(double x) {
            if (size == items.length) {
                items = Arrays.copyOf(items, size * 2);
            }
            items[size++] = x;
        }
    }

    /// Takes in a number that is not NaN.
    public void add(double x) {
        count++;
        level(0).add(x);
        if (level(0).size >= CAPACITY) {
            compact();
        }
    }

    /// Takes in everything that `other` has taken in.
    public void merge(QuantileSketch other) {
        count += other.count;
        for (int h = 0; h < other.levels.size(); h++) {
            Level from = other.levels.get(h);
            Level to = level(h);
            for (int i = 0; i < from.size; i++) {
                to.add(from.items[i]);
            }
            to.evens += from.evens;
            to.odds += from.odds;
        }
        compact();
    }

    private Level level(int h) {
        while (levels.size() <= h) {
            levels.add(new Level());
        }
        return levels.get(h);
    }

    private void compact() {
        for (int h = 0; h < levels.size(); h++) {
            if (levels.get(h).size >= CAPACITY) {
                halve(levels.get(h), level(h + 1));
            }
        }
    }

    /// An item without a partner, the largest, stays.
    private static void halve(Level from, Level to) {
        Arrays.sort(from.items, 0, from.size);
        int paired = from.size & ~1;
        boolean even = from.evens <= from.odds;
        for (int i = even ? 0 : 1; i < paired; i += 2) {
            to.add(from.items[i]);
        }
        from.items[0] = from.items[from.size - 1];
        from.size -= paired;
        if (even) {
            from.evens++;
        } else {
            from.odds++;
        }
    }

    /// How many numbers it has taken in.
    public long count() {
        return count;
    }

    /// By how many places a quantile's rank may be off.
    public long rankError() {
        long error = 0;
        for (int h = 0; h < levels.size(); h++) {
            error += Math.max(levels.get(h).evens, levels.get(h).odds) << h;
        }
        return error;
    }

    /// The quantiles of these shares: `q` of `n` numbers is the one of rank `ceil(q n)`, one of the numbers,
    /// nothing between two.
    ///
    /// @param shares increasing, each from 0 to 1
    /// @throws IllegalStateException if there are no numbers
    public double[] quantiles(double... shares) {
        return ofRanks(Arrays.stream(shares)
                .mapToLong(q -> (long) Math.ceil(q * count))
                .toArray());
    }

    /// Where to cut the numbers, `x < cut` to the left, into `parts` of equal count: the numbers of ranks
    /// `floor(i n / parts) + 1`.
    ///
    /// @throws IllegalStateException if there are no numbers
    public double[] cuts(int parts) {
        return ofRanks(IntStream.range(1, parts)
                .mapToLong(i -> Math.multiplyExact(count, i) / parts + 1)
                .toArray());
    }

    /// Numbers of these ranks, which increase and start at 1, each `rankError()` places off at the most.
    private double[] ofRanks(long[] ranks) {
        if (count == 0) {
            throw new IllegalStateException("[quantiles] expected numbers; got none.");
        }
        record Item(double value, long weight) {}
        List<Item> items = new ArrayList<>();
        for (int h = 0; h < levels.size(); h++) {
            for (int i = 0; i < levels.get(h).size; i++) {
                items.add(new Item(levels.get(h).items[i], 1L << h));
            }
        }
        items.sort((a, b) -> Double.compare(a.value(), b.value()));
        var found = new double[ranks.length];
        int at = -1;
        long rank = 0;
        for (int r = 0; r < ranks.length; r++) {
            long wanted = Math.clamp(ranks[r], 1, count);
            while (rank < wanted) {
                rank += items.get(++at).weight();
            }
            found[r] = items.get(at).value();
        }
        return found;
    }
}
