package io.torrefy.rl.plot;

import io.torrefy.export.Export;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/// Pictures one after the other, again and again, as an SVG that moves by itself or as a GIF.
///
/// @param frames of the same size, at least one
/// @param seconds that each stays; the last one stays four times as long
@Export(value = "rl.plot.Animation", since = "0.1")
public record Animation(List<Picture> frames, double seconds) {
    private static final int LAST = 4;

    public Animation {
        frames = List.copyOf(frames);
        if (frames.isEmpty() || !(seconds > 0)) {
            throw new IllegalArgumentException("[plot] expected at least one frame and a time above 0 for each; got "
                    + frames.size() + " frames of " + seconds + " s.");
        }
        Picture first = frames.getFirst();
        for (Picture frame : frames) {
            if (frame.width() != first.width() || frame.height() != first.height()) {
                throw new IllegalArgumentException("[plot] expected frames of one size; got " + first.width() + " x "
                        + first.height() + " and " + frame.width() + " x " + frame.height() + ".");
            }
        }
    }

    /// As an SVG document. Each frame's opacity changes at its own times (SMIL), so no script runs.
    public String svg() {
        var body = new StringBuilder();
        int ticks = frames.size() - 1 + LAST;
        for (int i = 0; i < frames.size(); i++) {
            boolean last = i == frames.size() - 1;
            double from = (double) i / ticks;
            double to = last ? 1 : (double) (i + 1) / ticks;
            body.append("<g opacity=\"").append(last ? 1 : 0).append("\">\n");
            if (frames.size() > 1) {
                String times = i == 0 ? "0;" + time(to) : last ? "0;" + time(from) : "0;" + time(from) + ";" + time(to);
                String values = i == 0 ? "1;0" : last ? "0;1" : "0;1;0";
                body.append(
                                "<animate attributeName=\"opacity\" calcMode=\"discrete\" repeatCount=\"indefinite\" dur=\"")
                        .append(SvgCanvas.number(ticks * seconds))
                        .append("s\" keyTimes=\"")
                        .append(times)
                        .append("\" values=\"")
                        .append(values)
                        .append("\"/>\n");
            }
            body.append(frames.get(i).body()).append("</g>\n");
        }
        Picture first = frames.getFirst();
        return SvgCanvas.document(first.width(), first.height(), body.toString());
    }

    private static String time(double share) {
        return String.format(java.util.Locale.ROOT, "%.5f", share);
    }

    /// Writes SVG, whole or not at all.
    public void writeSvg(Path file) throws IOException {
        WholeFile.write(file, svg().getBytes(StandardCharsets.UTF_8));
    }

    /// Writes a GIF, whole or not at all.
    ///
    /// @param scale pixels a unit
    /// @throws IllegalStateException where the system has no fonts
    public void writeGif(Path file, double scale) throws IOException {
        WholeFile.write(file, gif(scale));
    }

    byte[] gif(double scale) {
        var bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage image = frames.get(i).image(scale);
                writer.writeToSequence(new IIOImage(image, null, timed(writer, image, i)), null);
            }
            writer.endWriteSequence();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /// GIF89a: each image's delay in hundredths of a second, and that the first one comes again for ever.
    private IIOMetadata timed(ImageWriter writer, BufferedImage image, int index) throws IIOInvalidTreeException {
        IIOMetadata metadata = writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
        String format = metadata.getNativeMetadataFormatName();
        var root = (IIOMetadataNode) metadata.getAsTree(format);
        long delay = Math.max(2, Math.round(100 * seconds)) * (index == frames.size() - 1 ? LAST : 1);
        IIOMetadataNode control = child(root, "GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        control.setAttribute("delayTime", Long.toString(Math.min(delay, 65535)));
        if (index == 0) {
            var application = new IIOMetadataNode("ApplicationExtension");
            application.setAttribute("applicationID", "NETSCAPE");
            application.setAttribute("authenticationCode", "2.0");
            application.setUserObject(new byte[] {1, 0, 0});
            child(root, "ApplicationExtensions").appendChild(application);
        }
        metadata.setFromTree(format, root);
        return metadata;
    }

    private static IIOMetadataNode child(IIOMetadataNode root, String name) {
        for (int i = 0; i < root.getLength(); i++) {
            if (root.item(i).getNodeName().equals(name)) {
                return (IIOMetadataNode) root.item(i);
            }
        }
        var made = new IIOMetadataNode(name);
        root.appendChild(made);
        return made;
    }
}
