package io.torrefy.lm;

import io.torrefy.nn.KvCache;
import io.torrefy.nn.Linear;
import io.torrefy.nn.Module;
import io.torrefy.nn.RmsNorm;
import io.torrefy.nn.Rotary;
import io.torrefy.tensor.Attention;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Causal self-attention over packed tokens (tokens, hidden): projections, rotary positions, grouped-query attention.
abstract sealed class SelfAttention extends Module {
    private final int layer;
    private final DecoderConfig config;

    SelfAttention(DecoderConfig config, int layer) {
        this.config = config;
        this.layer = layer;
    }

    /// (tokens, hidden) to (tokens, hidden).
    abstract Tensor forward(Tensor x, TokenBatch batch);

    /// Attends with q (tokens, heads, dim), k and v (tokens, kvHeads, dim); the result is (tokens, heads * dim).
    final Tensor attend(Tensor q, Tensor k, Tensor v, TokenBatch batch) {
        TokenBatch.Cache cache = batch.cache();
        Tensor y;
        SharedPrefixes prefixes = batch.prefixes();
        if (prefixes != null) {
            y = Attention.attendPacked(
                    q,
                    prefixes.spread(k),
                    prefixes.spread(v),
                    batch.offsets(),
                    prefixes.offsets(),
                    Attention.Options.CAUSAL_CACHED);
        } else if (cache == null) {
            y = Attention.attendPacked(q, k, v, batch.offsets(), batch.offsets(), Attention.Options.CAUSAL);
        } else {
            KvCache store = cache.layers().get(layer);
            store.write(cache.rows(), k, v);
            y = cache.decode()
                    ? Attention.attendCached(
                            q, store.keys(), store.values(), cache.slots(), cache.lengths(), Attention.Options.FULL)
                    : Attention.attendPacked(q, k, v, batch.offsets(), batch.offsets(), Attention.Options.CAUSAL);
        }
        return y.reshape(batch.tokens(), (long) config.heads() * config.headDim());
    }

    /// Llama, Qwen2 and Qwen3.
    static final class Grouped extends SelfAttention {
        private final DecoderConfig config;
        private final Linear query;
        private final Linear key;
        private final Linear value;
        private final Linear output;
        private final Rotary rotary;
        private final @Nullable RmsNorm queryNorm;
        private final @Nullable RmsNorm keyNorm;

        Grouped(DecoderConfig config, int layer, Rotary rotary, Rng rng) {
            super(config, layer);
            this.config = config;
            this.rotary = rotary;
            int hidden = config.hidden();
            int queries = config.heads() * config.headDim();
            int keys = config.kvHeads() * config.headDim();
            double std = config.initializerRange();
            query = child("q_proj", Linear.normal(hidden, queries, config.attentionBias(), std, rng));
            key = child("k_proj", Linear.normal(hidden, keys, config.attentionBias(), std, rng));
            value = child("v_proj", Linear.normal(hidden, keys, config.attentionBias(), std, rng));
            double outputStd = std / Math.sqrt(2.0 * config.layers());
            output = child("o_proj", Linear.normal(queries, hidden, config.outputBias(), outputStd, rng));
            queryNorm = config.headNorm() ? child("q_norm", RmsNorm.of(config.headDim(), config.normEps())) : null;
            keyNorm = config.headNorm() ? child("k_norm", RmsNorm.of(config.headDim(), config.normEps())) : null;
        }

        @Override
        Tensor forward(Tensor x, TokenBatch batch) {
            Tensor q = heads(query.forward(x), config.heads(), queryNorm, batch);
            Tensor k = heads(key.forward(x), config.kvHeads(), keyNorm, batch);
            Tensor v = value.forward(x).reshape(batch.tokens(), config.kvHeads(), config.headDim());
            return output.forward(attend(q, k, v, batch));
        }

        private Tensor heads(Tensor x, int count, @Nullable RmsNorm norm, TokenBatch batch) {
            Tensor y = x.reshape(batch.tokens(), count, config.headDim());
            return rotary.rotate(norm == null ? y : norm.forward(y), batch.positions(), batch.longest());
        }
    }

    /// GPT-2: one projection for q, k and v, no rotation.
    static final class Joint extends SelfAttention {
        private final DecoderConfig config;
        private final Conv1d project;
        private final Conv1d output;

        Joint(DecoderConfig config, int layer, Rng rng) {
            super(config, layer);
            this.config = config;
            double std = config.initializerRange();
            project = child("c_attn", new Conv1d(config.hidden(), 3L * config.hidden(), std, rng));
            output = child(
                    "c_proj",
                    new Conv1d(config.hidden(), config.hidden(), std / Math.sqrt(2.0 * config.layers()), rng));
        }

        @Override
        Tensor forward(Tensor x, TokenBatch batch) {
            Tensor qkv = project.forward(x).reshape(batch.tokens(), 3, config.heads(), config.headDim());
            if (batch.cache() == null && batch.prefixes() == null) {
                Tensor y = Attention.attendJoint(qkv, batch.offsets(), Attention.Options.CAUSAL);
                return output.forward(y.reshape(batch.tokens(), config.hidden()));
            }
            return output.forward(attend(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), batch));
        }
    }
}
