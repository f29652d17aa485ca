package io.torrefy.export;

import io.torrefy.export.internal.Arguments;
import io.torrefy.export.internal.Handles;
import io.torrefy.export.internal.Indexes;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// The exported names of the modules that are there: from a name to what it stands for and back.
///
/// It is also the allow-list for names that come from a file or a command line. Only what carries [Export] can be
/// reached through it, whatever text it is asked for, and no class is loaded before its name has been found here.
///
/// Safe for use by several threads.
@Export(value = "export.ExportRegistry", since = "0.1")
public final class ExportRegistry {
    private static final System.Logger LOG = System.getLogger("io.torrefy.export");

    private final Map<Exported, ClassSource> sources;
    private final SortedMap<String, List<Exported>> byName = new TreeMap<>();
    private final Map<String, Exported> byElement = new TreeMap<>();
    private final List<ExportIndex> indexes;
    private final Map<Exported, MethodHandle> handles = new ConcurrentHashMap<>();
    private final Consumer<String> warnings;
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    /// Loads classes of one module by their binary names.
    @FunctionalInterface
    public interface ClassSource {
        /// The class, not initialised.
        ///
        /// @throws ClassNotFoundException where there is none
        Class<?> load(String binaryName) throws ClassNotFoundException;
    }

    private static final class Holder {
        static final ExportRegistry STANDARD = of(Indexes.find(ExportRegistry.class));
    }

