package io.torrefy.posttrain.rewards;

import io.torrefy.export.Export;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// Runs programs that nobody trusts, in a folder of their own that is removed afterwards, with an environment of their
/// own, under limits on time, processor time, memory, output and processes. Whatever a program does, [#run] returns
/// soon after the time limit, and its whole tree of processes is killed.
///
/// Where Linux lets users make namespaces (`unshare`), a program has no network, sees no process but its own and cannot
/// write outside its folder. Elsewhere it can do all that the user can; [#isolation] says which holds here. Files that
/// the user may read it may read everywhere: for programs of an enemy, run the whole job in a container.
@Export(value = "posttrain.rewards.Sandbox", since = "0.1")
public final class Sandbox {
    /// What a run may take.
    ///
    /// @param seconds by the clock
    /// @param cpuSeconds of processor time a process, rounded up to whole ones; by the kernel, not on Windows
    /// @param memoryMb of address space a process; by the kernel on Linux, otherwise not at all
    /// @param outputKb on standard output and error together, and of any file
    /// @param processes at a time
    public record Limits(double seconds, double cpuSeconds, int memoryMb, int outputKb, int processes) {
        public Limits {
            if (!(seconds > 0 && seconds < 1e6)
                    || !(cpuSeconds > 0)
                    || memoryMb < 16
                    || outputKb < 1
                    || processes < 1) {
                throw new IllegalArgumentException(
                        "[sandbox] expected positive limits, and memory of at least 16 MB; got seconds " + seconds
                                + ", cpuSeconds " + cpuSeconds + ", memoryMb " + memoryMb + ", outputKb " + outputKb
                                + ", processes " + processes);
            }
        }
    }

    /// How a run ended.
    public enum Ending {
        /// By itself, or by the kernel at a limit; the exit code says more.
        EXITED,
        /// Killed at the limit of the clock.
        TIME,
        /// Killed for writing too much.
        OUTPUT,
        /// Killed for starting too many processes.
        PROCESSES
    }

    /// @param exitCode the program's; 128 + n where signal n ended it, -1 where it was killed from here
    public record Result(Ending ending, int exitCode, String output, String errors) {
        /// Whether it ended by itself and found all well.
        public boolean success() {
            return ending == Ending.EXITED && exitCode == 0;
        }
    }

    private static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");
    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");
    private static final String TOKEN = "TORREFY_SANDBOX";
    private static final List<String> NAMESPACES = List.of(
            "unshare",
            "--user",
            "--map-root-user",
            "--net",
            "--pid",
            "--mount",
            "--fork",
            "--kill-child",
            "--mount-proc");
    /// Sets limits up and runs the rest of its arguments. It says that it could by a file beside the folder, which
    /// the program cannot reach any more: an exit code could be the program's. In a namespace it mounts the folder
    /// over itself, so that it stays writable when all other mounts no longer are. Shells name the limit on
    /// processes by -u or -p; outside a namespace the user's other programs would count too.
    private static final String SCRIPT = """
            dir=$1
            (ulimit -t "$2" && ulimit -f "$3" && { ulimit -v "$4" || [ "$6" = other ]; }) || exit 97
            if [ "$6" = namespace ]; then mount --bind "$dir" "$dir" || exit 97; fi
            : > "$dir/../ready" || exit 97
            if [ "$6" = namespace ]; then
              while read -r _ at _; do
                case $at in "$dir"|/proc*|/dev|/dev/pts|/sys*) ;; *) mount -o remount,bind,ro "$at" 2>/dev/null ;; esac
              done < /proc/self/mounts
              ulimit -u "$5" 2>/dev/null || ulimit -p "$5" 2>/dev/null
            fi
            cd "$dir" || exit 97
            ulimit -c 0
            ulimit -t "$2"
            ulimit -f "$3"
            ulimit -v "$4" 2>/dev/null
            shift 6
            "$@"
            exit $?
            """;

    private static final class Probe {
        static final boolean CONFINES = probe();

