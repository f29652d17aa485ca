package io.torrefy.nn;

import io.torrefy.export.Export;

/// The learning rate of every step, the first of which is step 0: `optimizer.learningRate(schedule.at(step))`. The
/// shapes are those of Hugging Face `transformers/optimization.py`, step for step. All begin with `warmup` steps in
/// which the rate rises in a straight line from 0 (so step 0 changes nothing); `total` counts the warm-up too. Cosines
/// asked for steps beyond `total` rise again, as there.
@FunctionalInterface
@Export(value = "optim.Schedule", since = "0.1", members = "optim.schedules")
public interface Schedule {
    /// The learning rate of step `step`, counted from 0.
    double at(long step);

    /// The same rate always.
    static Schedule constant(double peak) {
        Options.notNegative("learningRate", peak);
        return _ -> peak;
    }

    /// The same rate after the warm-up.
    static Schedule constantWithWarmup(double peak, long warmup) {
        return warmed(peak, warmup, warmup, _ -> 1);
    }

    /// Down to 0 in a straight line.
    static Schedule linear(double peak, long warmup, long total) {
        return warmed(peak, warmup, total, step -> Math.max(0, (double) (total - step) / Math.max(1, total - warmup)));
    }

    /// Down to 0 along half a cosine.
    static Schedule cosine(double peak, long warmup, long total) {
        return cosine(peak, warmup, total, 0.5);
    }

    /// `cycles` waves of a cosine; a half is the usual descent.
    static Schedule cosine(double peak, long warmup, long total, double cycles) {
        return warmed(peak, warmup, total, step -> Math.max(0, cosine(cycles, progress(step, warmup, total))));
    }

    /// Down to `minRate * peak` along half a cosine.
    static Schedule cosineWithMinLr(double peak, long warmup, long total, double minRate) {
        return warmed(
                peak,
                warmup,
                total,
                step -> Math.max(0, cosine(0.5, progress(step, warmup, total)) * (1 - minRate) + minRate));
    }

    /// `cycles` descents along half a cosine to 0, each starting from the peak again; 0 after the last.
    static Schedule cosineWithRestarts(double peak, long warmup, long total, int cycles) {
        return warmed(peak, warmup, total, step -> {
            double progress = progress(step, warmup, total);
            return progress >= 1 ? 0 : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1))));
        });
    }

    /// Down to the rate `end` as a power of what is left.
    static Schedule polynomial(double peak, long warmup, long total, double end, double power) {
        if (!(end < peak)) {
            throw new IllegalArgumentException("[schedule] expected an end below " + peak + "; got " + end);
        }
        return warmed(peak, warmup, total, step -> {
            double left = step > total ? 0 : 1 - progress(step, warmup, total);
            return ((peak - end) * Math.pow(left, power) + end) / peak;
        });
    }

    /// 1 / sqrt(step), from the peak at the end of the warm-up (Vaswani et al. 2017, eq. 3, up to scale). Without
    /// warm-up the time scale is 10 000 steps.
    static Schedule inverseSqrt(double peak, long warmup) {
        double scale = warmup > 0 ? warmup : 10_000;
        return warmed(peak, warmup, warmup, step -> 1 / Math.sqrt((step + scale - warmup) / scale));
    }

    /// How the last phase of [#wsd] goes down.
    enum Decay {
        LINEAR,
        COSINE,
        /// One minus the root of the progress (Hägele et al. 2024).
        ONE_MINUS_SQRT
    }

    /// Warm-up, the peak, and in the last `decaySteps` of `total` down to `minRatio * peak`, where it stays
    /// (warmup-stable-decay, Hu et al. 2024).
    static Schedule wsd(double peak, long warmup, long total, long decaySteps, Decay decay, double minRatio) {
        long from = total - decaySteps;
        if (decaySteps < 0 || from < warmup) {
            throw new IllegalArgumentException("[schedule] expected warmup + decaySteps <= total; got " + warmup + " + "
                    + decaySteps + " > " + total);
        }
        return warmed(peak, 0, total, step -> {
            if (step < warmup) {
                return (double) step / Math.max(1, warmup) * (1 - minRatio) + minRatio;
            }
            if (step < from) {
                return 1;
            }
            if (step >= total) {
                return minRatio;
            }
            double progress = (double) (step - from) / Math.max(1, decaySteps);
            double factor = switch (decay) {
                case LINEAR -> 1 - progress;
                case COSINE -> cosine(0.5, progress);
                case ONE_MINUS_SQRT -> 1 - Math.sqrt(progress);
            };
            return Math.max(0, factor * (1 - minRatio) + minRatio);
        });
    }

    private static double progress(long step, long warmup, long total) {
        return (double) (step - warmup) / Math.max(1, total - warmup);
    }

    private static double cosine(double cycles, double progress) {
        return 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress));
    }

    private static Schedule warmed(double peak, long warmup, long total, Schedule factor) {
        Options.notNegative("learningRate", peak);
        if (warmup < 0 || total < warmup) {
            throw new IllegalArgumentException(
                    "[schedule] expected 0 <= warmup <= total steps; got warmup " + warmup + ", total " + total);
        }
        return step -> peak * (step < warmup ? (double) step / Math.max(1, warmup) : factor.at(step));
    }
}
