package io.torrefy.lm;

import io.torrefy.nn.Layer;
import io.torrefy.nn.LayerNorm;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Module;
import io.torrefy.nn.RmsNorm;
import io.torrefy.nn.Rotary;
import io.torrefy.tensor.Functional;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;

/// A pre-norm transformer block: x + attention(norm(x)), then x + feedForward(norm(x)).
final class DecoderBlock extends Module {
    private final Layer attentionNorm;
    private final SelfAttention attention;
    private final Layer feedForwardNorm;
    private final Layer feedForward;

    private DecoderBlock(Layer attentionNorm, SelfAttention attention, Layer feedForwardNorm, Layer feedForward) {
        this.attentionNorm = attentionNorm;
        this.attention = attention;
        this.feedForwardNorm = feedForwardNorm;
        this.feedForward = feedForward;
    }

    static DecoderBlock of(DecoderConfig c, int layer, Rotary rotary, Rng rng) {
        if (c.family() == DecoderConfig.Family.GPT2) {
            DecoderBlock block = new DecoderBlock(
                    LayerNorm.of(c.hidden(), c.normEps()),
                    new SelfAttention.Joint(c, layer, rng),
                    LayerNorm.of(c.hidden(), c.normEps()),
                    new GeluMlp(c, rng));
            block.child("ln_1", block.attentionNorm);
            block.child("attn", block.attention);
            block.child("ln_2", block.feedForwardNorm);
            block.child("mlp", block.feedForward);
            return block;
        }
        DecoderBlock block = new DecoderBlock(
                RmsNorm.of(c.hidden(), c.normEps()),
                new SelfAttention.Grouped(c, layer, rotary, rng),
                RmsNorm.of(c.hidden(), c.normEps()),
                new GatedMlp(c, rng));
        block.child("self_attn", block.attention);
        block.child("mlp", block.feedForward);
        block.child("input_layernorm", block.attentionNorm);
        block.child("post_attention_layernorm", block.feedForwardNorm);
        return block;
    }

    Tensor forward(Tensor x, TokenBatch batch) {
        // What the backward pass does not read goes when its half of the block is done.
        return Scope.of(() -> {
            Tensor y = Scope.of(() -> x.add(attention.forward(attentionNorm.forward(x), batch)));
            return y.add(feedForward.forward(feedForwardNorm.forward(y)));
        });
    }

    /// down(silu(gate(x)) * up(x)).
    private static final class GatedMlp extends Layer {
        private final Linear gate;
        private final Linear up;
        private final Linear down;

        GatedMlp(DecoderConfig c, Rng rng) {
            double std = c.initializerRange();
            gate = child("gate_proj", Linear.normal(c.hidden(), c.intermediate(), false, std, rng));
            up = child("up_proj", Linear.normal(c.hidden(), c.intermediate(), false, std, rng));
            down = child(
                    "down_proj",
                    Linear.normal(c.intermediate(), c.hidden(), false, std / Math.sqrt(2.0 * c.layers()), rng));
        }

        @Override
        public Tensor forward(Tensor x) {
            return down.forward(Functional.swiglu(gate.forward(x), up.forward(x)));
        }
    }

    /// GPT-2's feed-forward with the tanh form of GELU.
    private static final class GeluMlp extends Layer {
        private final Conv1d up;
        private final Conv1d down;

        GeluMlp(DecoderConfig c, Rng rng) {
            double std = c.initializerRange();
            up = child("c_fc", new Conv1d(c.hidden(), c.intermediate(), std, rng));
            down = child("c_proj", new Conv1d(c.intermediate(), c.hidden(), std / Math.sqrt(2.0 * c.layers()), rng));
        }

        @Override
        public Tensor forward(Tensor x) {
            return down.forwardGelu(up.forward(x));
        }
    }
}
