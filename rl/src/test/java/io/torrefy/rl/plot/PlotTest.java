package io.torrefy.rl.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.envs.GridWorld;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

class PlotTest {
    @TempDir
    Path folder;

    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static double[] numbered(int n) {
        double[] values = new double[n];
        Arrays.setAll(values, i -> i - n / 2);
        return values;
    }

    @Test
    void aGridIsOneRectACellAndAnArrowForEachAction() throws Exception {
        double[][] policy = new double[25][5];
        for (double[] row : policy) {
            row[0] = 0.5;
            row[1] = 0.5;
        }
        Picture picture = GridView.of(GridWorld.book())
                .withValues(numbered(25))
                .withPolicy(policy)
                .withTitle("v < 1 & π")
                .picture();
        Document svg = parsed(picture.svg());
        // A ground and a frame a cell, marks of six forbidden cells and the target, the white behind and the frame
        // around.
        assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(2 * 25 + 7 + 2);
        assertThat(svg.getElementsByTagName("polygon").getLength()).isEqualTo(2 * 25);
        assertThat(svg.getElementsByTagName("text").item(0).getTextContent()).isEqualTo("v < 1 & π");
        assertThat(svg.getElementsByTagName("text").getLength()).isEqualTo(1 + 25);
    }

    /// A color scale has its ends and its middle where they were said to be, and nothing beyond.
    @Test
    void valuesBecomeColours() throws IOException {
        var scale = new ValueScale(-10, 0, 1);
        assertThat(scale.color(0)).isEqualTo(Ink.WHITE);
        assertThat(scale.color(-100)).isEqualTo(scale.color(-10)).isEqualTo(Ink.of(0x2166AC));
        assertThat(scale.color(5)).isEqualTo(Ink.of(0xE08214));
        assertThat(scale.color(-5)).isEqualTo(Ink.WHITE.towards(Ink.of(0x2166AC), 0.5));
        assertThat(ValueScale.of(new double[] {2, 3, Double.NaN})).isEqualTo(new ValueScale(2, 2, 3));
        double[] values = new double[25];
        values[0] = -10;
        Path file = folder.resolve("grid.png");
        GridView.of(GridWorld.book())
                .withValues(values)
                .withScale(scale)
                .picture()
                .writePng(file, 2);
        BufferedImage image = ImageIO.read(file.toFile());
        // In the upper left corner of the first and the second cell, beside the number.
        assertThat(new Color(image.getRGB(2 * 20, 2 * 20))).isEqualTo(new Color(0x2166AC));
        assertThat(new Color(image.getRGB(2 * 76, 2 * 20))).isEqualTo(Color.WHITE);
        assertThat(folder.toFile().list()).containsExactly("grid.png");
    }

