package io.torrefy.bench.jmh;

import io.torrefy.tensor.DType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Fused kernels that work row by row; 200 columns leave a tail behind the last whole vector.
public class RowBenchmark extends KernelState {
    private static final long DIM = 40;
    private static final long POSITIONS = 64;
    private static final long NONE_IGNORED = -100;

    @Param({"32x768", "64x200"})
    public String shape = "";

    private long rows;
    private long n;
    private long x;
    private long y;
    private long dy;
    private long w;
    private long b;
    private long dx;
    private long dw;
    private long db;
    private long first;
    private long second;
    private long third;
    private long mean;
    private long rstd;
    private long targets;
    private long positions;
    private long cos;
    private long sin;

    @Override
    void prepare() {
        String[] sizes = shape.split("x");
        rows = Long.parseLong(sizes[0]);
        n = Long.parseLong(sizes[1]);
        x = floats(rows * n);
        y = floats(rows * n);
        dy = floats(rows * n);
        dx = floats(rows * n);
        w = floats(n);
        b = floats(n);
        dw = floats(n);
        db = floats(n);
        first = floats(rows);
        second = floats(rows);
        third = floats(rows);
        mean = floats(rows);
        rstd = room(DType.F32, rows);
        backend.fill(DType.F32, rows, rstd, 1);
        targets = indices(rows, n);
        positions = indices(rows, POSITIONS);
        cos = floats(POSITIONS * DIM / 2);
        sin = floats(POSITIONS * DIM / 2);
    }

    @Benchmark
    public void rmsNorm() {
        backend.rmsNorm(rows, n, x, w, 1e-6f, y, first);
    }

    @Benchmark
    public void rmsNormBackward() {
        backend.rmsNormBackward(rows, n, x, w, rstd, dy, dx, dw);
    }

    @Benchmark
    public void layerNorm() {
        backend.layerNorm(rows, n, x, w, b, 1e-5f, y, first, second);
    }

    @Benchmark
    public void layerNormBackward() {
        backend.layerNormBackward(rows, n, x, w, mean, rstd, dy, dx, dw, db);
    }

    @Benchmark
    public void softmax() {
        backend.softmax(rows, n, x, y);
    }

    @Benchmark
    public void crossEntropy() {
        backend.crossEntropy(rows, n, x, targets, NONE_IGNORED, 0, first, second);
    }

    @Benchmark
    public void crossEntropyBackward() {
        backend.crossEntropyBackward(rows, n, x, targets, NONE_IGNORED, 0, mean, rstd, dx);
    }

    @Benchmark
    public void tokenLogProbs() {
        backend.tokenLogProbs(rows, n, x, 1f, targets, first, second, third);
    }

    @Benchmark
    public void swiglu() {
        backend.swiglu(rows, n, x, n, dy, n, y);
    }

    /// As many heads of 40 as fit the columns.
    @Benchmark
    public void rope() {
        backend.rope(rows, n / DIM, DIM, false, x, n, DIM, cos, sin, positions, 1f, y, n, DIM);
    }
}
