package io.torrefy.posttrain.formats;

import io.torrefy.export.Export;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a field of a sample says: TRL's *standard* and *conversational* forms.
@Export(value = "posttrain.formats.Content", since = "0.1")
public sealed interface Content {
    /// Plain text.
    record Text(String text) implements Content {}

    /// Turns of a conversation, at least one, as a chat template reads them.
    ///
    /// @param messages each with a `role` and, but for tool calls, a `content`
    record Chat(List<Map<String, @Nullable Object>> messages) implements Content {
        public Chat {
            messages = List.copyOf(messages);
        }

        /// Who speaks in turn `i`.
        public String role(int i) {
            return String.valueOf(messages.get(i).get("role"));
        }
    }
}
