package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/// What [Sgemm] does, by `cblas_sgemm` of a native library. It writes into one result over and over, as a caller who
/// manages memory by hand would.
public final class SgemmPeer implements Case {
    private final NativeBlas library;
    private final Arena arena = Arena.ofShared();
    private final String op;
    private final int m;
    private final int k;
    private final int n;
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment c;

    public SgemmPeer(NativeBlas library, JsonNode args, int threads) throws Exception {
        this.library = library;
        library.threads(threads);
        op = args.path("op").asText();
        m = args.path("m").asInt();
        k = args.path("k").asInt();
        n = args.path("n").asInt();
        a = random(arena, (long) m * k);
        b = random(arena, (long) k * n);
        c = random(arena, (long) m * n);
    }

    @Override
    public Work work() {
        return new Work(2.0 * m * n * k, "flops");
    }

    @Override
    public void run() throws Exception {
        library.sgemm(op.charAt(0) == 'T', op.charAt(1) == 'T', m, n, k, a, b, c);
    }

    @Override
    public void close() {
        arena.close();
    }

    private static MemorySegment random(Arena arena, long n) {
        var random = new SplittableRandom(1);
        MemorySegment memory = arena.allocate(n * 4, 64);
        for (long i = 0; i < n; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble());
        }
        return memory;
    }
}
