package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.function.UnaryOperator;

/// Element-wise activations as layers.
@Export(value = "nn.Activation", since = "0.1")
public final class Activation extends Layer {
    public static final Activation RELU = new Activation(Tensor::relu);
    public static final Activation TANH = new Activation(Tensor::tanh);
    public static final Activation SIGMOID = new Activation(Tensor::sigmoid);
    public static final Activation SILU = new Activation(Tensor::silu);
    public static final Activation GELU = new Activation(Tensor::gelu);
    public static final Activation GELU_TANH = new Activation(Tensor::geluTanh);

    private final UnaryOperator<Tensor> function;

    private Activation(UnaryOperator<Tensor> function) {
        this.function = function;
    }

    @Override
    public Tensor forward(Tensor x) {
        return function.apply(x);
    }
}
