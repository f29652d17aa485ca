package io.torrefy.export.processor;

import io.torrefy.export.Export;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.Exported;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.StandardLocation;

/// The names that modules on the path export already, from their indexes: they are compiled, so annotations alone would
/// not list them.
final class KnownExports {
    private KnownExports() {}

    /// From name to module.
    ///
    /// @throws ExportException where two modules on the path have one name
    static Map<String, String> of(ProcessingEnvironment environment, String own) {
        Map<String, String> names = new TreeMap<>();
        List<? extends ModuleElement> modules = environment.getElementUtils().getAllModuleElements().stream()
                .sorted(Comparator.comparing(module -> module.getQualifiedName().toString()))
                .toList();
        for (ModuleElement module : modules) {
            String name = module.getQualifiedName().toString();
            if (!name.equals(own) && hasAnnotation(module)) {
                read(environment, name).ifPresent(index -> add(index, names));
            }
        }
        return names;
    }

    /// Whether a module can have exports at all. (A module that another requires `static` may be known by name
    /// only, and javac fails when it is asked for a file of such a one.)
    private static boolean hasAnnotation(ModuleElement module) {
        return ElementFilter.requiresIn(module.getDirectives()).stream()
                .anyMatch(requires ->
                        requires.getDependency().getQualifiedName().contentEquals(Export.class.getPackageName()));
    }

    private static void add(ExportIndex index, Map<String, String> names) {
        for (Exported exported : index.exports()) {
            for (String name : exported.allNames()) {
                String other = names.put(name, index.module());
                if (other != null && !other.equals(index.module())) {
                    throw new ExportException("[export] a name used once was expected; got '" + name + "' in " + other
                            + " and in " + index.module() + ".");
                }
            }
        }
    }

    private static Optional<ExportIndex> read(ProcessingEnvironment environment, String module) {
        try {
            String resource = ExportIndex.resource(module);
            var file = environment.getFiler().getResource(StandardLocation.MODULE_PATH, module + "/", resource);
            return Optional.of(ExportIndex.parse(file.getCharContent(true).toString(), file.getName()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
