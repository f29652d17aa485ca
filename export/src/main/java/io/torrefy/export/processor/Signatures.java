package io.torrefy.export.processor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.TypeParameterElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.ExecutableType;
import javax.lang.model.type.IntersectionType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.type.WildcardType;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import org.jspecify.annotations.Nullable;

/// Declarations as people read them, and as class files write them.
record Signatures(Elements elements, Types types) {
    /// `final class io.torrefy.nn.Linear extends Layer`. Supertypes that are not public are passed over for theirs.
    String type(TypeElement type) {
        StringBuilder text = new StringBuilder();
        ElementKind kind = type.getKind();
        List<String> words = new ArrayList<>();
        for (Modifier modifier : List.of(Modifier.ABSTRACT, Modifier.SEALED, Modifier.FINAL)) {
            if (type.getModifiers().contains(modifier) && says(kind, modifier)) {
                words.add(modifier.toString());
            }
        }
        words.add(
                kind == ElementKind.ANNOTATION_TYPE ? "@interface" : kind.name().toLowerCase(Locale.ROOT));
        text.append(String.join(" ", words)).append(' ').append(type.getQualifiedName());
        text.append(typeParameters(type.getTypeParameters()));
        if (kind == ElementKind.RECORD) {
            text.append(components(type));
        }
        supertypes(type, text);
        permitted(type, text);
        return text.toString();
    }

    private static boolean says(ElementKind kind, Modifier modifier) {
        return kind == ElementKind.CLASS || (kind == ElementKind.INTERFACE && modifier == Modifier.SEALED);
    }

    private String components(TypeElement type) {
        StringJoiner joiner = new StringJoiner(", ", "(", ")");
        for (RecordComponentElement component : type.getRecordComponents()) {
            joiner.add(text(component.asType()) + " " + component.getSimpleName());
        }
        return joiner.toString();
    }

    private void supertypes(TypeElement type, StringBuilder text) {
        List<String> interfaces = new ArrayList<>();
        TypeElement at = type;
        TypeElement above = superclass(at);
        type.getInterfaces().forEach(i -> interfaces.add(text(i)));
        while (above != null && !above.getModifiers().contains(Modifier.PUBLIC)) {
            above.getInterfaces().forEach(i -> interfaces.add(text(i)));
            at = above;
            above = superclass(at);
        }
        if (above != null
                && type.getKind() == ElementKind.CLASS
                && !above.getQualifiedName().contentEquals("java.lang.Object")) {
            text.append(" extends ").append(text(at.getSuperclass()));
        }
        if (!interfaces.isEmpty()) {
            text.append(type.getKind() == ElementKind.INTERFACE ? " extends " : " implements ");
            text.append(String.join(", ", interfaces));
        }
    }

    /// One more would break a switch over all of them.
    private void permitted(TypeElement type, StringBuilder text) {
        List<String> permitted = type.getPermittedSubclasses().stream()
                .filter(sub -> types.asElement(sub).getModifiers().contains(Modifier.PUBLIC))
                .map(this::text)
                .toList();
        if (!permitted.isEmpty() && type.getModifiers().contains(Modifier.SEALED)) {
            text.append(" permits ").append(String.join(", ", permitted));
        }
    }

    /// The superclass; null for interfaces and for Object.
    @Nullable
    TypeElement superclass(TypeElement type) {
        return types.asElement(type.getSuperclass()) instanceof TypeElement above ? above : null;
    }

    /// `static Losses.mse(Tensor input, Tensor target) -> Tensor`, seen from the type that has the member.
    ///
    /// @param owner prefix with its dot; may be empty
    String method(ExecutableElement method, TypeElement of, String owner) {
        ExecutableType type = (ExecutableType) types.asMemberOf((DeclaredType) of.asType(), method);
        StringBuilder text = new StringBuilder();
        if (method.getModifiers().contains(Modifier.STATIC)) {
            text.append("static ");
        } else if (method.getModifiers().contains(Modifier.ABSTRACT)) {
            text.append("abstract ");
        } else if (method.getModifiers().contains(Modifier.PROTECTED)) {
            text.append("protected ");
        }
        boolean constructor = method.getKind() == ElementKind.CONSTRUCTOR;
        text.append(owner).append(constructor ? "new" : method.getSimpleName());
        text.append(typeParameters(method.getTypeParameters()));
        StringJoiner joiner = new StringJoiner(", ", "(", ")");
        for (int i = 0; i < method.getParameters().size(); i++) {
            joiner.add(parameter(method, type, i) + " "
                    + method.getParameters().get(i).getSimpleName());
        }
        text.append(joiner);
        if (!constructor && type.getReturnType().getKind() != TypeKind.VOID) {
            text.append(" -> ").append(text(type.getReturnType()));
        }
        if (!type.getThrownTypes().isEmpty()) {
            text.append(" throws ")
                    .append(type.getThrownTypes().stream().map(this::text).collect(Collectors.joining(", ")));
        }
        return text.toString();
    }

