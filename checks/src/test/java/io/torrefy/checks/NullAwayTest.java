package io.torrefy.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// NullAway is alive: under the very options of the build a planted null bug does not compile. (A plug-in that fits the
/// compiler badly can fall silent, and a silent check looks like clean code.)
class NullAwayTest {
    private static final String SOURCE = """
            package planted;

            import org.jspecify.annotations.Nullable;

            final class Planted {
                static @Nullable String find(boolean there) {
                    return there ? "yes" : null;
                }

                static int length(boolean there) {
                    String found = find(there);
                    return %s;
                }
            }
            """;

    @TempDir
    Path folder;

    @Test
    void aPlantedNullBugDoesNotCompile() throws IOException {
        assertThat(compile("found.length()"))
                .singleElement()
                .asString()
                .contains("[NullAway] dereferenced expression 'found' is @Nullable");
    }

    @Test
    void itsRepairCompiles() throws IOException {
        assertThat(compile("found == null ? 0 : found.length()")).isEmpty();
    }

    /// The errors of a null-marked module of one class whose method returns `expression`.
    private List<String> compile(String expression) throws IOException {
        String module = "@org.jspecify.annotations.NullMarked module planted { requires static org.jspecify; }";
        Path descriptor = Files.writeString(folder.resolve("module-info.java"), module);
        Path source = Files.writeString(folder.resolve("Planted.java"), SOURCE.formatted(expression));
        List<String> options = new ArrayList<>();
        options.addAll(List.of("-d", folder.resolve("classes").toString()));
        options.addAll(List.of("--module-path", jar(NullMarked.class)));
        options.addAll(List.of("-processorpath", System.getProperty("java.class.path")));
        options.addAll(List.of("-XDcompilePolicy=simple", "--should-stop=ifError=FLOW"));
        options.add(System.getProperty("torrefy.errorprone"));

        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, null)) {
            boolean done = compiler.getTask(
                            new StringWriter(),
                            files,
                            found,
                            options,
                            null,
                            files.getJavaFileObjects(descriptor, source))
                    .call();
            List<String> errors = found.getDiagnostics().stream()
                    .filter(diagnostic -> diagnostic.getKind() == javax.tools.Diagnostic.Kind.ERROR)
                    .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
                    .toList();
            assertThat(done).as("errors: %s", errors).isEqualTo(errors.isEmpty());
            return errors;
        }
    }

    private static String jar(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toString();
    }
}
