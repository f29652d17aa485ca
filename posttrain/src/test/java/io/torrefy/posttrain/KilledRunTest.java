package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.EventWriter;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs in processes of their own, which are killed without warning.
class KilledRunTest {
    private static final int STEPS = 60;

    @TempDir
    Path temporary;

    /// A run whose state is a number that each step maps on.
    static final class Run {
        private Run() {}

        public static void main(String[] args) throws IOException {
            try (var run = RunFolder.open(Path.of(args[0]), true).keep(2)) {
                run.config(Map.of("steps", STEPS), Set.of());
                long state = 1;
                long step = 0;
                if (run.resumed().isPresent()) {
                    step = run.resumed().get().step();
                    state = Long.parseLong(
                            Files.readString(run.resumed().get().folder().resolve("state")));
                }
                System.out.println("running");
                while (step < STEPS) {
                    step++;
                    state = state * 6364136223846793005L + 1442695040888963407L;
                    run.log(step, Map.of("reward", (double) state));
                    run.sample(new RunSample(
                            step, "train", "p", "" + state, "", false, 0, Map.of("accuracy", 0.0), 1, "stop"));
                    if (step % 4 == 0 || step == STEPS) {
                        var text = "" + state;
                        run.checkpoint(step, to -> Files.writeString(to.resolve("state"), text));
                    }
                }
                run.result(Map.of("state", "" + state));
            }
        }
    }

    @Test
    void aRunKilledAtRandomLeavesTheFilesOfOneThatWasNot() throws Exception {
        var whole = temporary.resolve("whole");
        assertThat(start(whole).waitFor()).isZero();

        var killed = temporary.resolve("killed");
        var random = new Random();
        int kills = 0;
        for (int attempt = 0; attempt < 5; attempt++) {
            var process = start(killed);
            awaitRunning(process);
            if (!process.waitFor(random.nextInt(40), TimeUnit.MILLISECONDS)) {
                kills++;
            }
            process.destroyForcibly().waitFor();
        }
        assertThat(kills).isPositive();
        assertThat(start(killed).waitFor()).isZero();

        for (var name : new String[] {"samples.jsonl", "result.json", "config.json", "checkpoints/step-000060/state"}) {
            assertThat(Files.readString(killed.resolve(name))).isEqualTo(Files.readString(whole.resolve(name)));
        }
        assertThat(metrics(killed)).isEqualTo(metrics(whole)).hasLineCount(STEPS);
    }

    @Test
    void aFolderHeldByAnotherProcessIsRefusedWithItsNumber() throws Exception {
        var held = temporary.resolve("held");
        var process = start(held);
        try {
            awaitRunning(process);
            assertThatThrownBy(() -> RunFolder.open(held, true))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("is held by process " + process.pid() + " on ");
        } finally {
            process.destroyForcibly().waitFor();
        }
        RunFolder.open(held, true).close();
    }

    private static void awaitRunning(Process process) throws IOException {
        assertThat(process.getInputStream().read()).isEqualTo('r');
    }

    private static String metrics(Path run) throws IOException {
        return Files.readString(run.resolve("metrics.jsonl")).replaceAll(",\"time\".*?}", "}");
    }

    private Process start(Path run) throws IOException {
        var classPath = Stream.concat(
                        Stream.of(
                                        RunFolder.class,
                                        EventWriter.class,
                                        ObjectMapper.class,
                                        JsonFactory.class,
                                        JsonProperty.class)
                                .map(KilledRunTest::location),
                        Stream.of("target/test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        classPath,
                        Run.class.getName(),
                        run.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String location(Class<?> type) {
        try {
            URI uri = type.getProtectionDomain().getCodeSource().getLocation().toURI();
            return Path.of(uri).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
