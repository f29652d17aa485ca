package io.torrefy.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.Fields;
import io.torrefy.data.internal.Problems;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Files of schemas and of fitted schemas. The fingerprint of a fitted one is the beginning of the SHA-256 of its
/// contents without the fingerprint, with all keys sorted and no white space: how a file is laid out does not count.
final class SchemaFiles {
    private static final String FORMAT = "torrefy.features";
    private static final int VERSION = 1;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private SchemaFiles() {}

    static FeatureSchema readSchema(Path file) throws IOException {
        return read(file, SchemaConfigs::fromConfig);
    }

    static FittedSchema readFitted(Path file) throws IOException {
        return read(file, SchemaFiles::fitted);
    }

    private static <T> T read(Path file, Function<JsonNode, T> make) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        JsonNode document;
        try {
            // As text first: of bytes Jackson guesses the encoding.
            document = MAPPER.readTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (JsonProcessingException e) {
            long line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw bad(file, line, "expected JSON; got " + e.getOriginalMessage() + " in line " + line + ".", e);
        } catch (CharacterCodingException e) {
            throw bad(file, 1, "expected UTF-8; got other bytes.", e);
        }
        try {
            return make.apply(document);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw bad(file, 1, String.valueOf(e.getMessage()).replace("[schema] ", ""), e);
        }
    }

    private static MalformedDataException bad(Path file, long line, String what, Exception cause) {
        var error = new MalformedDataException(file, line, "[schema] " + file + ": " + what);
        error.initCause(cause);
        return error;
    }

    static void write(Path file, JsonNode document) throws IOException {
        var printer = new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
        byte[] bytes = (MAPPER.writer(printer).writeValueAsString(document) + "\n").getBytes(StandardCharsets.UTF_8);
        UnfinishedFiles.write(file, unfinished -> {
            Files.write(unfinished, bytes);
            return 1;
        });
    }

    static ObjectNode document(
            FeatureSchema schema,
            long rows,
            Map<String, FeatureStatistics> statistics,
            List<FeatureColumn> columns,
            @Nullable FeatureColumn label,
            List<String> warnings) {
        var document = JSON.objectNode();
        document.put("format", FORMAT).put("version", VERSION).put("rows", rows);
        document.setAll(SchemaConfigs.toConfig(schema));
        document.set("columns", ColumnConfigs.toConfig(columns));
        if (label != null) {
            document.set("label", ColumnConfigs.toConfig(label));
        }
        var array = document.putArray("warnings");
        warnings.forEach(array::add);
        var all = document.putObject("statistics");
        Map<String, FeatureStatistics> byName = new TreeMap<>(FeatureColumns.BY_CODE_POINT);
        byName.putAll(statistics);
        byName.forEach((input, learned) -> all.set(input, StatisticsConfigs.toConfig(learned)));
        return document;
    }

    /// The document with its fingerprint in front of the long parts.
    static ObjectNode sealed(ObjectNode document, String fingerprint) {
        var sealed = JSON.objectNode();
        sealed.set("format", document.path("format"));
        sealed.set("version", document.path("version"));
        sealed.put("fingerprint", fingerprint);
        sealed.setAll(document);
        return sealed;
    }

    static String fingerprint(ObjectNode document) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(MAPPER.writeValueAsBytes(sorted(document)));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException | JsonProcessingException e) {
            throw new IllegalStateException("[schema] " + e.getMessage(), e);
        }
    }

    private static JsonNode sorted(JsonNode node) {
        if (node.isArray()) {
            var array = JSON.arrayNode(node.size());
            node.forEach(e -> array.add(sorted(e)));
            return array;
        }
        if (!node.isObject()) {
            return node;
        }
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        keys.sort(FeatureColumns.BY_CODE_POINT);
        var object = JSON.objectNode();
        keys.forEach(key -> object.set(key, sorted(node.path(key))));
        return object;
    }

    private static FittedSchema fitted(JsonNode document) {
        var head = new Fields(document, "a fitted schema");
        if (!document.isObject()) {
            throw head.bad("an object", document);
        }
        Problems.of("schema")
                .expect(
                        document.has("format") || !document.path("features").isArray(),
                        "a fitted schema",
                        "one that has learned nothing yet",
                        "fit it first: FeatureSchema.fit, or torrefy columns fit --schema FILE.")
                .raise();
        if (!document.path("format").asText().equals(FORMAT)) {
            throw head.bad("\"format\": \"" + FORMAT + "\"", document.path("format"));
        }
        Problems.of("schema")
                .expect(
                        head.integer("version") == VERSION,
                        "version " + VERSION + " of fitted schemas",
                        document.path("version"),
                        "a newer Torrefy wrote it.")
                .raise();
        var fields = Fields.of(
                document,
                "a fitted schema",
                "format",
                "version",
                "fingerprint",
                "rows",
                "features",
                "columns",
                "label",
                "warnings",
                "statistics");
        String stated = fields.text("fingerprint");
        var contents = ((ObjectNode) document).deepCopy();
        contents.remove("fingerprint");
        String found = fingerprint(contents);
        Problems.of("schema")
                .expect(
                        found.equals(stated),
                        "contents of the fingerprint " + stated,
                        "those of " + found,
                        "the file was changed after it was written; fit again.")
                .raise();
        return contents(fields);
    }

    private static FittedSchema contents(Fields fields) {
        var schema = new FeatureSchema(SchemaConfigs.features(fields));
        List<FeatureColumn> columns = fields.list("columns", ColumnConfigs::fromConfig);
        var expected = schema.features().stream()
                .filter(f -> !(f instanceof SchemaFeature.Label))
                .map(schema::columnName)
                .toList();
        var names = columns.stream().map(FeatureColumn::name).toList();
        var label = fields.has("label") ? ColumnConfigs.fromConfig(fields.value("label")) : null;
        Problems.of("schema")
                .expect(names.equals(expected), "columns " + expected + ", as the features say", names)
                .expect(
                        schema.label()
                                .map(SchemaFeature.Label::input)
                                .equals(Optional.ofNullable(label).map(FeatureColumn::name)),
                        "the label that the features say",
                        label == null ? "none" : label.name())
                .raise();
        Map<String, FeatureStatistics> statistics = new LinkedHashMap<>();
        var all = Fields.of(
                fields.value("statistics"),
                "the statistics",
                schema.types().keySet().toArray(String[]::new));
        all.node()
                .fieldNames()
                .forEachRemaining(input -> statistics.put(
                        input, StatisticsConfigs.fromConfig(all.value(input), "the statistics of \"" + input + "\"")));
        return FittedSchema.learned(
                schema, fields.integer("rows"), statistics, columns, label, fields.texts("warnings"));
    }
}
