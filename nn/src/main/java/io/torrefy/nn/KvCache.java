package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Kernels;
import io.torrefy.tensor.Tensor;

/// Keys and values of past tokens for one attention layer: `slots` sequences of up to `capacity` tokens, each (slots,
/// capacity, kvHeads, dim). A sequence owns a slot from its first token to its last.
@Export(value = "nn.KvCache", since = "0.1")
public final class KvCache implements AutoCloseable {
    private final int slots;
    private final int capacity;
    private final Tensor keys;
    private final Tensor values;

    private KvCache(int slots, int capacity, int kvHeads, int keyDim, int valueDim) {
        this.slots = slots;
        this.capacity = capacity;
        this.keys = Tensor.zeros(slots, capacity, kvHeads, keyDim).keep();
        this.values = Tensor.zeros(slots, capacity, kvHeads, valueDim).keep();
    }

    public static KvCache of(int slots, int capacity, int kvHeads, int dim) {
        return new KvCache(slots, capacity, kvHeads, dim, dim);
    }

    /// Sequences there is room for.
    public int slots() {
        return slots;
    }

    /// Tokens a sequence may have.
    public int capacity() {
        return capacity;
    }

    /// As (slots, kvHeads, capacity, dim), a view.
    public Tensor keys() {
        return keys.permute(0, 2, 1, 3);
    }

    /// As (slots, kvHeads, capacity, dim), a view.
    public Tensor values() {
        return values.permute(0, 2, 1, 3);
    }

    /// Writes tokens: k and v (tokens, kvHeads, dim), `rows` (tokens), I64, each `slot * capacity + position`.
    public void write(Tensor rows, Tensor k, Tensor v) {
        Kernels.copyRows(flat(keys), rows, k.reshape(k.size(0), -1));
        Kernels.copyRows(flat(values), rows, v.reshape(v.size(0), -1));
    }

    /// Copies the first `length` tokens of a slot to others: samples that share a prompt.
    public void share(int from, int[] to, int length) {
        for (int slot : to) {
            keys.select(0, slot)
                    .slice(0, 0, length)
                    .copyFrom(keys.select(0, from).slice(0, 0, length));
            values.select(0, slot)
                    .slice(0, 0, length)
                    .copyFrom(values.select(0, from).slice(0, 0, length));
        }
    }

    private static Tensor flat(Tensor cache) {
        return cache.reshape(cache.size(0) * cache.size(1), cache.size(2) * cache.size(3));
    }

    @Override
    public void close() {
        keys.close();
        values.close();
    }
}
