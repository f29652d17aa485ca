package io.torrefy.bench.jmh;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

/// A line for each benchmark as soon as it is done: its name, microseconds a call, and bytes a call on one thread.
final class KernelReport implements OutputFormat {
    /// A call's own objects: the tasks that it hands out. Vectors in boxes, which are what this gate is for, come
    /// by the row or by the element and are soon kilobytes.
    static final long MOST_BYTES = 256;

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private final PrintWriter out;
    private final List<String> allocating = new ArrayList<>();

    KernelReport(PrintWriter out) {
        this.out = out;
    }

    /// Names of the benchmarks that allocated more than `MOST_BYTES` a call.
    List<String> allocating() {
        return allocating;
    }

    @Override
    public void endBenchmark(BenchmarkResult result) {
        Result<?> time = result.getPrimaryResult();
        String name = name(result.getParams());
        double bytes = bytes(result);
        out.printf(
                "%-58s %10.2f ± %-8.2f %10.1f%n",
                name, time.getScore(), Double.isNaN(time.getScoreError()) ? 0 : time.getScoreError(), bytes);
        out.flush();
        if (bytes > MOST_BYTES) {
            allocating.add(String.format("%s: %.0f B", name, bytes));
        }
    }

    /// Of the rounds the one with the fewest: JMH itself allocates a little now and then, and the kernel every
    /// time.
    private static double bytes(BenchmarkResult result) {
        return result.getIterationResults().stream()
                .mapToDouble(round -> allocated(round).getScore())
                .min()
                .orElse(Double.NaN);
    }

    private static Result<?> allocated(IterationResult round) {
        Result<?> found = round.getSecondaryResults().get(ALLOCATED);
        if (found == null) {
            throw new IllegalStateException("[jmh] expected the result " + ALLOCATED + "; got "
                    + round.getSecondaryResults().keySet());
        }
        return found;
    }

    /// `Class.method`, and its parameters.
    private static String name(BenchmarkParams params) {
        String full = params.getBenchmark();
        var name = new StringBuilder(full.substring(full.lastIndexOf('.', full.lastIndexOf('.') - 1) + 1));
        for (String key : params.getParamsKeys()) {
            if (!key.equals("threads") || !params.getParam(key).equals("1")) {
                name.append(' ').append(key).append('=').append(params.getParam(key));
            }
        }
        return name.toString();
    }

    @Override
    public void startRun() {
        out.printf("%-58s %10s   %-8s %10s%n", "kernel", "us/call", "error", "B/call");
        out.flush();
    }

    @Override
    public void endRun(Collection<RunResult> results) {}

    @Override
    public void startBenchmark(BenchmarkParams params) {}

    @Override
    public void iteration(BenchmarkParams params, IterationParams round, int number) {}

    @Override
    public void iterationResult(BenchmarkParams params, IterationParams round, int number, IterationResult result) {}

    @Override
    public void print(String text) {}

    @Override
    public void println(String line) {
        // What JMH says beside results; of interest where a benchmark failed, and then it is a stack trace.
        if (line.contains("Exception") || line.contains("Error") || line.startsWith("\tat ")) {
            out.println(line);
        }
    }

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public void close() {
        out.flush();
    }

    @Override
    public void verbosePrintln(String line) {}

    @Override
    public void write(int c) {}

    @Override
    public void write(byte[] text) {}
}
