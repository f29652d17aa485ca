package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.tensor.Attention;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Single operations as a user calls them: through public tensors, recorded where a backward pass follows, every result
/// and every gradient in memory of its own. `bench/peers/kernels.py` calls PyTorch's operation of the same name, and
/// the libtorch peer the same from Java.
public final class TensorOps implements Case {
    private final Scope inputs;
    private final Work work;
    private final Runnable body;

    private TensorOps(Scope inputs, double amount, String unit, Runnable body) {
        this.inputs = inputs;
        this.work = new Work(amount, unit);
        this.body = body;
    }

    /// Causal self-attention of `heads` heads of `dim` over `tokens` tokens; with `backward`, the gradients of q, k
    /// and v too. Counted as half of 4 heads n² dim, and 2.5 times that for the backward pass (five products for
    /// two).
    public static Case attention(JsonNode args, int threads) {
        var inputs = Scope.open();
        long n = args.path("tokens").asLong();
        long heads = args.path("heads").asLong();
        long dim = args.path("dim").asLong();
        boolean backward = args.path("backward").asBoolean();
        var rng = Rng.of(1);
        Tensor q = rng.normal(1, heads, n, dim).requiresGrad(backward);
        Tensor k = rng.normal(1, heads, n, dim).requiresGrad(backward);
        Tensor v = rng.normal(1, heads, n, dim).requiresGrad(backward);
        Tensor upstream = rng.normal(1, heads, n, dim);
        double flops = 2.0 * heads * n * n * dim;
        return new TensorOps(inputs, backward ? 3.5 * flops : flops, "flops", () -> {
            Tensor y = Attention.attend(q, k, v, null, Attention.Options.CAUSAL);
            if (backward) {
                gradients(y, List.of(q, k, v), upstream);
            }
        });
    }

    /// Mean cross-entropy of `rows` x `columns` logits and the logits' gradient. Read once, written once.
    public static Case crossEntropy(JsonNode args, int threads) {
        var inputs = Scope.open();
        long rows = args.path("rows").asLong();
        long columns = args.path("columns").asLong();
        var rng = Rng.of(1);
        Tensor logits = rng.normal(rows, columns).requiresGrad(true);
        Tensor targets = rng.uniform(rows).mul(columns).to(DType.I64);
        return new TensorOps(
                inputs,
                8.0 * rows * columns,
                "bytes",
                () -> gradients(CrossEntropies.crossEntropy(logits, targets), List.of(logits), null));
    }

    /// RMSNorm over rows, and the gradients of rows and weight. Two reads and one write forward and back.
    public static Case rmsNorm(JsonNode args, int threads) {
        var inputs = Scope.open();
        var rng = Rng.of(1);
        Tensor x = rows(args, rng).requiresGrad(true);
        Tensor w = rng.normal(x.size(1)).requiresGrad(true);
        Tensor upstream = rows(args, rng);
        return new TensorOps(
                inputs,
                20.0 * x.count(),
                "bytes",
                () -> gradients(Functional.rmsNorm(x, w, 1e-6), List.of(x, w), upstream));
    }

    /// LayerNorm over rows, and the gradients of rows, weight and bias.
    public static Case layerNorm(JsonNode args, int threads) {
        var inputs = Scope.open();
        var rng = Rng.of(1);
        Tensor x = rows(args, rng).requiresGrad(true);
        Tensor w = rng.normal(x.size(1)).requiresGrad(true);
        Tensor b = rng.normal(x.size(1)).requiresGrad(true);
        Tensor upstream = rows(args, rng);
        return new TensorOps(
                inputs,
                20.0 * x.count(),
                "bytes",
                () -> gradients(Functional.layerNorm(x, w, b, 1e-5), List.of(x, w, b), upstream));
    }

    /// GELU by tanh of `elements` elements, forward alone.
    public static Case gelu(JsonNode args, int threads) {
        var inputs = Scope.open();
        Tensor x = Rng.of(1).normal(args.path("elements").asLong());
        return new TensorOps(inputs, 8.0 * x.count(), "bytes", x::geluTanh);
    }

    /// One AdamW step of a parameter of `elements` elements. 28 bytes each: reads p, g, m, v, writes p, m, v.
    public static Case adamW(JsonNode args, int threads) {
        var inputs = Scope.open();
        long n = args.path("elements").asLong();
        var rng = Rng.of(1);
        Tensor p = rng.normal(n);
        Tensor g = rng.normal(n);
        Tensor m = Tensor.zeros(n);
        Tensor v = Tensor.zeros(n);
        var step = new Updates.AdamStep(1e-4, 0.9, 0.999, 1e-8, 0.01, true, 0.5, 0.5, 1);
        var updates = new Updates();
        return new TensorOps(inputs, 28.0 * n, "bytes", () -> {
            updates.adam(p, g, m, v, null, step);
            updates.run();
        });
    }

    /// What memory gives: `a += b` over `elements` elements, 12 bytes each and no arithmetic to speak of.
    public static Case stream(JsonNode args, int threads) {
        var inputs = Scope.open();
        long n = args.path("elements").asLong();
        Tensor a = Tensor.zeros(n);
        Tensor b = Tensor.ones(n);
        return new TensorOps(inputs, 12.0 * n, "bytes", () -> a.addInPlace(b));
    }

    private static Tensor rows(JsonNode args, Rng rng) {
        return rng.normal(args.path("rows").asLong(), args.path("columns").asLong());
    }

    private static void gradients(Tensor y, List<Tensor> of, @Nullable Tensor upstream) {
        Autograd.grad(List.of(y), of, upstream == null ? List.of() : List.of(upstream), false, false);
    }

    @Override
    public Work work() {
        return work;
    }

    @Override
    public void run() {
        try (var _ = Scope.open()) {
            body.run();
        }
    }

    @Override
    public void close() {
        inputs.close();
    }
}
