package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// What a run ran on, as a report shows it.
///
/// @param cpu model name of the processor
/// @param cores processors this JVM may use
/// @param memoryBytes main memory of the machine, 0 where it is not known
/// @param heapBytes the most this JVM's heap may grow to
/// @param os operating system, version and architecture
/// @param jdk version and vendor of the Java runtime
/// @param vector vector unit in use, as the tensor module names it: `AVX-512, 16 floats`
@Export(value = "posttrain.MachineInfo", since = "0.1")
public record MachineInfo(
        String cpu, int cores, long memoryBytes, long heapBytes, String os, String jdk, String vector) {
    private static final Path CPU = Path.of("/proc/cpuinfo");
    private static final Path MEMORY = Path.of("/proc/meminfo");

    /// This machine; `vector` names the vector unit.
    public static MachineInfo of(String vector) {
        var runtime = Runtime.getRuntime();
        var arch = System.getProperty("os.arch", "");
        return new MachineInfo(
                field(CPU, "model name")
                        .or(() -> sysctl("machdep.cpu.brand_string"))
                        .orElse(arch),
                runtime.availableProcessors(),
                memory(),
                runtime.maxMemory(),
                System.getProperty("os.name", "") + " " + System.getProperty("os.version", "") + " " + arch,
                Runtime.version() + " (" + System.getProperty("java.vendor", "") + ")",
                vector);
    }

    /// For `run.json` and `doctor`.
    public Map<String, Object> toMap() {
        var map = new LinkedHashMap<String, Object>();
        map.put("cpu", cpu);
        map.put("cores", cores);
        map.put("memory_gib", gibibytes(memoryBytes));
        map.put("heap_gib", gibibytes(heapBytes));
        map.put("os", os);
        map.put("jdk", jdk);
        map.put("vector", vector);
        return map;
    }

    private static double gibibytes(long bytes) {
        return Math.round(bytes / (double) (1 << 30) * 10) / 10.0;
    }

    private static long memory() {
        var kibibytes =
                field(MEMORY, "MemTotal").map(text -> text.replace("kB", "").strip());
        return kibibytes
                .filter(MachineInfo::isNumber)
                .map(text -> Long.parseLong(text) * 1024)
                .or(() -> sysctl("hw.memsize").filter(MachineInfo::isNumber).map(Long::parseLong))
                .orElse(0L);
    }

    private static boolean isNumber(String text) {
        return text.matches("\\d{1,15}");
    }

    /// The value of the first line `name : value` of `file`.
    static Optional<String> field(Path file, String name) {
        var line = Pattern.compile(Pattern.quote(name) + "\\s*:\\s*(\\S.*)");
        try (var lines = Files.lines(file, StandardCharsets.UTF_8)) {
            return lines.map(line::matcher)
                    .filter(match -> match.matches())
                    .map(match -> match.group(1).strip())
                    .findFirst();
        } catch (IOException | RuntimeException _) {
            return Optional.empty();
        }
    }

    /// macOS and the BSDs.
    private static Optional<String> sysctl(String name) {
        if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")) {
            return Optional.empty();
        }
        try {
            var process = new ProcessBuilder("sysctl", "-n", name)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (var out = process.inputReader(StandardCharsets.UTF_8)) {
                var line = Optional.ofNullable(out.readLine()).map(String::strip);
                boolean ended = process.waitFor(1, TimeUnit.SECONDS);
                return line.filter(_ -> ended).filter(Predicate.not(String::isEmpty));
            }
        } catch (IOException _) {
            return Optional.empty();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
