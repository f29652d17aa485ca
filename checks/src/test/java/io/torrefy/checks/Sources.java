package io.torrefy.checks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The Java files of every module, as they lie in the checkout.
final class Sources {
    /// The top of the checkout.
    static final Path ROOT =
            Path.of(System.getProperty("torrefy.root", "..")).toAbsolutePath().normalize();

    private Sources() {}

    /// All files under `MODULE/src` that end in `.java`, in the order of their names.
    static List<Path> all() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.map(module -> module.resolve("src"))
                    .filter(Files::isDirectory)
                    .flatMap(Sources::javaFiles)
                    .sorted()
                    .toList();
        }
    }

    private static Stream<Path> javaFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A file's name as a reader knows it: relative to the checkout.
    static String name(Path file) {
        return ROOT.relativize(file).toString();
    }
}
