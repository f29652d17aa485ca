package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// Reads serialised `tf.train.Example`s into columns: `tf.io.parse_example`. The bytes are walked once, straight into
/// the arrays of the columns.
///
/// As in TensorFlow the last one counts where a record has a feature twice, several `Features` messages are one, and a
/// feature without a list is a missing one. All problems of a record are reported at once, with the record's place.
/// Safe for use by several threads.
@Export(value = "data.ExampleParser", since = "0.1")
public final class ExampleParser {
    private final Map<String, FeatureSpec> features;

    private ExampleParser(Map<String, FeatureSpec> features) {
        this.features = features;
    }

    /// A parser of `features`, which come out in the same order.
    public static ExampleParser of(Map<String, FeatureSpec> features) {
        var refused = new ArrayList<String>();
        features.forEach((name, spec) -> {
            if (spec instanceof FeatureSpec.FixedLenSequence sequence && !sequence.allowMissing()) {
                refused.add(name);
            }
        });
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException(
                    "[parseExample] expected FixedLenSequence features with allowMissing; got " + refused
                            + " without. Hint: a row of an Example without the feature is an empty sequence.");
        }
        return new ExampleParser(new LinkedHashMap<>(features));
    }

    /// What is parsed.
    public Map<String, FeatureSpec> features() {
        return Collections.unmodifiableMap(features);
    }

    /// Parses one example a row.
    ///
    /// @throws ExampleException where a record is none, or where its features are not as specified
    public FeatureBatch parse(List<byte[]> serialized) {
        return parse(serialized, row -> "row " + row);
    }

    /// As [#parse(List)], with names for the rows that errors mention.
    public FeatureBatch parse(List<byte[]> serialized, List<String> names) {
        if (names.size() != serialized.size()) {
            throw new IllegalArgumentException("[parseExample] expected as many names as records; got " + names.size()
                    + " and " + serialized.size() + ".");
        }
        return parse(serialized, row -> "row " + row + " (" + names.get(row) + ")");
    }

    private FeatureBatch parse(List<byte[]> serialized, IntFunction<String> places) {
        Rows rows = rows();
        for (int row = 0; row < serialized.size(); row++) {
            byte[] bytes = serialized.get(row);
            rows.add(bytes, 0, bytes.length, places);
        }
        return rows.build(places);
    }

    /// Parses records as they were read from files; errors name their places in them.
    public FeatureBatch parseEntries(List<TfRecords.Entry> entries) {
        IntFunction<String> places = row -> {
            TfRecords.Entry entry = entries.get(row);
            var position = entry.place().position();
            return "record " + position.record() + " of " + entry.file() + " (byte " + position.offset() + ")";
        };
        return parse(entries.stream().map(TfRecords.Entry::data).toList(), places);
    }

    /// Parses one example without the axis of rows: `tf.io.parse_single_example`. A [FeatureSpec.FixedLen] has
    /// exactly its shape.
    public Map<String, FeatureData> parseSingle(byte[] serialized) {
        FeatureBatch batch = parse(List.of(serialized), _ -> "the example");
        var single = new LinkedHashMap<String, FeatureData>();
        batch.features().forEach((name, data) -> single.put(name, WithoutRows.of(data)));
        return single;
    }

    /// An empty batch to fill.
    Rows rows() {
        return new Rows();
    }

    /// The rows of a batch that is being parsed.
    final class Rows {
        private final FeatureSlots slots = new FeatureSlots();
        private final Map<String, ParsedColumn> columns = new LinkedHashMap<>();
        private final Wire wire = new Wire();
        private final List<String> problems = new ArrayList<>();
        private int rows;

        private Rows() {
            features.forEach((name, spec) -> columns.put(name, ParsedColumn.of(name, spec, slots)));
        }

        /// Parses the example of `length` bytes at `from` as one more row.
        void add(byte[] bytes, int from, int length, IntFunction<String> places) {
            wire.reset(bytes, from, length);
            try {
                while (wire.more()) {
                    int tag = wire.tag();
                    if (tag == (1 << 3 | Wire.BYTES)) {
                        slots.scan(wire, rows);
                    } else {
                        wire.skip(tag);
                    }
                }
                for (FeatureSlot slot : slots.all()) {
                    slot.endRow(rows, wire, problems);
                }
            } catch (ExampleException e) {
                throw new ExampleException("[parseExample] " + places.apply(rows) + ": expected an Example; it is"
                        + " none: " + e.getMessage() + ".");
            }
            if (!problems.isEmpty()) {
                throw new ExampleException("[parseExample] " + places.apply(rows) + ": expected "
                        + String.join("; expected ", problems) + ".");
            }
            rows++;
        }

        int size() {
            return rows;
        }

        FeatureBatch build(IntFunction<String> places) {
            var data = new LinkedHashMap<String, FeatureData>();
            try {
                columns.forEach((name, column) -> data.put(name, column.build(rows)));
            } catch (ParsedColumn.RowException e) {
                throw new ExampleException(
                        "[parseExample] " + places.apply(e.row()) + ": expected " + e.getMessage() + ".");
            }
            return new FeatureBatch(rows, data);
        }
    }
}
