package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.GradientClipping;
import io.torrefy.nn.Module;
import io.torrefy.nn.Safetensors;
import io.torrefy.nn.Schedule;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// A model with what updates it: the gradient is checked, scaled down to a norm and given to AdamW at the step's
/// learning rate. Every trainer ends its step here.
@Export(value = "posttrain.Learner", since = "0.1")
public final class Learner implements AutoCloseable {
    private static final String FILE = "optimizer.safetensors";

    private final String op;
    private final Module model;
    private final AdamW optimizer;
    private final Schedule schedule;
    private final double maxGradNorm;

    private Learner(String op, Module model, AdamW optimizer, Schedule schedule, double maxGradNorm) {
        this.op = op;
        this.model = model;
        this.optimizer = optimizer;
        this.schedule = schedule;
        this.maxGradNorm = maxGradNorm;
    }

    /// @param op who trains, for messages
    /// @param optimizer of the model's parameters; closed with this
    /// @param maxGradNorm the gradient is scaled down to it
    public static Learner of(String op, Module model, AdamW optimizer, Schedule schedule, double maxGradNorm) {
        return new Learner(op, model, optimizer, schedule, maxGradNorm);
    }

    /// The optimiser, whose state a checkpoint keeps.
    public AdamW optimizer() {
        return optimizer;
    }

    /// The learning rate of step number `step`, from 0.
    public double learningRate(long step) {
        return schedule.at(step);
    }

    /// Applies the gradients that there are, as an update of step `step`.
    ///
    /// @param loss that they are of
    /// @return their norm before it was scaled
    /// @throws RunException if loss or norm is not finite; the weights are as they were then
    public double update(long step, double loss) {
        double norm = checkedNorm(step, loss);
        apply(step, norm);
        return norm;
    }

    /// The norm of the gradients that `loss` has left, for who updates several models or none.
    ///
    /// @throws RunException if loss or norm is not finite; the gradients are dropped then
    public double checkedNorm(long step, double loss) {
        double norm = GradientClipping.norm(model.parameters());
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            optimizer.zeroGrad();
            throw new RunException("[" + op + "] expected a finite loss and gradient; got a loss of " + loss
                    + " and a gradient of norm " + norm + " at step " + (step + 1)
                    + ". Hint: lower the learning rate and go on from the last checkpoint, which is from before it; if"
                    + " this is the first step, the model's weights are not finite.");
        }
        return norm;
    }

    /// Applies gradients of this norm.
    public void apply(long step, double norm) {
        optimizer.learningRate(schedule.at(step));
        optimizer.step(GradientClipping.coefficient(norm, maxGradNorm));
    }

    /// Writes the optimiser's state; the model is saved beside it.
    public void save(Path folder) throws IOException {
        Safetensors.write(folder.resolve(FILE), optimizer.state(), Map.of());
    }

    /// Takes over the optimiser's state from a folder that [#save] wrote; the model has its weights from there.
    ///
    /// @throws IllegalArgumentException if it is of other parameters
    public void restore(Path folder) throws IOException {
        Map<String, Tensor> state = Safetensors.read(folder.resolve(FILE));
        try {
            optimizer.load(state);
        } finally {
            state.values().forEach(Tensor::close);
        }
    }

    /// The same, and the model's weights, which lie beside it.
    ///
    /// @throws IllegalArgumentException if either is of other parameters
    public void restoreWithWeights(Path folder) throws IOException {
        Map<String, Tensor> weights = Safetensors.readSharded(folder);
        try {
            model.load(weights);
        } finally {
            weights.values().forEach(Tensor::close);
        }
        restore(folder);
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
