package io.torrefy.export.processor;

import io.torrefy.export.Export;
import io.torrefy.export.Exported;
import io.torrefy.export.Kind;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.ModuleElement.ExportsDirective;
import javax.lang.model.element.PackageElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;

/// What every exported element has to keep to. Errors go to the element that breaks a rule.
final class ExportRules {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)+");
    private static final Pattern PREFIX = Pattern.compile("[a-z][a-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)*");

    private final Elements elements;
    private final SignatureTypes types;
    private final String version;
    private final BiConsumer<String, Element> error;

    ExportRules(ProcessingEnvironment environment, BiConsumer<String, Element> error) {
        elements = environment.getElementUtils();
        // An option without a value, which is how an empty property arrives, is there and null.
        String allowed = Objects.requireNonNullElse(environment.getOptions().get(ExportProcessor.ALLOW), "");
        types = new SignatureTypes(environment, Set.of(allowed.split(",")));
        version = environment.getOptions().getOrDefault(ExportProcessor.VERSION, "");
        this.error = error;
    }

    /// Whether the annotation can be read at all. Where it cannot, the compiler or this says why.
    boolean wellFormed(Element element) {
        Export export = element.getAnnotation(Export.class);
        try {
            if (export.value().length == 0) {
                error.accept("[export] at least one name was expected; got none.", element);
                return false;
            }
            version(element, "since", export.since());
            Arrays.stream(export.deprecated()).forEach(alias -> {
                version(element, "since of '" + alias.name() + "'", alias.since());
                removal(element, alias.name(), alias.remove());
            });
            annotation(element, export);
            return true;
        } catch (java.lang.annotation.IncompleteAnnotationException e) {
            // Something without a default is missing, which the compiler reports.
            return false;
        }
    }

    private void version(Element element, String what, String since) {
        if (!Versions.isVersion(since)) {
            error.accept("[export] a version such as 0.1 was expected for " + what + "; got '" + since + "'.", element);
        } else if (!version.isEmpty() && Versions.minor(since).compareTo(Versions.minor(version)) > 0) {
            error.accept(
                    "[export] a version up to " + Versions.minor(version) + ", which is being built, was expected for "
                            + what + "; got " + since + ".",
                    element);
        }
    }

    private void removal(Element element, String name, String remove) {
        if (!Versions.isVersion(remove)) {
            error.accept(
                    "[export] a version such as 0.3 was expected for remove of '" + name + "'; got '" + remove + "'.",
                    element);
        } else if (!version.isEmpty() && Versions.minor(remove).compareTo(Versions.minor(version)) <= 0) {
            error.accept(
                    "[export] the deprecated name '" + name + "' was expected to go with " + remove + "; got version "
                            + version + " with it. Hint: take it away.",
                    element);
        }
    }

    private void annotation(Element element, Export export) {
        if (!export.members().isEmpty()) {
            if (!(element instanceof TypeElement)) {
                error.accept("[export] members was expected on a type only.", element);
            } else if (!PREFIX.matcher(export.members()).matches()) {
                error.accept(
                        "[export] a prefix such as nn.functional was expected for members; got '" + export.members()
                                + "'.",
                        element);
            }
        }
        if (element instanceof ExecutableElement method) {
            parameters(method, export.params());
        } else if (export.params().length > 0) {
            error.accept("[export] params was expected on a method or constructor only.", element);
        }
    }

    private void parameters(ExecutableElement method, String... written) {
        List<String> names = method.getParameters().stream()
                .map(parameter -> parameter.getSimpleName().toString())
                .toList();
        List<String> said = Arrays.stream(written).map(p -> p.split("=", 2)[0]).toList();
        if (!said.isEmpty() && !said.equals(names)) {
            error.accept(
                    "[export] params " + names + " were expected, as the source has them; got " + said + ".", method);
        }
    }

    /// The rules for one entry.
    void check(Found found) {
        Element element = found.element();
        Exported exported = found.exported();
        for (String name : exported.allNames()) {
            if (!NAME.matcher(name).matches()) {
                error.accept(
                        "[export] a name such as nn.functional.softmax was expected; got '" + name
                                + "'. Hint: words of letters, digits and _ joined by dots, the first in small letters.",
                        element);
            }
        }
        Set<String> names = new HashSet<>();
        exported.allNames().stream()
                .filter(name -> !names.add(name))
                .forEach(name -> error.accept(
                        "[export] an alias other than the element's names was expected; got '" + name + "' twice.",
                        element));
        visible(found);
        if (exported.summary().isEmpty()) {
            error.accept(
                    "[export] a summary in the documentation of '" + exported.name() + "' was expected; got none.",
                    element);
        }
        if (exported.kind() == Kind.CONSTANT
                && !element.getModifiers().containsAll(Set.of(Modifier.STATIC, Modifier.FINAL))) {
            error.accept("[export] a static final field was expected; got one that is not.", element);
        }
        if (exported.kind() == Kind.METHOD && !exported.isStatic() && !isExported(found.owner())) {
            error.accept(
                    "[export] an exported type was expected around the instance method '" + exported.name() + "'; got "
                            + found.owner() + ", which is not.",
                    element);
        }
        types.check(found).forEach(problem -> error.accept(problem, element));
    }

    private static boolean isExported(TypeElement type) {
        return type.getAnnotation(Export.class) != null;
    }

    private void visible(Found found) {
        if (!found.element().getModifiers().contains(Modifier.PUBLIC)) {
            notReachable(found, "it is not public");
        }
        for (Element outer = found.owner(); outer instanceof TypeElement; outer = outer.getEnclosingElement()) {
            if (!outer.equals(found.element()) && !outer.getModifiers().contains(Modifier.PUBLIC)) {
                notReachable(found, outer.getSimpleName() + " is not public");
            }
        }
        PackageElement pack = elements.getPackageOf(found.owner());
        if (!isExported(elements, pack)) {
            notReachable(found, "module-info.java does not export " + pack.getQualifiedName() + " to all");
        }
    }

    private void notReachable(Found found, String why) {
        error.accept(
                "[export] something public was expected for '"
                        + found.exported().name() + "'; got " + found.element().getSimpleName() + ": " + why + ".",
                found.element());
    }

    /// Whether a package is exported to everybody.
    static boolean isExported(Elements elements, PackageElement pack) {
        ModuleElement module = elements.getModuleOf(pack);
        if (module == null || module.isUnnamed()) {
            return true;
        }
        Stream<ExportsDirective> exports = ElementFilter.exportsIn(module.getDirectives()).stream();
        return exports.anyMatch(
                directive -> directive.getPackage().equals(pack) && directive.getTargetModules() == null);
    }

    /// Several elements that have one name: right only for overloads of one method that say how they differ.
    void sharing(String name, List<Found> sharing) {
        Found first = sharing.getFirst();
        boolean overloads = sharing.stream().allMatch(found -> isOverload(first, found));
        if (!overloads) {
            sharing.forEach(found -> duplicate(found.element(), name, others(found, sharing)));
            return;
        }
        for (Found found : sharing) {
            boolean says = found.element().getAnnotation(Export.class) == null
                    || found.element().getAnnotation(Export.class).params().length > 0;
            if (!says && !found.exported().parameters().isEmpty()) {
                error.accept(
                        "[export] params was expected on each overload that shares the name '" + name
                                + "'; got none on " + found.exported().signature() + ".",
                        found.element());
            }
        }
    }

    private static boolean isOverload(Found a, Found b) {
        return !a.exported().kind().isType()
                && a.exported().kind() == b.exported().kind()
                && a.exported().kind() != Kind.CONSTANT
                && a.owner().equals(b.owner())
                && a.exported().member().equals(b.exported().member());
    }

    private static String others(Found found, List<Found> sharing) {
        return String.join(
                ", ",
                sharing.stream()
                        .filter(other -> !other.equals(found))
                        .map(other -> other.exported().signature())
                        .distinct()
                        .toList());
    }

    void duplicate(Element element, String name, String elsewhere) {
        error.accept(
                "[export] a name used once was expected; got '" + name + "', which " + elsewhere + " has too.",
                element);
    }
}
