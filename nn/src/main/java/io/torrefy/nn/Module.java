package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.BiConsumer;

/// A part of a model: named parameters, buffers and smaller modules. A parameter's full name is the path to it, joined
/// by dots, which is also its name in a checkpoint.
@Export(value = "nn.Module", since = "0.1")
public abstract class Module implements AutoCloseable {
    private final SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
    private final SequencedMap<String, Tensor> buffers = new LinkedHashMap<>();
    private final SequencedMap<String, Module> children = new LinkedHashMap<>();
    private boolean training = true;

    /// Registers a trainable tensor and keeps it beyond any scope.
    protected final Tensor parameter(String name, Tensor value) {
        parameters.put(name, value.keep().requiresGrad(true));
        return value;
    }

    /// Registers a tensor that is saved but not trained.
    protected final Tensor buffer(String name, Tensor value) {
        buffers.put(name, value.keep());
        return value;
    }

    /// Registers a module as a part of this one.
    protected final <M extends Module> M child(String name, M module) {
        children.put(name, module);
        return module;
    }

    /// Takes a parameter away; it is not freed.
    protected final void forgetParameter(String name) {
        parameters.remove(name);
    }

    /// Takes a part away; it is not freed.
    protected final void forget(String name) {
        children.remove(name);
    }

    /// The parts, by name.
    public final SequencedMap<String, Module> children() {
        return new LinkedHashMap<>(children);
    }

    /// All parameters with their full names, in the order of registration.
    public final SequencedMap<String, Tensor> namedParameters() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        walk("", (prefix, module) -> module.parameters.forEach((name, value) -> all.put(prefix + name, value)));
        return all;
    }

    /// The parameters that are trained, with their full names: not those that were frozen by
    /// `requiresGrad(false)`.
    public final SequencedMap<String, Tensor> trainableParameters() {
        SequencedMap<String, Tensor> trained = namedParameters();
        trained.values().removeIf(parameter -> !parameter.requiresGrad());
        return trained;
    }

    /// All parameters.
    public final List<Tensor> parameters() {
        return new ArrayList<>(namedParameters().values());
    }

    /// Number of trainable numbers.
    public final long parameterCount() {
        return parameters().stream().mapToLong(Tensor::count).sum();
    }

    /// Parameters and buffers with their full names: what a checkpoint holds.
    public final SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        walk("", (prefix, module) -> {
            module.parameters.forEach((name, value) -> all.put(prefix + name, value));
            module.buffers.forEach((name, value) -> all.put(prefix + name, value));
        });
        return all;
    }

    /// Overwrites parameters and buffers.
    ///
    /// @throws IllegalArgumentException naming every missing, unknown or misshapen tensor; nothing is changed then
    public final void load(Map<String, Tensor> values) {
        SequencedMap<String, Tensor> own = state();
        List<String> problems = new ArrayList<>();
        own.forEach((name, tensor) -> {
            Tensor value = values.get(name);
            if (value == null) {
                problems.add("missing: " + name);
            } else if (!Arrays.equals(value.shape(), tensor.shape())) {
                problems.add(name + ": expected " + Arrays.toString(tensor.shape()) + ", got "
                        + Arrays.toString(value.shape()));
            }
        });
        values.keySet().stream()
                .filter(name -> !own.containsKey(name))
                .forEach(name -> problems.add("unknown: " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "[load] the weights do not fit this model:\n  " + String.join("\n  ", problems));
        }
        try (Autograd.Mode _ = Autograd.noGrad()) {
            own.forEach((name, tensor) -> tensor.copyFrom(Objects.requireNonNull(values.get(name))));
        }
    }

    private void walk(String prefix, BiConsumer<String, Module> visit) {
        visit.accept(prefix, this);
        children.forEach((name, module) -> module.walk(prefix + name + ".", visit));
    }

    /// Forgets all gradients.
    public final void zeroGrad() {
        parameters().forEach(Tensor::zeroGrad);
    }

    /// Frees parameters, their gradients and buffers at once; without it they live until they are garbage.
    @Override
    public void close() {
        zeroGrad();
        state().values().forEach(Tensor::close);
    }

    /// Whether layers that differ in training (dropout) behave as in training.
    public final boolean isTraining() {
        return training;
    }

    /// Switches this module and its parts to training or evaluation.
    public final void train(boolean on) {
        walk("", (_, module) -> module.training = on);
    }
}
