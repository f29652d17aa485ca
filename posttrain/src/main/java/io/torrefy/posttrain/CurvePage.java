package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One chart of fractions over some quantity, and its table, as a page that needs nothing but itself: [Report]'s look,
/// for results that are no run.
///
/// @param name what was measured
/// @param headline the result in one line
/// @param lead what it was measured on
/// @param over the quantity from left to right: `tokens per problem`
/// @param hint beside the chart
/// @param curves at least one
/// @param columns the table's head
/// @param rows of the table, as many cells each as there are columns
@Export(value = "posttrain.CurvePage", since = "0.1")
public record CurvePage(
        String name,
        String headline,
        String lead,
        String over,
        String hint,
        List<Curve> curves,
        List<String> columns,
        List<List<String>> rows) {
    /// A line through points.
    ///
    /// @param x of the points, ascending
    /// @param y from 0 to 1, as many
    public record Curve(String name, double[] x, double[] y) {}

    public CurvePage {
        curves = List.copyOf(curves);
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
        boolean fits = !curves.isEmpty()
                && curves.stream().allMatch(curve -> curve.x.length > 0 && curve.x.length == curve.y.length);
        if (!fits) {
            throw new IllegalArgumentException(
                    "[page] expected at least one curve, each of as many x as y, at least one; got " + curves.size());
        }
    }

    /// The page itself.
    public String html() {
        return Report.page(name, headline, lead, chart() + Report.table(columns, rows));
    }

    /// Writes the page, whole or not at all.
    ///
    /// @throws RunException where it cannot be written
    public void write(Path file) {
        write(file, html());
    }

    /// Writes a text, whole or not at all.
    ///
    /// @throws RunException where it cannot be written
    public static void write(Path file, String text) {
        try {
            AtomicFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw RunException.of("write " + file, e);
        }
    }

    private String chart() {
        List<Chart.Line> lines = new ArrayList<>();
        for (Curve curve : curves) {
            lines.add(new Chart.Line(
                    curve.name,
                    Report.COLORS.get(lines.size() % Report.COLORS.size()),
                    new RunData.Series(curve.x, curve.y),
                    Chart.Shape.POINTS));
        }
        return Chart.ofFractions("Accuracy", hint, lines, over).html("hero");
    }
}
