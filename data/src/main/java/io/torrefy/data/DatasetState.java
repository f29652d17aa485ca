package io.torrefy.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.data.internal.Texts;
import io.torrefy.export.Export;

/// Where an iterator of a [Dataset] stands, to be saved with a checkpoint: a JSON tree with a node for every stage. It
/// holds places and counts, never records, so its size does not depend on theirs.
///
/// @param tree as [DatasetIterator#state] made it
@Export(value = "data.DatasetState", since = "0.1")
public record DatasetState(JsonNode tree) {
    /// The state as one line of JSON.
    public String json() {
        return tree.toString();
    }

    /// The state that [#json] wrote.
    ///
    /// @throws IllegalArgumentException where that is no JSON
    public static DatasetState parse(String json) {
        try {
            return new DatasetState(JsonLines.MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "[dataset] expected a saved state; got " + Texts.shorten(json) + " (" + e.getOriginalMessage()
                            + ").",
                    e);
        }
    }
}