    /// A parameter's type, `...` for the last of a method of variable arity.
    String parameter(ExecutableElement method, ExecutableType type, int i) {
        TypeMirror parameter = type.getParameterTypes().get(i);
        boolean last = i == method.getParameters().size() - 1;
        return last && method.isVarArgs() && parameter instanceof ArrayType array
                ? text(array.getComponentType()) + "..."
                : text(parameter);
    }

    /// `static Device.CPU: Device`.
    String field(VariableElement field, String owner) {
        String modifier = field.getModifiers().contains(Modifier.STATIC) ? "static " : "";
        return modifier + owner + field.getSimpleName() + ": " + text(field.asType());
    }

    private String typeParameters(List<? extends TypeParameterElement> parameters) {
        if (parameters.isEmpty()) {
            return "";
        }
        return parameters.stream().map(this::typeParameter).collect(Collectors.joining(", ", "<", ">"));
    }

    private String typeParameter(TypeParameterElement parameter) {
        List<String> bounds = parameter.getBounds().stream()
                .map(this::text)
                .filter(bound -> !bound.equals("Object"))
                .toList();
        return parameter.getSimpleName() + (bounds.isEmpty() ? "" : " extends " + String.join(" & ", bounds));
    }

    /// A type as sources write it, without packages.
    String text(TypeMirror type) {
        boolean nullable = type.getAnnotationMirrors().stream()
                .anyMatch(a -> a.getAnnotationType().asElement().getSimpleName().contentEquals("Nullable"));
        return (nullable ? "@Nullable " : "") + plain(type);
    }

    private String plain(TypeMirror type) {
        return switch (type) {
            case ArrayType array -> text(array.getComponentType()) + "[]";
            case DeclaredType declared -> declared(declared);
            case WildcardType wildcard -> wildcard(wildcard);
            case IntersectionType all ->
                all.getBounds().stream().map(this::text).collect(Collectors.joining(" & "));
            default ->
                type.getKind().isPrimitive()
                        ? type.getKind().name().toLowerCase(Locale.ROOT)
                        : types.asElement(type) == null
                                ? type.toString()
                                : types.asElement(type).getSimpleName().toString();
        };
    }

    private String declared(DeclaredType type) {
        String name = nestedName((TypeElement) type.asElement());
        return type.getTypeArguments().isEmpty()
                ? name
                : name + type.getTypeArguments().stream().map(this::text).collect(Collectors.joining(", ", "<", ">"));
    }

    private String wildcard(WildcardType type) {
        if (type.getExtendsBound() != null) {
            return "? extends " + text(type.getExtendsBound());
        }
        return type.getSuperBound() == null ? "?" : "? super " + text(type.getSuperBound());
    }

    /// `Attention.Options`.
    static String nestedName(TypeElement type) {
        Element outer = type.getEnclosingElement();
        String name = type.getSimpleName().toString();
        return outer instanceof TypeElement enclosing ? nestedName(enclosing) + "." + name : name;
    }

    /// The descriptor of a method, constructor or field in class files.
    String descriptor(Element element) {
        if (element instanceof ExecutableElement method) {
            StringBuilder text = new StringBuilder("(");
            method.getParameters().forEach(p -> text.append(descriptor(p.asType())));
            return text.append(')').append(descriptor(method.getReturnType())).toString();
        }
        return element instanceof TypeElement ? "" : descriptor(element.asType());
    }

    private String descriptor(TypeMirror type) {
        TypeMirror erased = types.erasure(type);
        return switch (erased.getKind()) {
            case BOOLEAN -> "Z";
            case BYTE -> "B";
            case SHORT -> "S";
            case INT -> "I";
            case LONG -> "J";
            case CHAR -> "C";
            case FLOAT -> "F";
            case DOUBLE -> "D";
            case ARRAY -> "[" + descriptor(((ArrayType) erased).getComponentType());
            case DECLARED ->
                "L"
                        + elements.getBinaryName((TypeElement) ((DeclaredType) erased).asElement())
                                .toString()
                                .replace('.', '/')
                        + ";";
            default -> "V";
        };
    }
}
