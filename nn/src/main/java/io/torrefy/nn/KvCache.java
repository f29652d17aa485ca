package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.Kernels;
import io.torrefy.tensor.Tensor;

/// Keys and values of past tokens for one attention layer: `slots` sequences of up to `capacity` tokens, each (slots,
/// kvHeads, capacity, dim), so that what a head reads for a token lies side by side. A sequence owns a slot from its
/// first token to its last.
@Export(value = "nn.KvCache", since = "0.1")
public final class KvCache implements AutoCloseable {
    private final int slots;
    private final int capacity;
    private final Tensor keys;
    private final Tensor values;

    private KvCache(int slots, int capacity, int kvHeads, int keyDim, int valueDim) {
        this.slots = slots;
        this.capacity = capacity;
        this.keys = Tensor.zeros(slots, kvHeads, capacity, keyDim).keep();
        this.values = Tensor.zeros(slots, kvHeads, capacity, valueDim).keep();
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

    /// (slots, kvHeads, capacity, dim).
    public Tensor keys() {
        return keys;
    }

    /// (slots, kvHeads, capacity, dim).
    public Tensor values() {
        return values;
    }

    /// Writes tokens: k and v (tokens, kvHeads, dim), `rows` (tokens), I64, each `slot * capacity + position`.
    public void write(Tensor rows, Tensor k, Tensor v) {
        Tensor heads = rowsOfHeads(rows.toLongs());
        Kernels.copyRows(flat(keys), heads, k.reshape(-1, k.size(2)));
        Kernels.copyRows(flat(values), heads, v.reshape(-1, v.size(2)));
    }

    /// Where the heads of tokens at `slot * capacity + position` lie, as rows of [#flat].
    private Tensor rowsOfHeads(long[] tokens) {
        int kvHeads = (int) keys.size(1);
        long[] rows = new long[tokens.length * kvHeads];
        for (int i = 0; i < rows.length; i++) {
            long token = tokens[i / kvHeads];
            rows[i] = (token / capacity * kvHeads + i % kvHeads) * capacity + token % capacity;
        }
        return Tensor.of(rows, rows.length);
    }

    /// Copies the first `length` tokens of a slot to others: samples that share a prompt.
    public void share(int from, int[] to, int length) {
        for (int slot : to) {
            keys.select(0, slot)
                    .slice(1, 0, length)
                    .copyFrom(keys.select(0, from).slice(1, 0, length));
            values.select(0, slot)
                    .slice(1, 0, length)
                    .copyFrom(values.select(0, from).slice(1, 0, length));
        }
    }

    private static Tensor flat(Tensor cache) {
        return cache.reshape(-1, cache.size(3));
    }

    @Override
    public void close() {
        keys.close();
        values.close();
    }
}
