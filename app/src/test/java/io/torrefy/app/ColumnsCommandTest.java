package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.Example;
import io.torrefy.data.Feature;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.TfRecordWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ColumnsCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path jsonl;
    private Path csv;
    private Path schema;

    @BeforeEach
    void write() throws IOException {
        jsonl = folder.resolve("table.jsonl");
        csv = folder.resolve("table.csv");
        schema = folder.resolve("out/schema.json");
        Files.writeString(jsonl, """
                {"age": 20, "city": "Bern", "tags": ["a", "b"], "y": "no"}
                {"age": 40, "city": "Lima", "tags": [], "y": "yes"}
                {"age": 60.0, "city": "Bern", "tags": ["b"], "y": "yes"}
                {"age": null, "city": "Bern", "y": "no"}
                """);
        Files.writeString(csv, "age,city,y\n20,Bern,no\n40,Lima,yes\n60,Bern,yes\n,Bern,no\n");
    }

    private CommandRun run(int code, String... arguments) {
        var run = new CommandRun();
        assertThat(run.execute(arguments)).as(run.err()).isEqualTo(code);
        return run;
    }

    @Test
    void fitsEncodesAndExplainsAsTheLibraryDoes() throws IOException {
        var fit = run(0, "columns", "fit", jsonl.toString(), "--label", "y", "-o", schema.toString(), "--json");
        JsonNode said = JSON.readTree(fit.lastLine());
        var fitted = FittedSchema.read(schema);
        assertThat(said.path("fingerprint").asText()).isEqualTo(fitted.fingerprint());
        assertThat(said.path("rows").asLong()).isEqualTo(4);
        assertThat(fit.err()).contains("fit: 4 rows");
        assertThat(fitted.classes()).isEqualTo(List.of("no", "yes"));

        var encode = run(0, "columns", "encode", jsonl.toString(), "--schema", schema.toString());
        var lines = encode.out().lines().toList();
        assertThat(lines).hasSize(4);
        // Mean 40, population deviation sqrt(800 / 3); Bern comes first; b before a.
        JsonNode first = JSON.readTree(lines.getFirst());
        assertThat((float) first.path("age").asDouble()).isEqualTo((float) (-20 / Math.sqrt(800.0 / 3)));
        assertThat(first.path("city").toString()).isEqualTo("[0]");
        assertThat(first.path("tags").toString()).isEqualTo("[1,0]");
        assertThat(JSON.readTree(lines.get(3)).path("age").asDouble()).isZero();
        assertThat(JSON.readTree(lines.get(3)).path("tags").isEmpty()).isTrue();

        Path out = folder.resolve("encoded.jsonl");
        run(0, "columns", "encode", jsonl.toString(), "--schema", schema.toString(), "-o", out.toString(), "--json");
        assertThat(out).hasContent(encode.out());

        var slots = run(0, "columns", "explain", "--schema", schema.toString());
        assertThat(slots.out()).contains("city[0]  city = \"Bern\"", "tags[1]  tags = \"a\"");
        var one = run(0, "columns", "explain", "--schema", schema.toString(), "--slot", "1", "--json");
        assertThat(JSON.readTree(one.lastLine())
                        .path("slots")
                        .get(0)
                        .path("text")
                        .asText())
                .isEqualTo(fitted.explain(1).text());
        var row =
                run(0, "columns", "explain", "--schema", schema.toString(), "--table", jsonl.toString(), "--row", "2");
        assertThat(row.out()).contains("city: city = \"Lima\"", "tags: tags = missing", "no slot: missing or unknown");
    }

    @Test
    void readsTheSameFromEveryFormat() throws IOException {
        Path declared = folder.resolve("declared.json");
        Files.writeString(declared, """
                {"features": [
                  {"input": "age", "as": "standardize"}, {"input": "city", "as": "vocabulary"},
                  {"input": "y", "as": "label"}]}
                """);
        Path records = folder.resolve("table.tfrecord");
        try (var writer = TfRecordWriter.create(records)) {
            writer.write(example(Feature.of(20), "Bern", "no"));
            writer.write(example(Feature.of(40f), "Lima", "yes"));
            writer.write(example(Feature.of(60f), "Bern", "yes"));
            writer.write(example(Feature.missing(), "Bern", "no"));
        }
        List<String> prints = new ArrayList<>();
        for (Path table : List.of(jsonl, csv, records)) {
            run(0, "columns", "fit", table.toString(), "--schema", declared.toString(), "-o", schema.toString());
            prints.add(FittedSchema.read(schema).fingerprint());
        }
        assertThat(prints).containsOnly(prints.getFirst());
    }

    private static byte[] example(Feature age, String city, String y) {
        return Example.of(Map.of("age", age, "city", Feature.of(city), "y", Feature.of(y)))
                .toBytes();
    }

    @Test
    void takesADeclaredSchemaAndCsv() throws IOException {
        Path declared = folder.resolve("declared.json");
        Files.writeString(declared, """
                {"features": [
                  {"input": "age", "as": "boundaries", "boundaries": [30, 50], "missing": 0},
                  {"input": "city", "as": "hash", "buckets": 10},
                  {"inputs": ["age", "city"], "as": "cross", "buckets": 100}]}
                """);
        Path tsv = folder.resolve("table.tsv");
        Files.writeString(tsv, Files.readString(csv).replace(',', '\t'));
        String[] prints = new String[2];
        int i = 0;
        for (Path table : new Path[] {csv, tsv}) {
            run(0, "columns", "fit", table.toString(), "--schema", declared.toString(), "-o", schema.toString());
            prints[i++] = FittedSchema.read(schema).fingerprint();
            var encode = run(0, "columns", "encode", table.toString(), "--schema", schema.toString());
            assertThat(encode.out().lines().map(l -> l.substring(0, 21)).toList())
                    .allMatch(l -> l.startsWith("{\"age_bucketized\":["));
        }
        assertThat(prints[0]).isEqualTo(prints[1]);
        Path again = folder.resolve("again.json");
        run(
                0,
                "columns",
                "fit",
                csv.toString(),
                "--schema",
                declared.toString(),
                "-o",
                schema.toString(),
                "--declare",
                again.toString());
        assertThat(JSON.readTree(again.toFile()).path("features")).hasSize(3);
    }

    @Test
    void mistakesAreNamed() throws IOException {
        Path declared = folder.resolve("declared.json");
        Files.writeString(declared, """
                {"features": [{"input": "aeg", "as": "standardize"}, {"input": "town", "as": "vocabulary"}]}
                """);
        var fit = run(1, "columns", "fit", csv.toString(), "--schema", declared.toString(), "-o", schema.toString());
        assertThat(fit.err()).contains("\"aeg\"", "\"town\"");
        assertThat(schema).doesNotExist();
        assertThat(run(1, "columns", "explain", "--schema", jsonl.toString()).err())
                .contains("[schema] " + jsonl);
        assertThat(run(1, "columns", "fit", folder.resolve("x.xls").toString()).err())
                .contains(".parquet");
        assertThat(run(2, "columns").err()).contains("Missing command");
        assertThat(run(2, "columns", "encode", csv.toString()).err()).contains("--schema");
    }
}
