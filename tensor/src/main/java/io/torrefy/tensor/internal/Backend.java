package io.torrefy.tensor.internal;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.TokenChoice;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The kernels of one device. Arguments arrive validated: shapes agree, dtypes are ones the method says it takes.
/// Addresses are device pointers in bytes; strides and counts are in elements. "Dense" means row-major without gaps.
/// Outputs never overlap inputs unless a method says that they may.
///
/// Every kernel gives the same bits on any number of threads: work is split into blocks whose size depends on the
/// problem alone, and partial results are combined in block order.
public interface Backend {
    String name();

    /// What it computes with, for people: `AVX-512, 16 floats`.
    String unit();

    /// Host threads that kernels use.
    int threads();

    /// Sets them for the kernels that follow.
    ///
    /// @throws IllegalArgumentException if n < 1
    void threads(int n);

    /// Runs tasks 0 to `tasks - 1` on them and returns when all have run.
    void run(int tasks, IntConsumer body);

    // ---- memory ------------------------------------------------------------------------------------------------

    /// Uninitialised memory, 64-byte aligned; throws OutOfMemoryError when there is none.
    long allocate(long bytes);

    void release(long address, long bytes);

    // ---- element-wise ------------------------------------------------------------------------------------------

    /// `y = cast(x)` over `shape`; x and y strided. Any dtype to any dtype: float to integer truncates, to BOOL
    /// tests for non-zero, f32 to bf16/f16 rounds to nearest even.
    void copy(DType from, DType to, long[] shape, long x, long[] xStrides, long y, long[] yStrides);

    void fill(DType type, long n, long y, double value);

    /// Dense; `y` may equal `x`. F32, F64 (ABS, NEG, SIGN, ADD/MUL_SCALAR, SQUARE, CLAMP also I64, I32; NOT: BOOL).
    void unary(UnaryOp op, DType type, long n, long x, long y, double p0, double p1);

    /// `y` dense over `shape`; a stride 0 broadcasts. `y` may equal a dense `a`. F32, F64; arithmetic also I64,
    /// I32.
    void binary(BinaryOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y);

    /// `y = gelu(x)`, by tanh, and `dx = gelu'(x) dy`, from one exponential an element. F32, dense; `dx` may be
    /// `dy`.
    void geluTanhWithGradient(long n, long x, long dy, long dx, long y);

    /// As binary, any dtype of the two arguments (equal), y BOOL.
    void compare(CompareOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y);

    /// `y = c ? a : b`, c BOOL, any dtype.
    void where(
            DType type,
            long[] shape,
            long c,
            long[] cStrides,
            long a,
            long[] aStrides,
            long b,
            long[] bStrides,
            long y);

    // ---- reductions and scans: dense x seen as (outer, n, inner) ------------------------------------------------

    /// Result (outer, inner). F32, F64, I64, I32 (SUM of f32 accumulates in several f32 lanes and fixed blocks).
    void reduce(ReduceOp op, DType type, long outer, long n, long inner, long x, long y);

    /// Running SUM or PROD along n. F32, F64, I64.
    void scan(ReduceOp op, DType type, long outer, long n, long inner, long x, long y);

    /// Sorts each row stably; NaN sorts as the largest. `indices` is I64. F32, F64, I64.
    void sort(DType type, long rows, long n, boolean descending, long x, long values, long indices);

    // ---- indexing: indices are I64, checked to be in range by the caller through `checkIndices` ------------------

    /// First position whose index is outside [0, limit) or -1.
    long findOutOfRange(long n, long indices, long limit);

    /// `y[o,j,i] = x[o, index[j], i]`, x (outer, n, inner), y (outer, m, inner). Any dtype.
    void indexSelect(DType type, long outer, long n, long inner, long m, long x, long index, long y);

