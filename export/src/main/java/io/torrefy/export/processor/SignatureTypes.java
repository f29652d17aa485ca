package io.torrefy.export.processor;

import io.torrefy.export.Export;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.IntersectionType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.type.WildcardType;
import javax.lang.model.util.Elements;

/// Which types may be in the signature of something that is exported: those a user can name and that keep to the same
/// promises. They are Java's own; what is exported; what is public in an exported package of this module or of another
/// of the same family (`io.torrefy`); and those that the build allows, by their own name or
/// their module's.
final class SignatureTypes {
    private final Elements elements;
    private final Members members;
    private final Set<String> allowed;

    SignatureTypes(ProcessingEnvironment environment, Set<String> allowed) {
        elements = environment.getElementUtils();
        members = new Members(elements, new Signatures(elements, environment.getTypeUtils()));
        this.allowed = allowed;
    }

    /// What is wrong with the types that an entry, or a member that is listed with it, mentions.
    List<String> check(Found found) {
        Set<TypeElement> mentioned = new LinkedHashSet<>();
        if (found.element() instanceof TypeElement type) {
            List<Element> named = exportsMembers(type) ? members.exportable(type) : List.of();
            mentionMembers(type, named, mentioned);
        } else {
            mention(found.element(), mentioned);
        }
        ModuleElement own = elements.getModuleOf(found.owner());
        return mentioned.stream()
                .filter(type -> !mayAppear(type, own))
                .map(type -> "[export] a type that users can name was expected in the signature of '"
                        + found.exported().name() + "'; got " + type.getQualifiedName()
                        + ". Hint: export it, or allow it or its module with -A" + ExportProcessor.ALLOW + ".")
                .toList();
    }

    private static boolean exportsMembers(TypeElement type) {
        return !type.getAnnotation(Export.class).members().isEmpty();
    }

    /// Members that have names are checked as what they are.
    private void mentionMembers(TypeElement type, List<Element> named, Set<TypeElement> mentioned) {
        members.reachable(type)
                .filter(member -> member.getAnnotation(Export.class) == null && !named.contains(member))
                .forEach(member -> {
                    if (member instanceof TypeElement nested) {
                        mentionMembers(nested, List.of(), mentioned);
                    } else {
                        mention(member, mentioned);
                    }
                });
        type.getRecordComponents().forEach(component -> mention(component.asType(), mentioned));
    }

    private void mention(Element member, Set<TypeElement> mentioned) {
        if (member instanceof ExecutableElement method) {
            mention(method.getReturnType(), mentioned);
            method.getParameters().forEach(parameter -> mention(parameter.asType(), mentioned));
            method.getThrownTypes().forEach(thrown -> mention(thrown, mentioned));
        } else if (member.getKind().isField()) {
            mention(member.asType(), mentioned);
        }
    }

    private void mention(TypeMirror type, Set<TypeElement> mentioned) {
        switch (type) {
            case ArrayType array -> mention(array.getComponentType(), mentioned);
            case DeclaredType declared -> {
                mentioned.add((TypeElement) declared.asElement());
                declared.getTypeArguments().forEach(argument -> mention(argument, mentioned));
            }
            case WildcardType wildcard -> {
                if (wildcard.getExtendsBound() != null) {
                    mention(wildcard.getExtendsBound(), mentioned);
                }
                if (wildcard.getSuperBound() != null) {
                    mention(wildcard.getSuperBound(), mentioned);
                }
            }
            case IntersectionType all -> all.getBounds().forEach(bound -> mention(bound, mentioned));
            default -> {}
        }
    }

    private boolean mayAppear(TypeElement type, ModuleElement own) {
        ModuleElement module = elements.getModuleOf(type);
        if (module == null || type.getAnnotation(Export.class) != null) {
            return true;
        }
        String name = module.getQualifiedName().toString();
        if (name.startsWith("java.")
                || allowed.contains(name)
                || allowed.contains(type.getQualifiedName().toString())) {
            return true;
        }
        return sameFamily(module, own)
                && isPublic(type)
                && ExportRules.isExported(elements, elements.getPackageOf(type));
    }

    private static boolean isPublic(TypeElement type) {
        boolean visible = true;
        for (Element outer = type; outer instanceof TypeElement; outer = outer.getEnclosingElement()) {
            visible &= outer.getModifiers().contains(Modifier.PUBLIC)
                    || outer.getModifiers().contains(Modifier.PROTECTED);
        }
        return visible;
    }

    /// Modules whose names begin with the same two words.
    private static boolean sameFamily(ModuleElement a, ModuleElement b) {
        return a.equals(b) || family(a).equals(family(b));
    }

    private static String family(ModuleElement module) {
        String[] words = module.getQualifiedName().toString().split("\\.", 3);
        return words.length < 2 ? module.getQualifiedName().toString() : words[0] + "." + words[1];
    }
}
