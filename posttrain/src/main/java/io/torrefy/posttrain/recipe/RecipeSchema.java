package io.torrefy.posttrain.recipe;

import io.torrefy.export.Export;
import io.torrefy.export.Spelling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The keys that a kind of recipe has, with types, defaults and bounds. A recipe is read whole before anything runs:
/// every problem is found at once, and an unknown key is answered with the nearest known one.
///
/// ```java
/// var schema = new RecipeSchema("grpo");
/// Key<Path> model = schema.path("model", "folder of the base model");
/// Key<Long> group = schema.integer("num_generations", 16, "completions a problem").where(n -> n >= 2, "at least 2");
/// Recipe recipe = schema.read(file, List.of("num_generations=8"));
/// long n = recipe.get(group);
/// ```
@Export(value = "posttrain.recipe.RecipeSchema", since = "0.1")
public final class RecipeSchema {
    private static final int NEAREST = 2;

    private final String kind;
    private final Map<String, Key<?>> keys = new LinkedHashMap<>();

    /// @param kind what its recipes are for; recipes may say it in their key `recipe`
    public RecipeSchema(String kind) {
        this.kind = kind;
    }

    public String kind() {
        return kind;
    }

    /// All keys, in the order of their declaration.
    public List<Key<?>> keys() {
        return List.copyOf(keys.values());
    }

    private <T> Key<T> declare(
            String name, String what, Key.Reader<T> reader, Function<T, String> writer, @Nullable T standard) {
        Key<T> key = new Key<>(name, what, reader, writer, standard);
        if (keys.put(name, key) != null) {
            throw new IllegalStateException("[recipe] expected each key once in the schema " + kind + "; got " + name);
        }
        return key;
    }

    // ---- types -----------------------------------------------------------------------------------------------------

    private static String single(Written written, String expected) throws Key.Misfit {
        if (written.list()) {
            throw new Key.Misfit(expected);
        }
        return written.texts().getFirst();
    }

    /// A whole number.
    public Key<Long> integer(String name, long standard, String what) {
        return declare(name, what, RecipeSchema::wholeNumber, String::valueOf, standard);
    }

    private static Long wholeNumber(Written written) throws Key.Misfit {
        String text = single(written, "a whole number");
        try {
            return Long.parseLong(text.replace("_", ""));
        } catch (NumberFormatException _) {
            throw new Key.Misfit("a whole number");
        }
    }

    /// A finite number.
    public Key<Double> number(String name, double standard, String what) {
        return declare(name, what, RecipeSchema::finiteNumber, String::valueOf, standard);
    }

    private static Double finiteNumber(Written written) throws Key.Misfit {
        String text = single(written, "a number");
        try {
            double value = Double.parseDouble(text);
            // Java's own suffixes, as in 1f, are no numbers of YAML.
            if (Double.isFinite(value) && text.matches("[-+.0-9eE]+")) {
                return value;
            }
        } catch (NumberFormatException _) {
            // Said below.
        }
        throw new Key.Misfit("a finite number");
    }

    /// True or false.
    public Key<Boolean> flag(String name, boolean standard, String what) {
        return declare(name, what, RecipeSchema::truth, String::valueOf, standard);
    }

    private static Boolean truth(Written written) throws Key.Misfit {
        return switch (single(written, "true or false")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new Key.Misfit("true or false");
        };
    }

    /// One of the constants of an enum, by its name in lower case.
    public <E extends Enum<E>> Key<E> choice(String name, E standard, String what) {
        Class<E> type = standard.getDeclaringClass();
        List<E> constants = Arrays.asList(type.getEnumConstants());
        String expected =
                "one of " + constants.stream().map(RecipeSchema::lower).collect(Collectors.joining(", "));
        return declare(
                name,
                what,
                written -> {
                    String text = single(written, expected);
                    for (E constant : constants) {
                        if (lower(constant).equals(text)) {
                            return constant;
                        }
                    }
                    throw new Key.Misfit(expected);
                },
                RecipeSchema::lower,
                standard);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// Any text.
    public Key<String> text(String name, String standard, String what) {
        return declare(name, what, written -> single(written, "one value"), RecipeSchema::quoted, standard);
    }

    /// Texts.
    public Key<List<String>> texts(String name, List<String> standard, String what) {
        return declare(
                name,
                what,
                Written::texts,
                all -> all.stream().map(RecipeSchema::quoted).collect(Collectors.joining(", ", "[", "]")),
                standard);
    }

    /// A file or folder. Required.
    public Key<Path> path(String name, String what) {
        return declare(name, what, written -> Path.of(single(written, "a path")), p -> quoted(p.toString()), null);
    }

    /// Files or folders; none by default.
    public Key<List<Path>> paths(String name, String what) {
        return declare(
                name,
                what,
                written -> written.texts().stream().map(Path::of).toList(),
                all -> all.stream().map(p -> quoted(p.toString())).collect(Collectors.joining(", ", "[", "]")),
                List.of());
    }

    /// Finite numbers; none by default.
    public Key<List<Double>> numbers(String name, String what) {
        return declare(name, what, RecipeSchema::finiteNumbers, List::toString, List.of());
    }

    private static List<Double> finiteNumbers(Written written) throws Key.Misfit {
        List<Double> numbers = new ArrayList<>();
        for (String text : written.texts()) {
            numbers.add(finiteNumber(Written.one(text, written.place())));
        }
        return numbers;
    }

    private static String quoted(String text) {
        boolean plain = text.matches("[A-Za-z_./][-A-Za-z0-9_./]*")
                && !Set.of("true", "false", "null").contains(text.toLowerCase(Locale.ROOT));
        return plain
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// Reads a recipe and the values that replace some of its.
    ///
    /// @param set `key=value` each, as given on a command line
    /// @throws RecipeException naming every problem with its line
    /// @throws IOException if the file cannot be read
    public Recipe read(Path file, List<String> set) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new RecipeException(file.toString(), List.of("expected a file; there is none"));
        }
        return parse(file.toString(), text, set);
    }

