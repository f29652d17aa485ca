package io.torrefy.export.processor;

import io.torrefy.export.Export;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.Exported;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;
import org.jspecify.annotations.Nullable;

/// Checks every [Export] of the module that is being compiled, writes its index and holds it against the committed
/// listing. It judges all errors of a round, each on its element.
///
/// Options, of which none is needed:
///
/// - `-Aexport.version=0.2.0`: the version being built, which no `since` may be ahead of;
/// - `-Aexport.golden=FOLDER`: where the committed listings are; the module's own is `{module}.api`;
/// - `-Aexport.update=true`: write that listing instead of complaining;
/// - `-Aexport.allow=NAME,...`: further modules, or single types, that may be in signatures.
///
/// It is aggregating: the index comes from all sources of the module, so a build that compiles only some of them would
/// write a wrong one. (Maven's compiler plug-in compiles all where one has changed.)
public final class ExportProcessor extends AbstractProcessor {
    static final String VERSION = "export.version";
    static final String GOLDEN = "export.golden";
    static final String UPDATE = "export.update";
    static final String ALLOW = "export.allow";

    private final List<Exported> exports = new ArrayList<>();
    private Map<String, String> imported = Map.of();
    private boolean failed;
    private String module = "";

    @Override
    public Set<String> getSupportedAnnotationTypes() {
        // Not only when there is an annotation: a module that loses its last one has a listing to answer to.
        return Set.of("*");
    }

    @Override
    public Set<String> getSupportedOptions() {
        return Set.of(VERSION, GOLDEN, UPDATE, ALLOW);
    }

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        if (module.isEmpty()) {
            begin(round);
        }
        if (!round.processingOver()) {
            collect(round);
        } else if (!failed && !round.errorRaised() && !module.isEmpty()) {
            finish();
        }
        return false;
    }

    /// Learns which module this is, and what those it requires export.
    private void begin(RoundEnvironment round) {
        for (Element root : round.getRootElements()) {
            ModuleElement own = processingEnv.getElementUtils().getModuleOf(root);
            module = own == null || own.isUnnamed()
                    ? "unnamed"
                    : own.getQualifiedName().toString();
            try {
                imported = KnownExports.of(processingEnv, module);
            } catch (ExportException e) {
                error(String.valueOf(e.getMessage()), own);
            }
            return;
        }
    }

    private void collect(RoundEnvironment round) {
        ExportRules rules = new ExportRules(processingEnv, this::error);
        ExportReader reader = new ExportReader(processingEnv);
        List<Found> found = new ArrayList<>();
        for (Element element : round.getElementsAnnotatedWith(Export.class)) {
            if (rules.wellFormed(element)) {
                found.addAll(reader.read(element));
            }
        }
        found.forEach(rules::check);
        names(found, rules);
        found.forEach(entry -> exports.add(entry.exported()));
    }

    /// No name twice: neither here nor in a module on the path. Overloads of one method may share one.
    private void names(List<Found> found, ExportRules rules) {
        Map<String, List<Found>> byName = new TreeMap<>();
        for (Found entry : found) {
            for (String name : Set.copyOf(entry.exported().allNames())) {
                byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(entry);
            }
        }
        byName.forEach((name, sharing) -> {
            String elsewhere = imported.get(name);
            if (elsewhere != null) {
                sharing.forEach(entry -> rules.duplicate(entry.element(), name, "module " + elsewhere));
            }
            if (sharing.size() > 1) {
                rules.sharing(name, sharing);
            }
        });
    }

    private void finish() {
        ExportIndex index = new ExportIndex(module, exports);
        String golden = processingEnv.getOptions().get(GOLDEN);
        if (golden != null) {
            boolean update = Boolean.parseBoolean(processingEnv.getOptions().get(UPDATE));
            String version = processingEnv.getOptions().getOrDefault(VERSION, "");
            new GoldenListing(Path.of(golden), version)
                    .problems(index, update)
                    .forEach(problem -> error(problem, null));
        }
        if (!failed && !exports.isEmpty()) {
            write(index);
        }
    }

    private void write(ExportIndex index) {
        try {
            var file = processingEnv
                    .getFiler()
                    .createResource(StandardLocation.CLASS_OUTPUT, "", ExportIndex.resource(module));
            try (Writer writer = file.openWriter()) {
                writer.write(index.toJson());
            }
        } catch (IOException e) {
            error("[export] the index of exported names could not be written: " + e.getMessage(), null);
        }
    }

    private void error(String message, @Nullable Element element) {
        failed = true;
        processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, message, element);
    }
}
