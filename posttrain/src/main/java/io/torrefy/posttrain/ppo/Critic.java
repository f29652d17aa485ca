package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Module;
import io.torrefy.nn.Safetensors;
import io.torrefy.posttrain.PackedCompletions;
import io.torrefy.posttrain.preference.ValueModel;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// A value function: a language model whose last hidden states a linear head turns into one number each. Body and head
/// are its own, no parameter is the policy's.
///
/// InstructGPT begins with the reward model, body and head; without one, begin with a copy of the policy and a head of
/// zeros, which says 0 everywhere until it has learnt.
@Export(value = "posttrain.Critic", since = "0.1")
public final class Critic extends Module {
    private static final String HEAD_FILE = "value_head.safetensors";
    private static final String HEAD_NAME = "score.weight";

    private final CausalLm body;
    private final Linear head;

    private Critic(CausalLm body) {
        this.body = child("body", body);
        this.head = child("score", Linear.normal(body.config().hidden(), 1, false, 0, Rng.of(0)));
    }

    /// A critic with this body, which is then the critic's to close, and a head of zeros.
    public static Critic of(CausalLm body) {
        return new Critic(body);
    }

    /// A critic with this body and a copy of this head, those of a reward model.
    ///
    /// @param head (1, hidden)
    /// @throws IllegalArgumentException if the head has another shape
    public static Critic of(CausalLm body, Tensor head) {
        long[] shape = {1, body.config().hidden()};
        if (!Arrays.equals(head.shape(), shape)) {
            throw new IllegalArgumentException("[critic] expected a head of shape " + Arrays.toString(shape) + "; got "
                    + Arrays.toString(head.shape()) + ". Hint: body and head must come from one reward model.");
        }
        Critic critic = new Critic(body);
        try (Autograd.Mode _ = Autograd.noGrad()) {
            critic.head.weight().copyFrom(head);
        }
        return critic;
    }

    /// A critic that begins as a trained reward model, body and head, as InstructGPT's does.
    ///
    /// @param folder what [ValueModel#save(Path)] or transformers wrote
    /// @throws io.torrefy.lm.ModelException if it is no such model
    public static Critic fromRewardModel(Path folder) {
        ValueModel model = ValueModel.load(folder);
        try (Tensor head = model.head()) { // copied; the body becomes the critic's
            return of(model.body(), head);
        }
    }

    /// The model below the head.
    public CausalLm body() {
        return body;
    }

    /// The value (tokens) of the state in which each completion token was chosen: of the text before it.
    public Tensor values(PackedCompletions completions) {
        return head.forward(completions.hidden(body)).squeeze(-1);
    }

    /// Writes the body as [CausalLm#save] does, and beside it `value_head.safetensors` with `score.weight` (1,
    /// hidden).
    public void save(Path folder) throws IOException {
        body.save(folder);
        SequencedMap<String, Tensor> weights = new LinkedHashMap<>();
        weights.put(HEAD_NAME, head.weight());
        Safetensors.write(folder.resolve(HEAD_FILE), weights, Map.of("format", "pt"));
    }

    /// Loads what [#save] wrote.
    ///
    /// @throws IOException if there is no head that can be read
    public static Critic load(Path folder) throws IOException {
        Map<String, Tensor> weights = Safetensors.read(folder.resolve(HEAD_FILE));
        try {
            Tensor head = weights.get(HEAD_NAME);
            if (head == null) {
                throw new IOException("[critic] expected " + HEAD_NAME + " in " + folder.resolve(HEAD_FILE) + "; got "
                        + weights.keySet());
            }
            return of(CausalLm.load(folder), head);
        } finally {
            weights.values().forEach(Tensor::close);
        }
    }

    @Override
    public void close() {
        zeroGrad();
        body.close();
        head.close();
    }
}
