package io.torrefy.posttrain.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.torrefy.posttrain.rewards.Sandbox.Ending;
import io.torrefy.posttrain.rewards.Sandbox.Limits;
import io.torrefy.posttrain.rewards.Sandbox.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Programs of the shell, as bad as they come; with namespaces where this machine lets users make them, and without.
@Timeout(300)
class SandboxTest {
    private static final Limits LIMITS = new Limits(20, 5, 512, 64, 16);

    @TempDir
    private Path outside;

    @BeforeEach
    void needsAShell() {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "a POSIX shell");
    }

    static List<Sandbox> sandboxes() {
        return sandboxes(LIMITS);
    }

    private static List<Sandbox> sandboxes(Limits limits) {
        return List.of(Sandbox.of(limits), Sandbox.unconfined(limits));
    }

    private static Result run(Sandbox sandbox, String script) throws IOException {
        return sandbox.run(List.of("/bin/sh", "-c", script), Map.of("file", "contents\n"), "input\n");
    }

    @ParameterizedTest
    @MethodSource("sandboxes")
    void runsAProgram(Sandbox sandbox) throws IOException {
        Result result = run(sandbox, "cat file; cat; echo wrong >&2; exit 3");
        assertThat(result).isEqualTo(new Result(Ending.EXITED, 3, "contents\ninput\n", "wrong\n"));
        assertThat(result.success()).isFalse();
        assertThat(run(sandbox, "true").success()).isTrue();
        assertThat(run(sandbox, "exit 97").exitCode()).isEqualTo(97);
        assertThat(sandbox.isolation()).contains(sandbox.isConfined() ? "no network" : "network and files are open");
    }

    @ParameterizedTest
    @MethodSource("sandboxes")
    void leavesNothingBehind(Sandbox sandbox) throws IOException {
        Result result = run(sandbox, "mkdir -p a/b && echo x > a/b/c && ln -s / root && chmod 000 a && pwd");
        Path folder = Path.of(result.output().strip());
        assertThat(folder.getParent()).doesNotExist();
        assertThat(Path.of("/bin/sh")).exists();
    }

    @ParameterizedTest
    @MethodSource("sandboxes")
    void hasAnEnvironmentOfItsOwn(Sandbox sandbox) throws IOException {
        String environment = run(sandbox, "env").output();
        Stream<String> names = environment.lines().map(line -> line.split("=", 2)[0]);
        assertThat(names)
                .isSubsetOf(
                        "PATH",
                        "HOME",
                        "TMPDIR",
                        "TEMP",
                        "TMP",
                        "LANG",
                        "PYTHONHASHSEED",
                        "PYTHONDONTWRITEBYTECODE",
                        "MALLOC_ARENA_MAX",
                        "TORREFY_SANDBOX",
                        "PWD",
                        "OLDPWD",
                        "SHLVL",
                        "_");
    }

    @Test
    void killsWhatDoesNotEnd() throws IOException {
        for (Sandbox sandbox : sandboxes(new Limits(0.5, 30, 512, 64, 16))) {
            Result result = run(sandbox, "trap '' TERM INT HUP; echo begun; while true; do sleep 1; done");
            assertThat(result.ending()).isEqualTo(Ending.TIME);
            assertThat(result.exitCode()).isEqualTo(-1);
            assertThat(result.output()).isEqualTo("begun\n");
        }
    }

    /// A child that goes on after its parent, in a session of its own, with the output still open.
    @Test
    void killsWhatRunsAway() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name", "").startsWith("Linux"), "processes are found in /proc");
        for (Sandbox sandbox : sandboxes(LIMITS)) {
            String mark = "9" + Math.abs(UUID.randomUUID().getMostSignificantBits() % 100_000_000);
            Result result =
                    run(sandbox, "setsid sh -c 'sleep " + mark + " & sleep " + mark + "' & echo gone; sleep 0.2");
            assertThat(result.output()).isEqualTo("gone\n");
            for (int i = 0; i < 100 && isRunning(mark); i++) {
                Thread.sleep(20);
            }
            assertThat(isRunning(mark)).isFalse();
        }
    }

    private static boolean isRunning(String mark) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes.anyMatch(process -> {
                try {
                    return Files.readString(process.resolve("cmdline")).contains("sleep\0" + mark);
                } catch (IOException _) {
                    return false;
                }
            });
        }
    }

    @Test
    void stopsAtTheLimitOfProcessorTime() throws IOException {
        for (Sandbox sandbox : sandboxes(new Limits(60, 1, 512, 64, 16))) {
            Result result = run(sandbox, "while true; do :; done");
            assertThat(result.ending()).isEqualTo(Ending.EXITED);
            assertThat(result.exitCode()).isGreaterThan(128);
        }
    }

    @ParameterizedTest
    @MethodSource("sandboxes")
    void stopsAtTheLimitOfOutput(Sandbox sandbox) throws IOException {
        Result result = run(sandbox, "while true; do echo 0123456789012345678901234567890123456789; done");
        assertThat(result.ending()).isEqualTo(Ending.OUTPUT);
        assertThat(result.output().length()).isEqualTo(64 * 1024);
        assertThat(result.success()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("sandboxes")
    void stopsAtTheLimitOfMemory(Sandbox sandbox) throws IOException {
        assumeTrue(System.getProperty("os.name", "").startsWith("Linux"), "the kernel limits address space");
        assumeTrue(Sandbox.find("python3").isPresent(), "python3");
        Result result = sandbox.run(List.of("python3", "-c", "x = bytearray(10**9); print(len(x))"), Map.of(), "");
        assertThat(result.success()).isFalse();
        assertThat(result.output()).isEmpty();
        assertThat(result.errors()).contains("MemoryError");
    }

    @Test
    void stopsAForkBomb() throws IOException {
        for (Sandbox sandbox : sandboxes(new Limits(5, 2, 512, 64, 8))) {
            Result result = run(sandbox, "f() { sleep 30 & }; i=0; while [ $i -lt 60 ]; do f; i=$((i+1)); done; wait");
            assertThat(result.success()).isFalse();
        }
    }

    @Test
    void confinesAProgramWhereItCan() throws IOException {
        Sandbox sandbox = Sandbox.of(LIMITS);
        assumeTrue(sandbox.isConfined(), "namespaces");
        Path victim = Files.writeString(outside.resolve("victim"), "safe");
        Result result = run(sandbox, "echo lost > '" + victim + "'; rm -f '" + victim + "'; echo own > own; cat own");
        assertThat(result.output()).isEqualTo("own\n");
        assertThat(victim).hasContent("safe");
        // Of all network devices only the loopback is there, and it is down.
        assertThat(run(sandbox, "cat /proc/net/route").output().lines()).hasSizeLessThanOrEqualTo(1);
        // Process 1 is the sandbox's own.
        assertThat(run(sandbox, "tr '\\0' ' ' < /proc/1/cmdline").output()).contains("sandbox");
        assertThat(run(sandbox, "kill -9 " + ProcessHandle.current().pid() + " 2>/dev/null || echo no")
                        .output())
                .isEqualTo("no\n");
    }

    @Test
    void saysWhatCannotBe() {
        assertThatThrownBy(() -> new Limits(0, 1, 64, 1, 1)).hasMessageContaining("[sandbox]");
        assertThatThrownBy(() -> Sandbox.of(LIMITS).run(List.of("/bin/sh"), Map.of("no/such/folder", ""), ""))
                .isInstanceOf(IOException.class);
    }
}
