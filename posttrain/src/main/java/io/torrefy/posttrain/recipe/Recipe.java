package io.torrefy.posttrain.recipe;

import io.torrefy.export.Export;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// A recipe that was read: a value for every key of its schema.
@Export(value = "posttrain.recipe.Recipe", since = "0.1")
public final class Recipe {
    private final RecipeSchema schema;
    private final Map<Key<?>, Object> values;

    Recipe(RecipeSchema schema, Map<Key<?>, Object> values) {
        this.schema = schema;
        this.values = Map.copyOf(values);
    }

    /// The value of a key of the schema that read this.
    @SuppressWarnings("unchecked") // a key's reader made the value
    public <T> T get(Key<T> key) {
        return (T) Objects.requireNonNull(values.get(key), () -> "[recipe] expected a key of " + schema.kind());
    }

    /// Every key with its value, defaults too, as YAML that reads as this recipe: what is saved with a run.
    public String resolved() {
        StringBuilder text = new StringBuilder("recipe: " + schema.kind() + "\n");
        schema.keys().forEach(key -> text.append(key.name() + ": " + written(key) + "\n"));
        return text.toString();
    }

    /// The same, as a map of texts in the schema's order.
    public Map<String, String> toMap() {
        Map<String, String> all = new LinkedHashMap<>();
        schema.keys().forEach(key -> all.put(key.name(), written(key)));
        return all;
    }

    private <T> String written(Key<T> key) {
        return key.write(get(key));
    }
}
