package io.torrefy.tensor.internal;

import io.torrefy.tensor.TokenChoice;

/// A sequence of kernels over rows of fixed buffers, put together once and run for every token: see
/// [io.torrefy.tensor.Program]. Addresses and strides as in [Backend]; buffers hold as many rows as a run may have.
/// Every kernel gives a row the bits that [Backend]'s own kernel of that name gives it.
public interface StepProgram {
    /// `y[r] = table[ids[r]]`, or the row of its position, added to y if asked.
    void embed(long width, long table, boolean byPosition, boolean add, long y);

    void rmsNorm(long n, long x, long w, float eps, long y);

    void layerNorm(long n, long x, long w, long b, float eps, long y);

    /// What a product ends with.
    enum Ending {
        /// `y = x W`.
        STORE,
        /// `y = residual + x W`.
        ADD,
        /// The tanh form of GELU.
        GELU,
        /// `y = silu(x W_0) * x W_1`.
        SWIGLU
    }

    /// Products of x (rows, k) with packed matrices of k rows, side by side in y: matrix i has `columns[i]`.
    ///
    /// @param biases 0 for none
    /// @param scratch memory of as many rows and columns as the product before its ending, for ADD and SWIGLU
    void linear(long k, long x, PackedMatrix[] weights, long[] biases, Ending ending, long scratch, long y);

    /// `y[r] = y[r] + scale x[r]`, first the product and then the sum, rows of y `stride` apart. x is overwritten.
    void scaledAdd(long n, long x, float scale, long y, long stride);

    /// `y[r] = y[r] + x[r]`.
    void add(long n, long x, long y);

    /// `y[r] = silu(x[r][0 .. n]) * x[r][n .. 2n]`.
    void swiglu(long n, long x, long y);

    /// Attention of one new token a row over its slot of a key-value cache, which takes the token's key and value.
    void attend(CachedAttention step);

    /// Chooses a token of each row of logits.
    void choose(long n, long logits);

    /// The rows' inputs and, after a run, what was chosen.
    Rows rows();

    /// Runs everything for the first `count` rows.
    void run(int count, TokenChoice choice);

    /// @param ids the token of each row
    /// @param positions its place in its sequence
    /// @param slots the cache slot of its sequence
    /// @param streams of random numbers
    /// @param draws the position in the stream
    /// @param chosen the token chosen
    /// @param logProbs its log-probability
    record Rows(int[] ids, int[] positions, int[] slots, long[] streams, int[] draws, int[] chosen, float[] logProbs) {
        public static Rows of(int count) {
            return new Rows(
                    new int[count],
                    new int[count],
                    new int[count],
                    new long[count],
                    new int[count],
                    new int[count],
                    new float[count]);
        }
    }

    /// @param qkv rows of queries, keys and values, side by side
    /// @param queryNorm weights of RMSNorm on each head, 0 for none; also `keyNorm`
    /// @param cos table (positions, dim / 2), 0 for no rotation; also `sin`
    /// @param keys cache of up to `capacity` tokens a slot, strides in elements; also `values`
    record CachedAttention(
            int heads,
            int kvHeads,
            int dim,
            long qkv,
            long queryNorm,
            long keyNorm,
            float eps,
            long cos,
            long sin,
            int capacity,
            long keys,
            long values,
            long slotStride,
            long tokenStride,
            long headStride,
            long y) {}
}
