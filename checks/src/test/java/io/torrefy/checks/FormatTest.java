package io.torrefy.checks;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.JavaFormatterOptions.Style;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Every source is as palantir-java-format writes it. Spotless, which runs inside Maven's own JVM, takes the same steps
/// but can parse Java 25 only where Maven runs on it; this test runs on the JDK that the build selected.
///
/// `-Dtorrefy.format=apply` rewrites the files instead of complaining.
class FormatTest {
    private static final Formatter FORMATTER = Formatter.createFormatter(
            JavaFormatterOptions.builder().style(Style.PALANTIR).build());

    @Test
    void everySourceIsFormatted() throws IOException {
        boolean apply = "apply".equals(System.getProperty("torrefy.format"));
        List<String> wrong = new ArrayList<>();
        for (Path file : Sources.all()) {
            String source = Files.readString(file);
            try {
                String formatted = format(source);
                if (!formatted.equals(source)) {
                    if (apply) {
                        Files.writeString(file, formatted);
                    } else {
                        wrong.add(Sources.name(file) + ":" + firstDifference(source, formatted));
                    }
                }
            } catch (FormatterException e) {
                wrong.add(Sources.name(file) + ": cannot be parsed: " + e.getMessage());
            }
        }
        assertThat(wrong)
                .as("not formatted; to format: mvn -q test -pl checks -Dtest=FormatTest -Dtorrefy.format=apply")
                .isEmpty();
    }

    @Test
    void aSlipIsSeen() throws FormatterException {
        String slip = "package a;\nimport java.util.Map;\nclass A{ int b=1;\n}\n";
        assertThat(format(slip)).isEqualTo("package a;\n\nclass A {\n    int b = 1;\n}\n");
    }

    private static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(DocComments.refill(source), Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }

    private static String firstDifference(String source, String formatted) {
        List<String> is = source.lines().toList();
        List<String> should = formatted.lines().toList();
        int line = 0;
        while (line < Math.min(is.size(), should.size()) && is.get(line).equals(should.get(line))) {
            line++;
        }
        String wanted = line < should.size() ? should.get(line) : "(the file's end)";
        return (line + 1) + ": should be: " + wanted;
    }
}
