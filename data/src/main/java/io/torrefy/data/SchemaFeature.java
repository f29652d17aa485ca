package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a [FeatureSchema] says of one input: what a model is to see of it. The factories are the words of a schema:
///
/// ```java
/// FeatureSchema.of(
///         standardize("body mass"), quantiles("beak length", 10).embedding(4), vocabulary("island"),
///         vocabulary("tags").weightedBy("tag weights"), hashed("url", 1000), cross(100, "island", "beak length"),
///         label("species"));
/// ```
@Export(value = "data.SchemaFeature", since = "0.1")
public sealed interface SchemaFeature {
    /// The name of the column that it becomes.
    String column();

    /// The inputs that it reads.
    List<String> inputs();

    /// How the numbers of an input are scaled.
    enum Scaling {
        /// As they are.
        NUMERIC,
        /// To mean 0 and variance 1.
        STANDARDIZE,
        /// To 0 and 1 from the smallest and the largest.
        MINMAX,
        /// `log(1 + x)`, of numbers above -1.
        LOG1P
    }

    /// One number a row.
    ///
    /// @param missing what a row without one counts as, before it is scaled; null for the mean that is learned
    record Numeric(String input, Scaling scaling, @Nullable Double missing) implements SchemaFeature {
        public Numeric {
            Problems.of("schema")
                    .expect(
                            scaling != Scaling.LOG1P || missing == null || missing > -1,
                            "missing values above -1 for \"" + input + "\", which is log1p",
                            String.valueOf(missing))
                    .raise();
        }

        @Override
        public String column() {
            return input;
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }

        /// With another value for rows without one.
        public Numeric missing(double value) {
            return new Numeric(input, scaling, value);
        }
    }

    /// The interval that the one number of a row lies in.
    ///
    /// @param quantiles how many intervals that hold equally many rows; 0 where boundaries are given
    /// @param boundaries strictly increasing; empty where they are learned
    /// @param missing what a row without a number counts as; null for the median that is learned
    /// @param dimension of an embedding; 0 for one-hot
    record Buckets(
            String input,
            int quantiles,
            List<Double> boundaries,
            @Nullable Double missing,
            int dimension) implements SchemaFeature {
        public Buckets {
            boundaries = List.copyOf(boundaries);
            Problems.of("schema")
                    .expect(
                            boundaries.isEmpty() ? quantiles >= 2 : quantiles == 0,
                            "2 or more quantile buckets, or boundaries, for \"" + input + "\"",
                            quantiles + " and " + boundaries)
                    .raise();
            checkDimension(input, dimension);
        }

        @Override
        public String column() {
            return input + "_bucketized";
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }

        /// With another value for rows without one.
        public Buckets missing(double value) {
            return new Buckets(input, quantiles, boundaries, value, dimension);
        }

        /// With trained vectors in place of one-hot ones.
        public Buckets embedding(int length) {
            return new Buckets(input, quantiles, boundaries, missing, length);
        }
    }

    /// Any number of words (text or integers) a row, by their place in a vocabulary that is learned.
    ///
    /// @param type text or integers
    /// @param minCount how often a word must occur
    /// @param maxSize how many words at most, the most frequent ones
    /// @param oovBuckets how many ids all other words share; 0: they are unknown
    /// @param weight the input that has a weight for each word; null for none
    /// @param dimension of an embedding; 0 for counts of words
    record Vocabulary(
            String input,
            FieldType type,
            long minCount,
            int maxSize,
            int oovBuckets,
            @Nullable String weight,
            int dimension)
            implements SchemaFeature {
        public Vocabulary {
            checkWords(input, type);
            Problems.of("schema")
                    .expect(minCount >= 1, "a min_count of at least 1 for \"" + input + "\"", minCount)
                    .expect(maxSize >= 1, "a max_size of at least 1 for \"" + input + "\"", maxSize)
                    .expect(oovBuckets >= 0, "oov_buckets of 0 or more for \"" + input + "\"", oovBuckets)
                    .raise();
            checkDimension(input, dimension);
        }

        @Override
        public String column() {
            return weighted(input, weight);
        }

        @Override
        public List<String> inputs() {
            return SchemaFeature.inputs(input, weight);
        }

        /// Of words that occur so often.
        public Vocabulary minCount(long value) {
            return new Vocabulary(input, type, value, maxSize, oovBuckets, weight, dimension);
        }

        /// Of so many words.
        public Vocabulary maxSize(int value) {
            return new Vocabulary(input, type, minCount, value, oovBuckets, weight, dimension);
        }

        /// With so many ids for all other words.
        public Vocabulary oovBuckets(int value) {
            return new Vocabulary(input, type, minCount, maxSize, value, weight, dimension);
        }

        /// With a weight for each word.
        public Vocabulary weightedBy(String name) {
            return new Vocabulary(input, type, minCount, maxSize, oovBuckets, name, dimension);
        }

        /// With trained vectors in place of counts.
        public Vocabulary embedding(int length) {
            return new Vocabulary(input, type, minCount, maxSize, oovBuckets, weight, length);
        }
    }

    /// Any number of words a row, by their hash.
    ///
    /// @param type text or integers
    /// @param buckets how many ids
    /// @param weight the input that has a weight for each word; null for none
    /// @param dimension of an embedding; 0: it is for wide models only
    record Hashed(
            String input,
            FieldType type,
            long buckets,
            @Nullable String weight,
            int dimension) implements SchemaFeature {
        public Hashed {
            checkWords(input, type);
            Problems.of("schema")
                    .expect(buckets >= 1, "at least 1 bucket for \"" + input + "\"", buckets)
                    .raise();
            checkDimension(input, dimension);
        }

        @Override
        public String column() {
            return weighted(input, weight);
        }

        @Override
        public List<String> inputs() {
            return SchemaFeature.inputs(input, weight);
        }

        /// With a weight for each word.
        public Hashed weightedBy(String name) {
            return new Hashed(input, type, buckets, name, dimension);
        }

        /// With trained vectors.
        public Hashed embedding(int length) {
            return new Hashed(input, type, buckets, weight, length);
        }
    }

