package io.torrefy.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// What the numbers depend on beside the code.
final class Machine {
    private static final List<String> CPUINFO = cpuinfo();

    private Machine() {}

    private static List<String> cpuinfo() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo"));
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String field(String name, String otherwise) {
        return CPUINFO.stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(otherwise);
    }

    /// The processor's name; where the system is no Linux, its architecture.
    static String cpu() {
        return field("model name", System.getProperty("os.arch"));
    }

    static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    static String jdk() {
        return System.getProperty("java.vm.version");
    }

    static String os() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version");
    }

    /// Whether the processor has the instructions that OpenBLAS's SkylakeX kernels need.
    static boolean avx512() {
        return Set.of(field("flags", "").split(" ")).containsAll(Set.of("avx512f", "avx512dq", "avx512bw", "avx512vl"));
    }
}
