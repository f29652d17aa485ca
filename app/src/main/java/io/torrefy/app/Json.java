package io.torrefy.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/// Values as lines of JSON. A class of its own, because every command is made at every start, and few write JSON: two
/// hundred classes that a start need not wait for.
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    /// `value` in one line, without its end.
    static String line(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("[json] " + e.getMessage(), e);
        }
    }
}
