package io.torrefy.bench;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a contender's process is started.
///
/// @param command program and arguments
/// @param environment added to the harness's own, from which [#inherits] takes what would change how a peer runs
record Launch(List<String> command, Map<String, String> environment) {
    /// What can be started on this machine.
    ///
    /// @param peers jars of the peers in Java, joined like a class path; empty when they could not be fetched
    /// @param python an interpreter with PyTorch, or null
    /// @param scripts the folder `bench/peers`
    record Means(String peers, @Nullable String python, Path scripts) {}

    /// @throws WorkerProcess.Failure if this machine lacks what it needs
    static Launch of(Contender contender, int threads, Means means) throws WorkerProcess.Failure {
        return switch (contender.runtime()) {
            case TORREFY -> new Launch(jvm(""), Map.of());
            case JAVA -> {
                if (means.peers().isEmpty()) {
                    throw new WorkerProcess.Failure("its jar could not be fetched");
                }
                var all = environment(threads);
                if (contender.caseName().startsWith(Cases.LIBTORCH)) {
                    // Its operations share out the work among OpenMP's threads, and each of these would call on all of
                    // OpenBLAS's: twenty times slower on two cores.
                    all.put("OPENBLAS_NUM_THREADS", "1");
                }
                yield new Launch(jvm(means.peers()), all);
            }
            case PYTHON -> {
                if (means.python() == null) {
                    throw new WorkerProcess.Failure("needs --python PYTHON");
                }
                String script = means.scripts().resolve("worker.py").toString();
                yield new Launch(List.of(means.python(), script, contender.module()), environment(threads));
            }
        };
    }

    /// The JVM that runs the harness once more: the launcher's options are what users get.
    private static List<String> jvm(String peers) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        String modules = System.getProperty("jdk.module.path");
        if (modules != null) {
            command.addAll(List.of("--module-path", modules));
        }
        String classes = System.getProperty("java.class.path");
        command.addAll(List.of("--class-path", peers.isEmpty() ? classes : classes + File.pathSeparator + peers));
        command.add(Worker.class.getName());
        return command;
    }

    /// Whether a worker gets a variable of the harness's environment. What tunes the peers is set below alone, lest
    /// an old setting of the shell slows them unseen.
    static boolean inherits(String variable) {
        return !variable.matches("(OPENBLAS|GOTO|OMP|GOMP|KMP|MKL|DNNL|ONEDNN)_.*");
    }

    /// Peers wait passively between two parallel pieces of work. At their own settings the threads of OpenMP and
    /// OpenBLAS spin for up to 200 ms: then two pools (PyTorch has OpenMP's and MKL's or OpenBLAS's) fight for the
    /// same cores and the peer looks slower than it is, and a peer that has finished its turn still takes cores
    /// from us.
    private static Map<String, String> environment(int threads) {
        String n = Integer.toString(threads);
        var all = new HashMap<>(Map.of(
                "OMP_NUM_THREADS", n,
                "MKL_NUM_THREADS", n,
                "OPENBLAS_NUM_THREADS", n,
                "KMP_BLOCKTIME", "0",
                "OMP_WAIT_POLICY", "PASSIVE",
                "GOMP_SPINCOUNT", "0",
                // 2^4 turns instead of 2^26.
                "OPENBLAS_THREAD_TIMEOUT", "4"));
        // Said instead of found out: a processor that OpenBLAS does not know gets kernels of half the speed.
        if (Machine.avx512()) {
            all.put("OPENBLAS_CORETYPE", "SkylakeX");
        }
        return all;
    }
}
