package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.PackedWeights.Format;
import io.torrefy.tensor.internal.AttentionPlan;
import io.torrefy.tensor.internal.Backend;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.ReduceOp;
import io.torrefy.tensor.internal.UnaryOp;
import io.torrefy.tensor.internal.UpdatePlan;
import io.torrefy.tensor.internal.UpdateRule;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A call of each kernel of the [Backend] by name, on small operands: in one block, which is the caller's alone, and in
/// several, which threads share. Not among them: walks over broadcast or strided operands (`Layout`), which keep their
/// place in small arrays, some for every thousand elements. Memory is never freed.
final class KernelCalls {
    /// Rows that make one block of 200 columns, and several.
    private static final int[] ROWS = {32, 512};

    private static final int N = 200;
    private static final int BIG = ROWS[1] * N;

    private final Backend backend;
    private final Map<String, Runnable> calls = new LinkedHashMap<>();
    private final long x = floats(BIG, 1);
    private final long y = floats(BIG, 2);
    private final long z = floats(BIG, 3);
    private final long w = floats(BIG, 4);
    private final long out = floats(BIG, 5);
    private final long out2 = floats(BIG, 6);
    private final long row = floats(BIG, 7);
    private final long row2 = floats(BIG, 8);
    private final long targets = indices(ROWS[1], N);

    private KernelCalls(Backend backend) {
        this.backend = backend;
    }

    static Map<String, Runnable> of(Backend backend) {
        var all = new KernelCalls(backend);
        all.products();
        all.packedProducts();
        all.attention();
        all.norms();
        all.rowWise();
        all.losses();
        all.elementwise();
        all.indexing();
        all.optimisers();
        return all.calls;
    }

    private static long floats(int n, long seed) {
        return Buffers.of(Buffers.random(n, seed, 1));
    }

    private static long indices(int n, int limit) {
        long[] values = new long[n];
        Arrays.setAll(values, i -> i * 7L % limit);
        return Buffers.of(values);
    }

    private void products() {
        gemm(DType.F32, 1, 528, 64, 1, false);
        gemm(DType.F32, 6, 100, 64, 1, false);
        gemm(DType.F32, 96, 128, 80, 1, true);
        gemm(DType.F32, 16, 24, 32, 4, false);
    }

    private void gemm(DType type, int m, int n, int k, int batch, boolean accumulate) {
        for (String op : new String[] {"NN", "NT", "TN"}) {
            boolean ta = op.charAt(0) == 'T';
            boolean tb = op.charAt(1) == 'T';
            long c = Buffers.bytes((long) type.bytes() * batch * m * n);
            long a = Buffers.bytes((long) type.bytes() * batch * m * k);
            long b = Buffers.bytes((long) type.bytes() * batch * k * n);
            calls.put(
                    "gemm %s %s %dx%dx%d*%d".formatted(type, op, m, n, k, batch),
                    () -> backend.gemm(
                            type,
                            ta,
                            tb,
                            m,
                            n,
                            k,
                            a,
                            ta ? m : k,
                            (long) m * k,
                            b,
                            tb ? k : n,
                            (long) k * n,
                            c,
                            n,
                            (long) m * n,
                            batch,
                            accumulate));
        }
    }

    private void packedProducts() {
        int n = 160;
        int k = 96;
        for (Format format : Format.values()) {
            long packed = Buffers.bytes(backend.packedBytes(format, n, k));
            backend.pack(format, false, n, k, w, k, packed);
            for (int m : new int[] {1, 32, 150}) {
                calls.put(
                        "packedProduct " + format + " of " + m,
                        () -> backend.packedProduct(format, m, n, k, x, k, packed, out, n));
            }
        }
    }

    private void attention() {
        attention("attention", plan(2, 32, new int[] {70}, new int[] {70}, 0, 0));
        attention("attention of sequences", plan(4, 16, new int[] {20, 50, 9}, new int[] {20, 50, 9}, 0, 0));
        attention("attention with window and sinks", plan(4, 16, new int[] {130}, new int[] {130}, 40, row));
        attention("attention in parts", plan(2, 64, new int[] {60}, new int[] {700}, 0, 0));
        attention("attention decode", plan(4, 32, new int[] {1, 1, 1}, new int[] {40, 90, 17}, 0, 0));
    }

