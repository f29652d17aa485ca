package io.torrefy.bench.jmh;

import io.torrefy.tensor.PackedWeights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Products with a packed weight of 768 x 256, as decoding has them.
public class PackedProductBenchmark extends KernelState {
    private static final long N = 768;
    private static final long K = 256;

    @Param({"F32", "BF16", "INT8"})
    public PackedWeights.Format format = PackedWeights.Format.F32;

    @Param({"1", "32"})
    public long rows;

    private long x;
    private long y;
    private long packed;

    @Override
    void prepare() {
        x = floats(rows * K);
        y = floats(rows * N);
        packed = bytes(backend.packedBytes(format, N, K));
        backend.pack(format, false, N, K, floats(N * K), K, packed);
    }

    @Benchmark
    public void packedProduct() {
        backend.packedProduct(format, rows, N, K, x, K, packed, y, N);
    }
}
