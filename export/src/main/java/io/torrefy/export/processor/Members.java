package io.torrefy.export.processor;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.util.Elements;

/// The public members of an exported type, those of supertypes that are not public among them, because only through
/// this type can anybody reach them.
record Members(Elements elements, Signatures signatures) {
    private static final Set<String> OF_OBJECT = Set.of("toString", "equals", "hashCode");
    private static final Set<String> OF_ENUM = Set.of("values", "valueOf");

    /// What a type that exports its members exports: methods, static and not, and constants, unless they have an
    /// annotation of their own, say what a supertype says, or belong to the form of a record or enum.
    List<Element> exportable(TypeElement type) {
        return reachable(type)
                .filter(member -> member.getModifiers().contains(Modifier.PUBLIC))
                .filter(member -> isConstant(member) || isMethod(member))
                .filter(member -> member.getAnnotation(Export.class) == null)
                .filter(member -> member.getAnnotation(Override.class) == null)
                .toList();
    }

    /// The other members, as lines: those that have no name of their own. A nested type's go with it.
    ///
    /// @param exported whether the type exports its members, which then have names
    List<String> listed(TypeElement type, boolean exported) {
        List<String> lines = new ArrayList<>();
        List<Element> named = exported ? exportable(type) : List.of();
        list(type, "", named, lines);
        return lines.stream().sorted().toList();
    }

    private void list(TypeElement type, String prefix, List<Element> named, List<String> lines) {
        for (Element member : reachable(type).toList()) {
            if (member.getAnnotation(Export.class) != null || named.contains(member)) {
                continue;
            }
            switch (member) {
                case TypeElement nested -> {
                    lines.add(signatures
                            .type(nested)
                            .replace(nested.getQualifiedName(), prefix + nested.getSimpleName()));
                    list(nested, prefix + nested.getSimpleName() + ".", List.of(), lines);
                }
                case ExecutableElement method -> lines.add(signatures.method(method, type, prefix));
                case VariableElement field -> lines.add(line(field, prefix));
                default -> {}
            }
        }
    }

    private String line(VariableElement field, String prefix) {
        return field.getKind() == ElementKind.ENUM_CONSTANT
                ? prefix + field.getSimpleName()
                : signatures.field(field, prefix);
    }

    /// Everything that a user of the type can name, in the order of the sources.
    Stream<Element> reachable(TypeElement type) {
        List<Element> all = new ArrayList<>();
        TypeElement at = type;
        do {
            boolean inherited = !at.equals(type);
            for (Element member : at.getEnclosedElements()) {
                if (visible(member, type) && !(inherited && belongsToClass(member))) {
                    all.add(member);
                }
            }
            at = signatures.superclass(at);
        } while (at != null && !at.getModifiers().contains(Modifier.PUBLIC));
        return all.stream().filter(member -> !isForm(member, type));
    }

    private static boolean belongsToClass(Element member) {
        return member.getKind() == ElementKind.CONSTRUCTOR
                || member.getModifiers().contains(Modifier.STATIC);
    }

    private static boolean visible(Element member, TypeElement type) {
        Set<Modifier> modifiers = member.getModifiers();
        boolean inheritable = !type.getModifiers().contains(Modifier.FINAL) && modifiers.contains(Modifier.PROTECTED);
        return modifiers.contains(Modifier.PUBLIC) || inheritable;
    }

    /// What a record or an enum has because it is one, and what every object has.
    private boolean isForm(Element member, TypeElement type) {
        if (member instanceof RecordComponentElement) {
            return true;
        }
        if (!(member instanceof ExecutableElement method)) {
            return false;
        }
        String name = method.getSimpleName().toString();
        boolean implied = elements.getOrigin(method) != Elements.Origin.EXPLICIT;
        boolean accessor = type.getKind() == ElementKind.RECORD && elements.recordComponentFor(method) != null;
        boolean canonical = method.getKind() == ElementKind.CONSTRUCTOR
                && type.getKind() == ElementKind.RECORD
                && elements.isCanonicalConstructor(method);
        boolean defaultConstructor = method.getKind() == ElementKind.CONSTRUCTOR && implied;
        boolean ofEnum = type.getKind() == ElementKind.ENUM && OF_ENUM.contains(name);
        return accessor || canonical || ofEnum || (implied && !defaultConstructor) || OF_OBJECT.contains(name);
    }

    private static boolean isMethod(Element member) {
        return member.getKind() == ElementKind.METHOD;
    }

    private static boolean isConstant(Element member) {
        return member.getKind().isField() && member.getModifiers().containsAll(Set.of(Modifier.STATIC, Modifier.FINAL));
    }
}
