package io.torrefy.posttrain;

import java.util.Arrays;

/// A curve in one line of text: `▁▂▂▄▅▇█`, from the smallest value of it to the greatest.
final class Sparkline {
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";
    private static final String ASCII = "_.-=+*#@";

    private Sparkline() {}

    /// At most `width` characters; with more values than that, each stands for the mean of neighbours. Values that
    /// are not finite are left out of a mean, and are a space where there is nothing else.
    static String of(double[] values, int width, boolean unicode) {
        int columns = Math.min(width, values.length);
        var means = new double[Math.max(columns, 0)];
        for (int i = 0; i < means.length; i++) {
            int from = (int) ((long) i * values.length / columns);
            int to = (int) ((long) (i + 1) * values.length / columns);
            means[i] = Arrays.stream(values, from, to)
                    .filter(Double::isFinite)
                    .average()
                    .orElse(Double.NaN);
        }
        double min = Arrays.stream(means).filter(Double::isFinite).min().orElse(0);
        double max = Arrays.stream(means).filter(Double::isFinite).max().orElse(0);
        var levels = unicode ? BLOCKS : ASCII;
        var line = new StringBuilder(means.length);
        for (double mean : means) {
            line.append(Double.isNaN(mean) ? ' ' : levels.charAt(level(mean, min, max, levels.length())));
        }
        return line.toString();
    }

    /// Equal values are a flat line at mid height.
    private static int level(double value, double min, double max, int levels) {
        double span = max - min;
        if (span <= 0 || !Double.isFinite(span)) {
            return levels / 2 - 1;
        }
        return (int) Math.min(levels - 1, (value - min) / span * levels);
    }
}
