package io.torrefy.bench;

import io.torrefy.bench.jmh.KernelRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Instant;
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
    private static final int REGRESSION = 3;

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

    @Option(
            names = "--history",
            paramLabel = "FILE",
            description = "Where the run adds its line, and finds those it is compared with (bench/history.jsonl).")
    private @Nullable Path history;

    @Option(names = "--no-history", description = "Adds no line. The comparison remains.")
    private boolean noHistory;

    @Option(
            names = "--fail-on-regression",
            description = "Exit code 3 if a row got slower than in the history by more than noise.")
    private boolean failOnRegression;

    @Option(names = "--json", description = "Prints the history's line on standard output instead of the table.")
    private boolean json;

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
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (jmh != null) {
            return KernelRun.run(jmh, jmhOptions, out) ? 0 : 1;
        }
        if (!jmhOptions.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Arguments without --jmh: " + jmhOptions);
        }
        List<Row> table = Table.rows();
        List<Row> rows = Selection.of(table, only);
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
        Path file = history == null ? home.resolve("bench").resolve("history.jsonl") : history;
        History known = History.read(file);
        known.damaged().forEach(err::println);
        Run begun = Run.begin(Instant.now(), Commit.of(home), effort, quick);
        var report = new Report(json ? new PrintWriter(Writer.nullWriter()) : out);
        report.header(begun);
        List<Result> results = measure(rows, means, effort, report, err);
        Run run = begun.with(results, Suite.of(results, table, Table.SUITE_TARGETS));
        report.suites(run.suites());
        if (json) {
            out.println(History.line(run));
            out.flush();
        }
        boolean failed = results.stream().anyMatch(r -> !r.ours().ran());
        if (!noHistory && !results.isEmpty()) {
            failed |= !append(file, run, err);
        }
        if (quick) {
            return failed ? 1 : 0;
        }
        Regression.Verdict verdict = Regression.of(run, known.runs());
        new Report(json ? err : out).verdict(verdict);
        return failed ? 1 : failOnRegression && !verdict.worse().isEmpty() ? REGRESSION : 0;
    }

    private List<Result> measure(
            List<Row> rows, Launch.Means means, Measurement.Effort effort, Report report, PrintWriter err) {
        boolean watched = System.console() != null;
        var results = new ArrayList<Result>();
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
        return results;
    }

    /// A run of an hour must not be lost to a full disk.
    private static boolean append(Path file, Run run, PrintWriter err) {
        try {
            History.append(file, run);
            return true;
        } catch (IOException e) {
            err.println("[history] expected to add a line to " + file + "; got " + e + ". The line is:");
            err.println(History.line(run));
            return false;
        }
    }
}