    /// Packed sequences; two query heads share a key head.
    private static AttentionPlan plan(int heads, int dim, int[] qLength, int[] kLength, int window, long sinkLogits) {
        int kvHeads = heads / 2;
        long[] qStart = new long[qLength.length];
        long[] kStart = new long[qLength.length];
        int[] offset = new int[qLength.length];
        for (int s = 0; s < qLength.length; s++) {
            offset[s] = kLength[s] - qLength[s];
            if (s > 0) {
                qStart[s] = qStart[s - 1] + (long) qLength[s - 1] * heads * dim;
                kStart[s] = kStart[s - 1] + (long) kLength[s - 1] * kvHeads * dim;
            }
        }
        long qToken = (long) heads * dim;
        long kToken = (long) kvHeads * dim;
        return new AttentionPlan(
                heads,
                kvHeads,
                dim,
                dim,
                qToken,
                dim,
                kToken,
                dim,
                kToken,
                dim,
                qToken,
                dim,
                qStart,
                kStart,
                kStart,
                qStart,
                qLength,
                kLength,
                true,
                offset,
                window,
                0,
                sinkLogits,
                0.2f,
                0,
                null);
    }

    private void attention(String name, AttentionPlan plan) {
        long lse = Buffers.bytes(4L * plan.heads() * plan.totalQueries());
        long dq = floats(BIG, 9);
        long dk = floats(BIG, 10);
        long dv = floats(BIG, 11);
        long dSinks = plan.sinkLogits() == 0 ? 0 : Buffers.bytes(4L * plan.heads());
        long workspace = Buffers.bytes(backend.attentionWorkspace(plan));
        calls.put(name, () -> backend.attention(plan, x, y, z, out, lse));
        calls.put(
                name + ", backward",
                () -> backend.attentionBackward(plan, x, y, z, out, lse, w, dq, dk, dv, dSinks, workspace));
    }

    private void norms() {
        for (int r : ROWS) {
            calls.put("rmsNorm of " + r, () -> backend.rmsNorm(r, N, x, w, 1e-6f, out, row));
            calls.put("rmsNorm of " + r + ", backward", () -> backend.rmsNormBackward(r, N, x, w, row, y, out, out2));
            calls.put("layerNorm of " + r, () -> backend.layerNorm(r, N, x, w, z, 1e-6f, out, row, row2));
            calls.put(
                    "layerNorm of " + r + ", backward",
                    () -> backend.layerNormBackward(r, N, x, w, row, row2, y, out, out2, z));
        }
    }

    private void rowWise() {
        long cos = floats(BIG, 12);
        long sin = floats(BIG, 13);
        for (int r : ROWS) {
            calls.put("softmax of " + r, () -> backend.softmax(r, N, x, out));
            calls.put("softmax of " + r + ", backward", () -> backend.softmaxBackward(r, N, x, y, out));
            calls.put("logSoftmax of " + r, () -> backend.logSoftmax(r, N, x, out));
            calls.put("logSoftmax of " + r + ", backward", () -> backend.logSoftmaxBackward(r, N, x, y, out));
            calls.put("swiglu of " + r, () -> backend.swiglu(r, N, x, N, y, N, out));
            calls.put(
                    "swiglu of " + r + ", backward",
                    () -> backend.swigluBackward(r, N, x, N, y, N, z, out, N, out2, N));
            for (boolean interleaved : new boolean[] {false, true}) {
                calls.put(
                        "rope of " + r + (interleaved ? " interleaved" : ""),
                        () -> backend.rope(r, 5, 40, interleaved, x, N, 40, cos, sin, targets, 1f, out, N, 40));
            }
        }
    }