    /// `y[o, index[j], i] += x[o,j,i]`, in the order of j. y (outer, n, inner). F32, F64, I64.
    void indexAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y);

    /// `y[index[j]] = x[j]`, rows of `width`. Any dtype.
    void indexCopy(DType type, long width, long m, long x, long index, long y);

    /// `y[o,j,i] = x[o, index[o,j,i], i]`, index (outer, m, inner). Any dtype.
    void gather(DType type, long outer, long n, long inner, long m, long x, long index, long y);

    /// `y[o, index[o,j,i], i] += x[o,j,i]`, in the order of j. F32, F64, I64.
    void scatterAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y);

    // ---- random ------------------------------------------------------------------------------------------------

    /// Philox4x32-10 keyed by (seed, stream): element e uses word `e % 4` of counter `(offset + e) / 4`; `offset`
    /// is a multiple of 4. The key is the seed (low word first), the counter (position low, high, stream low,
    /// high). Uniform in [0, 1): top 24 bits * 2^-24 (F32), or 53 bits (F64): the word, then the top 21 bits of the
    /// same word of the counter whose position has its top bit set.
    void uniform(DType type, long n, long seed, long stream, long offset, long y);

    /// Box-Muller on the uniforms u, v of elements 2k and 2k+1: `sqrt(-2 ln(1-u)) (cos, sin)(2 pi v)`, in double
    /// and rounded at the end. F32 and F64.
    void normal(DType type, long n, long seed, long stream, long offset, long y);

    // ---- matrix products: F32 and F64 ----------------------------------------------------------------------------

    /// `C (+)= op(A) op(B)` for `batch` triples at the given strides. op(A) is m x k, op(B) k x n; `ta` means A is
    /// stored k x m. Row-major with leading dimensions. A batch stride of 0 repeats the matrix.
    void gemm(
            DType type,
            boolean ta,
            boolean tb,
            long m,
            long n,
            long k,
            long a,
            long lda,
            long aBatch,
            long b,
            long ldb,
            long bBatch,
            long c,
            long ldc,
            long cBatch,
            long batch,
            boolean accumulate);

    /// Bytes that a weight (n, k) takes when it is packed.
    long packedBytes(PackedWeights.Format format, long n, long k);

    /// Packs the f32 weight (n, k) at w, stored k x n if `transposed`, row-major with leading dimension ldw, into
    /// 64-byte aligned memory of `packedBytes`.
    void pack(PackedWeights.Format format, boolean transposed, long n, long k, long w, long ldw, long packed);

    /// Writes rows j0 <= j < j1 of a packed weight (n, k), as the f32 values that they stand for, to y (j1 - j0,
    /// k).
    void unpack(PackedWeights.Format format, long n, long k, long packed, long j0, long j1, long y);

    /// `Y = X W^T` in f32 for X (m, k), Y (m, n), leading dimensions ldx and ldy. F32: the bits of `gemm`. BF16:
    /// the same with the rounded weight; INT8: with the bytes, each sum times the scale of its row of W.
    void packedProduct(
            PackedWeights.Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy);

    /// Unfolds (channels, h, w) into (channels*kh*kw, oh*ow) columns, zero padded. F32, F64.
    void im2col(DType type, Conv2dPlan plan, long x, long columns);

    /// The transpose of im2col: adds columns into a zeroed image.
    void col2im(DType type, Conv2dPlan plan, long columns, long x);

    /// Keys bicubic, a = -0.75, half-pixel centres, indices clamped, no antialiasing (torch's `interpolate`). F32,
    /// F64.
    void bicubic(DType type, long planes, long h, long w, long oh, long ow, long x, long y);

    /// Its transpose; dx is zeroed by the callee.
    void bicubicBackward(DType type, long planes, long h, long w, long oh, long ow, long dy, long dx);

    // ---- fused, F32 only; the unfused forms in public ops serve the other dtypes -----------------------------------

    void softmax(long rows, long n, long x, long y);

    void softmaxBackward(long rows, long n, long y, long dy, long dx);

    void logSoftmax(long rows, long n, long x, long y);

    void logSoftmaxBackward(long rows, long n, long y, long dy, long dx);

    /// `y = x * rstd * w`, `rstd = 1/sqrt(mean(x^2) + eps)` kept per row; `w` may be 0 (absent).
    void rmsNorm(long rows, long n, long x, long w, float eps, long y, long rstd);

    /// `dw` may be 0; otherwise it is overwritten with the sum over rows.
    void rmsNormBackward(long rows, long n, long x, long w, long rstd, long dy, long dx, long dw);

    void layerNorm(long rows, long n, long x, long w, long b, float eps, long y, long mean, long rstd);

    void layerNormBackward(long rows, long n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db);

    /// Per row: `lse[r]` and `loss[r] = (1-s) * (lse - x[t]) + s * (lse - mean(x))`, 0 where `t == ignoreIndex`.
    void crossEntropy(long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse);

    /// `dx[r] = scale[r] * (softmax(x[r]) - (1-s) onehot(t) - s/n)`, 0 where ignored. `dx` may equal `x`.
    void crossEntropyBackward(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx);

    /// Both at once, for a gradient whose scale is the same for all rows and known before: the losses, and
    /// `dx[r] = scale * (softmax(x[r]) - (1-s) onehot(t) - s/n)`, with one exponential an element and each row read
    /// while it is in the cache. `dx` may equal `x`.
    void crossEntropyWithGradient(
            long rows,
            long n,
            long x,
            long targets,
            long ignoreIndex,
            float smoothing,
            float scale,
            long loss,
            long dx);

    /// Per row: log-probability of the target and entropy (nats) of `softmax(x * inverseTemperature)`; lse kept.
    /// `entropy` may be 0.
    void tokenLogProbs(
            long rows, long n, long x, float inverseTemperature, long targets, long logProbs, long entropy, long lse);

    /// `dx[r] = dLogProb[r] * inverseTemperature * (onehot(t) - softmax)`. `dx` may equal `x`.
    void tokenLogProbsBackward(
            long rows, long n, long x, float inverseTemperature, long targets, long lse, long dLogProbs, long dx);

    /// `y = silu(gate) * up` over rows: gate and up have row strides, y is dense (rows, n).
    void swiglu(long rows, long n, long gate, long gateStride, long up, long upStride, long y);

    void swigluBackward(
            long rows,
            long n,
            long gate,
            long gateStride,
            long up,
            long upStride,
            long dy,
            long dGate,
            long dGateStride,
            long dUp,
            long dUpStride);

    /// Rotates x (tokens, heads, dim; given strides) by the angles of `cos`/`sin` (tables: positions x dim/2) at
    /// `positions` (I64, per token) into y. Half layout pairs (k, k+d/2), interleaved (2k, 2k+1). `sign` is 1 or -1
    /// (the inverse, which is the backward pass). `y` may equal `x` with equal strides.
    void rope(
            long tokens,
            long heads,
            long dim,
            boolean interleaved,
            long x,
            long xTokenStride,
            long xHeadStride,
            long cos,
            long sin,
            long positions,
            float sign,
            long y,
            long yTokenStride,
            long yHeadStride);

    void attention(AttentionPlan plan, long q, long k, long v, long o, long lse);

    /// Bytes of memory that `attentionBackward` works in.
    long attentionWorkspace(AttentionPlan plan);

    /// Gradients have the strides and starts of their tensors and are overwritten; `dSinks` is `[heads]`, or 0 for
    /// no gradient of the plan's sink logits. `workspace` holds `attentionWorkspace(plan)` bytes.
    void attentionBackward(
            AttentionPlan plan,
            long q,
            long k,
            long v,
            long o,
            long lse,
            long dO,
            long dq,
            long dk,
            long dv,
            long dSinks,
            long workspace);

    // ---- optimisers, F32, in place --------------------------------------------------------------------------------

    /// Every row of the plan, as one job; see [UpdateRule] for the arithmetic. No array of a row overlaps another
    /// array of the plan that is written.
    void update(UpdatePlan plan);

    /// `sums[i]` is the sum of squares of array i of the first `arrays`, in double over fixed blocks of that array:
    /// the sum of an array is the same whatever the others are. As one job.
    void sumsOfSquares(int arrays, long[] counts, long[] addresses, double[] sums);

    /// Whether all n values are finite.
    boolean allFinite(long n, long x);

    // ---- decoding ------------------------------------------------------------------------------------------------

    /// Chooses a token of each row of f32 logits, as [StepProgram#choose] does.
    void chooseTokens(int rows, long n, long logits, TokenChoice choice, StepProgram.Rows io);

    /// An empty program for up to `rows` rows; null where there are none.
    @Nullable
    StepProgram program(int rows);
}