    private ExportRegistry(Map<ExportIndex, ClassSource> found, Consumer<String> warnings) {
        this.warnings = warnings;
        indexes = List.copyOf(found.keySet());
        sources = new ConcurrentHashMap<>();
        found.forEach((index, source) -> index.exports().forEach(exported -> {
            sources.put(exported, source);
            exported.allNames()
                    .forEach(name ->
                            byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(exported));
            byElement.put(element(exported.owner(), exported.member(), exported.descriptor()), exported);
        }));
        List<String> twice = byName.entrySet().stream()
                .filter(entry -> !overloads(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (!twice.isEmpty()) {
            throw new ExportException("[exports] every name was expected once; got " + twice + " in more than one place"
                    + " of " + indexes.stream().map(ExportIndex::module).toList() + ".");
        }
    }

    /// The registry of all modules of this program: those of the boot layer and those on the class path.
    public static ExportRegistry standard() {
        return Holder.STANDARD;
    }

    /// A registry of these indexes.
    ///
    /// @throws ExportException where two of them have the same name
    public static ExportRegistry of(Map<ExportIndex, ClassSource> indexes) {
        return of(indexes, warning -> LOG.log(System.Logger.Level.WARNING, warning));
    }

    /// One that tells `warnings` what it would log.
    static ExportRegistry of(Map<ExportIndex, ClassSource> indexes, Consumer<String> warnings) {
        return new ExportRegistry(indexes, warnings);
    }

    /// All indexes, by module.
    public List<ExportIndex> indexes() {
        return indexes;
    }

    /// All canonical names, sorted.
    public SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>();
        sources.keySet().forEach(exported -> names.add(exported.name()));
        return names;
    }

    /// Whether a name is exported, a deprecated one included.
    public boolean contains(String name) {
        return byName.containsKey(name);
    }

    /// What a name stands for. A deprecated name resolves, with a warning the first time.
    ///
    /// @throws ExportException if nothing has the name (the nearest names are in the message), or several overloads
    ///     have
    public Exported find(String name) {
        List<Exported> all = overloads(name);
        if (all.size() > 1) {
            throw new ExportException("[exports] a name with one meaning was expected; got '" + name + "', which "
                    + all.size() + " overloads share: " + signatures(all) + ". Hint: say which, by its parameters.");
        }
        return all.getFirst();
    }

    /// The overload of a name that has these parameters, in any order.
    public Exported find(String name, Collection<String> parameters) {
        List<Exported> all = overloads(name);
        Set<String> wanted = Set.copyOf(parameters);
        List<Exported> fitting =
                all.stream().filter(exported -> wanted.equals(names(exported))).toList();
        if (fitting.size() != 1) {
            throw new ExportException("[exports] parameters of one overload of '" + name + "' were expected; got "
                    + parameters + ", which " + fitting.size() + " have of: " + signatures(all) + ".");
        }
        return fitting.getFirst();
    }

    private static Set<String> names(Exported exported) {
        return exported.parameters().stream().map(Exported.Parameter::name).collect(Collectors.toSet());
    }

    private static String signatures(List<Exported> all) {
        return all.stream().map(Exported::signature).collect(Collectors.joining("; "));
    }

    /// All that share a name: one, or several overloads of a method.
    ///
    /// @throws ExportException if nothing has the name
    public List<Exported> overloads(String name) {
        List<Exported> found = byName.get(name);
        if (found == null) {
            List<String> near = nearest(name);
            throw new ExportException("[exports] an exported name was expected; got '" + name + "'."
                    + (near.isEmpty() ? "" : " Did you mean " + String.join(", ", near) + "?")
                    + " Hint: torrefy api list shows all.");
        }
        for (Exported exported : found) {
            exported.oldNames().stream().filter(old -> old.name().equals(name)).forEach(this::warn);
        }
        return List.copyOf(found);
    }

    /// Up to three names that are spelt nearly like this one, nearest first.
    public List<String> nearest(String name) {
        return Spelling.nearest(name, byName.keySet(), 3);
    }

    /// The canonical name of a class; empty if it is not exported.
    public Optional<String> canonicalName(Class<?> type) {
        return named(type.getName(), "", "");
    }

    /// The canonical name of a method or constructor; empty if it is not exported.
    public Optional<String> canonicalName(Executable method) {
        return named(method.getDeclaringClass().getName(), Handles.name(method), Handles.descriptor(method));
    }

    /// The canonical name of a constant; empty if it is not exported.
    public Optional<String> canonicalName(Field constant) {
        return named(
                constant.getDeclaringClass().getName(),
                constant.getName(),
                constant.getType().descriptorString());
    }

    private Optional<String> named(String owner, String member, String descriptor) {
        return Optional.ofNullable(byElement.get(element(owner, member, descriptor)))
                .map(Exported::name);
    }

    /// A handle that calls a method or constructor, or reads a constant. It is made at the first call. An instance
    /// method takes its receiver first.
    ///
    /// @throws ExportException for a type, or if the class has changed since its index was written
    public MethodHandle handle(Exported exported) {
        return handles.computeIfAbsent(exported, e -> Handles.of(e, load(e)));
    }

    /// The class that a name from a file stands for, not initialised.
    ///
    /// @param bound what it has to be a subtype of
    /// @throws ExportException if the name is not exported, or is of something else
    public <T> Class<? extends T> type(String name, Class<T> bound) {
        Exported exported = find(name);
        if (!exported.kind().isType()) {
            throw new ExportException(
                    "[exports] the name of a type was expected; got '" + name + "', " + exported.signature() + ".");
        }
        Class<?> type = load(exported);
        check(name, type, bound);
        return type.asSubclass(bound);
    }

    /// Makes what a name from a file stands for: a constant's value, or what a constructor or static method returns
    /// for the arguments. For a type's name, one of its public constructors or its static methods `of`.
    ///
    /// Nothing is run unless the result's declared type is a `bound`.
    ///
    /// @throws ExportException if the name is not exported, is of something else, or takes other arguments
    public <T> T instantiate(String name, Class<T> bound, Object... arguments) {
        List<Exported> candidates = overloads(name);
        List<MethodHandle> makers = new ArrayList<>();
        for (Exported exported : candidates) {
            Class<?> owner = load(exported);
            if (exported.kind().isType()) {
                check(name, owner, bound);
                makers.addAll(Handles.makers(owner));
            } else if (exported.isStatic()) {
                check(name, Handles.result(exported, owner), bound);
                makers.add(handle(exported));
            }
        }
        return bound.cast(Handles.call(name, makers, arguments));
    }

    /// As [#instantiate], with arguments by their parameters' names, as the source and `torrefy api show` have
    /// them. Where one is left out, `offered` may have it, else the annotation's default ([Export#params]) holds. A
    /// value is of the parameter's type, or a number, boolean or text that says one (an enum's constant in any
    /// case).
    ///
    /// Of overloads the one is called that takes all of `given` and lacks nothing.
    ///
    /// @param given arguments that have to be taken
    /// @param offered arguments that may be taken
    /// @throws ExportException if the name is not exported, is of something else, or takes other arguments
    public <T> T make(String name, Class<T> bound, Map<String, ?> given, Map<String, ?> offered) {
        List<Exported> candidates = overloads(name);
        List<Exported> fitting = new ArrayList<>();
        List<String> misfits = new ArrayList<>();
        for (Exported exported : candidates) {
            if (exported.kind().isType() || !exported.isStatic()) {
                return given.isEmpty() ? instantiate(name, bound) : noNames(exported);
            }
            check(name, Handles.result(exported, load(exported)), bound);
            Arguments.misfit(exported, given, offered).ifPresentOrElse(misfits::add, () -> fitting.add(exported));
        }
        if (fitting.size() != 1) {
            throw new ExportException("[exports] arguments of one overload of '" + name + "' were expected; got "
                    + new TreeMap<>(given) + ": "
                    + (fitting.isEmpty() ? String.join("; ", misfits) : signatures(fitting) + " take them")
                    + ".");
        }
        MethodHandle handle = handle(fitting.getFirst());
        List<Class<?>> types = handle.type().wrap().parameterList();
        Object[] values = Arguments.values(fitting.getFirst(), types, given, offered);
        return bound.cast(Handles.call(name, List.of(handle), values));
    }

    private static <T> T noNames(Exported exported) {
        throw new ExportException("[exports] no arguments were expected for '" + exported.name() + "', "
                + exported.signature() + "; got some.");
    }

    private static void check(String name, Class<?> type, Class<?> bound) {
        if (!bound.isAssignableFrom(type)) {
            throw new ExportException("[exports] a " + bound.getName() + " was expected; got '" + name
                    + "', which is a " + type.getName() + ".");
        }
    }

    private Class<?> load(Exported exported) {
        ClassSource source = sources.get(exported);
        try {
            if (source != null) {
                return source.load(exported.owner());
            }
        } catch (ClassNotFoundException | LinkageError e) {
            throw new ExportException(
                    "[exports] the class of '" + exported.name() + "' was expected; got none: " + e.getMessage(), e);
        }
        throw new ExportException("[exports] an element of this registry was expected; got " + exported.name() + ".");
    }

    private void warn(Exported.OldName old) {
        if (warned.add(old.name())) {
            warnings.accept("The name " + old.name() + " is deprecated since " + old.since() + " and goes with "
                    + old.remove() + ": write " + old.replacement() + ".");
        }
    }

    private static boolean overloads(List<Exported> sharing) {
        return sharing.size() == 1
                || sharing.stream()
                                .map(e -> e.kind() + " " + e.owner() + " " + e.member())
                                .distinct()
                                .count()
                        == 1;
    }

    private static String element(String owner, String member, String descriptor) {
        return owner + " " + member + " " + descriptor;
    }
}
