package io.torrefy.data.internal;

/// Count, mean, variance and range of numbers in one pass: Welford's update (Technometrics 4, 1962) and the rule of
/// Chan, Golub and LeVeque (1979) for two parts, which do not lose digits where the mean is large. NaN and infinities
/// are counted apart.
public final class Moments {
    private long count;
    private long notFinite;
    private double mean;
    private double squares;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    /// Takes one number in.
    public void add(double x) {
        if (!Double.isFinite(x)) {
            notFinite++;
            return;
        }
        count++;
        double before = x - mean;
        mean += before / count;
        squares += before * (x - mean);
        min = Math.min(min, x);
        max = Math.max(max, x);
    }

    /// Takes in everything that `other` has taken in.
    public void merge(Moments other) {
        notFinite += other.notFinite;
        if (other.count == 0) {
            return;
        }
        double total = (double) count + other.count;
        double apart = other.mean - mean;
        squares += other.squares + apart * apart * (count * (other.count / total));
        mean += apart * (other.count / total);
        count += other.count;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
    }

    /// How many finite numbers there were.
    public long count() {
        return count;
    }

    /// How many were NaN or infinite.
    public long notFinite() {
        return notFinite;
    }

    /// The mean; 0 of none.
    public double mean() {
        return mean;
    }

    /// The variance of the population (divided by the count); 0 of none.
    public double variance() {
        return count == 0 ? 0 : squares / count;
    }

    /// The smallest; positive infinity of none.
    public double min() {
        return min;
    }

    /// The largest; negative infinity of none.
    public double max() {
        return max;
    }
}
