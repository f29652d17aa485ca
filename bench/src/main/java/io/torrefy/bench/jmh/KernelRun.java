package io.torrefy.bench.jmh;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// `./torrefy bench --jmh`: the benchmarks of this package, each in a JVM of its own with the launcher's options, and
/// what a call allocates.
public final class KernelRun {
    /// Warm-up that C2 needs for the largest kernels, and rounds that tell a kernel from a slower one.
    private static final int WARM_UP_ROUNDS = 5;

    private static final TimeValue WARM_UP = TimeValue.milliseconds(400);
    private static final int ROUNDS = 3;
    private static final TimeValue ROUND = TimeValue.milliseconds(300);

    private KernelRun() {}

    /// Runs the benchmarks whose name matches the regular expression. `arguments` are JMH's own and go before the
    /// settings here.
    ///
    /// @return whether every kernel ran and none allocated
    public static boolean run(String regex, List<String> arguments, PrintWriter out) {
        var report = new KernelReport(out);
        try {
            Collection<RunResult> results = new Runner(options(regex, arguments), report).run();
            if (results.isEmpty()) {
                out.println("No benchmark matches '" + regex + "'.");
                return false;
            }
        } catch (CommandLineOptionException | RunnerException e) {
            out.println("JMH: " + e.getMessage());
            return false;
        }
        List<String> allocating = new ArrayList<>(report.allocating());
        if (!allocating.isEmpty()) {
            out.printf("%nMore than %d B allocated a call:%n", KernelReport.MOST_BYTES);
            allocating.forEach(name -> out.println("  " + name));
        }
        out.flush();
        return allocating.isEmpty();
    }

    private static Options options(String regex, List<String> arguments) throws CommandLineOptionException {
        var given = new CommandLineOptions(arguments.toArray(String[]::new));
        var options = new OptionsBuilder();
        options.parent(given)
                .include(regex)
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.MICROSECONDS)
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .forks(given.getForkCount().orElse(1))
                .warmupIterations(given.getWarmupIterations().orElse(WARM_UP_ROUNDS))
                .warmupTime(given.getWarmupTime().orElse(WARM_UP))
                .measurementIterations(given.getMeasurementIterations().orElse(ROUNDS))
                .measurementTime(given.getMeasurementTime().orElse(ROUND));
        return options.build();
    }
}