    /// A recipe's text.
    ///
    /// @param name what messages call it
    public Recipe parse(String name, String text, List<String> set) {
        List<String> problems = new ArrayList<>();
        Optional<Recipe> recipe = read(written(text, set, problems), problems);
        return recipe.orElseThrow(() -> new RecipeException(name, problems));
    }

    /// A text's values by their keys, and those that replace some.
    ///
    /// @param problems receives what cannot be a recipe
    static Map<String, Written> written(String text, List<String> set, List<String> problems) {
        Map<String, Written> written = YamlFile.read(text, problems);
        for (String assignment : set) {
            int equals = assignment.indexOf('=');
            if (equals < 1) {
                problems.add("--set " + assignment + ": expected KEY=VALUE");
                continue;
            }
            String key = assignment.substring(0, equals).strip();
            written.put(key, assigned(assignment.substring(equals + 1).strip(), "--set " + assignment));
        }
        return written;
    }

    /// The recipe of values by their keys, of which those known are taken out of the map; nothing where there are
    /// problems.
    ///
    /// @param problems receives what is wrong; none before these
    Optional<Recipe> read(Map<String, Written> written, List<String> problems) {
        Written recipe = written.remove("recipe");
        if (recipe != null && !recipe.texts().equals(List.of(kind))) {
            problems.add(recipe.place() + ": recipe: expected " + kind + "; got " + recipe.shown());
        }
        Map<Key<?>, Object> values = new LinkedHashMap<>();
        keys.values().forEach(key -> values(key, written, values, problems));
        unknown(written.entrySet(), problems);
        return problems.isEmpty() ? Optional.of(new Recipe(this, values)) : Optional.empty();
    }

    /// A list is written as in YAML: `[a, b]`.
    private static Written assigned(String value, String place) {
        if (value.startsWith("[") && value.endsWith("]")) {
            String inner = value.substring(1, value.length() - 1).strip();
            List<String> items = inner.isEmpty()
                    ? List.of()
                    : Arrays.stream(inner.split(",", -1)).map(String::strip).toList();
            return new Written(items, true, place);
        }
        return Written.one(value, place);
    }

    private static <T> void values(
            Key<T> key, Map<String, Written> written, Map<Key<?>, Object> values, List<String> problems) {
        Written mine = written.remove(key.name());
        T standard = key.standard();
        if (mine != null) {
            try {
                values.put(key, key.read(mine));
            } catch (Key.Misfit e) {
                problems.add(mine.place() + ": " + key.name() + ": expected " + e.expected() + "; got " + mine.shown());
            }
        } else if (standard == null) {
            problems.add("missing: " + key.name() + ", " + key.what());
        } else {
            values.put(key, standard);
        }
    }

    private void unknown(Set<Map.Entry<String, Written>> left, List<String> problems) {
        left.forEach(entry -> {
            List<String> near = Spelling.nearest(entry.getKey(), new TreeSet<>(keys.keySet()), NEAREST);
            problems.add(entry.getValue().place() + ": unknown key '" + entry.getKey() + "'. Hint: "
                    + (near.isEmpty()
                            ? "the keys of " + kind + " are " + String.join(", ", keys.keySet())
                            : "did you mean " + String.join(" or ", near) + "?"));
        });
    }

    /// Every key with its default and what it decides: a recipe to begin with.
    public String template() {
        StringBuilder text = new StringBuilder("recipe: " + kind + "\n");
        keys.values().forEach(key -> text.append(line(key)));
        return text.toString();
    }

    private static <T> String line(Key<T> key) {
        T standard = key.standard();
        String value = standard == null ? "# required" : key.write(standard);
        return key.name() + ": " + value + (standard == null ? ": " : "  # ") + key.what() + "\n";
    }
}
