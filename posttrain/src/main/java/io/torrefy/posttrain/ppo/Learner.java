package io.torrefy.posttrain.ppo;

import io.torrefy.nn.AdamW;
import io.torrefy.nn.GradientClipping;
import io.torrefy.nn.Module;
import io.torrefy.nn.Safetensors;
import io.torrefy.nn.Schedule;
import io.torrefy.posttrain.RunException;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// A model with what updates it.
final class Learner implements AutoCloseable {
    private static final String FILE = "optimizer.safetensors";

    private final String name;
    private final Module model;
    private final AdamW optimizer;
    private final Schedule schedule;
    private final double maxGradNorm;

    /// @param name for messages
    Learner(String name, Module model, Schedule schedule, double learningRate, double maxGradNorm) {
        this.name = name;
        this.model = model;
        this.schedule = schedule;
        this.maxGradNorm = maxGradNorm;
        this.optimizer = AdamW.of(model.namedParameters(), learningRate).withBetas(0.9, 0.95);
    }

    double learningRate(long step) {
        return schedule.at(step);
    }

    /// Applies the gradients that `loss` has left.
    ///
    /// @return their norm before clipping
    /// @throws RunException if loss or norm is not finite; then nothing is applied
    double update(long step, double loss) {
        double norm = checkedNorm(step, loss);
        apply(step, norm);
        return norm;
    }

    /// The norm of the gradients that `loss` has left.
    ///
    /// @throws RunException if loss or norm is not finite
    double checkedNorm(long step, double loss) {
        double norm = GradientClipping.norm(model.parameters());
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            optimizer.zeroGrad();
            throw new RunException("[" + name + "] the loss is " + loss + " and the gradient norm " + norm + " at step "
                    + (step + 1) + ". Hint: lower the learning rate and resume; the last checkpoint is from before"
                    + " it.");
        }
        return norm;
    }

    void apply(long step, double norm) {
        optimizer.learningRate(schedule.at(step));
        optimizer.step(GradientClipping.coefficient(norm, maxGradNorm));
    }

    /// Writes the optimiser's state; the model is saved beside it.
    void save(Path folder) throws IOException {
        Safetensors.write(folder.resolve(FILE), optimizer.state(), Map.of());
    }

    /// Takes over weights, which are closed, and the optimiser's state.
    void restore(Map<String, Tensor> weights, Path folder) throws IOException {
        try {
            model.load(weights);
        } finally {
            weights.values().forEach(Tensor::close);
        }
        Map<String, Tensor> state = Safetensors.read(folder.resolve(FILE));
        try {
            optimizer.load(state);
        } finally {
            state.values().forEach(Tensor::close);
        }
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
