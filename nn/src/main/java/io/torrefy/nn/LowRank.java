package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An update of low rank to the weights of a [Linear] layer: `scale * B A` with A (rank, in) and B (out, rank)
/// (Hu et al. 2022, "LoRA", eq. 3). It begins as nothing, for B is zero; A is uniform within 1 / sqrt(in), as in PEFT.
@Export(value = "nn.LowRank", since = "0.1")
public final class LowRank implements AutoCloseable {
    /// PEFT's names of the two factors.
    static final String DOWN = "lora_A";

    static final String UP = "lora_B";

    /// What [#merge] adds to; null where the layer keeps its weights packed.
    private final @Nullable Tensor weight;
    private final Linear down;
    private final Linear up;
    private final double scale;
    private boolean on = true;
    private @Nullable Tensor unmerged;

    private LowRank(@Nullable Tensor weight, Linear down, Linear up, double scale) {
        this.weight = weight;
        this.down = down;
        this.up = up;
        this.scale = scale;
    }

    /// @param weight (out, in), of the layer; null where it is packed
    static LowRank of(long out, long in, @Nullable Tensor weight, int rank, double scale, Rng rng) {
        if (rank < 1 || rank > Math.min(in, out)) {
            throw new IllegalArgumentException("[adapt] expected a rank of 1 to " + Math.min(in, out)
                    + " for weights of " + out + " x " + in + "; got " + rank);
        }
        return new LowRank(weight, Linear.of(in, rank, false, rng), Linear.normal(rank, out, false, 0, rng), scale);
    }

    Linear down() {
        return down;
    }

    Linear up() {
        return up;
    }

    public int rank() {
        return Math.toIntExact(down.weight().size(0));
    }

    /// What the update is multiplied by.
    public double scale() {
        return scale;
    }

    /// A (rank, in).
    public Tensor a() {
        return down.weight();
    }

    /// B (out, rank).
    public Tensor b() {
        return up.weight();
    }

    /// Whether the layer computes with the update beside its weights: not when it is switched off or merged.
    public boolean isOn() {
        return on && unmerged == null;
    }

    /// Switches the update off, so that the layer computes what it did without it, or on again.
    ///
    /// @throws IllegalStateException if it is merged, when the weights alone decide
    public void on(boolean wanted) {
        if (unmerged != null) {
            throw new IllegalStateException(
                    "[adapter] expected one that is not merged to switch on or off. Hint: unmerge it first.");
        }
        on = wanted;
    }

    /// `scale * (x A^T) B^T`.
    Tensor forward(Tensor x) {
        return Scope.of(() -> up.forward(down.forward(x)).mul(scale));
    }

    /// Adds the update to the weights, and keeps a copy of what they were.
    ///
    /// @throws IllegalStateException if the weights are kept in a smaller dtype, which would round most of it away
    public void merge() {
        if (unmerged != null) {
            return;
        }
        Tensor weight = this.weight;
        if (weight == null || weight.dtype() != a().dtype()) {
            throw new IllegalStateException("[adapter] expected weights of " + a().dtype() + " to merge with; got "
                    + (weight == null ? "packed ones" : weight.dtype())
                    + ". Hint: load the model anew, load the adapter, and merge there.");
        }
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor before = weight.copy();
            weight.copyFrom(weight.add(b().matmul(a()).mul(scale)));
            unmerged = scope.pass(before).keep();
        }
    }

    public boolean isMerged() {
        return unmerged != null;
    }

    /// Gives the weights back the bits that they had before [#merge].
    public void unmerge() {
        Tensor before = unmerged;
        if (before != null) {
            try (Autograd.Mode _ = Autograd.noGrad()) {
                Objects.requireNonNull(weight).copyFrom(before);
            }
            before.close();
            unmerged = null;
        }
    }

    /// Frees the update. What was merged stays in the weights.
    @Override
    public void close() {
        Tensor before = unmerged;
        if (before != null) {
            before.close();
            unmerged = null;
        }
        down.close();
        up.close();
    }
}
