package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.data.internal.Texts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON objects as rows.
final class JsonRows {
    private JsonRows() {}

    static Row row(JsonLines.Line line) {
        if (!line.value().isObject()) {
            throw line.bad("expected an object of fields; got " + line.value().getNodeType());
        }
        return new Row(line.file(), line.number(), fields(line, "", line.value()));
    }

    private static Map<String, @Nullable Object> fields(JsonLines.Line line, String path, JsonNode object) {
        Map<String, @Nullable Object> values = LinkedHashMap.newLinkedHashMap(object.size());
        object.properties()
                .forEach(field ->
                        values.put(field.getKey(), value(line, path + "/" + field.getKey(), field.getValue())));
        return values;
    }

    private static @Nullable Object value(JsonLines.Line line, String path, JsonNode node) {
        return switch (node.getNodeType()) {
            case NULL -> null;
            case STRING -> node.textValue();
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> number(line, path, node);
            case OBJECT -> fields(line, path, node);
            case ARRAY -> {
                var values = new ArrayList<@Nullable Object>(node.size());
                node.forEach(element -> values.add(value(line, path, element)));
                yield values;
            }
            default -> throw line.bad("expected a JSON value in field \"" + path + "\"; got " + node.getNodeType());
        };
    }

    private static Object number(JsonLines.Line line, String path, JsonNode node) {
        if (!node.isIntegralNumber()) {
            return node.doubleValue();
        }
        if (!node.canConvertToLong()) {
            throw line.bad("expected an integer of 64 bits in field \"" + path.substring(1) + "\"; got "
                    + Texts.shorten(node.asText()));
        }
        return node.longValue();
    }
}
