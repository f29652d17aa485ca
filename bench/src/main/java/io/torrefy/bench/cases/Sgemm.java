package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;

/// An f32 matrix product `a.matmul(b)` of m x k and k x n; `op` says which operand is stored transposed (`NT`: b lies
/// as n x k, as the weights of a linear layer do; `TN`: a lies as k x m, as in the gradient of weights).
public final class Sgemm implements Case {
    private final Scope scope = Scope.open();
    private final Tensor a;
    private final Tensor b;

    public Sgemm(JsonNode args, int threads) {
        String op = args.path("op").asText();
        long m = args.path("m").asLong();
        long k = args.path("k").asLong();
        long n = args.path("n").asLong();
        var rng = Rng.of(1);
        a = op.charAt(0) == 'T' ? rng.uniform(k, m).t() : rng.uniform(m, k);
        b = op.charAt(1) == 'T' ? rng.uniform(n, k).t() : rng.uniform(k, n);
    }

    @Override
    public Work work() {
        return new Work(2.0 * a.shape()[0] * a.shape()[1] * b.shape()[1], "flops");
    }

    @Override
    public void run() {
        try (var _ = Scope.open()) {
            a.matmul(b);
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
