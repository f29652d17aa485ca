package io.torrefy.rl.temporal;

import io.torrefy.export.Export;
import io.torrefy.rl.internal.Proper;

/// Batch TD(0) (Sutton and Barto, Section 6.3): the errors of all transitions of a fixed set are summed up under the
/// same values, then all are applied, and so on until nothing changes. It comes to the values of the likeliest model of
/// the data, where Monte Carlo comes to the mean of the returns that were seen: of A seen once, going to B for nothing,
/// it says that A is worth what B is, whatever that one episode came to.
@Export(value = "rl.temporal.BatchTd", since = "0.1")
public final class BatchTd {
    private static final int MAX_SWEEPS = 1_000_000;

    private BatchTd() {}

    /// The values of the policy that made the data, of the states that it visits; 0 elsewhere.
    ///
    /// @param alpha small: times the visits of a state it has to stay below 2
    /// @param tolerance largest change of a sweep at which it ends
    /// @throws ArithmeticException if it does not come to an end, as with steps that are too large
    public static double[] evaluate(Transitions data, double gamma, double alpha, double tolerance) {
        Proper.range("batch td", gamma);
        double[] v = new double[data.states()];
        for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
            double[] sum = new double[v.length];
            for (int k = 0; k < data.size(); k++) {
                int s = data.state()[k];
                double after = data.terminated()[k] ? 0 : gamma * v[data.next()[k]];
                sum[s] += data.reward()[k] + after - v[s];
            }
            double change = 0;
            for (int s = 0; s < v.length; s++) {
                v[s] += alpha * sum[s];
                change = Math.max(change, Math.abs(alpha * sum[s]));
            }
            if (change <= tolerance) {
                return v;
            }
            if (!Double.isFinite(change)) {
                break;
            }
        }
        throw new ArithmeticException(
                "[batch td] expected values that settle; got none. Hint: a smaller alpha, and gamma < 1"
                        + " unless every episode of the data ends.");
    }
}
