"""Parquet files in every encoding, page version and kind of value, and what pyarrow reads in them.

    parquet_samples.py DIR      writes DIR/*.parquet and DIR/*.jsonl (pip install pyarrow==25.0.1)

Bytes are lists of numbers in the JSONL files, dates and times their ISO 8601 text, decimals numbers.
"""

import datetime as dt
import decimal
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = range(40)
DELTAS = {
    "i": "DELTA_BINARY_PACKED",
    "j": "DELTA_BINARY_PACKED",
    "f": "BYTE_STREAM_SPLIT",
    "d": "BYTE_STREAM_SPLIT",
    "b": "RLE",
    "s": "DELTA_BYTE_ARRAY",
    "t": "DELTA_BYTE_ARRAY",
    "y": "DELTA_LENGTH_BYTE_ARRAY",
    "x": "BYTE_STREAM_SPLIT",
}


def flat():
    return pa.table(
        {
            "i": pa.array([None if i % 7 == 3 else (i - 20) * 10**15 for i in ROWS], pa.int64()),
            "j": pa.array([i * i - 50 for i in ROWS], pa.int32()),
            "f": pa.array([i / 3 for i in ROWS], pa.float32()),
            "d": pa.array([None if i % 5 == 1 else i / 7 for i in ROWS], pa.float64()),
            "b": pa.array([i % 3 == 0 for i in ROWS]),
            "s": pa.array([None if i % 6 == 2 else f"w{i % 5}" for i in ROWS]),
            "t": pa.array([f"text {i // 4}, {'ä' * (i % 4)}" for i in ROWS]),
            "y": pa.array([bytes([i, 255] * (i % 3)) for i in ROWS]),
            "x": pa.array([None if i == 9 else bytes([i, 255 - i, 1, 2, i]) for i in ROWS], pa.binary(5)),
            "none": pa.array([None for _ in ROWS], pa.int64()),
        }
    )


def nested():
    inner = pa.struct([("u", pa.int8()), ("v", pa.list_(pa.float32()))])
    return pa.table(
        {
            "l": pa.array([None if i % 5 == 4 else [None if j == 2 else j for j in range(i % 4)] for i in ROWS], pa.list_(pa.int64())),
            "ll": pa.array([[[str(k) for k in range(j)] for j in range(i % 3)] for i in ROWS], pa.list_(pa.list_(pa.string()))),
            "st": pa.array(
                [None if i % 9 == 8 else {"a": i, "b": None if i % 2 else f"q{i}"} for i in ROWS],
                pa.struct([("a", pa.int32()), ("b", pa.string())]),
            ),
            "ls": pa.array([[None if j == 1 and i % 4 == 0 else {"u": j, "v": [1.5] * j} for j in range(i % 3)] for i in ROWS], pa.list_(inner)),
            "sl": pa.array([{"deep": {"list": None if i % 3 else [i, None]}} for i in ROWS]),
        }
    )


def logical():
    start = dt.datetime(1969, 12, 31, 23, 59, 1, 123456)
    times = [start + dt.timedelta(hours=i, seconds=i % 50) for i in ROWS]
    seconds = [t.replace(microsecond=789000) for t in times]
    return pa.table(
        {
            "date": pa.array([dt.date(1969, 12, 1) + dt.timedelta(i) for i in ROWS]),
            "local": pa.array(times, pa.timestamp("us")),
            "instant": pa.array(seconds, pa.timestamp("ms", tz="UTC")),
            "nanos": pa.array([(i - 5) * 1_000_000_007 + 1 for i in ROWS], pa.timestamp("ns")),
            "time": pa.array([dt.time(i % 24, i, 1 + i, 1000 + i) for i in ROWS]),
            "small": pa.array([decimal.Decimal(i - 9) / 4 for i in ROWS], pa.decimal128(12, 2)),
            "large": pa.array([decimal.Decimal(i - 9) * 2**70 for i in ROWS], pa.decimal128(30, 2)),
            "half": pa.array([i / 8 for i in ROWS], pa.float16()),
            "u8": pa.array([255 - i for i in ROWS], pa.uint8()),
            "u32": pa.array([2**32 - 1 - i for i in ROWS], pa.uint32()),
            "i8": pa.array([i - 20 for i in ROWS], pa.int8()),
            "id": pa.array([bytes(range(i, i + 16)) for i in ROWS], pa.uuid()),
        }
    )


def plain(value):
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (dt.date, dt.time)):
        return iso(value)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def iso(value):
    """With 3, 6 or 9 digits of a second, as java.time has them."""
    text, zone = value.isoformat().replace("+00:00", "Z"), ""
    if text.endswith("Z"):
        text, zone = text[:-1], "Z"
    while "." in text and text.endswith("000"):
        text = text[:-3]
    return text + zone


def main(folder):
    tables = {"flat": flat(), "nested": nested(), "logical": logical()}
    for name, table in tables.items():
        with open(f"{folder}/{name}.jsonl", "w") as out:
            for row in table.to_pylist():
                out.write(json.dumps({key: plain(value) for key, value in row.items()}, ensure_ascii=False) + "\n")
    pages = {"data_page_size": 64, "write_batch_size": 8}
    for name in ("flat", "nested"):
        table = tables[name]
        pq.write_table(table, f"{folder}/{name}-v1.parquet", compression="none")
        pq.write_table(table, f"{folder}/{name}-v2.parquet", compression="zstd", data_page_version="2.0")
        pq.write_table(
            table, f"{folder}/{name}-pages.parquet", compression="snappy", row_group_size=15, write_page_index=True, **pages
        )
    for version in ("1.0", "2.0"):
        pq.write_table(
            tables["flat"],
            f"{folder}/flat-delta{version[0]}.parquet",
            compression="gzip" if version == "2.0" else "none",
            use_dictionary=False,
            column_encoding=DELTAS,
            data_page_version=version,
        )
    pq.write_table(tables["logical"], f"{folder}/logical-v1.parquet", compression="none", store_schema=False)
    pq.write_table(tables["logical"].drop(["instant", "nanos"]), f"{folder}/logical-int96.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(pa.table({"n": pa.array([None] * 100, pa.int64()), "z": pa.array([1] * 100)}), f"{folder}/runs.parquet", compression="none")


if __name__ == "__main__":
    main(sys.argv[1])
