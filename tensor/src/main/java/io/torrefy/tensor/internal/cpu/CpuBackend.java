package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.TokenChoice;
import io.torrefy.tensor.internal.AttentionPlan;
import io.torrefy.tensor.internal.Backend;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.CompareOp;
import io.torrefy.tensor.internal.Conv2dPlan;
import io.torrefy.tensor.internal.ReduceOp;
import io.torrefy.tensor.internal.StepProgram;
import io.torrefy.tensor.internal.UnaryOp;
import io.torrefy.tensor.internal.UpdatePlan;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The CPU: every kernel family lives in a class of its own; this class only names them.
public final class CpuBackend implements Backend {
    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String unit() {
        return VectorUnit.describe();
    }

    @Override
    public int threads() {
        return Parallel.threads();
    }

    @Override
    public void threads(int n) {
        Parallel.threads(n);
    }

    @Override
    public void run(int tasks, IntConsumer body) {
        Parallel.run(tasks, body);
    }

    @Override
    public long allocate(long bytes) {
        return Native.allocate(bytes);
    }

    @Override
    public void release(long address, long bytes) {
        Native.release(address, bytes);
    }

    @Override
    public void copy(DType from, DType to, long[] shape, long x, long[] xStrides, long y, long[] yStrides) {
        Elementwise.copy(from, to, shape, x, xStrides, y, yStrides);
    }

    @Override
    public void fill(DType type, long n, long y, double value) {
        Elementwise.fill(type, n, y, value);
    }

    @Override
    public void unary(UnaryOp op, DType type, long n, long x, long y, double p0, double p1) {
        Elementwise.unary(op, type, n, x, y, p0, p1);
    }

    @Override
    public void binary(
            BinaryOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        Elementwise.binary(op, type, shape, a, aStrides, b, bStrides, y);
    }

    @Override
    public void geluTanhWithGradient(long n, long x, long dy, long dx, long y) {
        Elementwise.geluTanhWithGradient(n, x, dy, dx, y);
    }

    @Override
    public void compare(
            CompareOp op, DType type, long[] shape, long a, long[] aStrides, long b, long[] bStrides, long y) {
        Elementwise.compare(op, type, shape, a, aStrides, b, bStrides, y);
    }

    @Override
    public void where(
            DType type,
            long[] shape,
            long c,
            long[] cStrides,
            long a,
            long[] aStrides,
            long b,
            long[] bStrides,
            long y) {
        Elementwise.where(type, shape, c, cStrides, a, aStrides, b, bStrides, y);
    }

    @Override
    public void reduce(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        Reductions.reduce(op, type, outer, n, inner, x, y);
    }

    @Override
    public void scan(ReduceOp op, DType type, long outer, long n, long inner, long x, long y) {
        Reductions.scan(op, type, outer, n, inner, x, y);
    }

    @Override
    public void sort(DType type, long rows, long n, boolean descending, long x, long values, long indices) {
        Reductions.sort(type, rows, n, descending, x, values, indices);
    }

    @Override
    public long findOutOfRange(long n, long indices, long limit) {
        return Indexing.findOutOfRange(n, indices, limit);
    }

    @Override
    public void indexSelect(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        Indexing.indexSelect(type, outer, n, inner, m, x, index, y);
    }

