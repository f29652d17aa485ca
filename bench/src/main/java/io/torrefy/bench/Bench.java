package io.torrefy.bench;

import io.torrefy.bench.jmh.KernelRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `./torrefy bench`: the same work in Torrefy and in its peers, in turns, and what came out.
@Command(
        name = "torrefy bench",
        description = "Runs the same work in Torrefy and in the peers of this machine, in turns.",
        mixinStandardHelpOptions = true)
public final class Bench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "Only rows of these names, suites, or beginnings of names (--list shows them).")
    private List<String> only = List.of();

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            description = "Numbers of threads. Default: each row's.")
    private List<Integer> threads = List.of();

    @Option(names = "--rounds", paramLabel = "N", description = "Turns of each contender (default 7).")
    private @Nullable Integer rounds;

    @Option(
            names = "--python",
            paramLabel = "PYTHON",
            description = "An interpreter with torch, transformers and trl; without it there are no Python peers.")
    private @Nullable String python;

    @Option(
            names = "--quick",
            description = "Three short rounds and a short warm-up: does it work, not how fast is it.")
    private boolean quick;

    @Option(names = "--list", description = "Shows the rows and ends.")
    private boolean list;

    @Option(
            names = "--jmh",
            arity = "0..1",
            fallbackValue = ".*",
            paramLabel = "REGEX",
            description =
                    "Instead: the kernels alone, under JMH, with what a call allocates; fails if one boxes vectors.")
    private @Nullable String jmh;

    @Parameters(
            arity = "0..*",
            paramLabel = "-- OPTIONS",
            description = "With --jmh: more options for JMH (-f, -wi, -i, -p threads=1,2).")
    private List<String> jmhOptions = List.of();

    public static void main(String[] args) {
        System.exit(new CommandLine(new Bench())
                .setUsageHelpAutoWidth(true)
                .setExecutionExceptionHandler((thrown, command, _) -> {
                    command.getErr().println("torrefy bench: " + thrown.getMessage());
                    return 1;
                })
                .execute(args));
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (jmh != null) {
            return KernelRun.run(jmh, jmhOptions, out) ? 0 : 1;
        }
        if (!jmhOptions.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Arguments without --jmh: " + jmhOptions);
        }
        List<Row> rows = Selection.of(Table.rows(), only);
        if (list) {
            rows.forEach(row -> out.println(String.format("%-36s %s", row.name(), row.title())));
            return 0;
        }
        Path home = Path.of(System.getProperty("torrefy.home", "."));
        var means = new Launch.Means(
                System.getProperty("torrefy.peers", ""),
                python,
                home.resolve("bench").resolve("peers"));
        Measurement.Effort base = quick ? Measurement.Effort.QUICK : Measurement.Effort.NORMAL;
        var effort = new Measurement.Effort(
                rounds == null ? base.rounds() : rounds, base.roundSeconds(), base.warmUpSeconds());
        boolean watched = System.console() != null;
        var report = new Report(out);
        var results = new ArrayList<Result>();
        report.header();
        try (var measurement = new Measurement(means, effort, line -> {
            if (watched) {
                err.print("\r\033[K" + line);
                err.flush();
            }
        })) {
            for (Row row : rows) {
                for (int n : threads.isEmpty() ? row.threads() : threads) {
                    if (n > Machine.cores()) {
                        continue;
                    }
                    Result result = measurement.measure(row, n);
                    if (watched) {
                        err.print("\r\033[K");
                        err.flush();
                    }
                    report.row(result);
                    results.add(result);
                }
            }
        }
        return results.stream().anyMatch(r -> !r.ours().ran()) ? 1 : 0;
    }
}
