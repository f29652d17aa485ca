package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Learning curves: of each algorithm the mean over seeds, and a band of one standard deviation to both sides. Values
/// that are not finite are left out.
///
/// @param title above
/// @param x what the horizontal axis counts
/// @param y what the vertical axis measures
/// @param lines at least one
/// @param logarithmic whether the vertical axis is; values that are not positive are left out then
@Export(value = "rl.plot.CurvePlot", since = "0.1")
public record CurvePlot(String title, String x, String y, List<Line> lines, boolean logarithmic) {
    private static final double WIDTH = 640;
    private static final double HEIGHT = 360;
    private static final double LEFT = 68;
    private static final double RIGHT = 16;
    private static final double TOP = 40;
    private static final double BOTTOM = 48;
    private static final double DEPTH = HEIGHT - TOP - BOTTOM;
    /// Of a row of the legend, between the title and the plot.
    private static final double ROW = 16;
    private static final double SWATCH = 20;
    private static final double GAP = 18;
    /// Of a letter of the legend, on the mean; what draws the SVG chooses the font.
    private static final double LETTER = 6.2;

    public CurvePlot {
        lines = List.copyOf(lines);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("[plot] expected at least one line; got none.");
        }
    }

    /// With linear axes.
    public static CurvePlot of(String title, String x, String y, List<Line> lines) {
        return new CurvePlot(title, x, y, lines, false);
    }

    /// One algorithm's curves.
    ///
    /// @param at where the values are (points), ascending
    /// @param runs a curve a seed, (seeds, points)
    @Export(value = "rl.plot.CurvePlot.Line", since = "0.1")
    public record Line(String name, double[] at, double[][] runs) {
        public Line {
            for (double[] run : runs) {
                if (run.length != at.length) {
                    throw new IllegalArgumentException("[plot] expected " + at.length + " values in each run of " + name
                            + ", one a point; got " + run.length + ".");
                }
            }
            if (runs.length == 0) {
                throw new IllegalArgumentException("[plot] expected at least one run of " + name + "; got none.");
            }
        }

        /// A curve of one run over 1, 2, 3, ….
        public static Line of(String name, double[] run) {
            double[] at = new double[run.length];
            for (int i = 0; i < at.length; i++) {
                at[i] = i + 1.0;
            }
            return new Line(name, at, new double[][] {run});
        }

        /// Runs of several seeds over 1, 2, 3, ….
        public static Line of(String name, double[][] runs) {
            return new Line(name, of(name, runs[0]).at, runs);
        }

        /// Each value the mean of itself and up to `window - 1` values before it.
        public Line smoothed(int window) {
            if (window < 1) {
                throw new IllegalArgumentException("[plot] expected a window of at least 1; got " + window + ".");
            }
            double[][] smooth = new double[runs.length][at.length];
            for (int r = 0; r < runs.length; r++) {
                double sum = 0;
                for (int i = 0; i < at.length; i++) {
                    sum += runs[r][i] - (i >= window ? runs[r][i - window] : 0);
                    smooth[r][i] = sum / Math.min(i + 1, window);
                }
            }
            return new Line(name, at, smooth);
        }

        double mean(int point) {
            double sum = 0;
            for (double[] run : runs) {
                sum += run[point];
            }
            return sum / runs.length;
        }

        /// Over the seeds, with n - 1; 0 for one seed.
        double deviation(int point) {
            double mean = mean(point);
            double squares = 0;
            for (double[] run : runs) {
                squares += (run[point] - mean) * (run[point] - mean);
            }
            return runs.length < 2 ? 0 : Math.sqrt(squares / (runs.length - 1));
        }
    }

    public Picture picture() {
        double[][] places = places();
        double legend = places.length == 0 ? 0 : (places[places.length - 1][1] + 1) * ROW;
        return new Picture(WIDTH, HEIGHT + legend, canvas -> draw(canvas, places, TOP + legend));
    }

    private double scaled(double value) {
        return logarithmic ? Math.log10(value) : value;
    }

    private void draw(Canvas canvas, double[][] places, double top) {
        Axis across = Axis.over(lines.stream()
                .flatMapToDouble(line -> java.util.Arrays.stream(line.at))
                .toArray());
        Axis up = Axis.over(lines.stream()
                .flatMapToDouble(line -> java.util.stream.IntStream.range(0, line.at.length)
                        .mapToDouble(line::mean)
                        .map(this::scaled))
                .toArray());
        canvas.text(LEFT, TOP / 2, 15, Canvas.Anchor.START, Ink.BLACK, title);
        double bottom = top + DEPTH;
        for (double tick : up.ticks()) {
            double at = bottom - up.place(tick) * DEPTH;
            canvas.line(LEFT, at, WIDTH - RIGHT, at, Ink.LIGHT, 1);
            canvas.text(LEFT - 8, at, 11, Canvas.Anchor.END, Ink.GREY, up.label(tick, logarithmic));
        }
        for (double tick : across.ticks()) {
            double at = LEFT + across.place(tick) * (WIDTH - LEFT - RIGHT);
            canvas.line(at, bottom, at, bottom + 4, Ink.GREY, 1);
            String label = across.label(tick, false);
            // The last one would leave the picture where its tick is at the edge.
            double middle = Math.min(at, WIDTH - 2 - LETTER * label.length() / 2);
            canvas.text(middle, bottom + 14, 11, Canvas.Anchor.MIDDLE, Ink.GREY, label);
        }
        canvas.text((LEFT + WIDTH - RIGHT) / 2, bottom + BOTTOM - 14, 12, Canvas.Anchor.MIDDLE, Ink.BLACK, x);
        canvas.text(16, (top + bottom) / 2, 12, Canvas.Anchor.MIDDLE, Ink.BLACK, -90, y);
        canvas.line(LEFT, bottom, WIDTH - RIGHT, bottom, Ink.GREY, 1);
        for (int i = 0; i < lines.size(); i++) {
            curve(canvas, lines.get(i), Ink.LINES[i % Ink.LINES.length], across, up, bottom);
        }
        legend(canvas, places);
    }

    private void curve(Canvas canvas, Line line, Ink ink, Axis across, Axis up, double bottom) {
        var xs = new ArrayList<Double>();
        var means = new ArrayList<Double>();
        var lows = new ArrayList<Double>();
        var highs = new ArrayList<Double>();
        for (int i = 0; i < line.at.length; i++) {
            double mean = line.mean(i);
            if (!Double.isFinite(scaled(mean))) {
                continue;
            }
            double deviation = line.deviation(i);
            double low = scaled(mean - deviation);
            xs.add(LEFT + across.place(line.at[i]) * (WIDTH - LEFT - RIGHT));
            means.add(height(up, scaled(mean), bottom));
            lows.add(height(up, Double.isFinite(low) ? low : up.low, bottom));
            highs.add(height(up, scaled(mean + deviation), bottom));
        }
        if (line.runs.length > 1 && !xs.isEmpty()) {
            var around = new ArrayList<>(xs);
            around.addAll(xs.reversed());
            var edges = new ArrayList<>(highs);
            edges.addAll(lows.reversed());
            canvas.polygon(array(around), array(edges), ink.withAlpha(0.18));
        }
        canvas.polyline(array(xs), array(means), ink, 1.8);
    }

    /// Inside the plot, also where a band leaves it.
    private static double height(Axis up, double value, double bottom) {
        return bottom - Math.clamp(up.place(value), 0.0, 1.0) * DEPTH;
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /// Where each line's entry of the legend lies, (lines, 2): x and its row. None for one line, which the title
    /// names.
    private double[][] places() {
        if (lines.size() < 2) {
            return new double[0][];
        }
        double[][] places = new double[lines.size()][];
        double x = LEFT;
        int row = 0;
        for (int i = 0; i < places.length; i++) {
            double width = SWATCH + LETTER * lines.get(i).name.length();
            if (x > LEFT && x + width > WIDTH - RIGHT) {
                x = LEFT;
                row++;
            }
            places[i] = new double[] {x, row};
            x += width + GAP;
        }
        return places;
    }

    private void legend(Canvas canvas, double[][] places) {
        for (int i = 0; i < places.length; i++) {
            double x = places[i][0];
            double y = TOP + (places[i][1] + 0.25) * ROW;
            canvas.line(x, y, x + SWATCH - 6, y, Ink.LINES[i % Ink.LINES.length], 2.5);
            canvas.text(x + SWATCH, y, 11, Canvas.Anchor.START, Ink.BLACK, lines.get(i).name);
        }
    }

    /// An axis over values, with ticks at round numbers.
    private record Axis(double low, double high, double step) {
        static Axis over(double[] values) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (double value : values) {
                if (Double.isFinite(value)) {
                    low = Math.min(low, value);
                    high = Math.max(high, value);
                }
            }
            if (low > high) {
                return new Axis(0, 1, 0.25);
            }
            if (low == high) {
                double room = Math.max(1e-9, Math.abs(low) / 2);
                low -= room;
                high += room;
            }
            double raw = (high - low) / 5;
            double power = Math.pow(10, Math.floor(Math.log10(raw)));
            double step =
                    raw / power <= 1 ? power : raw / power <= 2 ? 2 * power : raw / power <= 5 ? 5 * power : 10 * power;
            return new Axis(low, high, step);
        }

        double place(double value) {
            return (value - low) / (high - low);
        }

        double[] ticks() {
            int first = (int) Math.ceil(low / step - 1e-9);
            int last = (int) Math.floor(high / step + 1e-9);
            double[] ticks = new double[Math.max(0, last - first + 1)];
            for (int i = 0; i < ticks.length; i++) {
                ticks[i] = (first + i) * step;
            }
            return ticks;
        }

        /// Two digits that count, in full where that is short: `0.25`, `630`, `6.3e-07`.
        private static String digits(double value) {
            return value < 1e-3 || value >= 1e6
                    ? String.format(Locale.ROOT, "%.1e", value)
                    : new BigDecimal(value).round(new MathContext(2)).toPlainString();
        }

        String label(double value, boolean power) {
            if (power) {
                return step >= 1 ? "1e" + Math.round(value) : digits(Math.pow(10, value));
            }
            int decimals = (int) Math.clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 6);
            return String.format(Locale.ROOT, "%,." + decimals + "f", value);
        }
    }
}
