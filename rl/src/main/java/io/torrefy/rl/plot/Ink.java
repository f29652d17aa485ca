package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import java.util.Locale;

/// A colour: red, green and blue from 0 to 255, and how much it covers, from 0 to 1.
@Export(value = "rl.plot.Ink", since = "0.1")
public record Ink(int red, int green, int blue, double alpha) {
    public static final Ink BLACK = of(0x1F2328);
    public static final Ink GREY = of(0x8C959F);
    public static final Ink LIGHT = of(0xD8DEE4);
    public static final Ink WHITE = of(0xFFFFFF);
    public static final Ink BLUE = of(0x3B6FB6);
    public static final Ink GREEN = of(0x2E8B57);
    public static final Ink ORANGE = of(0xD9822B);
    public static final Ink RED = of(0xC0392B);

    /// Lines side by side: told apart also by those who see fewer colours (after Okabe and Ito 2008).
    static final Ink[] LINES = {
        of(0x0072B2), of(0xD55E00), of(0x009E73), of(0xCC79A7), of(0x56B4E9), of(0xE69F00), of(0x595959)
    };

    /// An opaque colour as `0xRRGGBB`.
    public static Ink of(int rgb) {
        return new Ink(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, 1);
    }

    /// This colour with another cover.
    public Ink withAlpha(double value) {
        return new Ink(red, green, blue, value);
    }

    /// A colour between this at 0 and another at 1.
    public Ink towards(Ink other, double share) {
        return new Ink(
                between(red, other.red, share),
                between(green, other.green, share),
                between(blue, other.blue, share),
                alpha + (other.alpha - alpha) * share);
    }

    private static int between(int a, int b, double share) {
        return (int) Math.round(a + (b - a) * share);
    }

    /// `#rrggbb`.
    String hex() {
        return String.format(Locale.ROOT, "#%02x%02x%02x", red, green, blue);
    }

    /// Black or white, whichever can be read on this.
    Ink text() {
        return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? BLACK : WHITE;
    }
}
