"""Raw columns to ids and numbers with TensorFlow's Keras preprocessing layers, on a table of strings and numbers.

The same table, columns and ids (but for StringLookup's, whose unknown words come first) as
io.torrefy.bench.cases.Columns. Needs tensorflow; worker.py does not load PyTorch for it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

CITIES = 1000


def threads(n):
    tf.config.threading.set_intra_op_parallelism_threads(n)
    tf.config.threading.set_inter_op_parallelism_threads(n)


def table(rows):
    """The numbers of a Weyl sequence, so that Java has the same without a file."""
    i = np.arange(rows, dtype=np.uint64)
    mixed = (i * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
    return {
        "user": tf.constant([f"user_{v}" for v in mixed % np.uint64(100_003)]),
        "city": tf.constant([f"city_{v}" for v in mixed % np.uint64(CITIES + 100)]),
        "device": tf.constant([f"device_{v}" for v in mixed % np.uint64(7)]),
        "age": tf.constant((mixed % np.uint64(100)).astype(np.float32)),
        "price": tf.constant((mixed % np.uint64(99_991)).astype(np.float32) / 100),
        "genre": tf.constant((mixed % np.uint64(20)).astype(np.int64)),
    }


def layers():
    L = tf.keras.layers
    return {
        "user": L.Hashing(100_000),
        "city": L.StringLookup(vocabulary=[f"city_{v}" for v in range(CITIES)], num_oov_indices=1),
        "age": L.Discretization(bin_boundaries=[18.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0]),
        "price": L.Normalization(axis=None, mean=500.0, variance=83_333.0),
        "cross": L.HashedCrossing(10_000),
        "genre": L.CategoryEncoding(num_tokens=20, output_mode="one_hot"),
    }


def encode(all_layers, only):
    def run(t):
        out = {}
        for name, layer in all_layers.items():
            if only in ("", name):
                out[name] = layer((t["city"], t["device"])) if name == "cross" else layer(t[name])
        return out

    return run


def open(case, args):
    rows = args["rows"]
    inputs = table(rows)
    # `batch` rows at a time, or all of them at once.
    batch = args.get("batch", rows)
    encoder = encode(layers(), args.get("only", ""))
    encoder({k: v[:8] for k, v in inputs.items()})  # A layer that is built while it is traced keeps tensors of the trace.
    step = tf.function(encoder)
    parts = [{k: v[at : at + batch] for k, v in inputs.items()} for at in range(0, rows, batch)]

    def run():
        for part in parts:
            out = step(part)
        # The last result is asked for, so that nothing is left running.
        return [float(tf.cast(v[-1], tf.float32).numpy().sum()) for v in out.values()]

    return run, float(rows), "rows"
