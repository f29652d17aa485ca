package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.Compression;
import io.torrefy.data.Example;
import io.torrefy.data.Feature;
import io.torrefy.data.SequenceExample;
import io.torrefy.data.TfRecordWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `torrefy records convert` on the files that people have: of any name, damaged, nested, missing a column, from a
/// pipe.
class RecordsConvertTest {
    private static final Path SAMPLES = Path.of("../data/src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    private CommandRun run(int exit, Object... arguments) {
        CommandRun run = new CommandRun();
        var all = new String[arguments.length + 2];
        all[0] = "records";
        all[1] = "convert";
        for (int i = 0; i < arguments.length; i++) {
            all[i + 2] = arguments[i] instanceof Path path && !path.isAbsolute()
                    ? folder.resolve(path).toString()
                    : arguments[i].toString();
        }
        assertThat(run.execute(all))
                .as("%s %s", Arrays.toString(all), run.err())
                .isEqualTo(exit);
        return run;
    }

    private Path examples(String name, Compression compression) throws IOException {
        Path file = folder.resolve(name);
        TfRecordWriter.write(file, compression, sink -> {
            for (int i = 0; i < 9; i++) {
                sink.write(Example.of(Map.of("id", Feature.of(i), "text", Feature.of("n" + i)))
                        .toBytes());
            }
        });
        return file;
    }

    private List<String> lines(String name) throws IOException {
        return Files.readAllLines(folder.resolve(name));
    }

    @Test
    void namesWithoutAnEndAreKnownByTheirFirstBytesOrByOptions() throws IOException {
        Path nameless = examples("train-00000-of-00001", Compression.NONE);
        run(0, nameless, Path.of("a.jsonl"));
        assertThat(lines("a.jsonl")).hasSize(9).first().isEqualTo("{\"id\":0,\"text\":\"n0\"}");
        run(0, folder.resolve("train"), Path.of("b.csv"));
        assertThat(lines("b.csv")).startsWith("id,text", "0,n0");
        Path zipped = examples("zipped", Compression.GZIP);
        assertThat(run(2, zipped, Path.of("c.jsonl")).err()).contains("--from", ".tfrecord");
        run(0, zipped, Path.of("c.jsonl"), "--from", "tfrecord");
        assertThat(run(2, nameless, Path.of("d")).err()).contains("--to says");
        run(0, nameless, Path.of("d"), "--to", "tsv");
        assertThat(lines("d")).startsWith("id\ttext");
        assertThat(run(2, nameless, Path.of("d"), "--to", "xls").err()).contains("got xls");
        Files.writeString(folder.resolve("t.csv.gz"), "?");
        assertThat(run(2, Path.of("t.csv.gz"), Path.of("e.jsonl")).err())
                .contains("Of compressed files only TFRecords");
        assertThat(run(1, folder, Path.of("e.jsonl")).err()).contains("got the directory " + folder);
    }

    @Test
    void everyFormatOfDatasetsAndSeveralAtOnce() throws IOException {
        Files.writeString(folder.resolve("a.tsv"), "x\ty\n1\ta\n");
        Files.writeString(folder.resolve("b.ndjson"), "{\"x\":2,\"y\":\"b\"}\n");
        Files.writeString(folder.resolve("c.txt"), "line\n");
        run(0, Path.of("a.tsv"), Path.of("b.ndjson"), Path.of("c.txt"), Path.of("all.jsonl"));
        assertThat(lines("all.jsonl"))
                .containsExactly("{\"x\":1,\"y\":\"a\"}", "{\"x\":2,\"y\":\"b\"}", "{\"text\":\"line\"}");
        assertThat(run(2, Path.of("a.tsv"), Path.of("o.txt")).err()).contains("written, not only read");
    }

    @Test
    void theNameOrAnOptionCompressesTfRecordsAlone() throws IOException {
        Path plain = examples("a.tfrecord", Compression.NONE);
        run(0, plain, Path.of("b.tfrecord.gz"));
        assertThat(Compression.detect(folder.resolve("b.tfrecord.gz"))).isEqualTo(Compression.GZIP);
        assertThat(run(2, plain, Path.of("c.jsonl"), "--compression", "gzip").err())
                .contains("'--compression' is for TFRecord output");
        assertThat(run(2, plain, Path.of("c.jsonl"), "--shards", "2").err()).contains("'--shards' is for");
    }

