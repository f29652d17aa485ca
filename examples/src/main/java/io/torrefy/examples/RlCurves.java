package io.torrefy.examples;

import io.torrefy.rl.plot.CurvePlot;
import java.util.Arrays;

/// What the pictures of `docs/rl.md` share.
final class RlCurves {
    private RlCurves() {}

    /// Curves of so many values a point, each at the middle of the values it is the mean of: fewer points make a
    /// smaller file, which shows the same.
    ///
    /// @param runs values over 1, 2, 3, …, (seeds, values)
    static CurvePlot.Line blocks(String name, double[][] runs, int width) {
        int points = runs[0].length / width;
        double[] at = new double[points];
        Arrays.setAll(at, p -> p * width + (width + 1) / 2.0);
        double[][] means = new double[runs.length][points];
        for (int r = 0; r < runs.length; r++) {
            double[] run = runs[r];
            Arrays.setAll(
                    means[r],
                    p -> Arrays.stream(run, p * width, (p + 1) * width)
                            .average()
                            .orElseThrow());
        }
        return new CurvePlot.Line(name, at, means);
    }

    /// Root of the mean squared difference.
    static double rms(double[] a, double[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(squares / a.length);
    }
}
