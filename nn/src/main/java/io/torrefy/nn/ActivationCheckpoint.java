package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.CustomFunction;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Trades time for memory: a part of the model keeps only its input, and computes its inner activations again in the
/// backward pass (Chen et al. 2016, "Training deep nets with sublinear memory cost"). The gradients are the same bits.
@Export(value = "nn.ActivationCheckpoint", since = "0.1", members = "nn.activation_checkpoint")
public final class ActivationCheckpoint {
    private ActivationCheckpoint() {}

    /// `forward(x)`, where `forward` uses the parameters of `module` and no other tensor that requires grad. It
    /// must give the same result when called again: no dropout inside.
    public static Tensor run(Module module, UnaryOperator<Tensor> forward, Tensor x) {
        List<Tensor> parameters =
                module.parameters().stream().filter(Tensor::requiresGrad).toList();
        List<Tensor> inputs = new ArrayList<>();
        inputs.add(x);
        inputs.addAll(parameters);
        return new Recomputed(forward, parameters).apply(inputs.toArray(Tensor[]::new));
    }

    private static final class Recomputed extends CustomFunction {
        private final UnaryOperator<Tensor> forward;
        private final List<Tensor> parameters;

        Recomputed(UnaryOperator<Tensor> forward, List<Tensor> parameters) {
            this.forward = forward;
            this.parameters = parameters;
        }

        @Override
        protected Tensor forward(Saved saved, Tensor... inputs) {
            saved.save(inputs[0]);
            return forward.apply(inputs[0]);
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor upstream) {
            boolean recorded = Autograd.isEnabled();
            List<Tensor> wanted = new ArrayList<>();
            Tensor x = context.saved(0);
            try (Autograd.Mode _ = Autograd.enableGrad()) {
                // Its own handle, so that the gradient stops here unless the walk itself is recorded.
                Tensor own = recorded ? x : x.detach();
                if (context.needs(0)) {
                    own = recorded ? own.mul(1) : own.requiresGrad(true);
                    wanted.add(own);
                }
                wanted.addAll(parameters);
                Tensor y = forward.apply(own);
                List<Optional<Tensor>> found = Autograd.grad(List.of(y), wanted, List.of(upstream), recorded, recorded);
                @Nullable Tensor[] gradients = new Tensor[1 + parameters.size()];
                int from = context.needs(0) ? 0 : 1;
                for (int i = from; i < gradients.length; i++) {
                    gradients[i] = found.get(i - from).orElse(null);
                }
                return gradients;
            }
        }
    }
}
