"""TensorFlow's own reading of TFRecord files, and reading with parse_example: what io.torrefy.bench.cases.Records does.

`args`: `what` is read or parse, `records` the number of records, `batch` the rows of a batch. The file has the same
bytes as the one that the Java side writes: 13 floats, 26 strings and an integer a record.
"""

import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

FLOATS = 13
FEATURES = 40


def example(row):
    feature = {}
    for i in range(FEATURES):
        n = row * FEATURES + i
        if i < FLOATS:
            value = tf.train.Feature(float_list=tf.train.FloatList(value=[n % 1000 / 8]))
        elif i < FEATURES - 1:
            text = b"%07x" % (n * 2654435761 % 2**28)
            value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))
        else:
            value = tf.train.Feature(int64_list=tf.train.Int64List(value=[row % 2]))
        feature[f"f{i}"] = value
    return tf.train.Example(features=tf.train.Features(feature=feature))


def specs():
    kinds = {}
    for i in range(FEATURES):
        if i < FLOATS:
            kinds[f"f{i}"] = tf.io.FixedLenFeature([], tf.float32)
        elif i < FEATURES - 1:
            kinds[f"f{i}"] = tf.io.VarLenFeature(tf.string)
        else:
            kinds[f"f{i}"] = tf.io.FixedLenFeature([], tf.int64)
    return kinds


def open(case, args):
    threads = args["threads"]
    folder = tempfile.TemporaryDirectory(prefix="torrefy-records-")
    path = os.path.join(folder.name, "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for row in range(args["records"]):
            writer.write(example(row).SerializeToString(deterministic=True))
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    dataset = tf.data.TFRecordDataset(path).batch(args["batch"])
    if args["what"] == "parse":
        kinds = specs()
        calls = None if threads == 1 else tf.data.AUTOTUNE
        dataset = dataset.map(lambda records: tf.io.parse_example(records, kinds), num_parallel_calls=calls)
        if threads > 1:
            dataset = dataset.prefetch(tf.data.AUTOTUNE)
    dataset = dataset.with_options(options)

    def run():
        folder.name  # keeps the file as long as there is something to run
        for _ in dataset:
            pass

    return run, args["records"], "records"
