package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/// Line charts as HTML. Curves are SVG stretched to whatever room there is, with strokes that do not stretch;
/// labels are HTML beside them, so they keep their size on every screen and on paper.
final class Chart {
    /// More points than this are drawn as means of neighbours: a screen has no room for more.
    private static final int MOST_POINTS = 600;
    /// Curves of fewer points are drawn as they are, without a smoothed one over them.
    private static final int FEWEST_SMOOTHED = 24;

    private static final String STEPS = "steps";

    /// How values are written.
    enum Unit {
        NUMBER,
        PERCENT;

        String format(double value) {
            return this == PERCENT ? Figures.percent(value) : Figures.number(value);
        }

        String tick(double value, double step) {
            if (this == PERCENT) {
                return String.format(Locale.ROOT, 100 * step < 1 ? "%.1f%%" : "%.0f%%", 100 * value);
            }
            if (step >= 1e5 || step < 1e-4) {
                return value == 0 ? "0" : String.format(Locale.ROOT, "%.0e", value);
            }
            int decimals = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
            return String.format(Locale.ROOT, "%,." + decimals + "f", value);
        }
    }

    /// How a line is drawn.
    enum Shape {
        /// As it is.
        EXACT,
        /// Faintly as it is, boldly smoothed.
        SMOOTHED,
        /// As it is, every value marked, the first and the last one labelled.
        POINTS
    }

    /// A line; `color` is a class of the style sheet.
    record Line(String name, String color, RunData.Series series, Shape shape) {}

    private final String title;
    private final String hint;
    private final Unit unit;
    private final List<Line> lines;
    private final String over;
    private final Axis x;
    private final Axis y;

    private Chart(String title, String hint, Unit unit, List<Line> lines, double least, double most, String over) {
        this.over = over;
        this.title = title;
        this.hint = hint;
        this.unit = unit;
        this.lines = lines;
        double from = min(steps());
        this.x = Axis.exact(from, Math.max(max(steps()), from + 1), 6);
        this.y = Axis.rounded(Math.min(least, min(values())), Math.max(most, max(values())), 4);
    }

    /// A chart from 0, or from below it where values are negative, to the greatest value.
    static Chart of(String title, String hint, Unit unit, List<Line> lines) {
        return new Chart(title, hint, unit, lines, 0, 0, STEPS);
    }

    /// A chart of fractions, from 0 to 1.
    static Chart ofFractions(String title, String hint, List<Line> lines) {
        return ofFractions(title, hint, lines, STEPS);
    }

    /// A chart of fractions over something else than steps.
    ///
    /// @param over what a place from left to right is, such as `tokens`
    static Chart ofFractions(String title, String hint, List<Line> lines, String over) {
        return new Chart(title, hint, Unit.PERCENT, lines, 0, 1, over);
    }

