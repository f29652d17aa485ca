package io.torrefy.app;

import io.torrefy.posttrain.MachineInfo;
import io.torrefy.posttrain.Terminal;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy doctor`.
@Command(
        name = "doctor",
        description = {
            "Looks at the machine: Java, vector unit, cores, memory, disk, base model and the speed of a matrix product.",
            "Says what is missing and what to do. Exit code 1 if something is wrong."
        })
final class DoctorCommand implements Callable<Integer> {
    /// Earlier 25s can corrupt memory under G1 (JDK-8377811).
    private static final Runtime.Version LEAST = Runtime.Version.parse("25.0.3");

    private static final long GIB = 1L << 30;

    /// How bad a finding is.
    enum Status {
        OK,
        /// It works, but not as well as it could.
        WARNING,
        WRONG
    }

    /// One thing that was looked at.
    ///
    /// @param hint what to do; empty where all is well
    record Finding(String name, Status status, String value, String hint) {
        static Finding ok(String name, String value) {
            return new Finding(name, Status.OK, value, "");
        }

        /// All is well, or else `status` and what to do.
        static Finding when(boolean fine, String name, String value, Status otherwise, String hint) {
            return fine ? ok(name, value) : new Finding(name, otherwise, value, hint);
        }

        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", name);
            map.put("status", status.name().toLowerCase(Locale.ROOT));
            map.put("value", value);
            if (!hint.isEmpty()) {
                map.put("hint", hint);
            }
            return map;
        }
    }

    @Mixin
    private ModelOption model = new ModelOption();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        common.apply();
        MachineInfo machine = MachineInfo.of(Threads.vectorUnit());
        List<Finding> findings = new ArrayList<>();
        findings.add(java(Runtime.version(), System.getProperty("java.vendor", "")));
        findings.add(Finding.ok("system", machine.os()));
        findings.add(Finding.ok("processor", machine.cpu()));
        findings.add(vector(machine.vector(), System.getProperty("os.arch", "")));
        findings.add(threads(machine.cores(), Threads.count()));
        findings.add(memory(machine.memoryBytes(), machine.heapBytes()));
        findings.add(nativeAccess(Tensor.class.getModule().isNativeAccessEnabled()));
        findings.add(Finding.ok("terminal", terminal(Terminal.detect())));
        findings.add(disk(Path.of("").toAbsolutePath()));
        findings.add(baseModel(model.folder()));
        findings.forEach(this::show);
        double gflops = sgemm(512);
        Finding speed =
                Finding.ok("SGEMM", String.format(Locale.ROOT, "%.1f GFLOP/s (512 x 512 x 512, best of 30)", gflops));
        show(speed);
        findings.add(speed);
        boolean wrong = findings.stream().anyMatch(f -> f.status() == Status.WRONG);
        boolean warned = findings.stream().anyMatch(f -> f.status() == Status.WARNING);
        common.out()
                .println(
                        wrong
                                ? "Something is wrong: see above."
                                : warned ? "It works, but see the warnings." : "All is well.");
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("ok", !wrong);
        json.putAll(machine.toMap());
        json.put("threads", Threads.count());
        json.put("sgemm_gflops", gflops);
        json.put("findings", findings.stream().map(Finding::toMap).toList());
        common.result(json);
        return wrong ? 1 : 0;
    }

    private void show(Finding finding) {
        String mark = switch (finding.status()) {
            case OK -> "ok";
            case WARNING -> "warning";
            case WRONG -> "WRONG";
        };
        common.out().println(String.format(Locale.ROOT, "%-8s %-14s %s", mark, finding.name(), finding.value()));
        if (!finding.hint().isEmpty()) {
            common.out().println(String.format(Locale.ROOT, "%-8s %-14s -> %s", "", "", finding.hint()));
        }
        common.out().flush();
    }

    static Finding java(Runtime.Version version, String vendor) {
        return Finding.when(
                version.compareToIgnoreOptional(LEAST) >= 0,
                "Java",
                version + " (" + vendor + ")",
                Status.WRONG,
                "needs " + LEAST + " or newer (earlier ones can corrupt memory, JDK-8377811): install Temurin 25 from"
                        + " https://adoptium.net/temurin/releases/?version=25, or set JAVA_HOME to one.");
    }

    static Finding vector(String unit, String architecture) {
        boolean narrow = unit.startsWith("SSE");
        boolean none = unit.startsWith("none");
        return Finding.when(
                !narrow && !none,
                "vector unit",
                unit,
                Status.WARNING,
                none
                        ? "the scalar kernels are many times slower: take away -Dtorrefy.vector=0."
                        : "registers of 128 bits only: is AVX hidden by a virtual machine, or by -XX:UseAVX? ("
                                + architecture + ")");
    }

    static Finding threads(int cores, int threads) {
        return Finding.when(
                threads <= cores,
                "threads",
                threads + " on " + cores + " cores",
                Status.WARNING,
                "more threads than cores wait for each other: leave --threads and torrefy.threads out.");
    }

    /// @param memory of the machine, 0 where it is not known
    static Finding memory(long memory, long heap) {
        String value = String.format(
                Locale.ROOT,
                "%s, of which Java's heap may take %.1f GiB",
                memory == 0 ? "of unknown size" : String.format(Locale.ROOT, "%.1f GiB", (double) memory / GIB),
                (double) heap / GIB);
        return Finding.when(
                memory == 0 || memory >= 2 * GIB,
                "memory",
                value,
                Status.WARNING,
                "the default run wants 2 GiB: take fewer problems a step (r1-zero --problems 4).");
    }

    static Finding nativeAccess(boolean enabled) {
        return Finding.when(
                enabled,
                "native access",
                enabled ? "granted to tensors" : "not granted",
                Status.WARNING,
                "start with ./torrefy, or give Java --enable-native-access=io.torrefy.tensor.");
    }

    private static String terminal(Terminal terminal) {
        if (!terminal.live()) {
            return "none: progress comes as plain lines";
        }
        return "live lines" + (terminal.color() ? ", colour" : "") + (terminal.unicode() ? ", Unicode" : ", ASCII");
    }

    /// Where run folders go.
    static Finding disk(Path folder) {
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            String value = String.format(Locale.ROOT, "%.1f GiB free in %s", (double) free / GIB, folder);
            if (!Files.isWritable(folder)) {
                return new Finding(
                        "disk",
                        Status.WRONG,
                        value + ", which cannot be written to",
                        "start in a folder of your own, or name one with --out.");
            }
            return Finding.when(
                    free >= GIB, "disk", value, Status.WARNING, "a run keeps checkpoints: make room, or use --out.");
        } catch (IOException e) {
            return new Finding(
                    "disk", Status.WRONG, folder + ": " + e.getMessage(), "start in a folder that can be read.");
        }
    }

    static Finding baseModel(Path folder) {
        try {
            Loaded loaded = Loaded.from(folder);
            return Finding.ok(
                    "model",
                    String.format(
                            Locale.ROOT,
                            "%s, %,d parameters, %d tokens",
                            folder,
                            loaded.model().parameterCount(),
                            loaded.tokenizer().vocabSize()));
        } catch (RuntimeException e) {
            String problem = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new Finding(
                    "model",
                    Status.WRONG,
                    problem,
                    "bring back models/base (git checkout models), make it again with ./torrefy pretrain, or name"
                            + " another with --model.");
        }
    }

    /// GFLOP/s of the best of 30 products of square matrices, behind as many to warm up.
    private static double sgemm(int n) {
        double best = Double.POSITIVE_INFINITY;
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor a = Rng.of(1).normal(n, n);
            Tensor b = Rng.of(2).normal(n, n);
            for (int i = 0; i < 60; i++) {
                try (Scope _ = Scope.open()) {
                    long start = System.nanoTime();
                    a.matmul(b);
                    best = i < 30 ? best : Math.min(best, System.nanoTime() - start);
                }
            }
        }
        return 2.0 * n * n * n / best;
    }
}
