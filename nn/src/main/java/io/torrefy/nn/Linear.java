package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CustomFunction;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// y = x W^T + b, with `weight` (out, in) and `bias` (out), and with an update of low rank while it has one
/// ([LowRank]).
@Export(value = "nn.Linear", since = "0.1")
public final class Linear extends Layer {
    /// The name of the memory of a weight that is packed, among the buffers.
    private static final String PACKED = "weight_int8";

    private final long out;
    private final long in;
    /// One of the two.
    private @Nullable Tensor weight;

    private @Nullable PackedWeights packed;
    private final @Nullable Tensor bias;
    private @Nullable LowRank adapter;

    private Linear(Tensor weight, @Nullable Tensor bias) {
        this.out = weight.size(0);
        this.in = weight.size(1);
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

    /// The weight (out, in).
    ///
    /// @throws IllegalStateException if it is kept as INT8, of which [#packed] gives the values
    public Tensor weight() {
        if (weight == null) {
            throw new IllegalStateException("[linear] expected a weight that is a tensor; got one that is kept as INT8."
                    + " Hint: packed() has its values; to change them load the model anew.");
        }
        return weight;
    }

    /// The weight where it is kept as INT8.
    public Optional<PackedWeights> packed() {
        return Optional.ofNullable(packed);
    }

    /// Freezes weight and bias, and keeps the weight as BF16 ([#freeze(DType)]) or as INT8, a quarter of the
    /// memory: signed bytes and one scale a row, the row's greatest magnitude / 127 (LLM.int8(), Dettmers et al.
    /// 2022, section 2.1, "row-wise", of the weight alone: x is not rounded). Each weight is off by half of its
    /// row's scale at most, 0.4 % of the row's greatest magnitude. Forward products read the bytes and sum in F32,
    /// with the bits of decoding; backward ones make F32 of some rows at a time. It is for good: neither can the
    /// weight be changed nor saved.
    ///
    /// @throws IllegalStateException if there is an adapter, which was made for the weight as it is, or if the
    ///     weight is kept as INT8 and is to be another
    public void freeze(PackedWeights.Format format) {
        switch (format) {
            case F32 -> freeze(DType.F32);
            case BF16 -> freeze(DType.BF16);
            case INT8 -> {
                refuseAdapter();
                if (packed == null) {
                    pack(weight());
                }
                if (bias != null) {
                    bias.requiresGrad(false);
                }
            }
        }
    }

    private void pack(Tensor before) {
        try (PackedWeights made = PackedWeights.of(before, PackedWeights.Format.INT8)) {
            packed = PackedWeights.over(buffer(PACKED, made.memory()), PackedWeights.Format.INT8, out, in);
        }
        forgetParameter("weight");
        weight = null;
        before.zeroGrad();
        before.close();
    }

    private void refuseAdapter() {
        if (adapter != null) {
            throw new IllegalStateException("[freeze] expected a layer without an adapter; got one of rank "
                    + adapter.rank() + ". Hint: freeze first, then adapt.");
        }
    }

    /// Freezes weight and bias, and keeps the weight in another floating dtype: BF16 takes half the memory.
    /// Products are the F32 ones with the rounded weight; its F32 form lives for a product only, in the backward
    /// pass anew.
    ///
    /// @throws IllegalStateException if there is an adapter, which was made for the weight as it is
    public void freeze(DType dtype) {
        refuseAdapter();
        Tensor weight = weight();
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException("[freeze] expected a floating dtype; got " + dtype);
        }
        if (weight.dtype() != dtype) {
            Tensor before = weight;
            try (Scope scope = Scope.open();
                    Autograd.Mode _ = Autograd.noGrad()) {
                weight = parameter("weight", scope.pass(before.to(dtype)));
                this.weight = weight;
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
        LowRank made = LowRank.of(out, in, weight, rank, scale, rng);
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
        PackedWeights kept = packed;
        if (kept != null) {
            return new Packed(kept, bias).apply(x);
        }
        Tensor weight = weight();
        return weight.dtype() == x.dtype() ? Functional.linear(x, weight, bias) : new Rounded(bias).apply(x, weight);
    }

    /// The product with a frozen weight that is packed.
    private static final class Packed extends CustomFunction {
        /// Rows of the weight that are F32 at a time, in the backward pass.
        private static final long ROWS = 256;

        private final PackedWeights weight;
        private final @Nullable Tensor bias;

        Packed(PackedWeights weight, @Nullable Tensor bias) {
            this.weight = weight;
            this.bias = bias;
        }

        @Override
        protected Tensor forward(Saved saved, Tensor... inputs) {
            return Scope.of(() -> {
                Tensor y = weight.product(inputs[0]);
                return bias == null ? y : y.add(bias);
            });
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor upstream) {
            Tensor dx = Scope.of(() -> part(upstream, 0));
            for (long from = ROWS; from < weight.out(); from += ROWS) {
                try (Scope _ = Scope.open()) {
                    dx.addInPlace(part(upstream, from));
                }
            }
            return new @Nullable Tensor[] {dx};
        }

        private Tensor part(Tensor upstream, long from) {
            long to = Math.min(weight.out(), from + ROWS);
            return upstream.slice(-1, from, to).matmul(weight.rows(from, to));
        }
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