    @Override
    public void indexAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        Indexing.indexAdd(type, outer, n, inner, m, x, index, y);
    }

    @Override
    public void indexCopy(DType type, long width, long m, long x, long index, long y) {
        Indexing.indexCopy(type, width, m, x, index, y);
    }

    @Override
    public void gather(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        Indexing.gather(type, outer, n, inner, m, x, index, y);
    }

    @Override
    public void scatterAdd(DType type, long outer, long n, long inner, long m, long x, long index, long y) {
        Indexing.scatterAdd(type, outer, n, inner, m, x, index, y);
    }

    @Override
    public void uniform(DType type, long n, long seed, long stream, long offset, long y) {
        Philox.uniform(type, n, seed, stream, offset, y);
    }

    @Override
    public void normal(DType type, long n, long seed, long stream, long offset, long y) {
        Philox.normal(type, n, seed, stream, offset, y);
    }

    @Override
    public void gemm(
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
            boolean accumulate) {
        Gemm.gemm(type, ta, tb, m, n, k, a, lda, aBatch, b, ldb, bBatch, c, ldc, cBatch, batch, accumulate);
    }

    @Override
    public long packedBytes(PackedWeights.Format format, long n, long k) {
        return GemmPacked.bytes(format, n, k);
    }

    @Override
    public void pack(PackedWeights.Format format, boolean transposed, long n, long k, long w, long ldw, long packed) {
        GemmPacking.pack(format, transposed, n, k, w, ldw, packed);
    }

    @Override
    public void unpack(PackedWeights.Format format, long n, long k, long packed, long j0, long j1, long y) {
        GemmPackedScalar.unpack(format, n, k, packed, j0, j1, y);
    }

    @Override
    public void packedProduct(
            PackedWeights.Format format, long m, long n, long k, long x, long ldx, long packed, long y, long ldy) {
        GemmPacked.product(format, m, n, k, x, ldx, packed, y, ldy);
    }

    @Override
    public void im2col(DType type, Conv2dPlan plan, long x, long columns) {
        Images.im2col(type, plan, x, columns);
    }

    @Override
    public void col2im(DType type, Conv2dPlan plan, long columns, long x) {
        Images.col2im(type, plan, columns, x);
    }

    @Override
    public void bicubic(DType type, long planes, long h, long w, long oh, long ow, long x, long y) {
        Images.bicubic(type, planes, h, w, oh, ow, x, y);
    }

    @Override
    public void bicubicBackward(DType type, long planes, long h, long w, long oh, long ow, long dy, long dx) {
        Images.bicubicBackward(type, planes, h, w, oh, ow, dy, dx);
    }

    @Override
    public void softmax(long rows, long n, long x, long y) {
        Softmax.softmax(rows, n, x, y);
    }

    @Override
    public void softmaxBackward(long rows, long n, long y, long dy, long dx) {
        Softmax.softmaxBackward(rows, n, y, dy, dx);
    }

    @Override
    public void logSoftmax(long rows, long n, long x, long y) {
        Softmax.logSoftmax(rows, n, x, y);
    }

    @Override
    public void logSoftmaxBackward(long rows, long n, long y, long dy, long dx) {
        Softmax.logSoftmaxBackward(rows, n, y, dy, dx);
    }

    @Override
    public void rmsNorm(long rows, long n, long x, long w, float eps, long y, long rstd) {
        Norms.rmsNorm(rows, n, x, w, eps, y, rstd);
    }

    @Override
    public void rmsNormBackward(long rows, long n, long x, long w, long rstd, long dy, long dx, long dw) {
        Norms.rmsNormBackward(rows, n, x, w, rstd, dy, dx, dw);
    }

    @Override
    public void layerNorm(long rows, long n, long x, long w, long b, float eps, long y, long mean, long rstd) {
        Norms.layerNorm(rows, n, x, w, b, eps, y, mean, rstd);
    }

    @Override
    public void layerNormBackward(
            long rows, long n, long x, long w, long mean, long rstd, long dy, long dx, long dw, long db) {
        Norms.layerNormBackward(rows, n, x, w, mean, rstd, dy, dx, dw, db);
    }

    @Override
    public void crossEntropy(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long loss, long lse) {
        CrossEntropy.crossEntropy(rows, n, x, targets, ignoreIndex, smoothing, loss, lse);
    }

    @Override
    public void crossEntropyBackward(
            long rows, long n, long x, long targets, long ignoreIndex, float smoothing, long lse, long scale, long dx) {
        CrossEntropy.crossEntropyBackward(rows, n, x, targets, ignoreIndex, smoothing, lse, scale, dx);
    }

    @Override
    public void crossEntropyWithGradient(
            long rows,
            long n,
            long x,
            long targets,
            long ignoreIndex,
            float smoothing,
            float scale,
            long loss,
            long dx) {
        CrossEntropy.withGradient(rows, n, x, targets, ignoreIndex, smoothing, scale, loss, dx);
    }

    @Override
    public void tokenLogProbs(
            long rows, long n, long x, float inverseTemperature, long targets, long logProbs, long entropy, long lse) {
        CrossEntropy.tokenLogProbs(rows, n, x, inverseTemperature, targets, logProbs, entropy, lse);
    }

    @Override
    public void tokenLogProbsBackward(
            long rows, long n, long x, float inverseTemperature, long targets, long lse, long dLogProbs, long dx) {
        CrossEntropy.tokenLogProbsBackward(rows, n, x, inverseTemperature, targets, lse, dLogProbs, dx);
    }

    @Override
    public void swiglu(long rows, long n, long gate, long gateStride, long up, long upStride, long y) {
        Swiglu.swiglu(rows, n, gate, gateStride, up, upStride, y);
    }

    @Override
    public void swigluBackward(
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
            long dUpStride) {
        Swiglu.swigluBackward(rows, n, gate, gateStride, up, upStride, dy, dGate, dGateStride, dUp, dUpStride);
    }

    @Override
    public void rope(
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
            long yHeadStride) {
        Rope.rope(
                tokens,
                heads,
                dim,
                interleaved,
                x,
                xTokenStride,
                xHeadStride,
                cos,
                sin,
                positions,
                sign,
                y,
                yTokenStride,
                yHeadStride);
    }

    @Override
    public void attention(AttentionPlan plan, long q, long k, long v, long o, long lse) {
        FlashAttention.attention(plan, q, k, v, o, lse);
    }

    @Override
    public long attentionWorkspace(AttentionPlan plan) {
        return FlashAttention.workspace(plan);
    }

    @Override
    public void attentionBackward(
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
            long workspace) {
        FlashAttention.attentionBackward(plan, q, k, v, o, lse, dO, dq, dk, dv, dSinks, workspace);
    }

    @Override
    public void update(UpdatePlan plan) {
        Optim.update(plan);
    }

    @Override
    public void sumsOfSquares(int arrays, long[] counts, long[] addresses, double[] sums) {
        Optim.sumsOfSquares(arrays, counts, addresses, sums);
    }

    @Override
    public boolean allFinite(long n, long x) {
        return Optim.allFinite(n, x);
    }

    @Override
    public void chooseTokens(int rows, long n, long logits, TokenChoice choice, StepProgram.Rows io) {
        Parallel.run(rows, r -> TokenRows.choose(io, r, (int) n, logits + 4 * n * r, choice));
    }

    @Override
    public @Nullable StepProgram program(int rows) {
        return Mem.VECTOR ? new CpuProgram(rows) : null;
    }
}
