package io.torrefy.rl.deep;

/// A distribution over actions 0 to n - 1, given by a row of logits. In StrictMath, so that what is drawn is the same
/// on every machine.
final class Categorical {
    private Categorical() {}

    private static float top(float[] logits, int at, int n) {
        float top = logits[at];
        for (int i = 1; i < n; i++) {
            top = Math.max(top, logits[at + i]);
        }
        return top;
    }

    private static double sum(float[] logits, int at, int n, float top) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += StrictMath.exp(logits[at + i] - top);
        }
        return sum;
    }

    /// The action whose part of the unit interval `uniform` falls into.
    ///
    /// @throws IllegalStateException on logits that are not finite
    static int sample(float[] logits, int at, int n, double uniform) {
        float top = top(logits, at, n);
        double sum = sum(logits, at, n, top);
        if (!(sum < Double.POSITIVE_INFINITY)) {
            throw new IllegalStateException("[policy] expected finite logits; got " + logits[at] + " first of " + n
                    + ". Hint: the run has diverged; try a lower learning rate, or rewards and observations near 1.");
        }
        double left = uniform * sum;
        for (int i = 0; i < n - 1; i++) {
            left -= StrictMath.exp(logits[at + i] - top);
            if (left < 0) {
                return i;
            }
        }
        return n - 1;
    }

    static float logProb(float[] logits, int at, int n, int action) {
        float top = top(logits, at, n);
        return (float) (logits[at + action] - top - StrictMath.log(sum(logits, at, n, top)));
    }

    /// The first largest.
    static int argmax(float[] values, int at, int n) {
        int best = 0;
        for (int i = 1; i < n; i++) {
            if (values[at + i] > values[at + best]) {
                best = i;
            }
        }
        return best;
    }

    /// [#argmax] of every row of n.
    static float[] argmaxRows(float[] values, int n) {
        float[] best = new float[values.length / n];
        for (int i = 0; i < best.length; i++) {
            best[i] = argmax(values, i * n, n);
        }
        return best;
    }

    static double[] probabilities(float[] logits) {
        float top = top(logits, 0, logits.length);
        double sum = sum(logits, 0, logits.length, top);
        double[] p = new double[logits.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = StrictMath.exp(logits[i] - top) / sum;
        }
        return p;
    }
}
