package io.torrefy.data;

import io.torrefy.data.FeatureSpec.Partition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Nested lists whose lengths come from features of their own ([FeatureSpec.Ragged]). Every row is partitioned by
/// itself, then the rows are joined.
final class RaggedColumn implements ParsedColumn {
    private final String name;
    private final FeatureSpec.Ragged spec;
    private final FeatureSlot values;
    private final List<Optional<FeatureSlot>> partitions;
    // Uniform partitions on the inside are the shape of one value, as in TensorFlow.
    private final long[] innerShape;

    private RaggedColumn(
            String name, FeatureSpec.Ragged spec, FeatureSlot values, List<Optional<FeatureSlot>> partitions) {
        this.name = name;
        this.spec = spec;
        this.values = values;
        int levels = partitions.size();
        while (levels > 0 && spec.partitions().get(levels - 1) instanceof Partition.Uniform) {
            levels--;
        }
        this.partitions = partitions.subList(0, levels);
        this.innerShape = spec.partitions().subList(levels, partitions.size()).stream()
                .mapToLong(partition -> ((Partition.Uniform) partition).length())
                .toArray();
    }

    static RaggedColumn of(String name, FeatureSpec.Ragged spec, FeatureSlots slots) {
        Optional<FeatureValues> noValues = Optional.of(new ValueColumn(spec.kind()).build());
        FeatureSlot values = slots.add(spec.valueKey().orElse(name), spec.kind(), FeatureSlot.ANY, noValues);
        Optional<FeatureValues> none = Optional.of(new FeatureValues.Longs(new long[0]));
        var partitions = new ArrayList<Optional<FeatureSlot>>();
        for (Partition partition : spec.partitions()) {
            partitions.add(key(partition).map(key -> slots.add(key, ValueKind.INT64, FeatureSlot.ANY, none)));
        }
        return new RaggedColumn(name, spec, values, partitions);
    }

    private static Optional<String> key(Partition partition) {
        return switch (partition) {
            case Partition.RowSplits(var key) -> Optional.of(key);
            case Partition.RowLengths(var key) -> Optional.of(key);
            case Partition.RowStarts(var key) -> Optional.of(key);
            case Partition.RowLimits(var key) -> Optional.of(key);
            case Partition.ValueRowIds(var key) -> Optional.of(key);
            case Partition.Uniform(int _) -> Optional.empty();
        };
    }

    @Override
    public FeatureData build(int rows) {
        int levels = partitions.size();
        var joined = new ArrayList<Joined>();
        for (int level = 0; level <= levels; level++) {
            joined.add(new Joined());
        }
        long[][] numbers = partitions.stream()
                .map(slot -> slot.map(s -> ((FeatureValues.Longs) s.values.build()).array())
                        .orElse(new long[0]))
                .toArray(long[][]::new);
        for (int row = 0; row < rows; row++) {
            // From the inside to the outside, as the number of lists on a level is what the next one divides.
            int entries = innerEntries(row);
            for (int level = levels - 1; level >= 0; level--) {
                int[] ends = ends(row, level, numbers[level], entries);
                joined.get(level + 1).addAll(ends);
                entries = ends.length;
            }
            joined.getFirst().add(entries);
        }
        return new FeatureData.Ragged(
                values.values.build(), joined.stream().map(Joined::splits).toArray(int[][]::new), innerShape);
    }

    private int innerEntries(int row) {
        int size = Math.toIntExact(ParsedColumn.elements(innerShape));
        int count = values.rowLength(row);
        require(count % size == 0, row, partitions.size(), "a multiple of " + size + " values", count);
        return count / size;
    }

    /// Where each list of a level ends in the `entries` entries of the next one.
    private int[] ends(int row, int level, long[] all, int entries) {
        Partition partition = spec.partitions().get(level);
        long[] own = partitions
                .get(level)
                .map(slot -> Arrays.copyOfRange(all, slot.rowStart(row), slot.rowStart(row + 1)))
                .orElse(new long[0]);
        long[] ends = switch (partition) {
            case Partition.RowSplits _ -> own.length == 0 ? own : afterZero(row, level, own);
            case Partition.RowLimits _ -> own;
            case Partition.RowLengths _ -> sums(own);
            case Partition.RowStarts _ -> own.length == 0 ? own : shifted(row, level, own, entries);
            case Partition.ValueRowIds _ -> fromIds(row, level, own, entries);
            case Partition.Uniform(int length) -> uniform(row, level, length, entries);
        };
        return checked(row, level, ends, entries);
    }

    private long[] afterZero(int row, int level, long[] splits) {
        require(splits[0] == 0, row, level, "splits that start with 0", splits[0]);
        return Arrays.copyOfRange(splits, 1, splits.length);
    }

    private long[] shifted(int row, int level, long[] starts, int entries) {
        require(starts[0] == 0, row, level, "starts that start with 0", starts[0]);
        long[] ends = Arrays.copyOfRange(starts, 1, starts.length + 1);
        ends[starts.length - 1] = entries;
        return ends;
    }

    private static long[] sums(long[] lengths) {
        long[] ends = lengths.clone();
        for (int i = 1; i < ends.length; i++) {
            ends[i] += ends[i - 1];
        }
        return ends;
    }

    private long[] fromIds(int row, int level, long[] ids, int entries) {
        require(ids.length == entries, row, level, entries + " row ids", ids.length);
        long lists = ids.length == 0 ? 0 : ids[ids.length - 1] + 1;
        // Far more lists than values are a damaged record: without a bound it would cost any amount of memory.
        require(lists >= 0 && lists <= 1 << 24, row, level, "row ids of 0 to 2^24 - 1", lists - 1);
        long[] ends = new long[(int) lists];
        long previous = 0;
        for (int i = 0; i < ids.length; i++) {
            require(ids[i] >= previous && ids[i] < lists, row, level, "row ids that ascend", ids[i]);
            previous = ids[i];
            ends[(int) ids[i]] = i + 1L;
        }
        for (int i = 1; i < ends.length; i++) {
            ends[i] = Math.max(ends[i], ends[i - 1]);
        }
        return ends;
    }

    private long[] uniform(int row, int level, int length, int entries) {
        require(entries % length == 0, row, level, "a multiple of " + length + " entries", entries);
        long[] ends = new long[entries / length];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = (long) (i + 1) * length;
        }
        return ends;
    }

    private int[] checked(int row, int level, long[] ends, int entries) {
        long previous = 0;
        for (long end : ends) {
            require(end >= previous && end <= entries, row, level, "lists that end in 0 to " + entries, end);
            previous = end;
        }
        require(previous == entries, row, level, "lists that hold all " + entries + " entries", previous);
        return Arrays.stream(ends).mapToInt(end -> (int) end).toArray();
    }

    private void require(boolean fine, int row, int level, String expected, long got) {
        if (!fine) {
            throw new RowException(
                    row,
                    "ragged feature \"" + name + "\" with " + expected + " in partition " + level + "; got " + got);
        }
    }

    /// The splits of one level over all rows.
    private static final class Joined {
        private int[] ends = new int[16];
        private int count = 1;

        void add(int length) {
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, ValueColumn.grown(count, 1));
            }
            ends[count] = ends[count - 1] + length;
            count++;
        }

        void addAll(int[] rowEnds) {
            int previous = 0;
            for (int end : rowEnds) {
                add(end - previous);
                previous = end;
            }
        }

        int[] splits() {
            return Arrays.copyOf(ends, count);
        }
    }
}
