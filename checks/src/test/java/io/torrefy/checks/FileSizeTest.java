package io.torrefy.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A file is one idea: about 400 lines, and never more than 800.
class FileSizeTest {
    private static final int MOST_LINES = 800;

    @Test
    void noFileIsLongerThanTheLimit() throws IOException {
        List<Path> sources = Sources.all();
        assertThat(sources).as("Java files under %s", Sources.ROOT).hasSizeGreaterThan(10);
        List<String> tooLong = new ArrayList<>();
        for (Path file : sources) {
            int lines = Files.readAllLines(file).size();
            if (lines > MOST_LINES) {
                tooLong.add(Sources.name(file) + ": " + lines + " lines");
            }
        }
        assertThat(tooLong)
                .as("a file is one idea, of %d lines at the most: split these", MOST_LINES)
                .isEmpty();
    }
}
