package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;

/// Runs work until it gets no faster.
final class WarmUp {
    private static final double BATCH_SECONDS = 0.1;
    private static final int STEADY_BATCHES = 5;
    private static final double FASTER = 0.98;

    private WarmUp() {}

    /// Runs the work some times and tells the seconds of each.
    interface Runner {
        double[] run(int times) throws WorkerProcess.Failure;
    }

    /// Batches of about a tenth of a second, until the last five brought no median 2 % below the best before them.
    ///
    /// @param least seconds at least
    /// @param most seconds at most (the run that passes it is finished)
    /// @return the seconds of a run, the best median of the last batches
    static double run(Runner runner, double least, double most) throws WorkerProcess.Failure {
        List<Double> medians = new ArrayList<>();
        int times = 1;
        double spent = 0;
        while (true) {
            double[] seconds = runner.run(times);
            for (double each : seconds) {
                spent += each;
            }
            double median = Stats.of(seconds).median();
            medians.add(median);
            if (spent >= most || (spent >= least && steady(medians))) {
                return best(medians.subList(Math.max(0, medians.size() - STEADY_BATCHES), medians.size()));
            }
            times = (int) Math.clamp(BATCH_SECONDS / median, 1, 1_000_000);
        }
    }

    private static boolean steady(List<Double> medians) {
        int before = medians.size() - STEADY_BATCHES;
        return before > 0 && best(medians.subList(before, medians.size())) >= FASTER * best(medians.subList(0, before));
    }

    private static double best(List<Double> medians) {
        return medians.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }
}
