package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads serialised `tf.train.SequenceExample`s into columns: `tf.io.parse_sequence_example`. The context takes every
/// [FeatureSpec]; the steps take [FeatureSpec.FixedLenSequence] (dense `(rows, steps, shape...)`, each step complete),
/// [FeatureSpec.VarLen] and [FeatureSpec.Ragged] without partitions (`(rows, steps, any)`). Safe for use by several
/// threads.
@Export(value = "data.SequenceExampleParser", since = "0.1")
public final class SequenceExampleParser {
    private final ExampleParser context;
    private final Map<String, FeatureSpec> steps;

    private SequenceExampleParser(ExampleParser context, Map<String, FeatureSpec> steps) {
        this.context = context;
        this.steps = steps;
    }

    public static SequenceExampleParser of(Map<String, FeatureSpec> context, Map<String, FeatureSpec> steps) {
        var refused = new ArrayList<String>();
        steps.forEach((name, spec) -> {
            boolean fine = switch (spec) {
                case FeatureSpec.FixedLenSequence _, FeatureSpec.VarLen _ -> true;
                case FeatureSpec.Ragged ragged -> ragged.partitions().isEmpty();
                case FeatureSpec.FixedLen _, FeatureSpec.Sparse _ -> false;
            };
            if (!fine) {
                refused.add(name);
            }
        });
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException("[parseSequenceExample] expected FixedLenSequence, VarLen or Ragged"
                    + " without partitions for steps; got others for " + refused + ".");
        }
        return new SequenceExampleParser(ExampleParser.of(context), new LinkedHashMap<>(steps));
    }

    /// Parses one example a row.
    ///
    /// @throws ExampleException where a record is none, or where its features are not as specified
    public SequenceBatch parse(List<byte[]> serialized) {
        var lists = new LinkedHashMap<String, StepColumn>();
        steps.forEach((name, spec) -> lists.put(name, new StepColumn(name, spec)));
        ExampleParser.Rows contexts = context.rows();
        for (int row = 0; row < serialized.size(); row++) {
            byte[] bytes = serialized.get(row);
            contexts.add(bytes, 0, bytes.length, SequenceExampleParser::place);
            readLists(bytes, row, lists);
        }
        FeatureBatch contextBatch = contexts.build(SequenceExampleParser::place);
        var data = new LinkedHashMap<String, FeatureData>();
        var lengths = new LinkedHashMap<String, long[]>();
        lists.forEach((name, column) -> {
            data.put(name, column.build(serialized.size()));
            lengths.put(name, column.lengths(serialized.size()));
        });
        return new SequenceBatch(contextBatch, new FeatureBatch(serialized.size(), data), lengths);
    }

    private static String place(int row) {
        return "row " + row;
    }

    private static void readLists(byte[] bytes, int row, Map<String, StepColumn> lists) {
        var problems = new ArrayList<String>();
        Wire wire = Wire.over(bytes, 0, bytes.length);
        var reader = new FeatureMap.Reader<>(list -> new int[] {list.at, list.limit});
        try {
            while (wire.more()) {
                int tag = wire.tag();
                if (tag == (2 << 3 | Wire.BYTES)) {
                    reader.read(wire);
                } else {
                    wire.skip(tag);
                }
            }
            Map<String, int[]> places = reader.result().entries();
            lists.forEach((name, column) -> column.addRow(wire, Optional.ofNullable(places.get(name)), problems));
        } catch (ExampleException e) {
            throw new ExampleException("[parseSequenceExample] " + place(row)
                    + ": expected a SequenceExample; it is none: " + e.getMessage() + ".");
        }
        if (!problems.isEmpty()) {
            throw new ExampleException("[parseSequenceExample] " + place(row) + ": expected "
                    + String.join("; expected ", problems) + ".");
        }
    }

    /// The steps of one feature: the values of each step in a slot of its own row, and where the records end.
    private static final class StepColumn {
        private final String name;
        private final FeatureSpec spec;
        private final FeatureSlot steps;
        private int stepCount;
        private final ValueColumn rowEnds = new ValueColumn(ValueKind.INT64);

        StepColumn(String name, FeatureSpec spec) {
            this.name = name;
            this.spec = spec;
            int count = spec instanceof FeatureSpec.FixedLenSequence fixed
                    ? (int) ParsedColumn.elements(fixed.shape())
                    : FeatureSlot.ANY;
            Optional<FeatureValues> missing =
                    count == FeatureSlot.ANY ? Optional.of(new ValueColumn(spec.kind()).build()) : Optional.empty();
            this.steps = new FeatureSlot(name, spec.kind(), count, missing);
        }

        void addRow(Wire wire, Optional<int[]> place, List<String> problems) {
            if (place.isPresent()) {
                wire.at = place.get()[0];
                wire.limit = place.get()[1];
                while (wire.more()) {
                    int tag = wire.tag();
                    if (tag == (1 << 3 | Wire.BYTES)) {
                        int end = wire.length() + wire.at;
                        steps.found(stepCount, wire.at, end);
                        steps.endRow(stepCount, wire, problems);
                        wire.at = end;
                        stepCount++;
                    } else {
                        wire.skip(tag);
                    }
                }
            } else if (spec instanceof FeatureSpec.FixedLenSequence fixed && !fixed.allowMissing()) {
                problems.add("feature list \"" + name + "\", which may not be missing; got none");
            }
            rowEnds.add(stepCount);
        }

        private int[] rowSplits(int rows) {
            long[] ends = ((FeatureValues.Longs) rowEnds.build()).array();
            int[] splits = new int[rows + 1];
            for (int row = 0; row < rows; row++) {
                splits[row + 1] = (int) ends[row];
            }
            return splits;
        }

        long[] lengths(int rows) {
            int[] splits = rowSplits(rows);
            long[] lengths = new long[rows];
            for (int row = 0; row < rows; row++) {
                lengths[row] = (long) splits[row + 1] - splits[row];
            }
            return lengths;
        }

        FeatureData build(int rows) {
            int[] splits = rowSplits(rows);
            FeatureValues values = steps.values.build();
            return switch (spec) {
                case FeatureSpec.FixedLenSequence fixed -> dense(fixed, values, splits, rows);
                case FeatureSpec.VarLen varLen when varLen.sparse() -> sparse(values, splits, rows);
                default -> new FeatureData.Ragged(values, new int[][] {splits, steps.splits()}, new long[0]);
            };
        }

        private FeatureData dense(FeatureSpec.FixedLenSequence fixed, FeatureValues values, int[] splits, int rows) {
            int stride = (int) ParsedColumn.elements(fixed.shape());
            int longest = 0;
            for (int row = 0; row < rows; row++) {
                longest = Math.max(longest, splits[row + 1] - splits[row]);
            }
            FeatureValues padding = fixed.padding().orElse(ValueColumn.zero(fixed.kind()));
            var column = new ValueColumn(fixed.kind());
            for (int row = 0; row < rows; row++) {
                column.addAll(values, splits[row] * stride, splits[row + 1] * stride);
                column.fill(padding, (longest - splits[row + 1] + splits[row]) * stride);
            }
            return new FeatureData.Dense(
                    column.build(), ParsedColumn.shape(rows, ParsedColumn.shape(longest, fixed.shape())));
        }

        private FeatureData sparse(FeatureValues values, int[] splits, int rows) {
            long[] indices = new long[3 * values.size()];
            int most = 0;
            int longest = 0;
            int at = 0;
            for (int row = 0; row < rows; row++) {
                longest = Math.max(longest, splits[row + 1] - splits[row]);
                for (int step = splits[row]; step < splits[row + 1]; step++) {
                    most = Math.max(most, steps.rowLength(step));
                    for (int i = 0; i < steps.rowLength(step); i++) {
                        indices[at++] = row;
                        indices[at++] = (long) step - splits[row];
                        indices[at++] = i;
                    }
                }
            }
            return new FeatureData.Sparse(values, indices, new long[] {rows, longest, most});
        }
    }
}
