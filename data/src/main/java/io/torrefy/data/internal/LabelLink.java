package io.torrefy.data.internal;

import io.torrefy.data.FeatureValues;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// Whether one input alone tells the label of a row. Where it does so without exception it mostly was made of the
/// label, or is known only after it, and a model that trains on it learns nothing else. States of two runs of rows add
/// up; a state is small, because it gives up at the first exception and at too many words or classes.
public final class LabelLink {
    /// With fewer rows it happens by chance.
    private static final int FEWEST_ROWS = 50;
    /// Words that hardly ever come twice tell everything and nothing.
    private static final int ROWS_PER_WORD = 5;
    private static final int MOST_WORDS = 1000;
    private static final int MOST_CLASSES = 100;
    private static final double NEARLY_ONE = 0.9999;

    /// The class that each word came with.
    private final Map<Long, Long> classes = new HashMap<>();
    /// The smallest and the largest number that came with each class.
    private final Map<Long, double[]> ranges = new HashMap<>();
    private final Comoments together = new Comoments();
    private boolean words;
    private boolean numbers;
    private boolean exception;
    private long rows;

    /// Takes in rows `from..to`.
    public void add(Cells cells, RowLabels labels, int from, int to) {
        for (int row = labels.present().nextSetBit(from);
                row >= 0 && row < to;
                row = labels.present().nextSetBit(row + 1)) {
            int at = exception ? -1 : RowLabels.only(cells, row);
            if (at >= 0) {
                rows++;
                add(cells, at, labels, row);
            }
        }
    }

    private void add(Cells cells, int at, RowLabels labels, int row) {
        if (cells.values() instanceof FeatureValues.Floats(float[] array)) {
            if (!Float.isFinite(array[at])) {
                return;
            }
            if (labels.classes()) {
                numbers = true;
                widen(labels.keys()[row], array[at], array[at]);
            } else {
                together.add(array[at], labels.numbers()[row]);
            }
        } else if (labels.classes()) {
            words = true;
            put(RowLabels.key(cells, at), labels.keys()[row]);
        }
    }

    private void put(long word, long label) {
        Long before = classes.putIfAbsent(word, label);
        giveUp(before != null && before != label || classes.size() > MOST_WORDS);
    }

    private void widen(long label, double min, double max) {
        double[] range = ranges.computeIfAbsent(label, _ -> new double[] {min, max});
        range[0] = Math.min(range[0], min);
        range[1] = Math.max(range[1], max);
        giveUp(ranges.size() > MOST_CLASSES);
    }

    private void giveUp(boolean now) {
        if (now) {
            exception = true;
            classes.clear();
            ranges.clear();
        }
    }

    /// Takes in everything that `other` has taken in.
    public void merge(LabelLink other) {
        rows += other.rows;
        words |= other.words;
        numbers |= other.numbers;
        together.merge(other.together);
        giveUp(exception || other.exception);
        if (!exception) {
            other.classes.forEach(this::put);
            other.ranges.forEach((label, range) -> widen(label, range[0], range[1]));
        }
    }

    /// How the input gives the label away; empty if it does not.
    public String suspicion() {
        if (exception || rows < FEWEST_ROWS) {
            return "";
        }
        if (words && new HashSet<>(classes.values()).size() > 1 && rows >= (long) ROWS_PER_WORD * classes.size()) {
            return "one class of the label with each of its " + classes.size() + " values";
        }
        if (numbers && ranges.size() > 1 && apart()) {
            return "numbers in a range of its own for each of the " + ranges.size() + " classes of the label";
        }
        return together.count >= FEWEST_ROWS && Math.abs(together.correlation()) >= NEARLY_ONE
                ? "numbers that go with the label in a straight line"
                : "";
    }

    private boolean apart() {
        List<double[]> sorted = new ArrayList<>(ranges.values());
        sorted.sort(Comparator.comparingDouble(range -> range[0]));
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i - 1)[1] >= sorted.get(i)[0]) {
                return false;
            }
        }
        return true;
    }

    /// Correlation in one pass: the rule of Chan, Golub and LeVeque for two variables.
    private static final class Comoments {
        private long count;
        private double meanX;
        private double meanY;
        private double squaresX;
        private double squaresY;
        private double products;

        void add(double x, double y) {
            count++;
            double beforeX = x - meanX;
            double beforeY = y - meanY;
            meanX += beforeX / count;
            meanY += beforeY / count;
            squaresX += beforeX * (x - meanX);
            squaresY += beforeY * (y - meanY);
            products += beforeX * (y - meanY);
        }

        void merge(Comoments other) {
            if (other.count == 0) {
                return;
            }
            double total = (double) count + other.count;
            double apartX = other.meanX - meanX;
            double apartY = other.meanY - meanY;
            double both = count * (other.count / total);
            squaresX += other.squaresX + apartX * apartX * both;
            squaresY += other.squaresY + apartY * apartY * both;
            products += other.products + apartX * apartY * both;
            meanX += apartX * (other.count / total);
            meanY += apartY * (other.count / total);
            count += other.count;
        }

        double correlation() {
            double scale = Math.sqrt(squaresX) * Math.sqrt(squaresY);
            return scale > 0 ? products / scale : 0;
        }
    }
}
