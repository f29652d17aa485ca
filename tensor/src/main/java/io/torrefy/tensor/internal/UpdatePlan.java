package io.torrefy.tensor.internal;

import java.util.Arrays;

/// The rows of one pass over parameters: what is done, to which dense f32 arrays, with which numbers. Reusable; a step
/// that has as many rows as the one before it allocates nothing.
public final class UpdatePlan {
    /// Arrays that a row has at the most.
    public static final int ARRAYS = 5;

    /// Numbers that a row has at the most.
    public static final int NUMBERS = 10;

    private int rows;
    private int given;
    private UpdateRule[] rules = new UpdateRule[16];
    private long[] counts = new long[16];
    private long[] arrays = new long[16 * ARRAYS];
    private float[] numbers = new float[16 * NUMBERS];

    /// Begins a row of `count` elements. An array that the rule does not have is 0. Its numbers follow.
    public UpdatePlan add(UpdateRule rule, long count, long a, long b, long c, long d, long e) {
        if (rows == rules.length) {
            rules = Arrays.copyOf(rules, 2 * rows);
            counts = Arrays.copyOf(counts, 2 * rows);
            arrays = Arrays.copyOf(arrays, 2 * rows * ARRAYS);
            numbers = Arrays.copyOf(numbers, 2 * rows * NUMBERS);
        }
        rules[rows] = rule;
        counts[rows] = count;
        int at = rows * ARRAYS;
        arrays[at] = a;
        arrays[at + 1] = b;
        arrays[at + 2] = c;
        arrays[at + 3] = d;
        arrays[at + 4] = e;
        rows++;
        given = 0;
        return this;
    }

    /// The next number of the row begun last, as f32.
    public UpdatePlan number(double value) {
        numbers[(rows - 1) * NUMBERS + given++] = (float) value;
        return this;
    }

    public void clear() {
        rows = 0;
    }

    public int rows() {
        return rows;
    }

    public UpdateRule rule(int row) {
        return rules[row];
    }

    public long count(int row) {
        return counts[row];
    }

    /// Counts of the rows, and beyond them what is left of others.
    public long[] counts() {
        return counts;
    }

    /// Address of array `k` of a row.
    public long array(int row, int k) {
        return arrays[row * ARRAYS + k];
    }

    public float number(int row, int k) {
        return numbers[row * NUMBERS + k];
    }
}
