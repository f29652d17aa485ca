package io.torrefy.bench;

/// What a row has to reach against the best peer.
///
/// @param metric what is compared
/// @param oneThread the bound on one thread
/// @param moreThreads the bound on two and more
public record Target(Metric metric, double oneThread, double moreThreads) {
    /// What a row compares.
    public enum Metric {
        /// Our speed over the peer's; the bound is a least one.
        SPEED,
        /// Our peak memory over the peer's; the bound is a greatest one.
        MEMORY
    }

    /// No bound: the row informs.
    static final Target NONE = new Target(Metric.SPEED, 0, 0);

    double bound(int threads) {
        return threads == 1 ? oneThread : moreThreads;
    }

    boolean exists() {
        return oneThread > 0;
    }

    boolean met(double ratio, int threads) {
        return metric == Metric.SPEED ? ratio >= bound(threads) : ratio <= bound(threads);
    }
}