        /// Whether a program can be confined here: it tries to write beside its folder, and must not succeed.
        private static boolean probe() {
            if (!LINUX) {
                return false;
            }
            try {
                Path outside = Files.createTempFile("torrefy-outside", "");
                try {
                    Limits limits = new Limits(10, 5, 64, 16, 16);
                    String script = "echo in > inside && cat inside; echo out > '" + outside + "'; echo done";
                    Result result = new Sandbox(limits, true).run(List.of("/bin/sh", "-c", script), Map.of(), "");
                    return result.output().equals("in\ndone\n") && Files.size(outside) == 0;
                } finally {
                    Files.deleteIfExists(outside);
                }
            } catch (IOException _) {
                return false;
            }
        }
    }

    private final Limits limits;
    private final boolean confined;

    private Sandbox(Limits limits, boolean confined) {
        this.limits = limits;
        this.confined = confined;
    }

    /// A sandbox that confines programs as far as this machine lets it.
    public static Sandbox of(Limits limits) {
        return new Sandbox(limits, Probe.CONFINES);
    }

    /// One without namespaces, for tests of what holds without them.
    static Sandbox unconfined(Limits limits) {
        return new Sandbox(limits, false);
    }

    /// Whether programs have no network and cannot write outside their folder.
    public boolean isConfined() {
        return confined;
    }

    /// What holds here, in words for people.
    public String isolation() {
        String memory = LINUX ? "" : " Memory is not limited.";
        return confined
                ? "Programs have no network, see no other processes and cannot write outside their folder; they can read"
                        + " what you can read."
                : "Programs run with your rights: network and files are open to them, for this system does not let users"
                        + " make namespaces." + memory + " Run the whole job in a container if they are not trusted.";
    }

    /// Runs a program.
    ///
    /// @param command the program, absolute or on the path, and its arguments; `{dir}` in them is the folder
    /// @param files what is in its folder, by plain names
    /// @param input what it reads from standard input
    /// @throws IOException if it cannot be started or the folder cannot be made: nothing is known of the program
    ///     then
    /// @throws IllegalStateException if this thread is interrupted; the program is killed
    public Result run(List<String> command, Map<String, String> files, String input) throws IOException {
        Path base = Files.createTempDirectory("torrefy-sandbox").toRealPath();
        try {
            Path work = Files.createDirectory(base.resolve("work"));
            for (var file : files.entrySet()) {
                Files.writeString(work.resolve(file.getKey()), file.getValue());
            }
            Path in = Files.writeString(base.resolve("in"), input);
            return run(command, work, in, base.resolve("out"), base.resolve("err"));
        } finally {
            remove(base);
        }
    }

    private Result run(List<String> command, Path work, Path in, Path out, Path err) throws IOException {
        String token = UUID.randomUUID().toString();
        ProcessBuilder builder = new ProcessBuilder(launch(command, work))
                .directory(work.toFile())
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        environment(builder.environment(), work, token);
        Process process = builder.start();
        Ending ending = Ending.EXITED;
        try {
            ending = await(process, out, err);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[sandbox] expected to wait for a program; was interrupted", e);
        } finally {
            kill(process, token);
        }
        if (!WINDOWS && !Files.exists(work.resolveSibling("ready"))) {
            throw new IOException("[sandbox] expected the limits to hold; they could not be set: "
                    + read(err).strip());
        }
        int exitCode = ending == Ending.EXITED ? process.exitValue() : -1;
        return new Result(ending, exitCode, read(out), read(err));
    }

    private List<String> launch(List<String> command, Path work) {
        List<String> launch = new ArrayList<>();
        if (!WINDOWS) {
            if (confined) {
                launch.addAll(NAMESPACES);
            }
            launch.addAll(List.of("/bin/sh", "-c", SCRIPT, "sandbox", work.toString()));
            launch.add(Long.toString((long) Math.ceil(limits.cpuSeconds)));
            launch.add(Long.toString(2L * limits.outputKb));
            launch.add(Long.toString(1024L * limits.memoryMb));
            launch.add(Integer.toString(limits.processes + 2));
            launch.add(confined ? "namespace" : LINUX ? "linux" : "other");
        }
        command.forEach(part -> launch.add(part.replace("{dir}", work.toString())));
        return launch;
    }

