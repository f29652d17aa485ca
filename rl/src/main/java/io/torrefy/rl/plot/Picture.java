package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/// A picture that can be written as SVG or as pixels. Neither needs a screen.
@Export(value = "rl.plot.Picture", since = "0.1")
public final class Picture {
    private final double width;
    private final double height;
    private final Consumer<Canvas> drawing;

    Picture(double width, double height, Consumer<Canvas> drawing) {
        this.width = width;
        this.height = height;
        this.drawing = drawing;
    }

    public double width() {
        return width;
    }

    public double height() {
        return height;
    }

    void draw(Canvas canvas) {
        canvas.rect(0, 0, width, height, Ink.WHITE);
        drawing.accept(canvas);
    }

    /// What lies between the svg element's tags.
    String body() {
        var canvas = new SvgCanvas();
        draw(canvas);
        return canvas.body();
    }

    /// As an SVG document.
    public String svg() {
        return SvgCanvas.document(width, height, body());
    }

    /// Writes SVG, whole or not at all.
    public void writeSvg(Path file) throws IOException {
        WholeFile.write(file, svg().getBytes(StandardCharsets.UTF_8));
    }

    /// Writes PNG, whole or not at all.
    ///
    /// @param scale pixels a unit
    /// @throws IllegalStateException where the system has no fonts
    public void writePng(Path file, double scale) throws IOException {
        WholeFile.write(file, png(scale));
    }

    /// As a PNG file's bytes.
    byte[] png(double scale) {
        var bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image(scale), "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    BufferedImage image(double scale) {
        if (!(scale > 0 && width * scale <= 20_000 && height * scale <= 20_000)) {
            throw new IllegalArgumentException("[plot] expected a scale above 0 and at most 20000 pixels a side; got "
                    + scale + " for a picture of " + width + " x " + height + ".");
        }
        return ImageCanvas.draw(this, scale);
    }

    /// Pictures below each other, each in the middle.
    public static Picture column(Picture... pictures) {
        double widest = 0;
        double all = 0;
        for (Picture picture : pictures) {
            widest = Math.max(widest, picture.width);
            all += picture.height;
        }
        double most = widest;
        return new Picture(widest, all, canvas -> {
            double y = 0;
            for (Picture picture : pictures) {
                picture.drawing.accept(new Shifted(canvas, (most - picture.width) / 2, y));
                y += picture.height;
            }
        });
    }

    /// Pictures side by side, from the top.
    public static Picture row(Picture... pictures) {
        double all = 0;
        double highest = 0;
        for (Picture picture : pictures) {
            all += picture.width;
            highest = Math.max(highest, picture.height);
        }
        return new Picture(all, highest, canvas -> {
            double x = 0;
            for (Picture picture : pictures) {
                picture.drawing.accept(new Shifted(canvas, x, 0));
                x += picture.width;
            }
        });
    }

    /// A canvas whose corner lies elsewhere.
    private record Shifted(Canvas canvas, double dx, double dy) implements Canvas {
        private double[] x(double[] x) {
            return moved(x, dx);
        }

        private double[] y(double[] y) {
            return moved(y, dy);
        }

        private static double[] moved(double[] values, double by) {
            double[] moved = values.clone();
            for (int i = 0; i < moved.length; i++) {
                moved[i] += by;
            }
            return moved;
        }

        @Override
        public void rect(double x, double y, double width, double height, Ink fill) {
            canvas.rect(x + dx, y + dy, width, height, fill);
        }

        @Override
        public void frame(double x, double y, double width, double height, Ink stroke, double thickness) {
            canvas.frame(x + dx, y + dy, width, height, stroke, thickness);
        }

        @Override
        public void polyline(double[] x, double[] y, Ink stroke, double thickness) {
            canvas.polyline(x(x), y(y), stroke, thickness);
        }

        @Override
        public void polygon(double[] x, double[] y, Ink fill) {
            canvas.polygon(x(x), y(y), fill);
        }

        @Override
        public void disc(double x, double y, double radius, Ink fill) {
            canvas.disc(x + dx, y + dy, radius, fill);
        }

        @Override
        public void ring(double x, double y, double radius, Ink stroke, double thickness) {
            canvas.ring(x + dx, y + dy, radius, stroke, thickness);
        }

        @Override
        public void text(double x, double y, double size, Anchor anchor, Ink ink, double degrees, String text) {
            canvas.text(x + dx, y + dy, size, anchor, ink, degrees, text);
        }
    }
}
