package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Updates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Changes parameters along their gradients. One call of [#step()] applies the gradients that there are and then
/// clears them, so the usual loop needs no `zeroGrad`; to accumulate over micro-batches, call `backward` several times
/// before one `step`. A parameter without a gradient stays as it is, its state too.
///
/// State (moments, momentum) is made at a parameter's first gradient, in f32 (f64 for f64 parameters). [#state()] and
/// [#load(Map)] carry it through a checkpoint: a resumed run is bitwise the run that was not interrupted. The learning
/// rate is not part of it; a [Schedule] gives it from the step.
///
/// A step is one parallel pass over all f32 parameters, their gradients and states; parameters of other dtypes take one
/// each.
///
/// Not for several threads at once.
@Export(value = "optim.Optimizer", since = "0.1")
public abstract class Optimizer implements AutoCloseable {
    private static final String STEP = "step";

    private final List<Slot> slots;
    private final Updates updates = new Updates();
    private @Nullable Tensor stepTensor;
    private double learningRate;
    private long steps;
    private boolean unfused;

    /// One parameter and what the optimiser keeps for it.
    static final class Slot {
        final ParameterGroups.Entry entry;
        final SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        long steps;

        Slot(ParameterGroups.Entry entry) {
            this.entry = entry;
        }

        String name() {
            return entry.name();
        }

        /// The state tensor of a kind, made on first use with `initial` in every element.
        Tensor state(String kind, double initial) {
            Tensor t = state.get(kind);
            if (t == null) {
                Tensor p = entry.parameter();
                t = Tensor.full(stateType(p), initial, p.shape()).keep();
                state.put(kind, t);
            }
            return t;
        }

        double weightDecay(double common) {
            return entry.weightDecay().orElse(common);
        }
    }

    /// @throws IllegalArgumentException if the learning rate is negative or not finite
    Optimizer(ParameterGroups groups, double learningRate) {
        this.slots = groups.entries().stream().map(Slot::new).toList();
        this.learningRate = Options.notNegative("learningRate", learningRate);
    }

    /// Adds one update to those that will run as one pass.
    ///
    /// @param p the parameter, dense, F32 as the state is
    /// @param g its gradient, dense, of the same shape and dtype; not to be changed
    /// @param gradScale what to multiply the gradient by
    /// @param lr learning rate of this parameter
    abstract void fused(Updates updates, Slot slot, Tensor p, Tensor g, double gradScale, double lr);

    /// The same update in public operations, applied at once: the oracle of the kernels, and the form for f64.
    abstract void unfused(Slot slot, Tensor p, Tensor g, double gradScale, double lr);

    /// The kinds of state that this optimiser keeps for a parameter: the first part of the names in [#state()].
    abstract List<String> stateKinds(Slot slot);

    private static DType stateType(Tensor parameter) {
        return parameter.dtype() == DType.F64 ? DType.F64 : DType.F32;
    }

    // ---- stepping --------------------------------------------------------------------------------------------------

    /// Applies the gradients that there are, then clears them.
    public final void step() {
        step(1);
    }

    /// The same with every gradient multiplied by `gradScale` on the way: a clipping coefficient, or one over the
    /// number of micro-batches, without a pass of its own.
    public final void step(double gradScale) {
        if (Double.isNaN(gradScale)) {
            throw new IllegalArgumentException("[optimizer] expected a number as gradScale; got NaN");
        }
        steps++;
        updates.clear();
        // What had to be cast or gathered lives until the pass has run.
        try (Autograd.Mode _ = Autograd.noGrad();
                Scope _ = Scope.open()) {
            for (Slot slot : slots) {
                Optional<Tensor> grad = slot.entry.parameter().grad();
                if (grad.isPresent()) {
                    slot.steps++;
                    update(slot, grad.get(), gradScale);
                }
            }
            updates.run();
        }
        zeroGrad();
    }

    /// Clips the gradients to a norm of `maxNorm` all together and applies them, as
    /// `step(coefficient(norm, maxNorm))` of [GradientClipping]. That is two passes over the gradients, one for the
    /// norm and one that scales them on their way into the parameters: the fewest there can be, as no parameter may
    /// change before the norm is known.
    ///
    /// A norm that is not finite tells of a gradient that is not. Nothing is applied then, no step is counted, and
    /// the gradients are cleared.
    ///
    /// @return the norm before clipping
    public final double stepClipped(double maxNorm) {
        double norm = GradientClipping.norm(parameters().values());
        double coefficient = GradientClipping.coefficient(norm, maxNorm);
        if (Double.isFinite(norm)) {
            step(coefficient);
        } else {
            zeroGrad();
        }
        return norm;
    }

    private void update(Slot slot, Tensor grad, double gradScale) {
        Tensor parameter = slot.entry.parameter();
        double lr = learningRate * slot.entry.learningRateScale();
        if (parameter.dtype() == DType.F32 && parameter.isContiguous() && !unfused) {
            fused(updates, slot, parameter, grad.to(DType.F32).contiguous(), gradScale, lr);
            return;
        }
        DType type = stateType(parameter);
        try (Scope _ = Scope.open()) {
            Tensor p = parameter.to(type).contiguous();
            Tensor g = grad.to(type).contiguous();
            if (type == DType.F64 || unfused) {
                unfused(slot, p, g, gradScale, lr);
            } else {
                fused(updates, slot, p, g, gradScale, lr);
                updates.run();
            }
            if (p != parameter) {
                parameter.copyFrom(p);
            }
        }
    }

    /// Takes the form in public operations for every parameter from now on.
    final void unfused() {
        unfused = true;
    }

    /// Forgets the gradients without applying them.
    public final void zeroGrad() {
        slots.forEach(slot -> slot.entry.parameter().zeroGrad());
    }

    /// How many times `step` was called, over all resumed runs.
    public final long steps() {
        return steps;
    }

    public final double learningRate() {
        return learningRate;
    }

    /// Sets the learning rate of the steps to come.
    public final void learningRate(double value) {
        learningRate = Options.notNegative("learningRate", value);
    }

    /// The parameters, by name.
    public final SequencedMap<String, Tensor> parameters() {
        SequencedMap<String, Tensor> result = new LinkedHashMap<>();
        slots.forEach(slot -> result.put(slot.name(), slot.entry.parameter()));
        return result;
    }

    // ---- state -----------------------------------------------------------------------------------------------------

    /// Everything needed to go on bitwise: `step` (I64, no dimensions), `<kind>.<parameter>` (for Adam, `m.` and
    /// `v.`), and `step.<parameter>` for those that had fewer gradients than there were steps. The tensors are the
    /// optimiser's own and change with the next step.
    public final SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> result = new LinkedHashMap<>();
        Tensor total = stepTensor != null ? stepTensor : Tensor.zeros(DType.I64).keep();
        stepTensor = total;
        result.put(STEP, total.fillInPlace(steps));
        for (Slot slot : slots) {
            for (String kind : stateKinds(slot)) {
                Tensor t = slot.state.get(kind);
                if (t != null) {
                    result.put(kind + "." + slot.name(), t);
                }
            }
            if (slot.steps != steps) {
                Tensor count = slot.state.computeIfAbsent(
                        STEP, _ -> Tensor.zeros(DType.I64).keep());
                result.put(STEP + "." + slot.name(), count.fillInPlace(slot.steps));
            }
        }
        return result;
    }

    /// Takes over a state that [#state()] gave, copying its values.
    ///
    /// @throws IllegalArgumentException naming everything that is missing, unknown or of another shape; nothing is
    ///     changed then
    public final void load(Map<String, Tensor> state) {
        List<String> problems = new ArrayList<>();
        Map<String, Tensor> rest = new LinkedHashMap<>(state);
        Tensor count = rest.remove(STEP);
        if (count == null || count.count() != 1) {
            problems.add(STEP + (count == null ? " is missing" : " is no scalar"));
        }
        Map<Slot, Map<String, Tensor>> found = new LinkedHashMap<>();
        for (Slot slot : slots) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            for (String kind : stateKinds(slot)) {
                String key = kind + "." + slot.name();
                Tensor t = rest.remove(key);
                if (t == null) {
                    continue;
                }
                if (!Arrays.equals(t.shape(), slot.entry.parameter().shape())) {
                    problems.add(key + " has shape " + Arrays.toString(t.shape()) + ", its parameter "
                            + Arrays.toString(slot.entry.parameter().shape()));
                }
                own.put(kind, t);
            }
            Tensor fewer = rest.remove(STEP + "." + slot.name());
            if (fewer != null) {
                own.put(STEP, fewer);
            }
            long wanted = stateKinds(slot).size();
            long kinds = own.keySet().stream().filter(k -> !k.equals(STEP)).count();
            if (kinds != 0 && kinds != wanted || fewer != null && fewer.count() != 1) {
                problems.add(slot.name() + " has " + own.keySet() + " of " + stateKinds(slot));
            }
            found.put(slot, own);
        }
        rest.keySet().forEach(key -> problems.add(key + " is unknown"));
        if (!problems.isEmpty() || count == null) {
            throw new IllegalArgumentException("[optimizer] expected the state of this optimiser; got one where "
                    + String.join("; ", problems)
                    + ". Hint: the same kind of optimiser with the same options and parameters must load it.");
        }
        steps = count.toLongs()[0];
        found.forEach(this::load);
    }

    private void load(Slot slot, Map<String, Tensor> own) {
        slot.state.values().forEach(Tensor::close);
        slot.state.clear();
        Tensor fewer = own.remove(STEP);
        boolean stateless = stateKinds(slot).isEmpty();
        slot.steps = fewer != null ? fewer.toLongs()[0] : own.isEmpty() && !stateless ? 0 : steps;
        try (Autograd.Mode _ = Autograd.noGrad()) {
            own.forEach((kind, t) -> slot.state(kind, 0).copyFrom(t));
        }
    }

    /// Frees the state. The parameters stay.
    @Override
    public void close() {
        for (Slot slot : slots) {
            slot.state.values().forEach(Tensor::close);
            slot.state.clear();
            slot.steps = 0;
        }
        if (stepTensor != null) {
            stepTensor.close();
            stepTensor = null;
        }
    }
}
