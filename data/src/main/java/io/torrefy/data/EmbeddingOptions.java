package io.torrefy.data;

import io.torrefy.data.internal.Problems;
import io.torrefy.export.Export;
import org.jspecify.annotations.Nullable;

/// What embedding columns have in common.
///
/// @param dimension how long a vector is, at least 1
/// @param combiner how the vectors of a row's ids become one
/// @param initializer how the table begins; by default truncated normal of deviation `1 / sqrt(dimension)`
/// @param ckptToLoadFrom the checkpoint that the table begins with, null for none; together with `tensorNameInCkpt`
/// @param maxNorm vectors longer than this are shortened to it when they are looked up; null for no limit
/// @param trainable whether the table wants gradients
/// @param useSafeEmbeddingLookup whether ids below 0 (unknown values) and, but for sums, weights of 0 or less are left
///     out; otherwise an id below 0 is an error. Rows without ids give zeros either way, but for
///     [ColumnMode#TF_COMPAT], in which those at the end of a batch vanish without it, as in TensorFlow
@Export(value = "feature_column.EmbeddingOptions", since = "0.1")
public record EmbeddingOptions(
        int dimension,
        Combiner combiner,
        EmbeddingInitializer initializer,
        @Nullable String ckptToLoadFrom,
        @Nullable String tensorNameInCkpt,
        @Nullable Double maxNorm,
        boolean trainable,
        boolean useSafeEmbeddingLookup) {
    public EmbeddingOptions {
        Problems.of("embeddingColumn")
                .expect(dimension >= 1, "a dimension of at least 1", "invalid dimension " + dimension)
                .expect(
                        (ckptToLoadFrom == null) == (tensorNameInCkpt == null),
                        "both ckpt_to_load_from and tensor_name_in_ckpt or none of them",
                        ckptToLoadFrom + " and " + tensorNameInCkpt)
                .expect(maxNorm == null || maxNorm > 0, "a max_norm above 0", String.valueOf(maxNorm))
                .raise();
    }

    /// Mean, the default initializer, no limit, trainable.
    public static EmbeddingOptions of(int dimension) {
        return new EmbeddingOptions(
                dimension, Combiner.MEAN, EmbeddingInitializer.defaultFor(dimension), null, null, null, true, true);
    }

    /// With another combiner.
    public EmbeddingOptions withCombiner(Combiner value) {
        return new EmbeddingOptions(
                dimension,
                value,
                initializer,
                ckptToLoadFrom,
                tensorNameInCkpt,
                maxNorm,
                trainable,
                useSafeEmbeddingLookup);
    }

    /// With another initializer.
    public EmbeddingOptions withInitializer(EmbeddingInitializer value) {
        return new EmbeddingOptions(
                dimension,
                combiner,
                value,
                ckptToLoadFrom,
                tensorNameInCkpt,
                maxNorm,
                trainable,
                useSafeEmbeddingLookup);
    }

    /// With a limit for the length of vectors.
    public EmbeddingOptions withMaxNorm(double value) {
        return new EmbeddingOptions(
                dimension,
                combiner,
                initializer,
                ckptToLoadFrom,
                tensorNameInCkpt,
                value,
                trainable,
                useSafeEmbeddingLookup);
    }

    /// Trainable or not.
    public EmbeddingOptions withTrainable(boolean value) {
        return new EmbeddingOptions(
                dimension,
                combiner,
                initializer,
                ckptToLoadFrom,
                tensorNameInCkpt,
                maxNorm,
                value,
                useSafeEmbeddingLookup);
    }
}
