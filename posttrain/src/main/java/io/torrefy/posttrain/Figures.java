package io.torrefy.posttrain;

import java.time.Duration;
import java.util.Locale;

/// Numbers as people read them.
final class Figures {
    private Figures() {}

    /// Three significant digits, so that columns keep their width.
    static String number(double value) {
        double size = Math.abs(value);
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
        }
        if (size >= 1e6 || (size > 0 && size < 1e-4)) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        return String.format(Locale.ROOT, "%,." + decimals(size) + "f", value);
    }

    private static int decimals(double size) {
        if (size >= 1) {
            return size >= 100 ? 0 : size >= 10 ? 1 : 2;
        }
        return size >= 0.1 || size == 0 ? 3 : 4;
    }

    /// `0.614` is `61.4%`.
    static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * fraction);
    }

    /// `3:07`, `1:00:07`.
    static String clock(Duration time) {
        long seconds = Math.round(time.toMillis() / 1e3);
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
