package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.Texts;
import java.util.Optional;

/// One stage of a [Dataset]: how its elements are made from those of the stages before. A stage itself never changes;
/// what moves is its [Cursor].
interface Stage<T> {
    /// What the stage is and its settings: `shuffle(1000, seed 7)`. A state fits stages of the same descriptions.
    String description();

    /// What tells the data behind the stage from other data.
    default String identity() {
        return description();
    }

    /// A cursor at the start of an epoch, which changes what is drawn at random and nothing else.
    Cursor<T> open(long epoch);

    /// A cursor where another one was when it saved `state`, which is known to be of such a stage.
    Cursor<T> restore(JsonNode state);

    /// A cursor where another one was when it saved `state`.
    ///
    /// @throws IllegalArgumentException where that was a cursor of another stage
    default Cursor<T> resume(JsonNode state) {
        String saved = state.path("stage").asText();
        if (!saved.equals(description())) {
            throw new IllegalArgumentException("[dataset] expected a state of " + description() + "; got one of "
                    + (saved.isEmpty() ? Texts.shorten(state.toString()) : saved)
                    + ". Hint: a state fits only the pipeline that saved it.");
        }
        return restore(state);
    }

    /// The field of a state.
    static JsonNode field(JsonNode state, String name) {
        JsonNode field = state.path(name);
        if (field.isMissingNode()) {
            throw new IllegalArgumentException("[dataset] expected a field \"" + name + "\" in the state of "
                    + state.path("stage").asText() + "; got " + Texts.shorten(state.toString()) + ".");
        }
        return field;
    }

    /// An element and its origin.
    record Item<T>(Origin origin, T value) {}

    /// Walks over the elements of a stage. Not thread-safe. After a failure only [#close] may be called.
    interface Cursor<T> extends AutoCloseable {
        /// The next element, or nothing at the end, then and ever after.
        Optional<Item<T>> next();

        /// The place after the element that [#next] gave last.
        ObjectNode state();

        /// Frees files and threads; closing twice is harmless.
        @Override
        void close();
    }

    /// An empty state of this stage.
    default ObjectNode newState() {
        return JsonNodeFactory.instance.objectNode().put("stage", description());
    }
}
