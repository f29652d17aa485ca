package io.torrefy.export.internal;

import io.torrefy.export.ExportIndex;
import io.torrefy.export.ExportRegistry.ClassSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Finds the indexes of this program's modules.
public final class Indexes {
    private Indexes() {}

    /// The indexes of all modules in the layer of `anchor` (of the boot layer, if it is on the class path) and of
    /// all that lie on the class path, sorted by module.
    public static Map<ExportIndex, ClassSource> find(Class<?> anchor) {
        Map<ExportIndex, ClassSource> found = new LinkedHashMap<>();
        ModuleLayer own = anchor.getModule().getLayer();
        ModuleLayer layer = own == null ? ModuleLayer.boot() : own;
        List<Module> modules = layer.modules().stream()
                .sorted(Comparator.comparing(Module::getName))
                .toList();
        for (Module module : modules) {
            ExportIndex index = read(module);
            if (index != null) {
                found.put(index, name -> load(module, name));
            }
        }
        ClassLoader loader = anchor.getClassLoader();
        for (String name : onClassPath(loader)) {
            URL url = loader.getResource(ExportIndex.resource(name));
            if (url != null && layer.findModule(name).isEmpty()) {
                found.put(read(url), type -> Class.forName(type, false, loader));
            }
        }
        return found;
    }

    private static Class<?> load(Module module, String name) throws ClassNotFoundException {
        Class<?> type = Class.forName(module, name);
        if (type == null) {
            throw new ClassNotFoundException(name + " in " + module);
        }
        return type;
    }

    private static @Nullable ExportIndex read(Module module) {
        String resource = ExportIndex.resource(module.getName());
        try (InputStream in = module.getResourceAsStream(resource)) {
            return in == null ? null : parse(in, module.getName() + "/" + resource);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ExportIndex read(URL url) {
        try (InputStream in = url.openStream()) {
            return parse(in, url.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ExportIndex parse(InputStream in, String place) throws IOException {
        return ExportIndex.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), place);
    }

    /// Names of the modules that lie on the class path, where they are not modules: a class loader can find a file
    /// by its name but cannot list, so they are told by their descriptors.
    private static Set<String> onClassPath(ClassLoader loader) {
        Set<String> names = new TreeSet<>();
        try {
            for (URL url : Collections.list(loader.getResources("module-info.class"))) {
                try (InputStream in = url.openStream()) {
                    names.add(ModuleDescriptor.read(in).name());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }
}
