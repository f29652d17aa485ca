package io.torrefy.rl.plot;

/// What pictures are drawn on; x to the right, y down, in units of a picture's width and height.
interface Canvas {
    /// Where a text lies about its point.
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    void rect(double x, double y, double width, double height, Ink fill);

    void frame(double x, double y, double width, double height, Ink stroke, double thickness);

    void polyline(double[] x, double[] y, Ink stroke, double thickness);

    void polygon(double[] x, double[] y, Ink fill);

    void disc(double x, double y, double radius, Ink fill);

    void ring(double x, double y, double radius, Ink stroke, double thickness);

    /// @param y of the middle of the letters
    /// @param degrees that it is turned by, clockwise
    void text(double x, double y, double size, Anchor anchor, Ink ink, double degrees, String text);

    default void line(double x1, double y1, double x2, double y2, Ink stroke, double thickness) {
        polyline(new double[] {x1, x2}, new double[] {y1, y2}, stroke, thickness);
    }

    default void text(double x, double y, double size, Anchor anchor, Ink ink, String text) {
        text(x, y, size, anchor, ink, 0, text);
    }
}
