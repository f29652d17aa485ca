package io.torrefy.bench.jmh;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.ReduceOp;
import io.torrefy.tensor.internal.UnaryOp;
import io.torrefy.tensor.internal.UpdatePlan;
import io.torrefy.tensor.internal.UpdateRule;
import org.openjdk.jmh.annotations.Benchmark;

/// Kernels over elements, reductions and the optimiser, on 128 x 512 values of f32.
public class ElementwiseBenchmark extends KernelState {
    private static final long ROWS = 128;
    private static final long COLUMNS = 512;
    private static final long N = ROWS * COLUMNS;

    private final long[] shape = {ROWS, COLUMNS};
    private final long[] dense = {COLUMNS, 1};
    private final long[] transposed = {1, ROWS};
    private final UpdatePlan step = new UpdatePlan();
    private final long[] counts = {N};
    private final long[] arrays = new long[1];
    private final double[] sums = new double[1];
    private long x;
    private long y;
    private long z;
    private long m;
    private long v;

    @Override
    void prepare() {
        x = floats(N);
        y = floats(N);
        z = floats(N);
        m = floats(N);
        v = floats(N);
        backend.unary(UnaryOp.SQUARE, DType.F32, N, v, v, 0, 0);
        step.add(UpdateRule.ADAM, N, y, x, m, v, 0);
        for (double number : new double[] {1, 0.99999, 0, 0.9, 0.1, 0.999, 0.001, 1e-8, 1e-3, 1}) {
            step.number(number);
        }
        arrays[0] = x;
    }

    @Benchmark
    public void gelu() {
        backend.unary(UnaryOp.GELU_TANH, DType.F32, N, x, y, 0, 0);
    }

    @Benchmark
    public void add() {
        backend.binary(BinaryOp.ADD, DType.F32, shape, x, dense, z, dense, y);
    }

    @Benchmark
    public void sumOfRows() {
        backend.reduce(ReduceOp.SUM, DType.F32, ROWS, COLUMNS, 1, x, y);
    }

    @Benchmark
    public void sumOfColumns() {
        backend.reduce(ReduceOp.SUM, DType.F32, 1, ROWS, COLUMNS, x, y);
    }

    @Benchmark
    public void copy() {
        backend.copy(DType.F32, DType.F32, shape, x, dense, y, dense);
    }

    @Benchmark
    public void transpose() {
        backend.copy(DType.F32, DType.F32, shape, x, transposed, y, dense);
    }

    @Benchmark
    public void adam() {
        backend.update(step);
    }

    @Benchmark
    public double sumOfSquares() {
        backend.sumsOfSquares(1, counts, arrays, sums);
        return sums[0];
    }
}
