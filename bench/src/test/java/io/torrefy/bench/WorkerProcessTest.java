package io.torrefy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerProcessTest {
    /// A worker that plays what its argument says, and opens like a good one.
    static final class Fake {
        public static void main(String[] args) throws IOException, InterruptedException {
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                System.out.println(
                        line.contains("\"open\"") ? "{\"ok\":true,\"work\":8,\"unit\":\"flops\"}" : play(args[0]));
            }
        }

        private static String play(String what) throws InterruptedException {
            return switch (what) {
                case "well" -> "{\"ok\":true,\"seconds\":[0.5,0.25],\"bytes\":4096}";
                case "refuses" -> "{\"ok\":false,\"why\":\"out of memory\"}";
                case "refuses without reason" -> "{\"ok\":false}";
                case "garbage" -> "Segmentation fault";
                case "blank" -> "";
                case "words" -> "{\"ok\":true,\"seconds\":[0.5,\"soon\"]}";
                case "sleeps" -> {
                    Thread.sleep(30_000);
                    yield "{}";
                }
                case "environment" ->
                    "{\"ok\":false,\"why\":\"" + System.getenv("OMP_NUM_THREADS") + " " + System.getenv("MKL_DEBUG")
                            + "\"}";
                default -> {
                    System.err.println("Traceback:\n\nMemoryError: too big");
                    System.exit(7);
                    yield "";
                }
            };
        }
    }

    private static WorkerProcess fake(String what) throws WorkerProcess.Failure {
        return new WorkerProcess(new Launch(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Fake.class.getName(),
                        what),
                Map.of("OMP_NUM_THREADS", "3")));
    }

    /// Why running twice fails.
    private static String failure(String what, double timeout) throws WorkerProcess.Failure {
        try (WorkerProcess worker = fake(what)) {
            worker.open("x", Map.of(), 1, 30);
            try {
                worker.run(2, timeout);
            } catch (WorkerProcess.Failure e) {
                return e.getMessage();
            }
        }
        throw new AssertionError("expected a failure");
    }

    @Test
    void whatAWorkerAnswersIsTaken() throws WorkerProcess.Failure {
        try (WorkerProcess worker = fake("well")) {
            assertThat(worker.open("x", Map.of("m", 3), 2, 30)).isEqualTo(new Case.Work(8, "flops"));
            assertThat(worker.run(2, 30)).containsExactly(0.5, 0.25);
            assertThat(worker.peak()).isEqualTo(4096);
            worker.shut();
            assertThatThrownBy(() -> worker.run(3, 30)).hasMessage("expected 3 times; got 2");
        }
    }

    @Test
    void aReasonIsPassedOn() throws WorkerProcess.Failure {
        assertThat(failure("refuses", 30)).isEqualTo("out of memory");
        assertThat(failure("refuses without reason", 30)).isEqualTo("gave no reason");
    }

    @Test
    void garbageIsNoAnswer() throws WorkerProcess.Failure {
        assertThat(failure("garbage", 30)).isEqualTo("answered with something else than JSON: Segmentation fault");
        assertThat(failure("blank", 30)).isEqualTo("expected 2 times; got 0");
        assertThat(failure("words", 30)).isEqualTo("expected seconds; got \"soon\"");
    }

    @Test
    void silenceEndsAtTheTimeout() throws WorkerProcess.Failure {
        assertThat(failure("sleeps", 0.2)).isEqualTo("no answer for 0 s");
    }

    @Test
    void aDeathIsToldWithItsLastWords() throws Exception {
        try (WorkerProcess worker = fake("dies")) {
            worker.open("x", Map.of(), 1, 30);
            for (int i = 0; i < 2; i++) {
                // The second time the pipe is closed or its end already read.
                assertThatThrownBy(() -> worker.run(1, 30))
                        .isInstanceOf(WorkerProcess.Failure.class)
                        .hasMessageStartingWith("died (exit code 7)");
            }
            assertThat(worker.lastWords()).isEqualTo("Traceback:\nMemoryError: too big");
        }
    }

    @Test
    void aProgramThatIsNotThereIsAFailure() {
        assertThatThrownBy(() -> new WorkerProcess(new Launch(List.of("no-such-program-anywhere"), Map.of())))
                .isInstanceOf(WorkerProcess.Failure.class)
                .hasMessageStartingWith("did not start: ");
    }

    @Test
    void threadsAreSetAndTuningIsNotInherited() throws WorkerProcess.Failure {
        assertThat(failure("environment", 30)).isEqualTo("3 null");
        assertThat(Launch.inherits("MKL_DEBUG_CPU_TYPE")).isFalse();
        assertThat(Launch.inherits("PATH")).isTrue();
    }

    /// The two ends speak the same: a real worker, in this process, with a case of our own.
    @Test
    void theRealWorkerKeepsToTheProtocol() {
        var closed = new int[1];
        PrintStream err = System.err;
        // What fails is traced there.
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));
        try {
            protocol(closed);
        } finally {
            System.setErr(err);
        }
        assertThat(closed[0]).isOne();
    }

    private static void protocol(int[] closed) {
        var worker = new Worker(_ -> (args, threads) -> new Case() {
            @Override
            public Work work() {
                return new Work(args.path("m").asDouble() * threads, "tokens");
            }

            @Override
            public void run() {}

            @Override
            public void close() {
                closed[0]++;
            }
        });
        assertThat(worker.answer("{\"do\":\"run\"}")).contains("\"ok\":false", "run before open");
        assertThat(worker.answer("{\"do\":\"open\",\"case\":\"x\",\"args\":{\"m\":4},\"threads\":1}"))
                .isEqualTo("{\"ok\":true,\"work\":4.0,\"unit\":\"tokens\"}");
        assertThat(worker.answer("{\"do\":\"run\",\"times\":2}")).matches("\\{\"ok\":true,\"seconds\":\\[.+,.+]}");
        assertThat(worker.answer("what?")).startsWith("{\"ok\":false,\"why\":\"");
        assertThat(worker.answer("{\"do\":\"close\"}")).isEqualTo("{\"ok\":true}");
        assertThat(worker.answer("{\"do\":\"close\"}")).isEqualTo("{\"ok\":true}");
    }
}
