package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.Compression;
import io.torrefy.data.Example;
import io.torrefy.data.Feature;
import io.torrefy.data.TfRecordWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordsCommandTest {
    @TempDir
    Path folder;

    private Path examples(String name, Compression compression) throws IOException {
        Path file = folder.resolve(name);
        TfRecordWriter.write(file, compression, sink -> {
            for (int i = 0; i < 9; i++) {
                Map<String, Feature> features = new LinkedHashMap<>();
                features.put("id", Feature.of(i));
                features.put("x", Feature.of(i / 10f, -1f));
                features.put("text", Feature.of("ä" + i));
                features.put("raw", Feature.ofBytes(new byte[] {(byte) 0xff, (byte) i}));
                features.put("nan", Feature.of(i == 3 ? Float.NaN : 0.1f));
                if (i % 2 == 0) {
                    features.put("even", Feature.of(new long[i / 2]));
                }
                sink.write(Example.of(features).toBytes());
            }
        });
        return file;
    }

    private static JsonNode json(int exit, String... arguments) throws IOException {
        CommandRun run = new CommandRun();
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[0] = "records";
        all[all.length - 1] = "--json";
        assertThat(run.execute(all)).as(run.err()).isEqualTo(exit);
        return TinyModel.json(run);
    }

    @Test
    void countsWithAndWithoutAnIndex() throws IOException {
        Path plain = examples("a.tfrecord", Compression.NONE);
        Path gzip = examples("b.tfrecord.gz", Compression.GZIP);
        assertThat(json(0, "count", plain.toString(), gzip.toString())
                        .path("records")
                        .asInt())
                .isEqualTo(18);
        json(0, "index", plain.toString());
        assertThat(folder.resolve("a.tfrecord.idx")).hasSize(9 * 8 + 12);
        assertThat(json(0, "count", plain.toString()).path("records").asInt()).isEqualTo(9);
    }

    @Test
    void showsExamplesAndOtherRecords() throws IOException {
        Path file = examples("a.tfrecord", Compression.ZLIB);
        JsonNode head = json(0, "head", "-n", "2", file.toString()).path("records");
        assertThat(head).hasSize(2);
        assertThat(head.get(1).path("example").path("text").asText()).isEqualTo("ä1");
        assertThat(head.get(1).path("example").path("raw").path("base64").asText())
                .isEqualTo("/wE=");
        Path other = folder.resolve("other.tfrecord");
        TfRecordWriter.write(other, Compression.NONE, sink -> sink.write(new byte[] {1, 2}));
        assertThat(json(0, "head", other.toString())
                        .path("records")
                        .get(0)
                        .path("hex")
                        .asText())
                .isEqualTo("0102");
    }

    @Test
    void statsOfFeatures() throws IOException {
        JsonNode stats =
                json(0, "stats", examples("a.tfrecord", Compression.NONE).toString());
        assertThat(stats.path("records").asInt()).isEqualTo(9);
        JsonNode id = stats.path("features").path("id");
        assertThat(id.path("kind").asText()).isEqualTo("int64");
        assertThat(id.path("numbers").path("mean").asDouble()).isEqualTo(4);
        JsonNode even = stats.path("features").path("even").path("lengths");
        assertThat(even.path("count").asInt()).isEqualTo(5);
        assertThat(even.path("max").asInt()).isEqualTo(4);
        assertThat(stats.path("features")
                        .path("nan")
                        .path("numbers")
                        .path("count")
                        .asInt())
                .isEqualTo(8);
    }

    @Test
    void verifyListsTheDamage() throws IOException {
        Path file = examples("a.tfrecord", Compression.NONE);
        assertThat(json(0, "verify", file.toString()).path("records").asInt()).isEqualTo(9);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        JsonNode damaged = json(1, "verify", file.toString());
        assertThat(damaged.path("records").asInt()).isEqualTo(8);
        JsonNode skipped = damaged.path("skipped").get(0);
        assertThat(skipped.path("from").asInt()).isLessThan(bytes.length / 2);
        assertThat(skipped.path("to").asInt()).isGreaterThan(bytes.length / 2);
        CommandRun count = new CommandRun();
        assertThat(count.execute("records", "count", file.toString())).isOne();
        assertThat(count.err()).contains("[tfrecord]", "checksum", file.toString());
    }

    @Test
    void jsonLinesAndBackAreTheSameExamples() throws IOException {
        Path file = examples("a.tfrecord", Compression.NONE);
        Path lines = folder.resolve("a.jsonl");
        Path back = folder.resolve("back.tfrecord");
        json(0, "convert", file.toString(), lines.toString());
        assertThat(Files.readAllLines(lines))
                .hasSize(9)
                .element(3)
                .asString()
                .contains("\"nan\":\"NaN\"", "\"x\":[0.3,");
        json(0, "convert", lines.toString(), back.toString());
        assertThat(back).hasSameBinaryContentAs(file);
        CommandRun again = new CommandRun();
        assertThat(again.execute("records", "convert", lines.toString(), back.toString()))
                .isOne();
        assertThat(again.err()).contains("--overwrite");
        Path chosen = folder.resolve("chosen.tfrecord");
        json(0, "convert", lines.toString(), chosen.toString(), "--features", "id:float32,text:string");
        JsonNode stats = json(0, "stats", chosen.toString()).path("features");
        assertThat(stats).hasSize(2);
        assertThat(stats.path("id").path("kind").asText()).isEqualTo("float32");
    }

    @Test
    void parquetAndBackAreTheSameRows() throws IOException {
        Path lines = Files.writeString(folder.resolve("p.jsonl"), """
                {"id":1,"score":0.5,"tags":["a","b"],"name":"x"}
                {"id":2,"score":-2.0,"tags":["c"],"name":"\u00e9"}
                """);
        Path parquet = folder.resolve("p.parquet");
        Path back = folder.resolve("q.jsonl");
        json(0, "convert", lines.toString(), parquet.toString());
        json(0, "convert", parquet.toString(), back.toString());
        ObjectMapper mapper = new ObjectMapper();
        List<String> first = Files.readAllLines(lines);
        List<String> second = Files.readAllLines(back);
        assertThat(second).hasSameSizeAs(first);
        for (int i = 0; i < first.size(); i++) {
            assertThat(mapper.readTree(second.get(i))).isEqualTo(mapper.readTree(first.get(i)));
        }
    }

    @Test
    void csvIntoExamplesAndBack() throws IOException {
        Path table = Files.writeString(folder.resolve("t.csv"), """
                id,score,name
                1,0.5,"a, b"
                2,,c
                """);
        Path records = folder.resolve("t.tfrecord");
        Path back = folder.resolve("u.csv");
        json(0, "convert", table.toString(), records.toString());
        assertThat(json(0, "stats", records.toString())
                        .path("features")
                        .path("score")
                        .path("kind")
                        .asText())
                .isEqualTo("float32");
        json(0, "convert", records.toString(), back.toString(), "--features", "id:int64,score:float32,name:string");
        assertThat(back).hasContent("""
                id,score,name
                1,0.5,"a, b"
                2,,c
                """);
        Path lists = Files.writeString(folder.resolve("l.jsonl"), "{\"a\":[1,2]}\n");
        CommandRun wrong = new CommandRun();
        assertThat(wrong.execute(
                        "records",
                        "convert",
                        lists.toString(),
                        folder.resolve("l.csv").toString()))
                .isOne();
        assertThat(wrong.err()).contains("[csv]", "\"a\"");
        assertThat(folder.resolve("l.csv")).doesNotExist();
    }

    @Test
    void copiesIntoShardsAndOtherCompressions() throws IOException {
        Path file = examples("a.tfrecord", Compression.NONE);
        Path sharded = folder.resolve("s.tfrecord");
        json(0, "convert", file.toString(), sharded.toString(), "--shards", "4", "--compression", "gzip");
        assertThat(folder.resolve("s.tfrecord-00003-of-00004")).exists();
        assertThat(json(0, "count", sharded.toString()).path("records").asInt()).isEqualTo(9);
    }

    @Test
    void wrongInputIsNamed() throws IOException {
        Path lines = Files.writeString(folder.resolve("a.jsonl"), "{\"a\": 1}\n{\"a\": {\"b\": 2}}\n");
        String out = folder.resolve("o.tfrecord").toString();
        CommandRun nested = new CommandRun();
        assertThat(nested.execute("records", "convert", lines.toString(), out)).isOne();
        assertThat(nested.err()).contains("field \"a\"", "a.jsonl:2");
        CommandRun wrong = new CommandRun();
        assertThat(wrong.execute("records", "convert", lines.toString(), out, "--features", "a:int64"))
                .isOne();
        assertThat(wrong.err()).contains("field \"a\" of " + lines + ":2");
        assertThat(Path.of(out)).doesNotExist();
        for (String[] bad : new String[][] {
            {"records"},
            {"records", "convert", lines.toString(), "x.unknown"},
            {"records", "convert", lines.toString(), out, "--features", "a:int32"},
            {"records", "convert", lines.toString(), out, "--compression", "lz4"},
            {"records", "head", "-n", "0", out}
        }) {
            assertThat(new CommandRun().execute(bad)).as(String.join(" ", bad)).isEqualTo(2);
        }
    }
}
