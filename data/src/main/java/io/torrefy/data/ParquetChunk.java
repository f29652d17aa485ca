package io.torrefy.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The values of one column in a row group on their way into a data page: PLAIN, with repetition and definition levels
/// run-length encoded (Apache Parquet, "Encodings"; levels after Dremel, VLDB 2010).
///
/// A column of single values has definition level 0 where one is missing and 1 where it is there. In a column of lists
/// level 0 is no list, 1 an empty one, 2 a missing element and 3 an element; repetition level 1 goes on with a list.
final class ParquetChunk {
    private final ParquetColumn column;
    private final Levels repetition = new Levels();
    private final Levels definition = new Levels();
    private final ByteArrayOutputStream values = new ByteArrayOutputStream();
    private int bits;
    private int bitCount;
    private int count;

    ParquetChunk(ParquetColumn column) {
        this.column = column;
    }

    /// Adds the value of one row.
    ///
    /// @return false, and nothing is added, where the column does not hold such a value
    boolean add(@Nullable Object value) {
        if (!column.list()) {
            return addElement(value, 0, 0);
        }
        return switch (value) {
            case null -> level(0, 0);
            case List<?> list -> addList(list);
            default -> false;
        };
    }

    private boolean addList(List<?> list) {
        if (list.isEmpty()) {
            return level(0, 1);
        }
        if (!list.stream().allMatch(element -> element == null || plain(element).isPresent())) {
            return false;
        }
        for (int i = 0; i < list.size(); i++) {
            addElement(list.get(i), i == 0 ? 0 : 1, 2);
        }
        return true;
    }

    private boolean addElement(@Nullable Object element, int repeated, int definedNull) {
        if (element == null) {
            return level(repeated, definedNull);
        }
        var bytes = plain(element);
        if (bytes.isEmpty()) {
            return false;
        }
        if (element instanceof Boolean truth) {
            addBit(truth);
        } else {
            values.writeBytes(bytes.get());
        }
        return level(repeated, definedNull + 1);
    }

    private boolean level(int repeated, int defined) {
        repetition.add(repeated);
        definition.add(defined);
        count++;
        return true;
    }

    /// Booleans are single bits, the lowest first.
    private void addBit(boolean truth) {
        bits |= (truth ? 1 : 0) << bitCount++;
        if (bitCount == Byte.SIZE) {
            values.write(bits);
            bits = 0;
            bitCount = 0;
        }
    }

    private Optional<byte[]> plain(Object value) {
        return Optional.ofNullable(
                switch (column.type()) {
                    case STRING -> value instanceof String text ? sized(text.getBytes(StandardCharsets.UTF_8)) : null;
                    case BYTES -> value instanceof byte[] raw ? sized(raw) : null;
                    case LONG -> value instanceof Long whole ? little(whole) : null;
                    case DOUBLE ->
                        value instanceof Double || value instanceof Long
                                ? little(Double.doubleToRawLongBits(((Number) value).doubleValue()))
                                : null;
                    case BOOLEAN -> value instanceof Boolean ? new byte[0] : null;
                });
    }

    private static byte[] sized(byte[] bytes) {
        return ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] little(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    /// How many values there are, missing ones and empty lists counted.
    int count() {
        return count;
    }

    /// About how many bytes the page will have.
    long size() {
        return values.size() + (long) count;
    }

    /// The page without its header.
    byte[] page() {
        if (bitCount > 0) {
            values.write(bits);
        }
        var page = new ByteArrayOutputStream();
        if (column.list()) {
            page.writeBytes(sized(repetition.bytes()));
        }
        page.writeBytes(sized(definition.bytes()));
        page.writeBytes(values.toByteArray());
        return page.toByteArray();
    }

    /// Small numbers as runs: how often, then the number in one byte.
    private static final class Levels {
        private final ByteArrayOutputStream runs = new ByteArrayOutputStream();
        private int level;
        private int length;

        void add(int next) {
            if (next != level) {
                endRun();
                level = next;
            }
            length++;
        }

        private void endRun() {
            if (length > 0) {
                CompactThrift.writeVarint(runs, (long) length << 1);
                runs.write(level);
                length = 0;
            }
        }

        byte[] bytes() {
            endRun();
            return runs.toByteArray();
        }
    }
}
