package io.torrefy.tensor;

import io.torrefy.export.Export;
import org.jspecify.annotations.Nullable;

/// An operation with a gradient of its own. `forward` runs unrecorded; `backward` gets what forward saved and the
/// gradient of
/// its result, and is itself recorded when second derivatives are asked for, so write it in public operations.
@Export(value = "autograd.CustomFunction", since = "0.1")
public abstract class CustomFunction {
    /// What forward hands to backward.
    public static final class Saved {
        private Tensor[] tensors = new Tensor[0];

        /// Saves tensors (inputs, the result, or intermediate ones) for the backward pass.
        public void save(Tensor... saved) {
            tensors = saved.clone();
        }
    }

    /// What backward may read.
    public interface Context {
        /// The i-th saved tensor.
        Tensor saved(int i);

        /// Whether input `i` wants a gradient.
        boolean needs(int i);
    }

    /// The result from the inputs.
    protected abstract Tensor forward(Saved saved, Tensor... inputs);

    /// One gradient for each input, in order; null for those that get none.
    protected abstract @Nullable Tensor[] backward(Context context, Tensor upstream);

    /// Runs the function and records it.
    public final Tensor apply(Tensor... inputs) {
        Saved saved = new Saved();
        Tensor y;
        try (Autograd.Mode _ = Autograd.noGrad()) {
            y = forward(saved, inputs);
        }
        for (Tensor input : inputs) {
            if (y == input) {
                y = y.detach();
            }
        }
        return Node.record(getClass().getSimpleName(), y, inputs, saved.tensors, (c, dy) -> backward(view(c), dy));
    }

    private static Context view(Node.Context c) {
        return new Context() {
            @Override
            public Tensor saved(int i) {
                return c.saved(i);
            }

            @Override
            public boolean needs(int i) {
                return c.needs(i);
            }
        };
    }
}