    private static void environment(Map<String, String> environment, Path work, String token) {
        List<String> kept = WINDOWS ? List.of("PATH", "Path", "SystemRoot", "PATHEXT", "ComSpec") : List.of("PATH");
        environment.keySet().retainAll(kept);
        environment.put("HOME", work.toString());
        environment.put("TMPDIR", work.toString());
        environment.put("TEMP", work.toString());
        environment.put("TMP", work.toString());
        environment.put("LANG", "C.UTF-8");
        environment.put("PYTHONHASHSEED", "0");
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        environment.put("MALLOC_ARENA_MAX", "2");
        environment.put(TOKEN, token);
    }

    // ---- waiting and killing ---------------------------------------------------------------------------------------

    private Ending await(Process process, Path out, Path err) throws InterruptedException, IOException {
        long began = System.nanoTime();
        long most = (long) (limits.seconds * 1e9);
        long bytes = 1024L * limits.outputKb;
        for (int tick = 1; !process.waitFor(Math.min(20, tick), TimeUnit.MILLISECONDS); tick++) {
            if (System.nanoTime() - began > most) {
                return Ending.TIME;
            }
            if (size(out) + size(err) >= bytes) {
                return Ending.OUTPUT;
            }
            if (tick % 8 == 0 && process.descendants().count() > limits.processes + NAMESPACES.size()) {
                return Ending.PROCESSES;
            }
        }
        return size(out) + size(err) >= bytes ? Ending.OUTPUT : Ending.EXITED;
    }

    private static long size(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /// Kills all that descends from the process, until nothing is left; of a namespace, the kernel kills the rest
    /// with its first process.
    private void kill(Process process, String token) {
        for (int round = 0; round < 50; round++) {
            // The root first: a shell would say on its standard error that its child was killed.
            List<ProcessHandle> tree = new ArrayList<>(List.of(process.toHandle()));
            tree.addAll(process.descendants().toList());
            if (!confined) {
                tree.addAll(strays(token));
            }
            tree.removeIf(handle -> !handle.isAlive());
            if (tree.isEmpty()) {
                return;
            }
            tree.forEach(ProcessHandle::destroyForcibly);
            long until = System.nanoTime() + 20_000_000L;
            while (tree.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < until) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /// Processes that left the tree, by what their environment says: on Linux alone, and unless they have wiped it.
    private static List<ProcessHandle> strays(String token) {
        if (!LINUX) {
            return List.of();
        }
        String text = TOKEN + "=" + token;
        return ProcessHandle.allProcesses()
                .filter(handle -> environ(handle.pid()).contains(text))
                .toList();
    }

    private static String environ(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException _) {
            return "";
        }
    }

    // ---- files -----------------------------------------------------------------------------------------------------

    private String read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return "";
        }
        try (var stream = Files.newInputStream(file)) {
            // Replaces what is no UTF-8.
            return new String(stream.readNBytes(1024 * limits.outputKb), StandardCharsets.UTF_8);
        }
    }

    /// Removes a folder whatever rights its files have been given, and never what a link in it leads to.
    private static void remove(Path folder) throws IOException {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            File file = folder.toFile();
            boolean open = file.canRead() && file.canWrite() && file.canExecute();
            if (!open && !(file.setReadable(true) && file.setWritable(true) && file.setExecutable(true))) {
                throw new IOException("[sandbox] expected to remove " + folder + "; may not open it");
            }
            List<Path> inside;
            try (Stream<Path> entries = Files.list(folder)) {
                inside = entries.toList();
            }
            for (Path entry : inside) {
                remove(entry);
            }
        }
        Files.deleteIfExists(folder);
    }

    /// The file of a program on the path; empty where there is none.
    static Optional<Path> find(String program) {
        if (program.indexOf('/') >= 0 || program.indexOf(File.separatorChar) >= 0) {
            return Optional.of(Path.of(program)).filter(Files::isExecutable);
        }
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .flatMap(folder -> Stream.of(Path.of(folder, program), Path.of(folder, program + ".exe")))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
