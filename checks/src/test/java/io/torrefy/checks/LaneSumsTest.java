package io.torrefy.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `reduceLanes(ADD)` and `reduceLanes(MUL)` of floats leave the order of the lanes open.
class LaneSumsTest {
    /// Also with a mask, the constant imported, and line breaks within.
    private static final Pattern UNORDERED =
            Pattern.compile("\\breduceLanes(?:ToLong)?\\s*\\(\\s*(?:[\\w.]+\\s*\\.\\s*)?(?:ADD|MUL)\\b");

    private static final Pattern COMMENT = Pattern.compile("//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);

    @Test
    void noSumOfLanesInAnOpenOrder() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : Sources.all()) {
            if (!Sources.name(file).contains("src/main/")) {
                continue;
            }
            for (int line : lines(Files.readString(file))) {
                found.add(Sources.name(file) + ":" + line);
            }
        }
        assertThat(found)
                .as("reduceLanes(ADD) and reduceLanes(MUL): the order of the lanes is unspecified, and changes when the"
                        + " caller is compiled in the middle of a run, so results are no longer the same bit for bit."
                        + " Add the lanes in a fixed order: see VectorMath's sum of lanes")
                .isEmpty();
    }

    @Test
    void findsThemHoweverTheyAreWritten() {
        assertThat(lines("float s = a.add(b).reduceLanes(VectorOperators.ADD);\n"))
                .containsExactly(1);
        assertThat(lines("x\nfloat s = v\n    .reduceLanes(\n        MUL, mask);\n"))
                .containsExactly(3);
        assertThat(lines("v.reduceLanes(VectorOperators.MAX); v.reduceLanes(ADDRESS);"))
                .isEmpty();
        assertThat(lines("/// `reduceLanes(ADD)` is avoided\n/* reduceLanes(\nADD) */\n"))
                .isEmpty();
    }

    private static List<Integer> lines(String source) {
        String code =
                COMMENT.matcher(source).replaceAll(comment -> comment.group().replaceAll("[^\\n]", ""));
        List<Integer> lines = new ArrayList<>();
        Matcher matcher = UNORDERED.matcher(code);
        while (matcher.find()) {
            lines.add(1
                    + (int) code.substring(0, matcher.start())
                            .chars()
                            .filter(c -> c == '\n')
                            .count());
        }
        return lines;
    }
}
