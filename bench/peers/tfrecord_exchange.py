"""TFRecord files, Examples and event files between TensorFlow, TensorBoard and Torrefy.

    tfrecord_exchange.py samples DIR             writes the sample files that the tests of `data` read
    tfrecord_exchange.py exchange TORREFY DIR    TensorFlow writes, Torrefy reads and writes, TensorFlow reads back
    tfrecord_exchange.py events RUN              TensorBoard reads the event files of a run folder, prints what it found
    tfrecord_exchange.py generate FILE N         N Examples of 40 features, 766 bytes each

Needs tensorflow-cpu 2.21.0 and tensorboard. TORREFY is the launcher, `./torrefy`.
"""

import hashlib
import json
import os
import random
import struct
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf  # noqa: E402


def feature(kind, values):
    if kind == "string":
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if kind == "float32":
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def example(features):
    return tf.train.Example(features=tf.train.Features(feature={k: feature(*v) for k, v in features.items()}))


def write(path, records, compression=""):
    with tf.io.TFRecordWriter(path, compression) as writer:
        for record in records:
            writer.write(record)


def rows(count, seed):
    """Rows with everything that a parser meets: lengths 0 to 4, extremes, missing features, bytes that are no text."""
    chance = random.Random(seed)
    edges = [0, 1, -1, 127, 128, 300, -(2**63), 2**63 - 1]
    floats = [0.0, -0.0, 1.5, -2.5, float("inf"), 3.4028234663852886e38, 1e-45]
    for row in range(count):
        length = row % 5
        features = {
            "id": ("int64", [row]),
            "pair": ("float32", [row / 4, -row / 4]),
            "name": ("string", [f"row {row} \u00e4".encode()]),
            "ints": ("int64", [chance.choice(edges) for _ in range(length)]),
            "floats": ("float32", [chance.choice(floats) for _ in range((length + 1) % 5)]),
            "bytes": ("string", [bytes(chance.randrange(256) for _ in range(i)) for i in range((length + 2) % 5)]),
            "even": ("int64", list(range(2 * length))),
            "index": ("int64", chance.sample(range(100), length)),
            "value": ("float32", [float(i) for i in range(length)]),
            "inner": ("int64", list(range(2 * length))),
            "parts": ("float32", [float(i) for i in range(length)]),
            "lengths": ("int64", [length - length // 2, length // 2]),
        }
        for name in ("ints", "floats", "bytes", "even", "default"):
            if chance.random() < 0.2:
                features.pop(name, None)
        if chance.random() < 0.5:
            features["default"] = ("int64", [chance.choice(edges)])
        yield example(features).SerializeToString(deterministic=row % 2 == 0)


PARSED = {
    "id": tf.io.FixedLenFeature([], tf.int64),
    "pair": tf.io.FixedLenFeature([2], tf.float32),
    "name": tf.io.FixedLenFeature([1, 1], tf.string),
    "default": tf.io.FixedLenFeature([], tf.int64, default_value=-7),
    "ints": tf.io.VarLenFeature(tf.int64),
    "floats": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=-1.0),
    "bytes": tf.io.RaggedFeature(tf.string),
    "even": tf.io.FixedLenSequenceFeature([2], tf.int64, allow_missing=True),
    "sparse": tf.io.SparseFeature("index", "value", tf.float32, 100),
    "nested": tf.io.RaggedFeature(
        tf.int64,
        value_key="inner",
        partitions=[tf.io.RaggedFeature.UniformRowLength(2)],
    ),
    "parted": tf.io.RaggedFeature(
        tf.float32, value_key="parts", partitions=[tf.io.RaggedFeature.RowLengths("lengths")]
    ),
}


def plain(tensor):
    """A tensor as JSON: bytes as hex, floats by their bits."""
    array = tensor.numpy()
    flat = array.reshape(-1).tolist() if hasattr(array, "reshape") else [array]
    if tensor.dtype == tf.string:
        return [value.hex() for value in flat]
    if tensor.dtype == tf.float32:
        return [struct.unpack("<i", struct.pack("<f", value))[0] for value in flat]
    return flat


def described(value):
    if isinstance(value, tf.sparse.SparseTensor):
        return {
            "values": plain(value.values),
            "indices": plain(value.indices),
            "shape": plain(value.dense_shape),
        }
    if isinstance(value, tf.RaggedTensor):
        return {"values": plain(value.flat_values), "splits": [plain(s) for s in value.nested_row_splits]}
    return {"values": plain(value), "shape": value.shape.as_list()}


def sequences(count):
    for row in range(count):
        steps = row % 4
        lists = {
            "pairs": [feature("float32", [row + i, -i]) for i in range(steps)],
            "words": [feature("string", [b"w" * j for j in range((row + i) % 3)]) for i in range(steps)],
        }
        lists["letters"] = lists["words"]
        if row % 3 == 0:
            del lists["words"]
        yield tf.train.SequenceExample(
            context=tf.train.Features(feature={"id": feature("int64", [row])}),
            feature_lists=tf.train.FeatureLists(
                feature_list={k: tf.train.FeatureList(feature=v) for k, v in lists.items()}
            ),
        ).SerializeToString(deterministic=True)


def samples(folder):
    os.makedirs(folder, exist_ok=True)
    records = [b"", b"hello", bytes(range(256)) * 5] + [os.urandom(0) + b"x" * n for n in (1, 11, 12, 13, 700)]
    for name, compression in (("plain", ""), ("gzip", "GZIP"), ("zlib", "ZLIB")):
        write(f"{folder}/{name}.tfrecord", records, compression)
    write(f"{folder}/examples.tfrecord", rows(37, 1))
    serialized = [r.numpy() for r in tf.data.TFRecordDataset(f"{folder}/examples.tfrecord")]
    parsed = tf.io.parse_example(serialized, PARSED)
    with open(f"{folder}/examples.json", "w") as out:
        json.dump({k: described(v) for k, v in sorted(parsed.items())}, out)
        out.write("\n")
    write(f"{folder}/sequences.tfrecord", sequences(11))
    serialized = [r.numpy() for r in tf.data.TFRecordDataset(f"{folder}/sequences.tfrecord")]
    context, lists, lengths = tf.io.parse_sequence_example(
        serialized,
        {"id": tf.io.FixedLenFeature([], tf.int64)},
        {
            "pairs": tf.io.FixedLenSequenceFeature([2], tf.float32),
            "words": tf.io.VarLenFeature(tf.string),
            "ragged": tf.io.RaggedFeature(tf.string, value_key="letters"),
        },
    )
    answer = {
        "context": {k: described(v) for k, v in context.items()},
        "lists": {k: described(v) for k, v in lists.items()},
        "lengths": {k: plain(v) for k, v in lengths.items()},
    }
    with open(f"{folder}/sequences.json", "w") as out:
        json.dump(answer, out)
        out.write("\n")


def generate(path, count):
    """The table of the spec: 13 floats, 26 strings, 1 integer, 766 bytes on average."""
    chance = random.Random(7)
    names = [f"f{i}" for i in range(40)]
    with tf.io.TFRecordWriter(path) as writer:
        for _ in range(count):
            features = {}
            for i, name in enumerate(names):
                if i < 13:
                    features[name] = ("float32", [chance.random()])
                elif i < 39:
                    features[name] = ("string", [b"%07x" % chance.getrandbits(28)])
                else:
                    features[name] = ("int64", [chance.randrange(2)])
            writer.write(example(features).SerializeToString())


def digest(path, compression=""):
    total = hashlib.sha256()
    count = 0
    for record in tf.data.TFRecordDataset(path, compression):
        data = record.numpy()
        total.update(struct.pack("<q", len(data)))
        total.update(data)
        count += 1
    return count, total.hexdigest()


def exchange(torrefy, folder):
    os.makedirs(folder, exist_ok=True)

    def run(*arguments):
        done = subprocess.run([torrefy, "records", *arguments, "--json"], check=True, capture_output=True, text=True)
        return json.loads(done.stdout.strip().splitlines()[-1])

    records = list(rows(1000, 2))
    for compression in ("", "GZIP", "ZLIB"):
        name = compression.lower() or "plain"
        theirs = f"{folder}/theirs-{name}.tfrecord"
        ours = f"{folder}/ours-{name}.tfrecord"
        write(theirs, records, compression)
        for path in (ours,):
            if os.path.exists(path):
                os.remove(path)
        verified = run("verify", theirs)
        assert verified["records"] == 1000 and verified["skipped"] == [], verified
        run("convert", theirs, ours, "--compression", name if compression else "none")
        assert digest(ours, compression) == digest(theirs, compression)
        if not compression:
            assert open(ours, "rb").read() == open(theirs, "rb").read()
        print(f"{name}: 1000 records of TensorFlow's read, written and read back equal")
    lines = f"{folder}/rows.jsonl"
    back = f"{folder}/back.tfrecord"
    for path in (lines, back):
        if os.path.exists(path):
            os.remove(path)
    text = [
        example({"n": ("int64", [i, -i]), "x": ("float32", [i / 8]), "t": ("string", [f"\u00e4{i}".encode()])})
        for i in range(100)
    ]
    write(f"{folder}/text.tfrecord", [e.SerializeToString(deterministic=True) for e in text])
    run("convert", f"{folder}/text.tfrecord", lines)
    run("convert", lines, back)
    assert [tf.train.Example.FromString(r.numpy()) for r in tf.data.TFRecordDataset(back)] == text
    print("jsonl: 100 Examples through JSON Lines and back are equal to TensorFlow's own")
    for path in (f"{folder}/ours-sequences.tfrecord", f"{folder}/sequences.jsonl"):
        if os.path.exists(path):
            os.remove(path)
    write(f"{folder}/sequences.tfrecord", list(sequences(100)))
    run("convert", f"{folder}/sequences.tfrecord", f"{folder}/ours-sequences.tfrecord")
    assert digest(f"{folder}/ours-sequences.tfrecord") == digest(f"{folder}/sequences.tfrecord")
    run("convert", f"{folder}/sequences.tfrecord", f"{folder}/sequences.jsonl")
    with open(f"{folder}/sequences.jsonl") as rows_of_sequences:
        for row, line in enumerate(rows_of_sequences):
            found = json.loads(line)
            assert found["id"] == row and found["pairs"] == [[row + i, -i] for i in range(row % 4)], line
    print("sequences: 100 SequenceExamples copied equal, and their lists read as TensorFlow wrote them")
    logs = f"{folder}/tensorflow-events"
    with tf.summary.create_file_writer(logs).as_default():
        for step in range(20):
            tf.summary.scalar("loss", 1 / (step + 1), step)
            tf.summary.histogram("weights", [float(step), 1.0], step)
            tf.summary.text("note", "text", step)
            tf.summary.image("image", [[[[0.5]]]], step)
    verified = run("verify", *(f"{logs}/{name}" for name in os.listdir(logs)))
    assert verified["records"] >= 81 and verified["skipped"] == [], verified
    print(f"events: {verified['records']} events that TensorFlow wrote are sound records here")


def events(folder):
    from tensorboard.backend.event_processing import event_accumulator

    accumulator = event_accumulator.EventAccumulator(
        folder, size_guidance={event_accumulator.TENSORS: 0, event_accumulator.SCALARS: 0}
    )
    accumulator.Reload()
    found = {}
    for tag in accumulator.Tags()["tensors"]:
        plugin = accumulator.SummaryMetadata(tag).plugin_data.plugin_name
        points = accumulator.Tensors(tag)
        last = tf.make_ndarray(points[-1].tensor_proto)
        shown = last.tolist() if plugin in ("scalars", "text") else list(last.shape)
        found[tag] = {"plugin": plugin, "points": len(points), "step": points[-1].step, "last": str(shown)[:120]}
        if plugin == "images":
            image = tf.io.decode_png(last[2])
            found[tag]["image"] = [int(last[0]), int(last[1]), list(image.shape), int(tf.reduce_sum(tf.cast(image, tf.int64)))]
    for tag in accumulator.Tags()["scalars"]:
        points = accumulator.Scalars(tag)
        found[tag] = {"plugin": "simple_value", "points": len(points), "last": points[-1].value}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    what, *arguments = sys.argv[1:] or ["help"]
    if what == "samples":
        samples(*arguments)
    elif what == "exchange":
        exchange(*arguments)
    elif what == "events":
        events(*arguments)
    elif what == "generate":
        generate(arguments[0], int(arguments[1]))
    else:
        sys.exit(__doc__)
