package io.torrefy.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

class RlPagesTest {
    private static final Path DOCS = Path.of("..", "docs");

    @TempDir
    Path folder;

    private Document drawn(String name) throws Exception {
        return parsed(RlPages.write(folder, name));
    }

    private static Document parsed(Path svg) throws Exception {
        Document document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
        assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
        return document;
    }

    private static List<Element> elements(Document svg, String tag) {
        List<Element> all = new ArrayList<>();
        for (int i = 0; i < svg.getElementsByTagName(tag).getLength(); i++) {
            all.add((Element) svg.getElementsByTagName(tag).item(i));
        }
        return all;
    }

    /// The points of the lines of a thickness.
    private static List<double[][]> lines(Document svg, String thickness) {
        return elements(svg, "polyline").stream()
                .filter(line -> line.getAttribute("stroke-width").equals(thickness))
                .map(line -> Stream.of(line.getAttribute("points").split(" "))
                        .map(point -> Stream.of(point.split(","))
                                .mapToDouble(Double::parseDouble)
                                .toArray())
                        .toArray(double[][]::new))
                .toList();
    }

    /// The values of the uniform policy and the best ones, solved elsewhere.
    @Test
    void bellmanShowsTheValuesOfTheBook() throws Exception {
        double[] expected = {
            -3.8463, -3.8138, -3.6442, -3.1209, -3.2350, -3.7936, -3.8473, -3.8004, -3.1063, -2.9241, -3.5724, -3.8965,
            -3.3817, -3.1944, -2.9444, -3.9008, -3.6159, -3.4031, -2.8976, -3.2393, -4.4589, -4.1608, -3.3858, -3.3634,
            -3.4532, 5.8320, 5.5800, 6.2000, 6.4800, 5.8320, 6.4800, 7.2000, 8.0000, 7.2000, 6.4800, 7.2000, 8.0000, 10,
            8.0000, 7.2000, 8.0000, 10, 10, 10, 8.0000, 7.2000, 9.0000, 10, 9.0000, 8.1000
        };
        List<String> shown = elements(drawn("bellman"), "text").stream()
                .map(Element::getTextContent)
                .filter(text -> text.matches("-?[0-9.]+"))
                .toList();
        assertThat(shown).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            String value = String.format(Locale.ROOT, expected[i] == 10 ? "%.1f" : "%.2f", expected[i]);
            assertThat(shown.get(i)).as("number %d", i).isEqualTo(value);
        }
    }

    /// In the end a round of j sweeps makes the change gamma^j times as small: j times the slope.
    @Test
    void moreSweepsAreSteeper() throws Exception {
        List<double[][]> lines = lines(drawn("planning"), "1.8");
        assertThat(lines).hasSize(4);
        double one = slope(lines.get(0), 20);
        assertThat(one).isPositive();
        assertThat(slope(lines.get(1), 8) / one).isCloseTo(3, within(0.05));
        assertThat(lines.get(3).length).isLessThan(10);
    }

    /// Downwards, over the last steps of a line.
    private static double slope(double[][] line, int steps) {
        double[] from = line[line.length - 1 - steps];
        double[] to = line[line.length - 1];
        return (to[1] - from[1]) / (to[0] - from[0]);
    }

    /// Sutton and Barto, Example 6.6: 13 steps along the edge, 17 along the far side.
    @Test
    void sarsaKeepsAwayFromTheCliff() throws Exception {
        List<double[][]> paths = lines(drawn("cliff-paths"), "2.33");
        assertThat(paths).hasSize(2);
        assertThat(paths.get(0).length - 1).isEqualTo(17);
        assertThat(paths.get(1).length - 1).isEqualTo(13);
    }

    @Test
    void anUnknownPictureIsNamed() {
        assertThatThrownBy(() -> RlPages.write(folder, "bellmann"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 'bellmann'");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void everyPictureIsOnThePageAndSmall() throws Exception {
        String page = Files.readString(DOCS.resolve("rl.md"));
        long all = 0;
        for (String name : RlPages.names()) {
            assertThat(page).containsOnlyOnce("](images/rl/" + name + ".svg)");
            Path file = DOCS.resolve("images/rl/" + name + ".svg");
            parsed(file);
            assertThat(Files.size(file)).as(name).isLessThan(40_000);
            all += Files.size(file);
        }
        assertThat(all).isLessThan(500_000);
    }

    /// A picture that is drawn otherwise than the page shows it has to be drawn anew: docs/rl.md says how.
    @Test
    void thePageShowsWhatIsDrawn() throws IOException {
        for (String name : List.of("bellman", "mc-basic", "cliff-paths")) {
            Path drawn = RlPages.write(folder, name);
            Path shown = DOCS.resolve("images/rl/" + name + ".svg");
            assertThat(drawn).hasSameTextualContentAs(shown);
        }
    }

    @Test
    void linksOfThePageLead() throws IOException {
        Matcher links = Pattern.compile("\\]\\(([^)#]+)\\)").matcher(Files.readString(DOCS.resolve("rl.md")));
        List<String> dead = new ArrayList<>();
        int count = 0;
        while (links.find()) {
            count++;
            if (!Files.exists(DOCS.resolve(links.group(1)))) {
                dead.add(links.group(1));
            }
        }
        assertThat(dead).isEmpty();
        assertThat(count).isGreaterThan(60);
    }
}