    @Test
    void anOutputIsReplacedWithAllItsShardsOrNotAtAll() throws IOException {
        Path plain = examples("a.tfrecord", Compression.NONE);
        Path out = Path.of("new folder/s.tfrecord");
        run(0, plain, out, "--shards", "4");
        assertThat(run(1, plain, out, "--shards", "2").err()).contains("s.tfrecord-00000-of-00004", "--overwrite");
        assertThat(run(1, plain, out).err()).contains("--overwrite");
        run(0, plain, out, "--shards", "2", "--overwrite");
        assertThat(folder.resolve("new folder")).isDirectoryNotContaining("glob:**-of-00004");
        run(0, folder.resolve(out), Path.of("back.tfrecord"));
        run(0, folder.resolve("new folder/s.tfrecord-?????-of-00002"), Path.of("again.tfrecord"));
        assertThat(folder.resolve("again.tfrecord")).hasSameBinaryContentAs(folder.resolve("back.tfrecord"));
    }

    @Test
    void mapsAreObjectsInJsonAndTwoListsElsewhere() throws IOException {
        Path maps = SAMPLES.resolve("maps.parquet").toAbsolutePath();
        run(0, maps, Path.of("m.jsonl"));
        JsonNode first = new ObjectMapper().readTree(lines("m.jsonl").getFirst());
        assertThat(first.path("m").toString()).isEqualTo("{\"a\":1,\"b\":2}");
        assertThat(first.path("by_number").toString()).isEqualTo("{\"1\":[\"x\",\"y\"],\"2\":null}");
        assertThat(run(1, maps, Path.of("m.tfrecord")).err())
                .contains("in field \"by_number.value\" of", "maps.parquet:1; got a nested value. Hint: JSONL");
        run(0, maps, Path.of("m.tfrecord"), "--features", "m.key:string,m.value:int64");
        run(0, Path.of("m.tfrecord"), Path.of("n.jsonl"));
        assertThat(lines("n.jsonl"))
                .containsExactly("{\"m.key\":[\"a\",\"b\"],\"m.value\":[1,2]}", "{\"m.key\":[],\"m.value\":[]}", "{}");
    }

    @Test
    void nullsInListsAreKeptWhereTheFormatHasThem() throws IOException {
        Path nulls = Files.writeString(folder.resolve("n.jsonl"), "{\"id\":1,\"n\":[1]}\n{\"id\":2,\"n\":[2,null]}\n");
        run(0, nulls, Path.of("n.parquet"));
        run(0, Path.of("n.parquet"), Path.of("back.jsonl"));
        assertThat(lines("back.jsonl")).containsExactly("{\"id\":1,\"n\":[1]}", "{\"id\":2,\"n\":[2,null]}");
        for (Path input : List.of(nulls, folder.resolve("n.parquet"))) {
            for (String options : new String[] {"", "--features=id:int64,n:int64"}) {
                var arguments = options.isEmpty()
                        ? new Object[] {input, Path.of("n.tfrecord")}
                        : new Object[] {input, Path.of("n.tfrecord"), options};
                assertThat(run(1, arguments).err())
                        .contains(
                                "field \"n\" of ", "; got null in a list", "Hint: JSONL and Parquet hold", input + ":2")
                        .doesNotContain("null null");
            }
        }
        assertThat(folder.resolve("n.tfrecord")).doesNotExist();
    }

    @Test
    void aFeatureThatNoRowHasIsAMistake() throws IOException {
        Files.writeString(folder.resolve("t.csv"), "id,score\n007,1\n8,\n");
        assertThat(run(1, Path.of("t.csv"), Path.of("o.tfrecord"), "--features", "id:string,nmae:string")
                        .err())
                .contains("expected features among [id, score]; got [nmae]", "--allow-missing");
        assertThat(folder.resolve("o.tfrecord")).doesNotExist();
        run(0, Path.of("t.csv"), Path.of("o.jsonl"), "--features", "id:string,nmae:string", "--allow-missing");
        // The kind of a feature is that of its cells, so 007 keeps its zeros.
        assertThat(lines("o.jsonl")).containsExactly("{\"id\":\"007\"}", "{\"id\":\"8\"}");
        run(0, Path.of("t.csv"), Path.of("p.jsonl"), "--features", "score:float32");
        assertThat(lines("p.jsonl")).containsExactly("{\"score\":1.0}", "{\"score\":null}");
        for (String wrong : new String[] {"id", "id:int32", "id:string,id:int64", ":string"}) {
            assertThat(run(2, Path.of("t.csv"), Path.of("q.jsonl"), "--features", wrong)
                            .err())
                    .contains("'--features'");
        }
        Files.writeString(folder.resolve("e.csv"), "a,b\n1,\n2,\n");
        assertThat(run(0, Path.of("e.csv"), Path.of("e.parquet")).err())
                .contains("warning: no row has a value in field \"b\"");
        Files.writeString(folder.resolve("h.csv"), "a,b\n");
        assertThat(run(1, Path.of("h.csv"), Path.of("h.parquet")).err()).contains("to find the columns of");
        run(0, Path.of("h.csv"), Path.of("h.parquet"), "--features", "a:int64");
    }

