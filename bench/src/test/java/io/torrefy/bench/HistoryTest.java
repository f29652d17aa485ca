package io.torrefy.bench;

import static io.torrefy.bench.Made.result;
import static io.torrefy.bench.Made.row;
import static io.torrefy.bench.Made.speeds;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
    private static final Row ROW = row("gemm").in("s").atLeast(1.5);

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("history.jsonl");
    }

    private static Run run(Result... results) {
        return Run.begin(
                        Instant.parse("2026-07-28T10:11:12.345Z"),
                        new Commit("0123abc", true),
                        Measurement.Effort.NORMAL,
                        false)
                .with(List.of(results), Suite.of(List.of(results), List.of(ROW, ROW), Map.of("s", 0.97)));
    }

    private static Run full() {
        return run(
                result(ROW, 1, speeds(123_456_789e3, 2e11, 3e11), speeds(1e11, 1e11, 1e11), null),
                result(ROW, 1, null, speeds(1e11), null),
                Made.memory(row("memory").memoryAtMost(0.7), 2, 1_234_567_890L, 2_000_000_000L, 0),
                result(ROW, 1, speeds(1), speeds(3), speeds(4)));
    }

    @Test
    void whatWasAddedIsRead() throws IOException {
        History.append(file(), full());
        History.append(file(), run());
        History read = History.read(file());
        assertThat(read.damaged()).isEmpty();
        assertThat(read.runs()).containsExactly(full(), run());
        assertThat(Files.readAllLines(file())).hasSize(2);
        assertThat(folder.toFile().list()).containsExactly("history.jsonl");
    }

    @Test
    void aLineSaysWhatWasMeasured() throws IOException {
        JsonNode line = new ObjectMapper().readTree(History.line(full()));
        assertThat(line.path("time").asText()).isEqualTo("2026-07-28T10:11:12Z");
        assertThat(line.path("commit").asText()).isEqualTo("0123abc");
        assertThat(line.path("dirty").asBoolean()).isTrue();
        assertThat(line.path("cpu").asText()).isEqualTo(Machine.cpu());
        assertThat(line.path("cores").asInt()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(line.path("rounds").asInt()).isEqualTo(7);
        assertThat(line.path("quick").asBoolean(true)).isFalse();
        assertThat(line.path("rows").get(0).toString())
                .isEqualTo("{\"name\":\"gemm\",\"threads\":1,\"who\":{"
                        + "\"torrefy\":{\"unit\":\"flops\",\"speed\":[1.617E11,2.0E11,2.5E11],\"seconds\":0.002},"
                        + "\"BLAS\":{\"unit\":\"flops\",\"speed\":[1.0E11,1.0E11,1.0E11],\"seconds\":0.002,"
                        + "\"ratio\":[1.617,2.0,2.5]},"
                        + "\"torch\":{\"why\":\"needs --python PYTHON\"}},"
                        + "\"best\":\"BLAS\",\"target\":1.5,\"met\":true}");
        assertThat(line.path("rows")
                        .get(1)
                        .path("who")
                        .path("torrefy")
                        .path("why")
                        .asText())
                .isNotEmpty();
        JsonNode memory = line.path("rows").get(2);
        assertThat(memory.path("memory").asBoolean()).isTrue();
        assertThat(memory.path("who").path("torrefy").path("peak").asLong()).isEqualTo(1_235_000_000L);
        assertThat(memory.path("who").path("BLAS").path("ratio").get(1).asDouble())
                .isEqualTo(0.6173);
        assertThat(memory.path("met").asBoolean()).isTrue();
        assertThat(line.path("rows").get(3).path("met").asBoolean(true)).isFalse();
        // The square root of 2 times 1/4.
        assertThat(line.path("suites").get(0).toString())
                .isEqualTo("{\"name\":\"s\",\"threads\":1,\"rows\":2,\"of\":2,\"ratio\":0.7071,\"target\":0.97,"
                        + "\"met\":false}");
    }

    @Test
    void outsideGitTheCommitIsNull() throws IOException {
        Run run = Run.begin(Instant.EPOCH, Commit.of(folder), Measurement.Effort.QUICK, true);
        JsonNode line = new ObjectMapper().readTree(History.line(run));
        assertThat(line.has("commit")).isTrue();
        assertThat(line.path("commit").isNull()).isTrue();
        assertThat(line.path("dirty").asBoolean(true)).isFalse();
        assertThat(line.path("quick").asBoolean()).isTrue();
    }

    @Test
    void noFileIsNoHistory() throws IOException {
        assertThat(History.read(file())).isEqualTo(new History(List.of(), List.of()));
        Path deep = folder.resolve("a").resolve("b").resolve("h.jsonl");
        History.append(deep, run());
        assertThat(History.read(deep).runs()).hasSize(1);
    }

    @Test
    void aDamagedLineIsNamedSkippedAndKept() throws IOException {
        String good = History.line(run());
        List<String> bad = List.of("<<<<<<< HEAD", "{\"time\":\"2026\"}", "[1]", "null", "7", good + good, "\"" + good);
        var lines = new ArrayList<String>();
        for (String each : bad) {
            lines.add(good);
            lines.add(each);
        }
        lines.add("");
        Files.write(file(), lines);
        Files.write(file(), new byte[] {(byte) 0xff, (byte) 0xfe, '\n'}, StandardOpenOption.APPEND);
        byte[] before = Files.readAllBytes(file());

        History read = History.read(file());
        assertThat(read.runs()).hasSize(bad.size()).containsOnly(run());
        assertThat(read.damaged()).hasSize(bad.size() + 1);
        for (int i = 0; i < bad.size(); i++) {
            assertThat(read.damaged().get(i)).contains("expected a run in line " + (2 * i + 2) + " of " + file());
        }
        assertThat(read.damaged().getFirst()).contains("'<<<<<<< HEAD'");
        assertThat(read.damaged().getLast()).contains("line 16 of");

        History.append(file(), run());
        byte[] after = Files.readAllBytes(file());
        assertThat(java.util.Arrays.copyOf(after, before.length)).isEqualTo(before);
        assertThat(new String(after, before.length, after.length - before.length, StandardCharsets.UTF_8))
                .isEqualTo(good + "\n");
    }

    /// Cut at every length, as a full disk or another program might: the next run's line is its own.
    @Test
    void aLineCutShortSpoilsNoOther() throws IOException {
        String good = History.line(run());
        for (int length = 1; length < good.length(); length += 7) {
            Files.writeString(file(), good + "\n" + good.substring(0, length));
            History.append(file(), full());
            History read = History.read(file());
            assertThat(read.runs()).as("length %d", length).containsExactly(run(), full());
            assertThat(read.damaged()).singleElement().asString().contains("line 2 of");
        }
        Files.writeString(file(), good);
        History.append(file(), run());
        assertThat(History.read(file()).runs()).hasSize(2);
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real")).resolve("h.jsonl");
        History.append(real, run());
        Path link = Files.createSymbolicLink(file(), real);
        History.append(link, run());
        assertThat(link).isSymbolicLink();
        assertThat(History.read(real).runs()).hasSize(2);
    }

    @Test
    void fieldsOfLaterVersionsAreIgnored() throws IOException {
        Files.writeString(file(), History.line(run()).replaceFirst("\\{", "{\"new\":{\"a\":[1]},") + "\n");
        assertThat(History.read(file()).runs()).containsExactly(run());
    }

    @Test
    void aReasonIsShortAndNamesNoFolder() {
        var entries = List.of(
                new Result.Entry(ROW.contenders().getFirst(), "flops", speeds(1), Stats.of(1), 0, null, null),
                Result.Entry.failed(
                        Made.BLAS, "did not start: Cannot run program \"/home/me/venv/bin/python\": no\nmore"),
                Result.Entry.failed(Made.TORCH, "1.5 GB/s and " + "x".repeat(1000)));
        Run.Measured row = Run.Measured.of(new Result(ROW, 1, entries));
        assertThat(row.who().get("BLAS").why()).isEqualTo("did not start: Cannot run program \"python\": no");
        assertThat(row.who().get("torch").why()).startsWith("1.5 GB/s and xxx").hasSizeLessThan(200);
        assertThat(row.best()).isNull();
    }

    /// Adds lines until it has added them all: `FILE COUNT`.
    static final class Adder {
        public static void main(String[] args) throws IOException {
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                History.append(Path.of(args[0]), full());
                System.out.println(i);
            }
        }
    }

    private Process adder(int count, ProcessBuilder.Redirect output) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Adder.class.getName(),
                        file().toString(),
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output)
                .start();
    }

    @Test
    @Timeout(120)
    void killedAndConcurrentRunsLeaveWholeLines() throws Exception {
        int each = 40;
        Path said = folder.resolve("said");
        Process killed = adder(1_000_000, ProcessBuilder.Redirect.to(said.toFile()));
        Process one = adder(each, ProcessBuilder.Redirect.DISCARD);
        Process two = adder(each, ProcessBuilder.Redirect.DISCARD);
        for (Process process : List.of(one, two)) {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            killed.destroyForcibly();
        }
        killed.waitFor();
        // What the killed one said it had added is there, and one line more at the most: added, and not yet said.
        long told = Files.readString(said).lines().count();
        History read = History.read(file());
        assertThat(read.damaged()).isEmpty();
        assertThat((long) read.runs().size()).isBetween(2 * each + told, 2 * each + told + 1);
        assertThat(read.runs()).containsOnly(full());
    }
}
