package io.torrefy.data;

import io.torrefy.data.internal.InputState;
import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a pass over the data learned of one raw feature.
///
/// @param type what it holds
/// @param rows how many rows there were
/// @param missing how many of them had no value
/// @param values how many values there were
/// @param fewest the fewest values of a row
/// @param most the most values of a row
/// @param numbers of integers and numbers, if there were finite ones
/// @param integers of integers, if there were any
/// @param lengths of strings, if there were any
/// @param words of strings and integers
@Export(value = "data.FeatureStatistics", since = "0.1")
public record FeatureStatistics(
        FieldType type,
        long rows,
        long missing,
        long values,
        int fewest,
        int most,
        @Nullable Numbers numbers,
        @Nullable Integers integers,
        @Nullable Lengths lengths,
        @Nullable Words words) {
    /// Of numbers.
    ///
    /// @param count how many there were, without those that are not finite
    /// @param notFinite how many were infinite; NaN is a missing value
    /// @param variance of the population
    /// @param quantiles at 0 %, 5 %, … 100 %, 21 of them
    /// @param rankError by how many places a quantile may be off
    public record Numbers(
            long count,
            long notFinite,
            double mean,
            double variance,
            double min,
            double max,
            List<Double> quantiles,
            long rankError) {
        public Numbers {
            quantiles = List.copyOf(quantiles);
        }
    }

    /// The range of integers, exactly: doubles are not beyond 2⁵³.
    public record Integers(long smallest, long largest) {}

    /// How long strings are, in bytes of UTF-8.
    public record Lengths(int shortest, int longest, double mean) {}

    /// Of words, the most frequent first; of those that occur equally often the lower code points, or the smaller
    /// number, first (Keras' `StringLookup` has the higher ones first).
    ///
    /// @param distinct how many different ones were still counted at the end; all there are where `exact`
    /// @param error by how much a count may be too low; a word that is not counted occurs at most that often
    /// @param exact whether the bound of memory was never reached
    /// @param words at least those that a vocabulary took, else the 1000 most frequent
    public record Words(int distinct, long error, boolean exact, List<Word> words) {
        public Words {
            words = List.copyOf(words);
        }
    }

    /// A string or a `Long`, and how often it occurs.
    public record Word(Object value, long count) {}

    static FeatureStatistics of(InputState state, int keep) {
        return new FeatureStatistics(
                state.type(),
                state.rows(),
                state.missing(),
                state.values(),
                state.fewest(),
                state.most(),
                state.moments().count() == 0 ? null : numbers(state),
                integers(state),
                lengths(state),
                state.type() == FieldType.DOUBLE ? null : words(state, keep));
    }

    private static @Nullable Integers integers(InputState state) {
        return state.type() == FieldType.LONG && state.values() > 0
                ? new Integers(state.smallest(), state.largest())
                : null;
    }

    private static @Nullable Lengths lengths(InputState state) {
        return state.type() == FieldType.STRING && state.values() > 0
                ? new Lengths(state.shortest(), state.longest(), (double) state.bytes() / state.values())
                : null;
    }

    private static Numbers numbers(InputState state) {
        var moments = state.moments();
        double[] shares =
                IntStream.rangeClosed(0, 20).mapToDouble(i -> i / 20.0).toArray();
        double[] quantiles = state.quantiles().quantiles(shares);
        // The ends are known exactly.
        quantiles[0] = moments.min();
        quantiles[20] = moments.max();
        return new Numbers(
                moments.count(),
                moments.notFinite(),
                moments.mean(),
                moments.variance(),
                moments.min(),
                moments.max(),
                Arrays.stream(quantiles).boxed().toList(),
                state.quantiles().rankError());
    }

    private static Words words(InputState state, int keep) {
        var counted = state.frequencies();
        var entries = counted.entries();
        List<Word> words = entries.stream()
                .limit(keep)
                .map(e -> new Word(e.value(), e.count()))
                .toList();
        return new Words(entries.size(), counted.error(), counted.exact(), words);
    }
}
