package io.torrefy.export.internal;

import io.torrefy.export.ExportException;
import io.torrefy.export.Exported;
import io.torrefy.export.Kind;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.WrongMethodTypeException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Method handles of exported elements. They go through the public lookup, which reaches only what is public.
public final class Handles {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.publicLookup();

    private Handles() {}

    /// The handle of a member.
    public static MethodHandle of(Exported exported, Class<?> owner) {
        try {
            ClassLoader loader = owner.getClassLoader();
            if (exported.kind() == Kind.CONSTANT) {
                return LOOKUP.findStaticGetter(owner, exported.member(), fieldType(exported, loader));
            }
            if (exported.kind().isType()) {
                throw new ExportException(
                        "[exports] a method, constructor or constant was expected; got " + exported.signature() + ".");
            }
            MethodType type = MethodType.fromMethodDescriptorString(exported.descriptor(), loader);
            if (exported.kind() == Kind.CONSTRUCTOR) {
                return LOOKUP.findConstructor(owner, type);
            }
            return exported.isStatic()
                    ? LOOKUP.findStatic(owner, exported.member(), type)
                    : LOOKUP.findVirtual(owner, exported.member(), type);
        } catch (ReflectiveOperationException | TypeNotPresentException e) {
            throw new ExportException(
                    "[exports] '" + exported.name() + "' was expected as its index has it; got " + e.getMessage()
                            + ". Hint: build the module again.",
                    e);
        }
    }

    private static Class<?> fieldType(Exported exported, @Nullable ClassLoader loader) {
        return MethodType.fromMethodDescriptorString("()" + exported.descriptor(), loader)
                .returnType();
    }

    /// What a static member, or constructor, has for its type, without initialising its class.
    public static Class<?> result(Exported exported, Class<?> owner) {
        return switch (exported.kind()) {
            case CONSTRUCTOR -> owner;
            case CONSTANT -> fieldType(exported, owner.getClassLoader());
            default ->
                MethodType.fromMethodDescriptorString(exported.descriptor(), owner.getClassLoader())
                        .returnType();
        };
    }

    /// Handles of a type's public constructors and of its static methods `of` that return it.
    public static List<MethodHandle> makers(Class<?> type) {
        List<MethodHandle> makers = new ArrayList<>();
        try {
            if (!Modifier.isAbstract(type.getModifiers())) {
                for (Constructor<?> constructor : type.getConstructors()) {
                    makers.add(LOOKUP.unreflectConstructor(constructor));
                }
            }
            for (Method method : type.getMethods()) {
                boolean makes = method.getName().equals("of") && type.isAssignableFrom(method.getReturnType());
                if (makes && Modifier.isStatic(method.getModifiers())) {
                    makers.add(LOOKUP.unreflect(method));
                }
            }
        } catch (IllegalAccessException e) {
            throw new ExportException("[exports] a public type was expected; got " + type.getName() + ".", e);
        }
        return makers;
    }

    /// Calls the only one of the handles that takes these arguments.
    public static Object call(String name, List<MethodHandle> handles, Object... arguments) {
        List<MethodHandle> fitting =
                handles.stream().filter(h -> takes(h.type(), arguments)).toList();
        if (fitting.size() != 1) {
            throw new ExportException("[exports] arguments that fit one way to make '" + name + "' were expected; got "
                    + Arrays.toString(arguments) + ", which fit " + fitting.size() + " of "
                    + handles.stream().map(MethodHandle::type).toList() + ".");
        }
        try {
            return fitting.getFirst().invokeWithArguments(arguments);
        } catch (WrongMethodTypeException | ClassCastException e) {
            throw new ExportException("[exports] arguments of '" + name + "' were expected; got " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new ExportException("[exports] '" + name + "' failed: " + e, e);
        }
    }

    private static boolean takes(MethodType type, Object... arguments) {
        if (type.parameterCount() != arguments.length) {
            return false;
        }
        for (int i = 0; i < arguments.length; i++) {
            if (!type.wrap().parameterType(i).isInstance(arguments[i])) {
                return false;
            }
        }
        return true;
    }

    /// A method's name in class files.
    public static String name(Executable method) {
        return method instanceof Constructor<?> ? "<init>" : method.getName();
    }

    /// A method's descriptor in class files.
    public static String descriptor(Executable method) {
        Class<?> result = method instanceof Method m ? m.getReturnType() : void.class;
        return MethodType.methodType(result, method.getParameterTypes()).descriptorString();
    }
}