    private void losses() {
        for (int r : ROWS) {
            calls.put("crossEntropy of " + r, () -> backend.crossEntropy(r, N, x, targets, -100, 0.1f, out2, row));
            calls.put(
                    "crossEntropy of " + r + ", backward",
                    () -> backend.crossEntropyBackward(r, N, x, targets, -100, 0.1f, row, y, out));
            calls.put("tokenLogProbs of " + r, () -> backend.tokenLogProbs(r, N, x, 1.1f, targets, out, out2, row));
            calls.put(
                    "tokenLogProbs of " + r + ", backward",
                    () -> backend.tokenLogProbsBackward(r, N, x, 1.1f, targets, row, y, out));
        }
    }

    private void elementwise() {
        for (int r : ROWS) {
            long n = (long) r * N;
            long[] shape = {r, N};
            long[] dense = {N, 1};
            long[] transposed = {1, r};
            for (UnaryOp op : new UnaryOp[] {UnaryOp.EXP, UnaryOp.GELU_TANH}) {
                calls.put("unary " + op + " of " + r, () -> backend.unary(op, DType.F32, n, x, out, 0, 0));
            }
            for (BinaryOp op : new BinaryOp[] {BinaryOp.ADD, BinaryOp.GELU_TANH_GRAD}) {
                calls.put(
                        "binary " + op + " of " + r,
                        () -> backend.binary(op, DType.F32, shape, x, dense, y, dense, out));
            }
            calls.put("copy of " + r, () -> backend.copy(DType.F32, DType.F32, shape, x, dense, out, dense));
            calls.put(
                    "copy of " + r + ", transposed",
                    () -> backend.copy(DType.F32, DType.F32, shape, x, transposed, out, dense));
            calls.put(
                    "copy of " + r + " to bf16",
                    () -> backend.copy(DType.F32, DType.BF16, shape, x, dense, out, dense));
            calls.put("fill of " + r, () -> backend.fill(DType.F32, n, out, 1.5));
            calls.put("reduce SUM of columns of " + r, () -> backend.reduce(ReduceOp.SUM, DType.F32, 1, r, N, x, out));
            for (ReduceOp op : new ReduceOp[] {ReduceOp.SUM, ReduceOp.MAX, ReduceOp.ARGMAX}) {
                calls.put("reduce " + op + " of rows of " + r, () -> backend.reduce(op, DType.F32, r, N, 1, x, out));
            }
        }
    }

    private void indexing() {
        for (int r : ROWS) {
            calls.put("indexSelect of " + r, () -> backend.indexSelect(DType.F32, 1, N, N, r, x, targets, out));
            calls.put("indexAdd of " + r, () -> backend.indexAdd(DType.F32, 1, N, N, r, x, targets, out));
            calls.put("indexCopy of " + r, () -> backend.indexCopy(DType.F32, N, r, x, targets, out));
            calls.put("gather of " + r, () -> backend.gather(DType.F32, r, N, 1, 1, x, targets, out));
            calls.put("findOutOfRange of " + r, () -> backend.findOutOfRange(r, targets, N));
        }
    }

    private void optimisers() {
        for (int n : new int[] {ROWS[0] * N, BIG}) {
            var plan = new UpdatePlan();
            plan.add(UpdateRule.ADAM, n, out, x, out2, row, 0);
            for (double number : new double[] {1, 0.999, 0, 0.9, 0.1, 0.999, 0.001, 1e-8, 1e-3, 0.5}) {
                plan.number(number);
            }
            calls.put("adam of " + n, () -> backend.update(plan));
            long[] counts = {n};
            long[] arrays = {x};
            double[] sums = new double[1];
            calls.put("sumsOfSquares of " + n, () -> backend.sumsOfSquares(1, counts, arrays, sums));
            calls.put(
                    "crossEntropyWithGradient of " + n,
                    () -> backend.crossEntropyWithGradient(n / N, N, x, targets, -100, 0.1f, 1, row, out));
            calls.put("geluTanhWithGradient of " + n, () -> backend.geluTanhWithGradient(n, x, y, out, out2));
            calls.put("allFinite of " + n, () -> backend.allFinite(n, x));
        }
    }
}
