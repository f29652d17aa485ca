package io.torrefy.export;

import io.torrefy.export.processor.ExportProcessor;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// Compiles small modules with the processor, as a build does.
final class Compilation {
    private final Path folder;
    private final String module;
    private final List<Path> sources = new ArrayList<>();
    private final List<Path> path = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private boolean processing = true;

    /// @param errors `File.java:LINE: message`, in the order of the compiler
    record Result(boolean done, List<String> errors, Path classes) {
        String index() throws IOException {
            return Files.readString(classes.resolve(ExportIndex.resource("demo")));
        }
    }

    private Compilation(Path folder, String module) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.module = module;
        path.add(Path.of(
                Export.class.getProtectionDomain().getCodeSource().getLocation().getPath()));
    }

    /// A module `demo` that exports its package.
    static Compilation of(Path folder) throws IOException {
        return module(folder, "demo", "module demo { requires io.torrefy.export; exports demo; }");
    }

    static Compilation module(Path folder, String name, String descriptor) throws IOException {
        Compilation compilation = new Compilation(folder, name);
        compilation.source("module-info.java", descriptor);
        return compilation;
    }

    private void source(String file, String text) throws IOException {
        Path source = folder.resolve("src").resolve(file);
        Files.createDirectories(source.getParent());
        sources.add(Files.writeString(source, text));
    }

    /// A class of the module's package, which the text names `PACKAGE`, with the imports it needs.
    Compilation type(String name, String text) throws IOException {
        source(module + "/" + name + ".java", "package " + module + "; import io.torrefy.export.*;\n" + text);
        return this;
    }

    /// A class of a package that is not exported.
    Compilation hidden(String name, String text) throws IOException {
        source(
                module + "/hidden/" + name + ".java",
                "package " + module + ".hidden; import io.torrefy.export.*;\n" + text);
        return this;
    }

    Compilation after(Result other) {
        path.add(other.classes());
        return this;
    }

    Compilation option(String option) {
        options.add(option);
        return this;
    }

    Compilation withoutProcessor() {
        processing = false;
        return this;
    }

    Compilation backwards() {
        List<Path> reversed = List.copyOf(sources.reversed());
        sources.clear();
        sources.addAll(reversed);
        return this;
    }

    Result run() throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-d", classes.toString()));
        String modules = String.join(":", path.stream().map(Path::toString).toList());
        all.addAll(List.of("--module-path", modules));
        // What a careless build has: the processor's jar among the dependencies, and no option that switches it on.
        all.addAll(processing ? List.of() : List.of("--class-path", modules));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, null)) {
            JavaCompiler.CompilationTask task = compiler.getTask(
                    new StringWriter(), files, found, all, null, files.getJavaFileObjectsFromPaths(sources));
            if (processing) {
                task.setProcessors(List.of(new ExportProcessor()));
            }
            boolean done = task.call();
            List<String> errors = found.getDiagnostics().stream()
                    .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                    .map(Compilation::text)
                    .toList();
            return new Result(done, errors, classes);
        }
    }

    private static String text(Diagnostic<? extends JavaFileObject> diagnostic) {
        String message = diagnostic.getMessage(Locale.ROOT);
        if (diagnostic.getSource() == null) {
            return message;
        }
        Path file = Path.of(diagnostic.getSource().getName()).getFileName();
        return file + ":" + diagnostic.getLineNumber() + ": " + message;
    }
}
