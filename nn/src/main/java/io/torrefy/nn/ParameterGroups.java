package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BiPredicate;

/// The parameters that an optimiser trains, by name, with what is particular to some of them: a learning rate scale, a
/// weight decay of their own. Immutable; the `with` forms return changed copies, and the last rule that matches a
/// parameter counts.
///
/// ```java
/// var groups = ParameterGroups.of(model.namedParameters())
///         .withoutDecayOnVectors()
///         .withLearningRateScale((name, _) -> name.startsWith("head."), 10);
/// var optimizer = AdamW.of(groups, 1e-3);
/// ```
@Export(value = "optim.ParameterGroups", since = "0.1")
public final class ParameterGroups {
    private final List<Entry> entries;

    /// One parameter.
    ///
    /// @param learningRateScale times the optimiser's learning rate
    /// @param weightDecay in place of the optimiser's, where present
    public record Entry(String name, Tensor parameter, double learningRateScale, OptionalDouble weightDecay) {}

    private ParameterGroups(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /// All parameters of a map, in its order. A tensor with several names (tied weights) is trained once, under the
    /// first.
    ///
    /// @throws IllegalArgumentException if there is none, or one is not of a floating-point type
    public static ParameterGroups of(SequencedMap<String, Tensor> named) {
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Entry> entries = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        named.forEach((name, parameter) -> {
            if (!parameter.dtype().isFloating()) {
                wrong.add(name + " " + parameter.dtype());
            }
            if (seen.add(parameter)) {
                entries.add(new Entry(name, parameter, 1, OptionalDouble.empty()));
            }
        });
        if (entries.isEmpty() || !wrong.isEmpty()) {
            throw new IllegalArgumentException("[optimizer] expected floating-point parameters; got "
                    + (entries.isEmpty() ? "none. Hint: is every layer frozen?" : String.join(", ", wrong)));
        }
        return new ParameterGroups(entries);
    }

    /// Parameters without names; they are called `0`, `1`, … in the optimiser's state.
    public static ParameterGroups of(List<Tensor> parameters) {
        SequencedMap<String, Tensor> named = new LinkedHashMap<>();
        parameters.forEach(p -> named.put(Integer.toString(named.size()), p));
        return of(named);
    }

    /// The parameters in order.
    public List<Entry> entries() {
        return entries;
    }

    /// A weight decay of their own for the parameters that `which` accepts.
    public ParameterGroups withWeightDecay(BiPredicate<String, Tensor> which, double weightDecay) {
        OptionalDouble decay = OptionalDouble.of(Options.notNegative("weightDecay", weightDecay));
        return new ParameterGroups(entries.stream()
                .map(e -> which.test(e.name, e.parameter)
                        ? new Entry(e.name, e.parameter, e.learningRateScale, decay)
                        : e)
                .toList());
    }

    /// No weight decay on tensors of fewer than two dimensions: biases and the gains of norms.
    public ParameterGroups withoutDecayOnVectors() {
        return withWeightDecay((_, p) -> p.rank() < 2, 0);
    }

    /// Multiplies the learning rate of the parameters that `which` accepts.
    public ParameterGroups withLearningRateScale(BiPredicate<String, Tensor> which, double scale) {
        Options.notNegative("learningRateScale", scale);
        return new ParameterGroups(entries.stream()
                .map(e -> which.test(e.name, e.parameter)
                        ? new Entry(e.name, e.parameter, e.learningRateScale * scale, e.weightDecay)
                        : e)
                .toList());
    }

    /// Only the parameters that `which` accepts.
    public ParameterGroups where(BiPredicate<String, Tensor> which) {
        return new ParameterGroups(
                entries.stream().filter(e -> which.test(e.name, e.parameter)).toList());
    }
}
