package io.torrefy.rl.plot;

import java.util.Locale;

/// Draws as SVG 1.1.
final class SvgCanvas implements Canvas {
    private final StringBuilder out = new StringBuilder();

    /// Everything drawn so far, without the element around it.
    String body() {
        return out.toString();
    }

    static String document(double width, double height, String body) {
        return String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\""
                        + " font-family=\"system-ui, sans-serif\">%n%s</svg>%n",
                number(width),
                number(height),
                number(width),
                number(height),
                body);
    }

    /// Two decimals, without those that are zero.
    static String number(double value) {
        String text = String.format(Locale.ROOT, "%.2f", value);
        text = text.replaceFirst("\\.?0+$", "");
        return text.equals("-0") ? "0" : text;
    }

    private static String opacity(String property, Ink ink) {
        return ink.alpha() < 1 ? " " + property + "-opacity=\"" + number(ink.alpha()) + "\"" : "";
    }

    private static String fill(Ink ink) {
        return "fill=\"" + ink.hex() + "\"" + opacity("fill", ink);
    }

    private static String stroke(Ink ink, double thickness) {
        return "fill=\"none\" stroke=\"" + ink.hex() + "\"" + opacity("stroke", ink) + " stroke-width=\""
                + number(thickness) + "\"";
    }

    private static String box(double x, double y, double width, double height) {
        return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\""
                + number(height) + "\" ";
    }

    private static String points(double[] x, double[] y) {
        var points = new StringBuilder("points=\"");
        for (int i = 0; i < x.length; i++) {
            points.append(i == 0 ? "" : " ").append(number(x[i])).append(',').append(number(y[i]));
        }
        return points.append("\" ").toString();
    }

    private static String circle(double x, double y, double radius) {
        return "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) + "\" ";
    }

    private void add(String start, String style) {
        out.append(start).append(style).append("/>\n");
    }

    @Override
    public void rect(double x, double y, double width, double height, Ink fill) {
        add(box(x, y, width, height), fill(fill));
    }

    @Override
    public void frame(double x, double y, double width, double height, Ink stroke, double thickness) {
        add(box(x, y, width, height), stroke(stroke, thickness));
    }

    @Override
    public void polyline(double[] x, double[] y, Ink stroke, double thickness) {
        add("<polyline " + points(x, y), stroke(stroke, thickness) + " stroke-linejoin=\"round\"");
    }

    @Override
    public void polygon(double[] x, double[] y, Ink fill) {
        add("<polygon " + points(x, y), fill(fill));
    }

    @Override
    public void disc(double x, double y, double radius, Ink fill) {
        add(circle(x, y, radius), fill(fill));
    }

    @Override
    public void ring(double x, double y, double radius, Ink stroke, double thickness) {
        add(circle(x, y, radius), stroke(stroke, thickness));
    }

    @Override
    public void text(double x, double y, double size, Anchor anchor, Ink ink, double degrees, String text) {
        out.append("<text x=\"")
                .append(number(x))
                .append("\" y=\"")
                .append(number(y))
                .append("\" font-size=\"")
                .append(number(size))
                .append("\" text-anchor=\"")
                .append(anchor.name().toLowerCase(Locale.ROOT))
                .append("\" dominant-baseline=\"central\" ")
                .append(fill(ink));
        if (degrees != 0) {
            out.append(" transform=\"rotate(")
                    .append(number(degrees))
                    .append(' ')
                    .append(number(x))
                    .append(' ')
                    .append(number(y))
                    .append(")\"");
        }
        out.append('>').append(escaped(text)).append("</text>\n");
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
