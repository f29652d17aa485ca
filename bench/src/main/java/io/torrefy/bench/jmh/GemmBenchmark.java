package io.torrefy.bench.jmh;

import io.torrefy.tensor.DType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Matrix products in f32: `m x n x k`; N and T say whether an operand lies as it is multiplied or transposed.
public class GemmBenchmark extends KernelState {
    @Param({"NN", "NT", "TN"})
    public String op = "";

    @Param({"256x256x256", "32x768x256", "1x1024x512"})
    public String shape = "";

    private long m;
    private long n;
    private long k;
    private boolean ta;
    private boolean tb;
    private long a;
    private long b;
    private long c;

    @Override
    void prepare() {
        String[] sizes = shape.split("x");
        m = Long.parseLong(sizes[0]);
        n = Long.parseLong(sizes[1]);
        k = Long.parseLong(sizes[2]);
        ta = op.charAt(0) == 'T';
        tb = op.charAt(1) == 'T';
        a = floats(m * k);
        b = floats(k * n);
        c = floats(m * n);
    }

    @Benchmark
    public void gemm() {
        backend.gemm(DType.F32, ta, tb, m, n, k, a, ta ? m : k, 0, b, tb ? k : n, 0, c, n, 0, 1, false);
    }
}