    @Test
    void theTerminalHasARowALine() {
        int[] up = new int[25];
        double[] values = new double[25];
        values[0] = -0.001;
        values[24] = 123.456;
        GridView view = GridView.of(GridWorld.book()).withPolicy(up).withValues(values);
        List<String> lines = view.lines(false);
        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).startsWith("↑ 0.00").doesNotContain("\u001b");
        assertThat(lines.get(1)).contains("#↑ 0.00");
        assertThat(lines.get(3)).contains("T↑ 0.00");
        assertThat(lines.get(4)).endsWith("↑ 123.5");
        assertThat(view.lines(true).get(0)).contains("\u001b[48;2;255;255;255m").endsWith("\u001b[0m");
    }

    @Test
    void aBandIsOneDeviationOfTheSeeds() {
        var line = CurvePlot.Line.of("a", new double[][] {{1, 2, 3}, {3, 2, 7}, {5, 2, 2}});
        assertThat(line.mean(0)).isEqualTo(3);
        assertThat(line.deviation(0)).isEqualTo(2);
        assertThat(line.deviation(1)).isZero();
        assertThat(line.deviation(2)).isCloseTo(Math.sqrt(7), within(1e-15));
        assertThat(line.smoothed(2).runs()[1]).containsExactly(3, 2.5, 4.5);
        assertThatThrownBy(() -> new CurvePlot.Line("b", new double[2], new double[][] {{1}}))
                .hasMessage("[plot] expected 2 values in each run of b, one a point; got 1.");
    }

    /// On axes from 0 to 10 both ways the curve runs from corner to corner.
    @Test
    void curvesLieWhereTheirValuesAre() throws Exception {
        var line = new CurvePlot.Line(
                "y = x", new double[] {0, 5, Double.NaN, 10}, new double[][] {{0, 5, Double.NaN, 10}});
        Document svg =
                parsed(CurvePlot.of("t", "x", "y", List.of(line)).picture().svg());
        String points = "";
        for (int i = 0; i < svg.getElementsByTagName("polyline").getLength(); i++) {
            points = ((Element) svg.getElementsByTagName("polyline").item(i)).getAttribute("points");
        }
        assertThat(points).isEqualTo("68,312 346,176 624,40");
        Document powers = parsed(new CurvePlot(
                        "t", "x", "y", List.of(CurvePlot.Line.of("e", new double[] {1, 0.1, 0, 0.001})), true)
                .picture()
                .svg());
        assertThat(powers.getElementsByTagName("polyline").getLength()).isPositive();
        assertThat(powers.getDocumentElement().getTextContent())
                .contains("1e-3")
                .doesNotContain("NaN");
    }

    /// Letters are at least five units wide: no name lies on another, nor outside of the picture, nor in the plot.
    @Test
    void aLegendBreaksIntoRows() throws Exception {
        List<CurvePlot.Line> lines = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            lines.add(CurvePlot.Line.of("an algorithm of a long name " + i, new double[] {100, 400}));
        }
        CurvePlot plot = new CurvePlot("t", "x", "y", lines, true);
        Document svg = parsed(plot.picture().svg());
        double width = Double.parseDouble(svg.getDocumentElement().getAttribute("width"));
        double x = 0;
        double y = 0;
        int names = 0;
        List<String> ticks = new ArrayList<>();
        for (int i = 0; i < svg.getElementsByTagName("text").getLength(); i++) {
            Element text = (Element) svg.getElementsByTagName("text").item(i);
            if (!text.getTextContent().startsWith("an algorithm")) {
                ticks.add(text.getTextContent());
                continue;
            }
            double nextX = Double.parseDouble(text.getAttribute("x"));
            double nextY = Double.parseDouble(text.getAttribute("y"));
            assertThat(nextX > x + 5 * 29 || nextY > y + 11).isTrue();
            assertThat(nextX + 5 * 29).isLessThan(width);
            x = nextX;
            y = nextY;
            names++;
        }
        assertThat(names).isEqualTo(7);
        Element curve = (Element) svg.getElementsByTagName("polyline").item(0);
        String[] points = curve.getAttribute("points").split("[ ,]");
        assertThat(y + 6).isLessThan(Double.parseDouble(points[1]));
        assertThat(ticks).contains("100", "160", "250", "400");
    }

    @Test
    void anAnimationShowsEachFrameAtItsTime() throws Exception {
        Picture one = GridView.of(GridWorld.book()).picture();
        Picture two = GridView.of(GridWorld.book()).withValues(numbered(25)).picture();
        var animation = new Animation(List.of(one, two), 0.5);
        Path file = folder.resolve("a.gif");
        animation.writeGif(file, 1);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (var in = ImageIO.createImageInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
            reader.setInput(in);
            assertThat(reader.getNumImages(true)).isEqualTo(2);
            assertThat(delay(reader, 0)).isEqualTo("50");
            assertThat(delay(reader, 1)).isEqualTo("200");
        } finally {
            reader.dispose();
        }
        Document svg = parsed(animation.svg());
        assertThat(svg.getElementsByTagName("animate").getLength()).isEqualTo(2);
        assertThat(((Element) svg.getElementsByTagName("animate").item(1)).getAttribute("keyTimes"))
                .isEqualTo("0;0.20000");
        assertThatThrownBy(() -> new Animation(List.of(), 1)).hasMessageContaining("at least one frame");
    }

    private static String delay(ImageReader reader, int image) throws IOException {
        var root = (IIOMetadataNode) reader.getImageMetadata(image).getAsTree("javax_imageio_gif_image_1.0");
        return ((Element) root.getElementsByTagName("GraphicControlExtension").item(0)).getAttribute("delayTime");
    }

    @Test
    void whatDoesNotFitIsNamed() {
        GridView view = GridView.of(GridWorld.book());
        assertThatThrownBy(() -> view.withValues(new double[3]))
                .hasMessage("[plot] expected values of 25 states, one a cell; got 3.");
        assertThatThrownBy(() -> view.withTrajectory(new int[] {25})).hasMessageContaining("states below 25; got 25");
        assertThatThrownBy(() -> new ValueScale(1, 0, 2)).hasMessageContaining("low <= middle <= high");
        assertThatThrownBy(() -> view.picture().image(1e9)).hasMessageContaining("at most 20000 pixels");
    }
}
