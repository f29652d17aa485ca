package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.List;

/// Layers one after another, named by their position.
@Export(value = "nn.Sequential", since = "0.1")
public final class Sequential extends Layer {
    private final List<Layer> layers;

    private Sequential(List<Layer> layers) {
        this.layers = layers;
        for (int i = 0; i < layers.size(); i++) {
            child(Integer.toString(i), layers.get(i));
        }
    }

    public static Sequential of(Layer... layers) {
        return new Sequential(List.of(layers));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (Layer layer : layers) {
            y = layer.forward(y);
        }
        return y;
    }
}
