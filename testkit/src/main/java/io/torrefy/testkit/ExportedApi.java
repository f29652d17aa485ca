package io.torrefy.testkit;

import io.torrefy.export.ApiListing;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.ExportRegistry;
import io.torrefy.export.Exported;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Modifier;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the exported names of every module keep to. The compiler runs no annotation processor unless it is told to, and
/// says nothing: so each module's tests look whether its index is there.
public final class ExportedApi {
    private ExportedApi() {}

    /// What is wrong with a module's exported names; empty if nothing. The index is there and not empty, it says
    /// what the committed listing says, all that it names can be reached, and it has every public top-level type.
    ///
    /// @param anchor a class of the module
    /// @param listings the folder of the committed listings
    /// @param exceptions simple names of public types that have no exported name yet
    public static List<String> problems(Class<?> anchor, Path listings, String... exceptions) throws IOException {
        Module module = anchor.getModule();
        Optional<ExportIndex> index = ExportRegistry.standard().indexes().stream()
                .filter(found -> found.module().equals(module.getName()))
                .findFirst();
        if (index.isEmpty() || index.get().exports().isEmpty()) {
            return List.of("module " + module.getName() + " has no index of exported names: did its processor run?");
        }
        List<String> problems = new ArrayList<>();
        String committed = Files.readString(listings.resolve(module.getName() + ".api"));
        if (!ApiListing.of(index.get()).text().equals(committed)) {
            problems.add("api/" + module.getName() + ".api differs; if that is on purpose: " + ApiListing.UPDATE);
        }
        index.get().exports().forEach(exported -> unreachable(exported).ifPresent(problems::add));
        Set<String> named = index.get().exports().stream()
                .filter(exported -> exported.kind().isType())
                .map(Exported::owner)
                .collect(Collectors.toSet());
        Set<String> excepted = new TreeSet<>(List.of(exceptions));
        for (Class<?> type : publicTypes(module)) {
            boolean exception = excepted.remove(type.getSimpleName());
            if (named.contains(type.getName()) == exception) {
                problems.add(
                        type.getName() + (exception ? " is exported: no exception" : " is public and not exported"));
            }
        }
        excepted.forEach(name -> problems.add(name + " is an exception and no public type"));
        return problems;
    }

    private static Optional<String> unreachable(Exported exported) {
        ExportRegistry registry = ExportRegistry.standard();
        try {
            if (exported.kind().isType()) {
                registry.type(exported.name(), Object.class);
            } else {
                registry.handle(exported);
            }
            return Optional.empty();
        } catch (ExportException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /// Of a module's packages that are exported to all; its main classes only, not the tests' that patch it.
    private static List<Class<?>> publicTypes(Module module) throws IOException {
        Path location = Path.of(module.getLayer()
                .configuration()
                .findModule(module.getName())
                .orElseThrow()
                .reference()
                .location()
                .orElseThrow());
        List<Class<?>> types = new ArrayList<>();
        for (ModuleDescriptor.Exports exports : module.getDescriptor().exports()) {
            if (!exports.isQualified()) {
                String folder = exports.source().replace('.', '/');
                for (String file : files(location, folder)) {
                    Class<?> type = Class.forName(module, exports.source() + "." + file.replace(".class", ""));
                    if (type != null && Modifier.isPublic(type.getModifiers())) {
                        types.add(type);
                    }
                }
            }
        }
        return types;
    }

    /// The top-level classes in a folder of a jar or of a directory.
    private static List<String> files(Path location, String folder) throws IOException {
        if (Files.isDirectory(location)) {
            return files(location.resolve(folder));
        }
        try (FileSystem jar = FileSystems.newFileSystem(location)) {
            return files(jar.getPath(folder));
        }
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> name.endsWith(".class") && !name.contains("$") && !name.contains("-"))
                    .sorted()
                    .toList();
        }
    }
}
