package io.torrefy.rl.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.LineMetrics;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/// Draws pixels. Needs no screen, but fonts.
final class ImageCanvas implements Canvas {
    private final Graphics2D graphics;

    private ImageCanvas(Graphics2D graphics) {
        this.graphics = graphics;
    }

    /// @param scale pixels a unit
    static BufferedImage draw(Picture picture, double scale) {
        int width = (int) Math.ceil(picture.width() * scale);
        int height = (int) Math.ceil(picture.height() * scale);
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, width, height);
            graphics.scale(scale, scale);
            picture.draw(new ImageCanvas(graphics));
        } finally {
            graphics.dispose();
        }
        return image;
    }

    private void ink(Ink ink) {
        graphics.setColor(new Color(ink.red(), ink.green(), ink.blue(), (int) Math.round(255 * ink.alpha())));
    }

    private void stroke(Ink ink, double thickness) {
        ink(ink);
        graphics.setStroke(new BasicStroke((float) thickness, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
    }

    private static Path2D path(double[] x, double[] y, boolean closed) {
        var path = new Path2D.Double();
        for (int i = 0; i < x.length; i++) {
            if (i == 0) {
                path.moveTo(x[i], y[i]);
            } else {
                path.lineTo(x[i], y[i]);
            }
        }
        if (closed && x.length > 0) {
            path.closePath();
        }
        return path;
    }

    @Override
    public void rect(double x, double y, double width, double height, Ink fill) {
        ink(fill);
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
    }

    @Override
    public void frame(double x, double y, double width, double height, Ink stroke, double thickness) {
        stroke(stroke, thickness);
        graphics.draw(new Rectangle2D.Double(x, y, width, height));
    }

    @Override
    public void polyline(double[] x, double[] y, Ink stroke, double thickness) {
        stroke(stroke, thickness);
        graphics.draw(path(x, y, false));
    }

    @Override
    public void polygon(double[] x, double[] y, Ink fill) {
        ink(fill);
        graphics.fill(path(x, y, true));
    }

    @Override
    public void disc(double x, double y, double radius, Ink fill) {
        ink(fill);
        graphics.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    }

    @Override
    public void ring(double x, double y, double radius, Ink stroke, double thickness) {
        stroke(stroke, thickness);
        graphics.draw(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    }

    @Override
    public void text(double x, double y, double size, Anchor anchor, Ink ink, double degrees, String text) {
        ink(ink);
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 1).deriveFont((float) size);
        graphics.setFont(font);
        double width;
        LineMetrics lines;
        try {
            width = font.getStringBounds(text, graphics.getFontRenderContext()).getWidth();
            lines = font.getLineMetrics(text, graphics.getFontRenderContext());
        } catch (RuntimeException | InternalError | NoClassDefFoundError | UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    "[plot] expected the system's fonts, which letters in pixels need; got none (" + e
                            + "). Hint: install fontconfig and a font, or write SVG, which needs neither.",
                    e);
        }
        double left = switch (anchor) {
            case START -> 0;
            case MIDDLE -> -width / 2;
            case END -> -width;
        };
        AffineTransform before = graphics.getTransform();
        graphics.translate(x, y);
        graphics.rotate(Math.toRadians(degrees));
        graphics.drawString(text, (float) left, (lines.getAscent() - lines.getDescent()) / 2);
        graphics.setTransform(before);
    }
}
