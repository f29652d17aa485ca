package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The frozen model that a policy is measured against: another model, or the one under the policy's adapter, which
/// takes no second copy of the weights.
@Export(value = "posttrain.Reference", since = "0.1")
public final class Reference {
    private final CausalLm model;
    private final @Nullable Lora adapter;

    private Reference(CausalLm model, @Nullable Lora adapter) {
        this.model = model;
        this.adapter = adapter;
    }

    /// A model beside the policy.
    public static Reference of(CausalLm model) {
        return new Reference(model, null);
    }

    /// The policy as it is without its adapter, which is not merged.
    public static Reference under(CausalLm policy, Lora adapter) {
        return new Reference(policy, adapter);
    }

    CausalLm model() {
        return model;
    }

    /// Whether training the policy leaves it as it is.
    boolean isFrozen(CausalLm policy) {
        return adapter != null || model != policy;
    }

    /// Asks the model something.
    <T> T read(Function<CausalLm, T> ask) {
        return adapter == null ? ask.apply(model) : adapter.without(() -> ask.apply(model));
    }
}
