package io.torrefy.data.internal;

import io.torrefy.data.FeatureColumns;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;

/// What is known of one raw feature after some rows. States of two runs of rows add up.
public final class InputState {
    private final FieldType type;
    private final Moments moments = new Moments();
    private final QuantileSketch quantiles = new QuantileSketch();
    private final Frequencies<String> texts;
    private final Frequencies<Long> integers;
    private long rows;
    private long missing;
    private long values;
    private int fewest = Integer.MAX_VALUE;
    private int most;
    private long notText;
    private long smallest = Long.MAX_VALUE;
    private long largest = Long.MIN_VALUE;
    private int shortest = Integer.MAX_VALUE;
    private int longest;
    private long bytes;
    private long lowestRow;
    private String wrongKind = "";

    /// For a feature of that type, remembering so many different values of so many characters.
    public InputState(FieldType type, int maxValues, long maxCharacters) {
        this.type = type;
        texts = new Frequencies<>(maxValues, maxCharacters, FeatureColumns.BY_CODE_POINT);
        integers = new Frequencies<>(maxValues, maxCharacters, Comparator.<Long>naturalOrder());
    }

    /// Takes in rows that lack the feature.
    public void addMissing(int count) {
        if (count > 0) {
            rows += count;
            missing += count;
            fewest = 0;
        }
    }

    /// Takes in rows `from..to` of `cells`.
    public void add(Cells cells, int from, int to) {
        long before = rows;
        for (int row = from; row < to; row++) {
            int first = cells.rowSplits()[row];
            int end = cells.rowSplits()[row + 1];
            int present = end - first - (type == FieldType.DOUBLE ? 0 : cells.countMissing(first, end));
            rows++;
            missing += present == 0 ? 1 : 0;
            values += present;
            fewest = Math.min(fewest, present);
            most = Math.max(most, present);
        }
        int first = cells.rowSplits()[from];
        int end = cells.rowSplits()[to];
        switch (cells.values()) {
            case FeatureValues.Strings strings when type == FieldType.STRING -> addTexts(cells, strings, first, end);
            case FeatureValues.Longs(long[] array) when type == FieldType.LONG -> addIntegers(cells, array, first, end);
            case FeatureValues.Floats(float[] array)
            when type == FieldType.DOUBLE -> addNumbers(cells, array, first, end, before - from);
            default -> wrongKind = end > first ? cells.kind() : wrongKind;
        }
    }

    private void addTexts(Cells cells, FeatureValues.Strings strings, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!cells.missing(i)) {
                int at = strings.offsets()[i];
                int length = strings.offsets()[i + 1] - at;
                shortest = Math.min(shortest, length);
                longest = Math.max(longest, length);
                bytes += length;
                try {
                    // A vocabulary is text; bytes that are none could never be found in it again.
                    texts.add(StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(strings.bytes(), at, length))
                            .toString());
                } catch (CharacterCodingException _) {
                    notText++;
                }
            }
        }
    }

    private void addIntegers(Cells cells, long[] array, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!cells.missing(i)) {
                integers.add(array[i]);
                smallest = Math.min(smallest, array[i]);
                largest = Math.max(largest, array[i]);
                moments.add(array[i]);
                quantiles.add(array[i]);
            }
        }
    }

    /// Row `r` of the cells is row `r + offset` of all.
    private void addNumbers(Cells cells, float[] array, int from, int to, long offset) {
        for (int i = from; i < to; i++) {
            if (array[i] < moments.min() && Float.isFinite(array[i])) {
                lowestRow = offset + cells.rowOf(i);
            }
            moments.add(array[i]);
            if (Float.isFinite(array[i])) {
                quantiles.add(array[i]);
            }
        }
    }

    /// Takes in everything that `other`, of later rows, has taken in.
    public void merge(InputState other) {
        lowestRow = other.moments.min() < moments.min() ? rows + other.lowestRow : lowestRow;
        rows += other.rows;
        missing += other.missing;
        values += other.values;
        fewest = Math.min(fewest, other.fewest);
        most = Math.max(most, other.most);
        notText += other.notText;
        smallest = Math.min(smallest, other.smallest);
        largest = Math.max(largest, other.largest);
        shortest = Math.min(shortest, other.shortest);
        longest = Math.max(longest, other.longest);
        bytes += other.bytes;
        wrongKind = wrongKind.isEmpty() ? other.wrongKind : wrongKind;
        moments.merge(other.moments);
        quantiles.merge(other.quantiles);
        texts.merge(other.texts);
        integers.merge(other.integers);
    }

    /// The type that it should have.
    public FieldType type() {
        return type;
    }

    /// How many rows there were.
    public long rows() {
        return rows;
    }

    /// How many of them had no value.
    public long missing() {
        return missing;
    }

    /// How many values there were.
    public long values() {
        return values;
    }

    /// The fewest values of a row.
    public int fewest() {
        return rows == 0 ? 0 : fewest;
    }

    /// The most values of a row.
    public int most() {
        return most;
    }

    /// The first row, from 0 on, that has the smallest number; meaningless of none.
    public long lowestRow() {
        return lowestRow;
    }

    /// The smallest integer, which a double might not hold exactly.
    public long smallest() {
        return smallest;
    }

    /// The largest integer.
    public long largest() {
        return largest;
    }

    /// The bytes of the shortest string; meaningless of none.
    public int shortest() {
        return shortest;
    }

    /// The bytes of the longest string.
    public int longest() {
        return longest;
    }

    /// The bytes of all strings together.
    public long bytes() {
        return bytes;
    }

    /// How many strings were no UTF-8.
    public long notText() {
        return notText;
    }

    /// The kind of values that came instead of those of the type, empty if there were none.
    public String wrongKind() {
        return wrongKind;
    }

    /// Of integers and numbers.
    public Moments moments() {
        return moments;
    }

    /// Of integers and numbers.
    public QuantileSketch quantiles() {
        return quantiles;
    }

    /// Of strings or integers.
    public Frequencies<?> frequencies() {
        return type == FieldType.STRING ? texts : integers;
    }
}
