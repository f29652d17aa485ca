package io.torrefy.export;

import io.torrefy.export.internal.Json;
import io.torrefy.export.internal.JsonFields;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// What one module exports: the content of its resource `META-INF/exports/{module}.json`, which the processor writes.
///
/// The file is an object with `format`, `module` and `exports`, an array with one element a line, sorted, and holds
/// nothing that differs between two builds of the same sources.
///
/// @param exports sorted by name, then by descriptor
@Export(value = "export.ExportIndex", since = "0.1")
public record ExportIndex(String module, List<Exported> exports) {
    private static final long FORMAT = 1;

    public ExportIndex {
        exports = exports.stream()
                .sorted(Comparator.comparing(Exported::name).thenComparing(Exported::descriptor))
                .toList();
    }

    /// The resource of a module's index.
    public static String resource(String module) {
        return "META-INF/exports/" + module + ".json";
    }

    /// Reads an index.
    ///
    /// @param place the file's name, for errors
    /// @throws ExportException where it is not well-formed, of another format, or holds anything unexpected
    public static ExportIndex parse(String json, String place) {
        try {
            JsonFields top = JsonFields.of(Json.parse(json), "the index");
            long format = top.number("format");
            if (format != FORMAT) {
                throw new IllegalArgumentException("format " + FORMAT + " was expected; got " + format);
            }
            String module = top.text("module");
            List<Exported> exports =
                    top.objects("exports").stream().map(ExportIndex::element).toList();
            top.end();
            return new ExportIndex(module, exports);
        } catch (IllegalArgumentException e) {
            throw new ExportException(
                    "[export] an index of exported names was expected; got " + place + ": " + e.getMessage()
                            + ". Hint: build the module again.",
                    e);
        }
    }

    /// The index as JSON.
    public String toJson() {
        StringBuilder json = new StringBuilder();
        json.append("{\"format\":").append(FORMAT).append(",\"module\":");
        Json.write(module, json);
        json.append(",\"exports\":[");
        String separator = "\n";
        for (Exported exported : exports) {
            json.append(separator);
            Json.write(fields(exported), json);
            separator = ",\n";
        }
        return json.append("\n]}\n").toString();
    }

    private static Map<String, Object> fields(Exported e) {
        var map = new java.util.LinkedHashMap<String, Object>();
        map.put("names", e.names());
        map.put("kind", e.kind().name());
        map.put("owner", e.owner());
        map.put("member", e.member());
        map.put("descriptor", e.descriptor());
        map.put("static", e.isStatic());
        map.put("signature", e.signature());
        map.put(
                "parameters",
                e.parameters().stream()
                        .map(p -> List.of(p.name(), p.type(), p.value()))
                        .toList());
        map.put("since", e.since());
        map.put("status", e.status().name());
        map.put(
                "aliases",
                e.oldNames().stream()
                        .map(a -> List.of(a.name(), a.since(), a.remove(), a.replacement()))
                        .toList());
        map.put("summary", e.summary());
        map.put("source", e.source());
        map.put("members", e.members());
        return map;
    }

    private static Exported element(JsonFields fields) {
        Exported exported = new Exported(
                fields.texts("names"),
                Kind.valueOf(fields.text("kind")),
                fields.text("owner"),
                fields.text("member"),
                fields.text("descriptor"),
                fields.flag("static"),
                fields.text("signature"),
                fields.rows("parameters", 3).stream()
                        .map(row -> new Exported.Parameter(row.get(0), row.get(1), row.get(2)))
                        .toList(),
                fields.text("since"),
                Status.valueOf(fields.text("status")),
                fields.rows("aliases", 4).stream()
                        .map(row -> new Exported.OldName(row.get(0), row.get(1), row.get(2), row.get(3)))
                        .toList(),
                fields.text("summary"),
                fields.text("source"),
                fields.texts("members"));
        fields.end();
        return exported;
    }
}
