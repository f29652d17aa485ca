package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;

/// Runs work until it gets no faster.
final class WarmUp {
    private static final double BATCH_SECONDS = 0.1;
    private static final int STEADY_BATCHES = 5;
    private static final double FASTER = 0.98;
    private static final double NEAR = 1.05;

    private WarmUp() {}

    /// Runs the work some times and tells the seconds of each.
    interface Runner {
        double[] run(int times) throws WorkerProcess.Failure;
    }

    /// What warming up took.
    ///
    /// @param typical seconds of a run afterwards, the best median of the last batches
    /// @param first seconds of the very first run, after what opening the case ran
    /// @param steady seconds of work until a batch was within 5 % of typical
    record Cost(double typical, double first, double steady) {}

    /// Batches of about a tenth of a second, until the last five brought no median 2 % below the best before them.
    ///
    /// @param least seconds at least
    /// @param most seconds at most (the run that passes it is finished)
    static Cost run(Runner runner, double least, double most) throws WorkerProcess.Failure {
        List<Double> medians = new ArrayList<>();
        List<Double> ends = new ArrayList<>();
        double first = 0;
        int times = 1;
        double spent = 0;
        while (true) {
            double[] seconds = runner.run(times);
            for (double each : seconds) {
                spent += each;
            }
            if (medians.isEmpty()) {
                first = seconds[0];
            }
            double median = Stats.of(seconds).median();
            medians.add(median);
            ends.add(spent);
            if (spent >= most || (spent >= least && steady(medians))) {
                double typical = best(medians.subList(Math.max(0, medians.size() - STEADY_BATCHES), medians.size()));
                int near = 0;
                while (medians.get(near) > NEAR * typical) {
                    near++;
                }
                return new Cost(typical, first, near == 0 ? 0 : ends.get(near - 1));
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
