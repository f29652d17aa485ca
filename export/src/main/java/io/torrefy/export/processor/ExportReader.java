package io.torrefy.export.processor;

import io.torrefy.export.Alias;
import io.torrefy.export.Export;
import io.torrefy.export.Exported;
import io.torrefy.export.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.ExecutableType;
import javax.lang.model.util.Elements;

/// Turns annotated elements into entries of the index.
final class ExportReader {
    private final Elements elements;
    private final Signatures signatures;
    private final Members members;
    private final SourceLines lines;

    ExportReader(ProcessingEnvironment environment) {
        elements = environment.getElementUtils();
        signatures = new Signatures(elements, environment.getTypeUtils());
        members = new Members(elements, signatures);
        lines = new SourceLines(environment);
    }

    /// The element's entry and, for a type that exports its members, theirs.
    List<Found> read(Element element) {
        Export export = element.getAnnotation(Export.class);
        List<Found> found = new ArrayList<>();
        if (!(element instanceof TypeElement type)) {
            TypeElement owner = (TypeElement) Objects.requireNonNull(element.getEnclosingElement());
            found.add(found(element, owner, export, List.of(export.value())));
            return found;
        }
        found.add(found(type, type, export, List.of(export.value())));
        if (!export.members().isEmpty()) {
            for (Element member : members.exportable(type)) {
                found.add(found(member, type, export, List.of(export.members() + "." + snake(member))));
            }
        }
        return found;
    }

    private Found found(Element element, TypeElement owner, Export export, List<String> names) {
        boolean own = element.equals(owner) || annotated(element);
        Exported exported = new Exported(
                names,
                kind(element),
                elements.getBinaryName(owner).toString(),
                member(element),
                signatures.descriptor(element),
                element.getModifiers().contains(Modifier.STATIC) || element.getKind() == ElementKind.CONSTRUCTOR,
                signature(element, owner),
                parameters(element, owner, own ? export.params() : new String[0]),
                export.since(),
                export.status(),
                own ? oldNames(export) : List.of(),
                Summaries.of(elements, element, owner),
                lines.of(element),
                element instanceof TypeElement type
                        ? members.listed(type, !export.members().isEmpty())
                        : List.of());
        return new Found(element, owner, exported);
    }

    private static boolean annotated(Element element) {
        return element.getAnnotation(Export.class) != null;
    }

    private static Kind kind(Element element) {
        return switch (element.getKind()) {
            case CLASS -> Kind.CLASS;
            case RECORD -> Kind.RECORD;
            case ENUM -> Kind.ENUM;
            case INTERFACE -> Kind.INTERFACE;
            case ANNOTATION_TYPE -> Kind.ANNOTATION;
            case CONSTRUCTOR -> Kind.CONSTRUCTOR;
            case METHOD -> Kind.METHOD;
            default -> Kind.CONSTANT;
        };
    }

    private static String member(Element element) {
        return element instanceof TypeElement ? "" : element.getSimpleName().toString();
    }

    private String signature(Element element, TypeElement owner) {
        return switch (element) {
            case TypeElement type -> signatures.type(type);
            case ExecutableElement method -> signatures.method(method, owner, Signatures.nestedName(owner) + ".");
            default -> signatures.field((VariableElement) element, Signatures.nestedName(owner) + ".");
        };
    }

    private List<Exported.Parameter> parameters(Element element, TypeElement owner, String... written) {
        if (!(element instanceof ExecutableElement method)) {
            return List.of();
        }
        ExecutableType type = (ExecutableType) signatures.types().asMemberOf((DeclaredType) owner.asType(), method);
        List<Exported.Parameter> parameters = new ArrayList<>();
        for (int i = 0; i < method.getParameters().size(); i++) {
            String name = method.getParameters().get(i).getSimpleName().toString();
            String value = i < written.length ? value(written[i]) : "";
            parameters.add(new Exported.Parameter(name, signatures.parameter(method, type, i), value));
        }
        return parameters;
    }

    private static String value(String parameter) {
        int equals = parameter.indexOf('=');
        return equals < 0 ? "" : parameter.substring(equals + 1);
    }

    private static List<Exported.OldName> oldNames(Export export) {
        return Arrays.stream(export.deprecated())
                .map(alias -> oldName(alias, export.value()[0]))
                .toList();
    }

    private static Exported.OldName oldName(Alias alias, String canonical) {
        String replacement = alias.replacement().isEmpty() ? canonical : alias.replacement();
        return new Exported.OldName(alias.name(), alias.since(), alias.remove(), replacement);
    }

    /// `indexSelect` is `index_select`; `CPU` is `cpu`.
    private static String snake(Element member) {
        return member.getSimpleName()
                .toString()
                .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                .toLowerCase(Locale.ROOT);
    }
}
