package io.torrefy.posttrain.recipe;

import io.torrefy.export.Export;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A key of a schema, and what [Recipe#get] reads its value by.
///
/// @param <T> what its values are
@Export(value = "posttrain.recipe.Key", since = "0.1")
public final class Key<T> {
    /// What is wrong with a value.
    static final class Misfit extends Exception {
        private static final long serialVersionUID = 1L;

        Misfit(String expected) {
            super(expected);
        }

        String expected() {
            return Objects.requireNonNull(getMessage());
        }
    }

    /// Reads what was written.
    interface Reader<T> {
        T read(Written written) throws Misfit;
    }

    private record Condition<T>(Predicate<? super T> holds, String expected) {}

    private final String name;
    private final String what;
    private final Reader<T> reader;
    private final Function<T, String> writer;
    private final @Nullable T standard;
    private @Nullable Condition<T> condition;

    Key(String name, String what, Reader<T> reader, Function<T, String> writer, @Nullable T standard) {
        this.name = name;
        this.what = what;
        this.reader = reader;
        this.writer = writer;
        this.standard = standard;
    }

    /// Its full name, with dots between the parts.
    public String name() {
        return name;
    }

    /// What it decides.
    public String what() {
        return what;
    }

    /// Its default; null where a value is required.
    public @Nullable T standard() {
        return standard;
    }

    /// Refuses values for which a condition does not hold.
    ///
    /// @param expected what messages say: `at least 2, a group`
    public Key<T> where(Predicate<? super T> holds, String expected) {
        condition = new Condition<>(holds, expected);
        return this;
    }

    T read(Written written) throws Misfit {
        T value = reader.read(written);
        Condition<T> must = condition;
        if (must != null && !must.holds.test(value)) {
            throw new Misfit(must.expected);
        }
        return value;
    }

    /// A value as YAML.
    String write(T value) {
        return writer.apply(value);
    }

    @Override
    public String toString() {
        return name;
    }
}
