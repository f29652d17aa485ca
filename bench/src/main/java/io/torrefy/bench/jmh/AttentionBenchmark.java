package io.torrefy.bench.jmh;

import io.torrefy.tensor.internal.AttentionPlan;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Causal attention over packed sequences.
public class AttentionBenchmark extends KernelState {
    private static final int DECODED = 8;
    private static final int CACHED = 128;

    /// Sequences, tokens of each, query heads, key heads and head size.
    @Param({"1x256x4x4x64", "8x64x6x2x32"})
    public String shape = "";

    private AttentionPlan plan = plan(0, 0, 0, 1, 1, 0);
    private AttentionPlan decode = plan;
    private long q;
    private long k;
    private long v;
    private long o;
    private long lse;
    private long dO;
    private long dq;
    private long dk;
    private long dv;
    private long workspace;

    @Override
    void prepare() {
        int[] sizes =
                Arrays.stream(shape.split("x")).mapToInt(Integer::parseInt).toArray();
        plan = plan(sizes[0], sizes[1], sizes[1], sizes[2], sizes[3], sizes[4]);
        decode = plan(DECODED, 1, CACHED, sizes[2], sizes[3], sizes[4]);
        long size = Math.max(plan.totalQueries(), DECODED * CACHED) * plan.qTokenStride();
        q = floats(size);
        k = floats(size);
        v = floats(size);
        o = floats(size);
        lse = floats((long) plan.totalQueries() * plan.heads());
        dO = floats(size);
        dq = floats(size);
        dk = floats(size);
        dv = floats(size);
        workspace = bytes(backend.attentionWorkspace(plan));
        forward();
    }

    /// `[tokens, heads, size]`, the queries at the end of the keys.
    private static AttentionPlan plan(int sequences, int queries, int keys, int heads, int kvHeads, int size) {
        long token = (long) heads * size;
        long kvToken = (long) kvHeads * size;
        long[] starts = new long[sequences];
        long[] kvStarts = new long[sequences];
        int[] offsets = new int[sequences];
        int[] qLengths = new int[sequences];
        int[] kLengths = new int[sequences];
        for (int s = 0; s < sequences; s++) {
            starts[s] = s * queries * token;
            kvStarts[s] = s * keys * kvToken;
            offsets[s] = keys - queries;
            qLengths[s] = queries;
            kLengths[s] = keys;
        }
        return new AttentionPlan(
                heads, kvHeads, size, size, token, size, kvToken, size, kvToken, size, token, size, starts, kvStarts,
                kvStarts, starts, qLengths, kLengths, true, offsets, 0, 0, 0, 0.125f, 0, null);
    }

    @Benchmark
    public void forward() {
        backend.attention(plan, q, k, v, o, lse);
    }

    @Benchmark
    public void backward() {
        backend.attentionBackward(plan, q, k, v, o, lse, dO, dq, dk, dv, 0, workspace);
    }

    /// One query each of 8 sequences of 128 keys.
    @Benchmark
    public void decode() {
        backend.attention(decode, q, k, v, o, lse);
    }
}