    @Test
    void numbersThatDoNotFitAreNamedWithTheRowTheyCameFrom() throws IOException {
        Files.writeString(folder.resolve("a.jsonl"), "{\"x\":1.5}\n{\"x\":1e300}\n");
        assertThat(run(1, Path.of("a.jsonl"), Path.of("a.tfrecord")).err())
                .contains("expected float32 in field \"x\" of row 2; got the number 1.0E300")
                .contains("It is " + folder.resolve("a.jsonl") + ":2.");
    }

    @Test
    void resyncCopiesWhatIsSoundAndTellsWhatIsNot() throws IOException {
        Path file = examples("a.tfrecord", Compression.NONE);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThat(run(1, file, Path.of("b.tfrecord")).err()).contains("torrefy records convert --resync");
        for (String name : new String[] {"b.tfrecord", "b.jsonl", "b.parquet"}) {
            CommandRun run = run(0, file, Path.of(name), "--resync", "--json");
            JsonNode json = TinyModel.json(run);
            assertThat(json.path("records").asInt()).isEqualTo(8);
            assertThat(json.path("skipped")).hasSize(1);
            assertThat(run.err()).contains("left out bytes ", " of " + file + ": ");
        }
        CommandRun verify = new CommandRun();
        assertThat(verify.execute("records", "verify", file.toString(), "--json"))
                .isOne();
        JsonNode json = TinyModel.json(verify);
        JsonNode skipped = json.path("skipped").get(0);
        assertThat(json.path("bytes").asLong()
                        + skipped.path("to").asLong()
                        - skipped.path("from").asLong())
                .isEqualTo(bytes.length);
    }

    @Test
    void sequencesAreListsOfListsInJson() throws IOException {
        Path file = folder.resolve("s.tfrecord");
        TfRecordWriter.write(
                file,
                Compression.NONE,
                sink -> sink.write(SequenceExample.of(
                                Map.of("id", Feature.of(3)),
                                Map.of("words", List.of(Feature.of("a", "b"), Feature.of("c"))))
                        .toBytes()));
        run(0, file, Path.of("s.jsonl"));
        assertThat(lines("s.jsonl")).containsExactly("{\"id\":3,\"words\":[[\"a\",\"b\"],[\"c\"]]}");
        assertThat(run(1, file, Path.of("s.csv")).err()).contains("field \"words\" of record 0 of " + file);
        run(0, file, Path.of("s.csv"), "--features", "id:int64");
        for (String command : new String[] {"head", "stats"}) {
            CommandRun run = new CommandRun();
            assertThat(run.execute("records", command, file.toString())).isZero();
            assertThat(run.out()).contains("words");
        }
    }

    /// JSON Lines need one pass, other targets two: a pipe is an error there, not a wait for ever.
    @Test
    void pipesAreReadOnce() throws Exception {
        Path pipe = folder.resolve("pipe.jsonl");
        if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() != 0) {
            return;
        }
        String[] write = {"sh", "-c", "printf '{\"a\":1}\\n{\"a\":2}\\n' > '" + pipe + "'"};
        var writer = new ProcessBuilder(write).start();
        run(0, pipe, Path.of("one.jsonl"));
        assertThat(writer.waitFor()).isZero();
        writer = new ProcessBuilder(write).start();
        run(0, pipe, Path.of("one.tfrecord"), "--features", "a:int64");
        assertThat(writer.waitFor()).isZero();
        writer = new ProcessBuilder(write).start();
        assertThat(run(1, pipe, Path.of("two.tfrecord")).err()).contains("can be read twice", "--features");
        assertThat(writer.waitFor()).isZero();
    }

    @Test
    void oneProgressGoesOverAllFiles() throws IOException {
        Path first = Files.write(folder.resolve("a.tfrecord"), new byte[100]);
        Path second = Files.write(folder.resolve("b.tfrecord"), new byte[300]);
        var text = new StringWriter();
        var progress = new FileProgress(new PrintWriter(text), "count", "records", true, 400);
        progress.begin(first);
        progress.at(100, 7);
        progress.begin(second);
        progress.at(0, 0);
        progress.at(100, 3);
        progress.done();
        assertThat(text.toString()).contains("count: 10 records, ").endsWith("100 %" + System.lineSeparator());
        // A pass that took no time says nothing.
        CommandRun quick = new CommandRun();
        assertThat(quick.execute(
                        "records",
                        "count",
                        examples("c.tfrecord", Compression.ZLIB).toString()))
                .isZero();
        assertThat(quick.err()).isEmpty();
    }
}