    private DoubleStream steps() {
        return lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.series().steps()));
    }

    private DoubleStream values() {
        return lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.series().values()));
    }

    private static double min(DoubleStream values) {
        return values.filter(Double::isFinite).min().orElse(0);
    }

    private static double max(DoubleStream values) {
        return values.filter(Double::isFinite).max().orElse(0);
    }

    /// A figure with its caption; `css` is added to its classes.
    String html(String css) {
        var first = lines.getFirst();
        return "<figure class=\"card chart " + css + "\">\n<figcaption><h3>" + Html.escape(title)
                + "</h3><b class=\"" + first.color() + "\">"
                + Html.escape(unit.format(first.series().last()))
                + "</b><p>" + Html.escape(hint) + "</p></figcaption>\n" + legend() + plot() + "</figure>\n";
    }

    private String legend() {
        return lines.size() == 1
                ? ""
                : lines.stream()
                        .map(line -> "<li class=\"" + line.color() + "\">" + Html.escape(line.name()) + "</li>")
                        .collect(Collectors.joining("", "<ul class=\"legend\">", "</ul>\n"));
    }

    private String plot() {
        var out = new StringBuilder();
        out.append("<div class=\"plot\" role=\"img\" aria-label=\"")
                .append(Html.escape(description()))
                .append("\" data-from=\"" + x.from() + "\" data-to=\"" + x.to() + "\""
                        + (over.equals(STEPS) ? "" : " data-over=\"" + Html.escape(over) + "\"") + ">\n");
        out.append("<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\n");
        for (double tick : y.ticks()) {
            var at = coordinate(1 - y.position(tick));
            out.append("<path class=\"" + (tick == 0 ? "zero" : "grid") + "\" d=\"M0 " + at + "H1000\"/>");
        }
        lines.forEach(line -> out.append(curves(line)));
        out.append("\n</svg>\n");
        for (double tick : y.ticks()) {
            out.append("<span class=\"y\" style=\"bottom:" + Html.percent(y.position(tick)) + "\">"
                    + unit.tick(tick, y.step()) + "</span>");
        }
        for (double tick : x.ticks()) {
            out.append("<span class=\"x\" style=\"left:" + Html.percent(x.position(tick)) + "\">"
                    + Unit.NUMBER.tick(tick, x.step()) + "</span>");
        }
        lines.stream().filter(line -> line.shape() == Shape.POINTS).forEach(line -> out.append(labels(line)));
        return out.append("\n").append(data()).append("</div>\n").toString();
    }

    private String description() {
        return lines.stream()
                .map(line -> line.name() + ": from " + unit.format(line.series().first()) + " to "
                        + unit.format(line.series().last()) + ", lowest "
                        + unit.format(min(Arrays.stream(line.series().values()))) + ", highest "
                        + unit.format(max(Arrays.stream(line.series().values()))))
                .collect(Collectors.joining("; ", title + " over " + over + ". ", "."));
    }

    private String curves(Line line) {
        var drawn = thin(line.series());
        if (line.shape() == Shape.POINTS) {
            var dots = new StringBuilder();
            for (int i = 0; i < drawn.values().length; i++) {
                if (Double.isFinite(drawn.values()[i])) {
                    // a stroke without length is its round cap: a dot that does not stretch
                    dots.append("M" + point(drawn, i) + "h0");
                }
            }
            return path("line", line, drawn) + "<path class=\"dots " + line.color() + "\" d=\"" + dots + "\"/>";
        }
        if (line.shape() == Shape.EXACT || drawn.values().length < FEWEST_SMOOTHED) {
            return path("line", line, drawn);
        }
        return path("raw", line, drawn) + path("line", line, new RunData.Series(drawn.steps(), smooth(drawn.values())));
    }

    private String path(String css, Line line, RunData.Series series) {
        var d = new StringBuilder();
        boolean gap = true;
        for (int i = 0; i < series.values().length; i++) {
            if (Double.isFinite(series.values()[i])) {
                d.append(gap ? "M" : "L").append(point(series, i));
                gap = false;
            } else {
                gap = true;
            }
        }
        return "<path class=\"" + css + " " + line.color() + "\" d=\"" + d + "\"/>";
    }

    private String point(RunData.Series series, int i) {
        return coordinate(x.position(series.steps()[i])) + " " + coordinate(1 - y.position(series.values()[i]));
    }

    private static String coordinate(double fraction) {
        return String.format(Locale.ROOT, "%.1f", 1000 * fraction);
    }

    private String labels(Line line) {
        var series = line.series();
        int last = series.values().length - 1;
        return label("first", line, 0) + (last > 0 ? label("last", line, last) : "");
    }

    private String label(String css, Line line, int i) {
        double value = line.series().values()[i];
        double at = y.position(value);
        // beneath the point where there is no room above it
        var place = at > 0.86 ? " under" : "";
        return Double.isFinite(value)
                ? "<span class=\"label " + css + place + " " + line.color() + "\" style=\"left:"
                        + Html.percent(x.position(line.series().steps()[i])) + ";bottom:" + Html.percent(at) + "\">"
                        + unit.format(value) + "</span>"
                : "";
    }

    /// What the pointer reads off, for the page's script: per line its name, colour, steps, positions and texts.
    private String data() {
        var json = RunJson.MAPPER.createArrayNode();
        for (var line : lines) {
            var drawn = thin(line.series());
            var one = json.addObject().put("name", line.name()).put("color", line.color());
            var steps = one.putArray("x");
            var heights = one.putArray("y");
            var texts = one.putArray("text");
            for (int i = 0; i < drawn.values().length; i++) {
                if (Double.isFinite(drawn.values()[i])) {
                    steps.add(Math.round(drawn.steps()[i] * 10) / 10.0);
                    heights.add(Math.round(y.position(drawn.values()[i]) * 1e4) / 1e4);
                    texts.add(unit.format(drawn.values()[i]));
                }
            }
        }
        return "<script type=\"application/json\">" + Html.scriptJson(json.toString()) + "</script>\n";
    }

    /// At most [#MOST_POINTS] points, each the mean of neighbours.
    static RunData.Series thin(RunData.Series series) {
        int n = series.values().length;
        if (n <= MOST_POINTS) {
            return series;
        }
        var steps = new double[MOST_POINTS];
        var values = new double[MOST_POINTS];
        for (int i = 0; i < MOST_POINTS; i++) {
            int from = (int) ((long) i * n / MOST_POINTS);
            int to = (int) ((long) (i + 1) * n / MOST_POINTS);
            steps[i] = Arrays.stream(series.steps(), from, to).average().orElse(Double.NaN);
            values[i] = mean(series.values(), from, to);
        }
        return new RunData.Series(steps, values);
    }

    /// At each point the line of least squares through the tenth of the curve around it: amid the curve that is the
    /// mean, and at its ends it does not lag behind a slope as a mean does.
    static double[] smooth(double[] values) {
        int reach = Math.max(1, values.length / 20);
        var smooth = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            smooth[i] = fit(values, Math.max(0, i - reach), Math.min(values.length, i + reach + 1), i);
        }
        return smooth;
    }

    private static double fit(double[] values, int from, int to, int at) {
        double n = 0;
        double sumX = 0;
        double sumY = 0;
        double sumXx = 0;
        double sumXy = 0;
        for (int i = from; i < to; i++) {
            if (Double.isFinite(values[i])) {
                double x = i - at;
                n++;
                sumX += x;
                sumY += values[i];
                sumXx += x * x;
                sumXy += x * values[i];
            }
        }
        double spread = n * sumXx - sumX * sumX;
        double slope = spread > 0 ? (n * sumXy - sumX * sumY) / spread : 0;
        return (sumY - slope * sumX) / n;
    }

    private static double mean(double[] values, int from, int to) {
        return Arrays.stream(values, from, to)
                .filter(Double::isFinite)
                .average()
                .orElse(Double.NaN);
    }

    /// A range of values and its ticks, which are multiples of 1, 2 or 5 times a power of ten.
    record Axis(double from, double to, double step) {
        /// The range as it is.
        static Axis exact(double from, double to, int ticks) {
            return new Axis(from, to, Math.max(1, niceStep(to - from, ticks)));
        }

        /// The range widened to the next ticks.
        static Axis rounded(double from, double to, int ticks) {
            double top = to > from ? to : from + 1;
            double step = niceStep(top - from, ticks);
            return new Axis(Math.floor(from / step + 1e-9) * step, Math.ceil(top / step - 1e-9) * step, step);
        }

        private static double niceStep(double span, int ticks) {
            double rough = span / ticks;
            double power = Math.pow(10, Math.floor(Math.log10(rough)));
            for (double factor : new double[] {1, 2, 5}) {
                if (factor * power >= rough * 0.999) {
                    return factor * power;
                }
            }
            return 10 * power;
        }

        double position(double value) {
            return (value - from) / (to - from);
        }

        List<Double> ticks() {
            var ticks = new ArrayList<Double>();
            long first = (long) Math.ceil(from / step - 1e-9);
            for (long i = first; i * step <= to + step * 1e-9; i++) {
                ticks.add(i * step);
            }
            return ticks;
        }
    }
}
