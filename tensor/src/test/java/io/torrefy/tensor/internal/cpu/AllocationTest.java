package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// Kernels allocate nothing by the row or by the element: what C2 cannot keep in registers it boxes, silently, at up to
/// ten times the time. What a call may take is the objects that hand its tasks to threads, whatever its size.
class AllocationTest {
    @Test
    void kernelsAllocateNoMoreThanTheirTasks() throws IOException, InterruptedException, URISyntaxException {
        Assumptions.assumeTrue(Mem.VECTOR, "scalar kernels have no vectors to box");
        Process probe = new ProcessBuilder(command())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines;
        try (BufferedReader output = probe.inputReader()) {
            lines = output.lines().toList();
        }
        assertThat(probe.waitFor())
                .as("exit of the probe, which said %s", lines)
                .isZero();
        assertThat(lines).as("kernels on one thread and on two").hasSizeGreaterThan(100);
        assertThat(lines.stream().filter(AllocationTest::tooMuch))
                .as("kernels that allocate too much: bytes a call, the most that it may be, threads")
                .isEmpty();
    }

    private static boolean tooMuch(String line) {
        String[] words = line.split(" ", 3);
        return Long.parseLong(words[0]) > Long.parseLong(words[1]);
    }

    /// On the class path; the headers are those that `./torrefy` runs with, because C2 decides by the size of code
    /// what it inlines, and so what it boxes.
    private static List<String> command() throws URISyntaxException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = root(CpuBackend.class) + System.getProperty("path.separator") + root(AllocationProbe.class);
        return List.of(
                java,
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-cp",
                classes,
                AllocationProbe.class.getName());
    }

    /// The folder or jar that a class came from; the tests' is a patch of the module and has no code source of its
    /// own.
    private static Path root(Class<?> type) throws URISyntaxException {
        var file = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
        for (int i = type.getName().split("\\.").length; i > 0; i--) {
            file = file.getParent();
        }
        return file;
    }
}
