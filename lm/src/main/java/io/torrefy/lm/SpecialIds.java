package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Function;

/// The ids that begin, end and fill, gathered from the files beside `tokenizer.json`. Of several files the first that
/// names a token wins: `tokenizer_config.json`, `special_tokens_map.json`, `generation_config.json`, `config.json`.
///
/// @param stop all ids that end a text, ascending
record SpecialIds(OptionalInt bos, OptionalInt eos, OptionalInt pad, List<Integer> stop) {
    static final SpecialIds NONE =
            new SpecialIds(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), List.of());

    SpecialIds {
        stop = List.copyOf(stop);
    }

    /// @param files the parsed files by name; a missing one is a missing node
    /// @param idOf the id of a token's text
    static SpecialIds read(Map<String, JsonNode> files, Function<String, OptionalInt> idOf) {
        var stop = new TreeSet<Integer>();
        OptionalInt eos = find(files, "eos", idOf);
        eos.ifPresent(stop::add);
        for (String file : List.of("generation_config.json", "config.json")) {
            List<Integer> ids = ids(node(files, file).path("eos_token_id"));
            if (!ids.isEmpty()) {
                stop.addAll(ids);
                break;
            }
        }
        return new SpecialIds(find(files, "bos", idOf), eos, find(files, "pad", idOf), new ArrayList<>(stop));
    }

    private static OptionalInt find(Map<String, JsonNode> files, String role, Function<String, OptionalInt> idOf) {
        for (String file : List.of("tokenizer_config.json", "special_tokens_map.json")) {
            JsonNode token = node(files, file).path(role + "_token");
            String text = token.isObject() ? token.path("content").asText("") : token.isTextual() ? token.asText() : "";
            OptionalInt id = text.isEmpty() ? OptionalInt.empty() : idOf.apply(text);
            if (id.isPresent()) {
                return id;
            }
        }
        for (String file : List.of("generation_config.json", "config.json")) {
            List<Integer> ids = ids(node(files, file).path(role + "_token_id"));
            if (!ids.isEmpty()) {
                return OptionalInt.of(ids.getFirst());
            }
        }
        return OptionalInt.empty();
    }

    private static JsonNode node(Map<String, JsonNode> files, String name) {
        JsonNode node = files.get(name);
        return node == null ? MissingNode.getInstance() : node;
    }

    private static List<Integer> ids(JsonNode node) {
        List<Integer> ids = new ArrayList<>();
        if (node.isInt()) {
            ids.add(node.asInt());
        }
        for (JsonNode id : node) {
            ids.add(id.asInt());
        }
        return ids;
    }
}
