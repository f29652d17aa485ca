package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CustomFunction;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// y = x W^T + b, with `weight` (out, in) and `bias` (out), and with an update of low rank while it has one
/// ([LowRank]).
@Export(value = "nn.Linear", since = "0.1")
public final class Linear extends Layer {
    private Tensor weight;
    private final @Nullable Tensor bias;
    private @Nullable LowRank adapter;

    private Linear(Tensor weight, @Nullable Tensor bias) {
        this.weight = parameter("weight", weight);
        this.bias = bias == null ? null : parameter("bias", bias);
    }

    /// PyTorch's initial values: uniform within 1 / sqrt(in).
    public static Linear of(long in, long out, boolean bias, Rng rng) {
        double bound = 1 / Math.sqrt(in);
        return new Linear(Init.uniform(rng, bound, out, in), bias ? Init.uniform(rng, bound, out) : null);
    }

    /// With a bias, from seed 0.
    public static Linear of(long in, long out) {
        return of(in, out, true, Rng.of(0));
    }

    /// Normal weights of the given standard deviation and a zero bias, as language models begin.
    public static Linear normal(long in, long out, boolean bias, double std, Rng rng) {
        return new Linear(Init.normal(rng, std, out, in), bias ? Tensor.zeros(out) : null);
    }

    public Tensor weight() {
        return weight;
    }

    /// Freezes weight and bias, and keeps the weight in another floating dtype: BF16 takes half the memory.
    /// Products are the F32 ones with the rounded weight; its F32 form lives for a product only, in the backward
    /// pass anew.
    ///
    /// @throws IllegalStateException if there is an adapter, which was made for the weight as it is
    public void freeze(DType dtype) {
        if (adapter != null) {
            throw new IllegalStateException("[freeze] expected a layer without an adapter; got one of rank "
                    + adapter.rank() + ". Hint: freeze first, then adapt.");
        }
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException("[freeze] expected a floating dtype; got " + dtype);
        }
        if (weight.dtype() != dtype) {
            Tensor before = weight;
            try (Scope scope = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                weight = parameter("weight", scope.pass(before.to(dtype)));
            }
            before.zeroGrad();
            before.close();
        }
        weight.requiresGrad(false);
        if (bias != null) {
            bias.requiresGrad(false);
        }
    }

    /// Adds an update of low rank, whose parameters become those of this layer.
    ///
    /// @param scale what the update is multiplied by
    /// @throws IllegalStateException if it has one
    public LowRank adapt(int rank, double scale, Rng rng) {
        if (adapter != null) {
            throw new IllegalStateException("[adapt] expected a layer without an adapter; got one of rank "
                    + adapter.rank() + ". Hint: merge or remove that one first.");
        }
        LowRank made = LowRank.of(weight, rank, scale, rng);
        child(LowRank.DOWN, made.down());
        child(LowRank.UP, made.up());
        adapter = made;
        return made;
    }

    /// The update of low rank, if there is one.
    public Optional<LowRank> adapter() {
        return Optional.ofNullable(adapter);
    }

    /// Frees the update, if there is one; the weights stay as they are.
    public void removeAdapter() {
        LowRank old = adapter;
        if (old != null) {
            adapter = null;
            forget(LowRank.DOWN);
            forget(LowRank.UP);
            old.close();
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        LowRank update = adapter;
        return update == null || !update.isOn()
                ? product(x)
                : Scope.of(() -> product(x).add(update.forward(x)));
    }

    private Tensor product(Tensor x) {
        return weight.dtype() == x.dtype() ? Functional.linear(x, weight, bias) : new Rounded(bias).apply(x, weight);
    }

    /// The product with a frozen weight of another dtype than x.
    private static final class Rounded extends CustomFunction {
        private final @Nullable Tensor bias;

        Rounded(@Nullable Tensor bias) {
            this.bias = bias;
        }

        @Override
        protected Tensor forward(Saved saved, Tensor... inputs) {
            saved.save(inputs[1]);
            return Scope.of(() -> Functional.linear(inputs[0], inputs[1].to(inputs[0].dtype()), bias));
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor upstream) {
            Tensor dx = Scope.of(() -> upstream.matmul(context.saved(0).to(upstream.dtype())));
            return new @Nullable Tensor[] {dx, null};
        }
    }
}
