package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// What [TensorOps] does, by libtorch under bytedeco's bindings: what a JVM user has today. Each run's pointers go with
/// its `PointerScope`. libtorch's C++ AdamW has no fused form.
public final class Libtorch implements Case {
    private final PointerScope inputs;
    private final Work work;
    private final Runnable body;

    private Libtorch(PointerScope inputs, Work work, Runnable body) {
        this.inputs = inputs;
        this.work = work;
        this.body = body;
    }

    /// The case of [TensorOps] of that name.
    public static Case open(String name, JsonNode args, int threads) {
        torch.set_num_threads(threads);
        var inputs = new PointerScope();
        try {
            // The inputs live until their scope is closed, and a run's scope lies within it.
            return switch (name) {
                case "attention" -> attention(inputs, args);
                case "cross-entropy" -> crossEntropy(inputs, args);
                case "rmsnorm" -> norm(inputs, args, false);
                case "layernorm" -> norm(inputs, args, true);
                case "gelu" -> gelu(inputs, args);
                case "adamw" -> adamW(inputs, args);
                default -> throw new IllegalArgumentException("[libtorch] expected a case it has; got '" + name + "'");
            };
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
    }

    private static Case attention(PointerScope inputs, JsonNode args) {
        long n = args.path("tokens").asLong();
        long heads = args.path("heads").asLong();
        long dim = args.path("dim").asLong();
        boolean backward = args.path("backward").asBoolean();
        Tensor q = random(backward, 1, heads, n, dim);
        Tensor k = random(backward, 1, heads, n, dim);
        Tensor v = random(backward, 1, heads, n, dim);
        Tensor upstream = random(false, 1, heads, n, dim);
        double flops = 2.0 * heads * n * n * dim;
        return new Libtorch(inputs, new Work(backward ? 3.5 * flops : flops, "flops"), () -> {
            Tensor y = torch.scaled_dot_product_attention(
                    q, k, v, new TensorOptional(), 0.0, true, new DoubleOptional(), false);
            if (backward) {
                gradients(y, new TensorVector(upstream), q, k, v);
            }
        });
    }

    private static Case crossEntropy(PointerScope inputs, JsonNode args) {
        long rows = args.path("rows").asLong();
        long columns = args.path("columns").asLong();
        Tensor logits = random(true, rows, columns);
        Tensor targets = torch.randint(columns, new long[] {rows}).to(torch.ScalarType.Long);
        return new Libtorch(
                inputs,
                new Work(8.0 * rows * columns, "bytes"),
                () -> gradients(torch.cross_entropy_loss(logits, targets), new TensorVector(), logits));
    }

    private static Case norm(PointerScope inputs, JsonNode args, boolean centred) {
        long rows = args.path("rows").asLong();
        long columns = args.path("columns").asLong();
        Tensor x = random(true, rows, columns);
        Tensor w = random(true, columns);
        Tensor b = random(true, columns);
        Tensor upstream = random(false, rows, columns);
        long[] shape = {columns};
        Supplier<Tensor> forward = centred
                ? () -> torch.layer_norm(x, shape, new TensorOptional(w), new TensorOptional(b), 1e-5, true)
                : () -> torch.rms_norm(x, shape, new TensorOptional(w), new DoubleOptional(1e-6));
        Tensor[] of = centred ? new Tensor[] {x, w, b} : new Tensor[] {x, w};
        return new Libtorch(
                inputs,
                new Work(20.0 * rows * columns, "bytes"),
                () -> gradients(forward.get(), new TensorVector(upstream), of));
    }

    private static Case gelu(PointerScope inputs, JsonNode args) {
        long n = args.path("elements").asLong();
        Tensor x = random(false, n);
        return new Libtorch(inputs, new Work(8.0 * n, "bytes"), () -> torch.gelu(x, "tanh"));
    }

    private static Case adamW(PointerScope inputs, JsonNode args) {
        long n = args.path("elements").asLong();
        Tensor p = random(true, n);
        p.mutable_grad().put(random(false, n));
        var optimizer = new AdamW(new TensorVector(p), new AdamWOptions(1e-4));
        return new Libtorch(inputs, new Work(28.0 * n, "bytes"), optimizer::step);
    }

    private static Tensor random(boolean requiresGrad, long... shape) {
        return torch.randn(shape).set_requires_grad(requiresGrad);
    }

    private static void gradients(Tensor y, TensorVector upstream, Tensor... of) {
        torch.grad(new TensorVector(y), new TensorVector(of), upstream, new BoolOptional(), false, false);
    }

    @Override
    public Work work() {
        return work;
    }

    @Override
    public void run() {
        try (var _ = new PointerScope()) {
            body.run();
        }
    }

    @Override
    public void close() {
        inputs.close();
    }
}