    /// Any number of integers a row that are ids already.
    ///
    /// @param buckets how many; 0 for one more than the largest that is learned
    /// @param defaultId what an id outside becomes; null to refuse it
    /// @param dimension of an embedding; 0 for counts of ids
    record Identity(String input, long buckets, @Nullable Long defaultId, int dimension) implements SchemaFeature {
        public Identity {
            Problems.of("schema")
                    .expect(buckets >= 0, "0 or more buckets for \"" + input + "\"", buckets)
                    .expect(
                            defaultId == null || defaultId >= 0 && (buckets == 0 || defaultId < buckets),
                            "a default for \"" + input + "\" that is an id",
                            String.valueOf(defaultId))
                    .raise();
            checkDimension(input, dimension);
        }

        @Override
        public String column() {
            return input;
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }

        /// With trained vectors in place of counts.
        public Identity embedding(int length) {
            return new Identity(input, buckets, defaultId, length);
        }

        /// With `id` in the place of every id that is none of `0..buckets`.
        public Identity defaultId(long id) {
            return new Identity(input, buckets, id, dimension);
        }
    }

    /// Every combination of one value of each input, hashed. Inputs may have many values a row. Numbers are crossed
    /// by their buckets.
    ///
    /// @param dimension of an embedding; 0: it is for wide models only
    record Cross(List<String> inputs, long buckets, int dimension) implements SchemaFeature {
        public Cross {
            inputs = List.copyOf(inputs);
            Problems.of("schema")
                    .expect(inputs.size() >= 2, "two or more inputs to cross", inputs)
                    .expect(buckets >= 1, "at least 1 bucket for the cross of " + inputs, buckets)
                    .raise();
            checkDimension(inputs.toString(), dimension);
        }

        /// Names of inputs; the column's own has `_bucketized` at each that is.
        @Override
        public String column() {
            return inputs.stream().sorted(FeatureColumns.BY_CODE_POINT).collect(Collectors.joining("_X_"));
        }

        /// With trained vectors.
        public Cross embedding(int length) {
            return new Cross(inputs, buckets, length);
        }
    }

    /// What is to be predicted: one value a row. Text and integers are classes, in the order of their values;
    /// numbers are targets.
    record Label(String input, FieldType type) implements SchemaFeature {
        @Override
        public String column() {
            return input;
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }
    }

    /// Numbers as they are.
    static Numeric numeric(String input) {
        return new Numeric(input, Scaling.NUMERIC, null);
    }

    /// Numbers of mean 0 and variance 1.
    static Numeric standardize(String input) {
        return new Numeric(input, Scaling.STANDARDIZE, null);
    }

    /// Numbers from 0 to 1.
    static Numeric minmax(String input) {
        return new Numeric(input, Scaling.MINMAX, null);
    }

    /// `log(1 + x)`. A number of -1 or less is an error, in fitting and in encoding.
    static Numeric log1p(String input) {
        return new Numeric(input, Scaling.LOG1P, null);
    }

    /// Numbers by intervals that hold equally many rows.
    static Buckets quantiles(String input, int buckets) {
        return new Buckets(input, buckets, List.of(), null, 0);
    }

    /// Numbers by these intervals.
    static Buckets boundaries(String input, double... boundaries) {
        return new Buckets(input, 0, Arrays.stream(boundaries).boxed().toList(), null, 0);
    }

    /// Text by a vocabulary of all words, at most 100 000, and one id for others.
    static Vocabulary vocabulary(String input) {
        return vocabulary(input, FieldType.STRING);
    }

    /// Text or integers by a vocabulary of all, at most 100 000, and one id for others.
    static Vocabulary vocabulary(String input, FieldType type) {
        return new Vocabulary(input, type, 1, 100_000, 1, null, 0);
    }

    /// Text by its hash.
    static Hashed hashed(String input, long buckets) {
        return hashed(input, FieldType.STRING, buckets);
    }

    /// Text or integers by their hash.
    static Hashed hashed(String input, FieldType type, long buckets) {
        return new Hashed(input, type, buckets, null, 0);
    }

    /// Integers that are ids, as many as the data has.
    static Identity identity(String input) {
        return identity(input, 0);
    }

    /// Integers that are ids.
    static Identity identity(String input, long buckets) {
        return new Identity(input, buckets, null, 0);
    }

    /// Combinations of inputs.
    static Cross cross(long buckets, String... inputs) {
        return new Cross(List.of(inputs), buckets, 0);
    }

    /// Text to predict.
    static Label label(String input) {
        return label(input, FieldType.STRING);
    }

    /// What to predict.
    static Label label(String input, FieldType type) {
        return new Label(input, type);
    }

    private static String weighted(String input, @Nullable String weight) {
        return weight == null ? input : input + "_weighted_by_" + weight;
    }

    private static List<String> inputs(String input, @Nullable String weight) {
        return weight == null ? List.of(input) : List.of(input, weight);
    }

    private static void checkWords(String input, FieldType type) {
        Problems.of("schema")
                .expect(type != FieldType.DOUBLE, "text or integers in \"" + input + "\"", "numbers")
                .raise();
    }

    private static void checkDimension(String input, int dimension) {
        Problems.of("schema")
                .expect(dimension >= 0, "an embedding of dimension 0 or more for \"" + input + "\"", dimension)
                .raise();
    }
}
