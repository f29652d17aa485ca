package io.torrefy.rl.deep;

import io.torrefy.export.Export;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// What the settings of all deep algorithms have. Their methods change them and give them back.
///
/// @param <S> the settings themselves
@Export(value = "rl.deep.DeepSettings", since = "0.1")
public abstract class DeepSettings<S extends DeepSettings<S>> implements Cloneable {
    final String name;

    long seed = 1;
    int environments;
    double gamma = 0.99;
    double learningRate;
    int[] hidden;

    DeepSettings(String name, int environments, double learningRate, int... hidden) {
        this.name = name;
        this.environments = environments;
        this.learningRate = learningRate;
        this.hidden = hidden;
    }

    @SuppressWarnings("unchecked") // S is the class itself
    final S self() {
        return (S) this;
    }

    /// The same settings, which stay as they are when these are changed.
    @SuppressWarnings("unchecked")
    final S copy() {
        try {
            return (S) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /// Of the networks, the environments and everything drawn; 1 by default.
    public final S seed(long value) {
        seed = value;
        return self();
    }

    /// How many run side by side.
    public final S environments(int value) {
        environments = Checks.atLeast(name, "environments", 1, value);
        return self();
    }

    /// What a reward is worth one step later, in [0, 1]; 0.99 by default.
    public final S gamma(double value) {
        gamma = Checks.unit(name, "gamma", value);
        return self();
    }

    /// Adam's.
    public final S learningRate(double value) {
        learningRate = Checks.positive(name, "learningRate", value);
        return self();
    }

    /// Sizes of the hidden layers.
    public final S hidden(int... sizes) {
        for (int size : sizes) {
            Checks.atLeast(name, "hidden", 1, size);
        }
        hidden = sizes.clone();
        return self();
    }

    /// Adds what [#toString] shows, which is what a checkpoint must agree with.
    abstract void show(Map<String, Object> to);

    /// `[seed=1, gamma=0.99, …]`.
    @Override
    public final String toString() {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("seed", seed);
        shown.put("environments", environments);
        shown.put("gamma", gamma);
        shown.put("learningRate", learningRate);
        shown.put("hidden", Arrays.toString(hidden));
        show(shown);
        return shown.toString().replace('{', '[').replace('}', ']');
    }
}
