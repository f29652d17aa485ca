package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.torrefy.data.EventFiles;
import io.torrefy.data.JsonLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    Path temporary;

    private Path folder() {
        return temporary.resolve("run");
    }

    @Test
    void writesWhatARunIs() throws IOException {
        try (var run = RunFolder.open(folder(), false)) {
            assertThat(run.resumed()).isEmpty();
            run.config(Map.of("steps", 2), Set.of());
            run.describe(Map.of("name", "r1-zero", "seed", 1));
            var metrics = new LinkedHashMap<String, Double>();
            metrics.put("reward", 0.5);
            metrics.put("kl", Double.NaN);
            run.log(1, metrics);
            run.sample(sample(1, "3 + 4?"));
            run.result(Map.of("accuracy_after", 0.75));
        }
        assertThat(Files.readString(folder().resolve("config.json"))).isEqualTo("{\n  \"steps\" : 2\n}\n");
        assertThat(Files.readString(folder().resolve("metrics.jsonl")))
                .matches("\\{\"step\":1,\"reward\":0.5,\"kl\":\"NaN\",\"time\":[0-9.E]+,\"elapsed\":[0-9.]+}\n");
        var sample = JsonLines.read(folder().resolve("samples.jsonl")).getFirst();
        assertThat(RunSample.fromJson(sample.value())).isEqualTo(sample(1, "3 + 4?"));
        assertThat(RunJson.read(folder().resolve("run.json")).path("resumes").asInt())
                .isZero();
        assertThat(RunJson.read(folder().resolve("result.json"))
                        .path("accuracy_after")
                        .asDouble())
                .isEqualTo(0.75);
        assertThat(EventFiles.files(folder())).hasSize(1);
    }

    @Test
    void numbersFoldersOnwards() {
        var runs = temporary.resolve("runs");
        assertThat(RunFolder.last(runs, "r1-zero")).isEmpty();
        assertThat(RunFolder.create(runs, "r1-zero")).isEqualTo(runs.resolve("r1-zero-1"));
        RunFolder.create(runs, "r1-zero-wide");
        assertThat(runs.resolve("r1-zero-41").toFile().mkdir()).isTrue();
        assertThat(RunFolder.create(runs, "r1-zero")).isEqualTo(runs.resolve("r1-zero-42"));
        assertThat(RunFolder.last(runs, "r1-zero")).contains(runs.resolve("r1-zero-42"));
    }

    @Test
    void aNewRunDoesNotGoIntoAnOldOnesFolder() {
        try (var run = RunFolder.open(folder(), false)) {
            run.log(1, Map.of("reward", 1.0));
        }
        assertThatThrownBy(() -> RunFolder.open(folder(), false))
                .isInstanceOf(RunException.class)
                .hasMessageContaining(folder() + " holds a run already. Hint: continue it with --resume");
        assertThatCode(() -> RunFolder.open(folder(), true).close()).doesNotThrowAnyException();
    }

    @Test
    void resumingTakesTheLogsBackToTheCheckpoint() throws IOException {
        // A clock that steps on: the real one may stand still for as long as this test takes.
        var ticks = new AtomicLong();
        InstantSource clock = () -> Instant.ofEpochMilli(1_700_000_000_000L + 10 * ticks.getAndIncrement());
        try (var run = RunFolder.open(folder(), false, clock)) {
            steps(run, 0, 4);
            run.checkpoint(4, to -> Files.writeString(to.resolve("state"), "4"));
        }
        var metrics = Files.readString(folder().resolve("metrics.jsonl"));
        var samples = Files.readString(folder().resolve("samples.jsonl"));
        var events = Files.readAllBytes(EventFiles.files(folder()).getFirst());

        try (var run = RunFolder.open(folder(), true)) {
            steps(run, 5, 7);
            run.result(Map.of("steps", 7));
        }
        Files.writeString(
                folder().resolve("metrics.jsonl"),
                Files.readString(folder().resolve("metrics.jsonl")) + "{\"step\":3,\"rew");
        try (var run = RunFolder.open(folder(), true)) {
            assertThat(run.resumed().orElseThrow().step()).isEqualTo(4);
            assertThat(run.notes()).isEmpty();
            assertThat(Files.readString(folder().resolve("metrics.jsonl"))).isEqualTo(metrics);
            assertThat(Files.readString(folder().resolve("samples.jsonl"))).isEqualTo(samples);
            assertThat(Files.readAllBytes(EventFiles.files(folder()).getFirst()))
                    .isEqualTo(events);
            assertThat(run.elapsed()).isPositive();
            steps(run, 5, 5);
            assertThat(folder().resolve("result.json")).doesNotExist();
        }
    }

    @Test
    void withoutACheckpointARunResumesFromItsBeginning() throws IOException {
        try (var run = RunFolder.open(folder(), false)) {
            steps(run, 0, 3);
        }
        try (var run = RunFolder.open(folder(), true)) {
            assertThat(run.resumed()).isEmpty();
            assertThat(folder().resolve("metrics.jsonl")).isEmptyFile();
            assertThat(folder().resolve("samples.jsonl")).isEmptyFile();
            assertThat(EventFiles.files(folder())).isEmpty();
        }
    }

    @Test
    void aResumedRunKeepsItsConfiguration() {
        try (var run = RunFolder.open(folder(), false)) {
            run.config(Map.of("learning_rate", 1e-4, "threads", 1, "model", Map.of("layers", 2)), Set.of("threads"));
            run.checkpoint(1, _ -> {});
        }
        try (var run = RunFolder.open(folder(), true)) {
            run.config(Map.of("learning_rate", 1e-4, "threads", 2, "model", Map.of("layers", 2)), Set.of("threads"));
            assertThatThrownBy(() -> run.config(
                            Map.of("learning_rate", 2e-4, "threads", 2, "model", Map.of("layers", 3)),
                            Set.of("threads")))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("learning_rate was 1.0E-4, now is 2.0E-4; model.layers was 2, now is 3");
            run.describe(Map.of());
        }
    }

    @Test
    void twoRunsDoNotShareAFolder() {
        try (var run = RunFolder.open(folder(), false)) {
            assertThatThrownBy(() -> RunFolder.open(folder(), true))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining(
                            "is held by process " + ProcessHandle.current().pid() + " on ");
            // and the refusal did not loosen the lock
            assertThatThrownBy(() -> RunFolder.open(folder().resolve("../run"), true))
                    .isInstanceOf(RunException.class);
            run.log(1, Map.of("reward", 1.0));
        }
        assertThatCode(() -> RunFolder.open(folder(), true).close()).doesNotThrowAnyException();
    }

    @Test
    void aFailedWriteNamesTheStepAndLosesNothing() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/full")));
        Files.createDirectories(folder());
        var metrics = Files.createSymbolicLink(folder().resolve("metrics.jsonl"), Path.of("/dev/full"));
        try (var run = RunFolder.open(folder(), true)) {
            assertThatThrownBy(() -> run.log(7, Map.of("reward", 1.0)))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("could not log the metrics of step 7 in " + folder())
                    .hasMessageContaining(
                            "No space left on device. Nothing written before is lost. Hint: free some space");
        }
        Files.delete(metrics);
    }

    @Test
    void aReadOnlyFolderIsRefused() throws IOException {
        Files.createDirectories(folder());
        Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("r-xr-xr-x"));
        assumeFalse(Files.isWritable(folder()), "the superuser may write anywhere");
        assertThatThrownBy(() -> RunFolder.open(folder(), false))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("permission denied. Hint: the run needs a folder it may write to");
    }

    @Test
    void aFileInThePlaceOfTheFolderIsRefused() throws IOException {
        Files.writeString(folder(), "");
        assertThatThrownBy(() -> RunFolder.open(folder(), false))
                .isInstanceOf(RunException.class)
                .hasMessageContaining(folder() + " is a file");
    }

    @Test
    void publishesAFolderWholeOrNotAtAll() throws IOException {
        try (var run = RunFolder.open(folder(), false)) {
            run.publish("model", to -> Files.writeString(to.resolve("config.json"), "old"));
            assertThatThrownBy(() -> run.publish("model", to -> {
                        Files.writeString(to.resolve("config.json"), "half");
                        throw new IOException("No space left on device");
                    }))
                    .isInstanceOf(RunException.class);
            assertThat(folder().resolve("model/config.json")).hasContent("old");
            run.publish("model", to -> Files.writeString(to.resolve("config.json"), "new"));
            assertThat(folder().resolve("model/config.json")).hasContent("new");
        }
        try (var entries = Files.list(folder())) {
            assertThat(entries.map(AtomicFiles::name).toList())
                    .containsExactlyInAnyOrderElementsOf(List.of(".lock", "metrics.jsonl", "samples.jsonl", "model"));
        }
    }

    private static void steps(RunFolder run, long from, long to) {
        for (long step = from; step <= to; step++) {
            run.log(step, Map.of("reward", step * 0.5));
            run.sample(sample(step, "1 + " + step + "?"));
        }
    }

    private static RunSample sample(long step, String prompt) {
        var rewards = new LinkedHashMap<String, Double>();
        rewards.put("accuracy", 1.0);
        rewards.put("format", 0.1);
        return new RunSample(step, "train", prompt, "<think>7</think>\n7", "7", true, 1.1, rewards, 12, "stop");
    }
}
