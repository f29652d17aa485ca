package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.Example;
import io.torrefy.data.FeatureSchema;
import io.torrefy.data.FeatureValues;
import io.torrefy.data.FieldType;
import io.torrefy.data.FittedSchema;
import io.torrefy.data.SchemaFeature;
import io.torrefy.data.TfRecordReader;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Scope;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `torrefy columns` does beyond the defaults: columns by hand, files of other formats, inputs that are not there.
class ColumnsOptionsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path table;
    private Path schema;

    @BeforeEach
    void write() throws IOException {
        table = folder.resolve("table.jsonl");
        schema = folder.resolve("schema.json");
        Files.writeString(table, """
                {"age": 20, "city": "Bern", "tags": ["a", "b"], "by": [0.5, 2], "id": 7, "y": "no"}
                {"age": 40, "city": "Lima", "tags": [], "by": [], "id": 8, "y": "yes"}
                {"age": 60.5, "city": "Bern", "tags": ["b"], "by": [1], "id": 9, "y": "yes"}
                {"age": null, "city": "Bern", "tags": ["b", "c", "a"], "by": [3, 4, 0.25], "id": 10}
                """);
    }

    private CommandRun run(int code, String... arguments) {
        var run = new CommandRun();
        assertThat(run.execute(arguments)).as(run.err()).isEqualTo(code);
        return run;
    }

    private String fitByHand() {
        return run(
                        0,
                        "columns",
                        "fit",
                        table.toString(),
                        "--label",
                        "y",
                        "-o",
                        schema.toString(),
                        "--column",
                        "age=boundaries:30,50.5",
                        "--column",
                        "age=minmax",
                        "--column",
                        "id=none",
                        "--column",
                        "tags=hash:16",
                        "--column",
                        "city*age=cross:100",
                        "--column",
                        "by=none",
                        "--declare",
                        folder.resolve("declared.json").toString())
                .err();
    }

    @Test
    void columnsByHandReplaceThoseInferred() throws IOException {
        fitByHand();
        var declared = FeatureSchema.read(folder.resolve("declared.json"));
        assertThat(declared.features())
                .containsExactly(
                        SchemaFeature.boundaries("age", 30, 50.5),
                        SchemaFeature.minmax("age"),
                        SchemaFeature.vocabulary("city"),
                        SchemaFeature.hashed("tags", 16),
                        SchemaFeature.label("y"),
                        SchemaFeature.cross(100, "city", "age"));
        run(0, "columns", "fit", table.toString(), "-o", schema.toString(), "--column", "id=vocabulary:2");
        assertThat(FittedSchema.read(schema).schema().features())
                .contains(SchemaFeature.vocabulary("id", FieldType.LONG).maxSize(2));
    }

    @Test
    void mistakesInColumnsByHandAreListedTogether() {
        var fit = run(
                1,
                "columns",
                "fit",
                table.toString(),
                "-o",
                schema.toString(),
                "--column",
                "aeg=minmax",
                "--column",
                "age=quantile:3",
                "--column",
                "city=hash",
                "--column",
                "city=hash:many",
                "--column",
                "age");
        assertThat(fit.err())
                .contains(
                        "got [aeg]",
                        "expected one of numeric",
                        "expected hash:N; got no number",
                        "got \"many\"",
                        "expected NAME=KIND in --column; got \"age\"");
        assertThat(schema).doesNotExist();
        run(2, "columns", "fit", table.toString(), "--schema", table.toString(), "--column", "age=minmax");
    }

    /// What lines say, tf.Examples and tensors say too.
    @Test
    void everyFormatHoldsTheSame() throws IOException {
        Path declared = folder.resolve("declared.json");
        Files.writeString(declared, """
                {"features": [
                  {"input": "age", "as": "standardize"}, {"input": "city", "as": "vocabulary"},
                  {"input": "tags", "as": "hash", "buckets": 10, "weighted_by": "by"},
                  {"input": "y", "as": "label"}]}
                """);
        run(0, "columns", "fit", table.toString(), "--schema", declared.toString(), "-o", schema.toString());
        var lines = encode("").out().lines().map(ColumnsOptionsTest::parse).toList();
        assertThat(lines).extracting(l -> l.path("label").asInt()).containsExactly(0, 1, 1, -1);
        assertThat(lines)
                .extracting(l -> l.path("tags_weighted_by_by weights").toString())
                .containsExactly("[0.5,2.0]", "[]", "[1.0]", "[3.0,4.0,0.25]");

        Path records = folder.resolve("out/rows.tfrecord");
        encode(records.toString());
        List<JsonNode> examples = new ArrayList<>();
        try (var reader = TfRecordReader.open(records)) {
            while (reader.next()) {
                examples.add(json(Example.parse(reader.record())));
            }
        }
        assertThat(examples).isEqualTo(lines);

        Path tensors = folder.resolve("rows.safetensors");
        encode(tensors.toString());
        assertThat(Safetensors.metadata(tensors))
                .containsEntry("schema", FittedSchema.read(schema).fingerprint());
        try (var _ = Scope.open()) {
            var read = Safetensors.read(tensors);
            assertThat(read.get("label").toLongs()).containsExactly(0, 1, 1, -1);
            assertThat(read.get("age").shape()).containsExactly(4, 1);
            long[] splits = read.get("tags_weighted_by_by.row_splits").toLongs();
            assertThat(splits).containsExactly(0, 2, 2, 3, 6);
            for (int row = 0; row < 4; row++) {
                var line = lines.get(row);
                assertThat(read.get("age").toFloats()[row])
                        .isEqualTo((float) line.path("age").asDouble());
                for (long i = splits[row]; i < splits[row + 1]; i++) {
                    int at = (int) (i - splits[row]);
                    assertThat(read.get("tags_weighted_by_by.ids").toLongs()[(int) i])
                            .isEqualTo(line.path("tags_weighted_by_by").get(at).asLong());
                    assertThat(read.get("tags_weighted_by_by.weights").toFloats()[(int) i])
                            .isEqualTo((float) line.path("tags_weighted_by_by weights")
                                    .get(at)
                                    .asDouble());
                }
            }
        }
    }

    private CommandRun encode(String out) {
        List<String> arguments = new ArrayList<>(
                List.of("columns", "encode", table.toString(), "--schema", schema.toString(), "--labels"));
        if (!out.isEmpty()) {
            arguments.addAll(List.of("-o", out));
        }
        return run(0, arguments.toArray(String[]::new));
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// An Example as the line that it should have been.
    private static JsonNode json(Example example) {
        var line = JSON.createObjectNode();
        for (String name : List.of("age", "city", "tags_weighted_by_by", "tags_weighted_by_by weights", "label")) {
            boolean scalar = name.equals("age") || name.equals("label");
            var all = JSON.createArrayNode();
            switch (example.features().get(name).values().orElseThrow()) {
                case FeatureValues.Longs(long[] array) -> {
                    for (long value : array) {
                        all.add(value);
                    }
                }
                case FeatureValues.Floats(float[] array) -> {
                    for (float value : array) {
                        all.add(value);
                    }
                }
                case FeatureValues.Strings _ -> throw new AssertionError(name);
            }
            line.set(name, scalar ? all.get(0) : all);
        }
        return parse(line.toString());
    }

    @Test
    void inputsThatNoRowHasAreAMistake() throws IOException {
        fitByHand();
        Path other = folder.resolve("other.csv");
        Files.writeString(other, "aeg,city,tags\n20,Bern,a\n");
        Path out = folder.resolve("out.jsonl");
        String[] encode = {"columns", "encode", other.toString(), "--schema", schema.toString(), "-o", out.toString()};
        var failed = run(1, encode);
        assertThat(failed.err())
                .contains("[encode] expected a field \"age\"; got none in any row. Hint: did you mean \"aeg\"?");
        assertThat(out).doesNotExist();
        String[] allowed = Arrays.copyOf(encode, encode.length + 1);
        allowed[encode.length] = "--allow-missing";
        run(0, allowed);
        assertThat(parse(Files.readString(out)).path("city").toString()).isEqualTo("[0]");
        // Fitting knows the nearest name as well, and lists what else is wrong.
        Path declared = folder.resolve("wrong.json");
        Files.writeString(declared, """
                {"features": [{"input": "age", "as": "standardize"}, {"input": "city", "as": "vocabulary", "min_count": 5}]}
                """);
        var fit = run(1, "columns", "fit", other.toString(), "--schema", declared.toString(), "-o", schema.toString());
        assertThat(fit.err())
                .contains("input \"age\"; got data without it. Hint: did you mean \"aeg\"?")
                .contains("a word that occurs at least 5 times in input \"city\"");
    }

    @Test
    void errorsNameTheRowOfTheTable() throws IOException {
        Path many = folder.resolve("many.jsonl");
        var lines = new StringBuilder();
        for (int i = 0; i < 9000; i++) {
            lines.append("{\"id\": ")
                    .append(i % 7)
                    .append(", \"x\": ")
                    .append(i)
                    .append("}\n");
        }
        Files.writeString(many, lines);
        run(
                0,
                "columns",
                "fit",
                many.toString(),
                "-o",
                schema.toString(),
                "--column",
                "id=identity:7",
                "--column",
                "x=log1p");
        Files.writeString(many, lines + "{\"id\": 7, \"x\": 1}\n");
        assertThat(run(1, "columns", "encode", many.toString(), "--schema", schema.toString())
                        .err())
                .contains("many.jsonl:9001: expected ids in [0, 7) in feature \"id\"; got 7.");
        Files.writeString(many, lines + "{\"id\": 6, \"x\": -1.5}\n");
        assertThat(run(1, "columns", "encode", many.toString(), "--schema", schema.toString())
                        .err())
                .contains("many.jsonl:9001: expected numbers above -1 in feature \"x\", which is log1p; got -1.5.");
        assertThat(run(1, "columns", "fit", many.toString(), "-o", schema.toString(), "--column", "x=log1p")
                        .err())
                .contains("numbers above -1 in input \"x\", which is log1p; got -1.5 in row 9000, counted from 0.");
    }

    @Test
    void fieldsOfNoOneTypeAreTextOrLeftOut() throws IOException {
        Path mixed = folder.resolve("mixed.jsonl");
        Files.writeString(mixed, """
                {"title": "日本", "where": {"lat": 1}, "n": 1}
                {"title": 1776, "where": {"lat": 2}, "n": 2}
                {"title": null, "n": 3}
                """);
        String[] fit = {"columns", "fit", mixed.toString(), "-o", schema.toString()};
        assertThat(run(1, fit).err())
                .contains("mixed.jsonl:1: ", "field \"where\"", "Hint: --column 'where=none' leaves the field out.");
        String[] without = Arrays.copyOf(fit, fit.length + 2);
        without[fit.length] = "--column";
        without[fit.length + 1] = "where=none";
        assertThat(run(0, without).err())
                .contains("warning: input \"title\" has integers beside text; they are taken as their digits.");
        var fitted = FittedSchema.read(schema);
        assertThat(fitted.schema().features())
                .containsExactly(SchemaFeature.vocabulary("title"), SchemaFeature.standardize("n"));
        for (Object served : List.of(1776L, "1776")) {
            assertThat(fitted.encode(Map.of("title", served, "n", 1))
                            .ids("title")
                            .ids())
                    .containsExactly(0);
        }
    }

    @Test
    void whatIsNoTableOrNoFittedSchemaIsSaid() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");
        assertThat(run(1, "columns", "fit", empty.toString(), "-o", schema.toString())
                        .err())
                .contains("[columns] expected rows in ", "empty.jsonl", "; got none.");
        fitByHand();
        Path declared = folder.resolve("declared.json");
        assertThat(run(1, "columns", "explain", "--schema", declared.toString()).err())
                .contains(
                        "declared.json",
                        "a fitted schema; got one that has learned nothing yet",
                        "torrefy columns fit --schema");
    }

    @Test
    void parquetHasAShareToo() throws IOException {
        Path parquet = folder.resolve("table.parquet");
        run(0, "records", "convert", table.toString(), parquet.toString());
        assertThat(run(0, "columns", "fit", parquet.toString(), "-o", schema.toString())
                        .err())
                .contains(", 100 %");
        assertThat(Tables.size(parquet)).isEqualTo(Files.readAllLines(table).size());
    }

    @Test
    void theBarIsDrawnInItsLineWhereSomebodyWatches() {
        var text = new StringWriter();
        var watched = new FileProgress(new PrintWriter(text), "fit", "rows", true, 200);
        watched.at(50);
        watched.show(10);
        watched.done();
        assertThat(text.toString())
                .startsWith("\r\u001b[Kfit: 10 rows, ")
                .endsWith("  [" + "#".repeat(30) + "] 100 %" + System.lineSeparator());
        var plain = new StringWriter();
        var unwatched = new FileProgress(new PrintWriter(plain), "fit", "rows", false, 0);
        unwatched.show(1_234_567);
        unwatched.done();
        assertThat(plain.toString()).startsWith("fit: 1,234,567 rows, ").doesNotContain("\r", "%");
    }
}
