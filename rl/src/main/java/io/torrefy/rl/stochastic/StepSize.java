package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;
import java.util.function.LongToDoubleFunction;

/// Step sizes a_1, a_2, ... that know what Robbins and Monro ask of them: that they sum to infinity, so that any
/// distance can be gone, and that their squares do not, so that the noise dies out.
@Export(value = "rl.stochastic.StepSize", since = "0.1")
public sealed interface StepSize {
    /// The k-th, from 1.
    double at(long k);

    /// Whether the sum of all is infinite.
    Answer sumDiverges();

    /// Whether the sum of all squares is finite.
    Answer squaresConverge();

    /// What is known about a series.
    enum Answer {
        YES,
        NO,
        /// Steps given as a function do not tell.
        UNKNOWN;

        static Answer of(boolean value) {
            return value ? YES : NO;
        }
    }

    /// `a` at every step: never forgets to learn, and never comes to rest.
    static StepSize constant(double a) {
        return new Constant(a);
    }

    /// `1 / k`, with which the incremental mean is the mean.
    static StepSize harmonic() {
        return inverse(1, 0);
    }

    /// `a / (k + k0)`.
    static StepSize inverse(double a, double k0) {
        return new Inverse(a, k0);
    }

    /// `a / k^p`.
    static StepSize power(double a, double p) {
        return new Power(a, p);
    }

    /// Those of another schedule, but never below `least`.
    static StepSize atLeast(double least, StepSize steps) {
        return new AtLeast(least, steps);
    }

    /// Any, of which nothing is known.
    static StepSize of(String name, LongToDoubleFunction step) {
        return new Custom(name, step);
    }

    /// Of [#constant].
    record Constant(double a) implements StepSize {
        public Constant {
            positive(a);
        }

        @Override
        public double at(long k) {
            return a;
        }

        @Override
        public Answer sumDiverges() {
            return Answer.YES;
        }

        @Override
        public Answer squaresConverge() {
            return Answer.NO;
        }

        @Override
        public String toString() {
            return String.valueOf(a);
        }
    }

    /// Of [#inverse].
    record Inverse(double a, double k0) implements StepSize {
        public Inverse {
            positive(a);
            if (!(k0 > -1)) {
                throw new IllegalArgumentException("[step size] expected k0 above -1; got " + k0
                        + ". Hint: k counts from 1, and a / (k + k0) has to be positive.");
            }
        }

        @Override
        public double at(long k) {
            return a / (k + k0);
        }

        @Override
        public Answer sumDiverges() {
            return Answer.YES;
        }

        @Override
        public Answer squaresConverge() {
            return Answer.YES;
        }

        @Override
        public String toString() {
            return a + "/" + (k0 == 0 ? "k" : "(k + " + k0 + ")");
        }
    }

    /// Of [#power].
    record Power(double a, double p) implements StepSize {
        public Power {
            positive(a);
            if (!(p >= 0)) {
                throw new IllegalArgumentException(
                        "[step size] expected a power of at least 0; got " + p + ". Hint: a / k^p grows below it.");
            }
        }

        @Override
        public double at(long k) {
            return a * StrictMath.pow(k, -p);
        }

        @Override
        public Answer sumDiverges() {
            return Answer.of(p <= 1);
        }

        @Override
        public Answer squaresConverge() {
            return Answer.of(p > 0.5);
        }

        @Override
        public String toString() {
            return a + "/k^" + p;
        }
    }

    /// Of [#atLeast].
    record AtLeast(double least, StepSize steps) implements StepSize {
        public AtLeast {
            positive(least);
        }

        @Override
        public double at(long k) {
            return Math.max(least, steps.at(k));
        }

        @Override
        public Answer sumDiverges() {
            return Answer.YES;
        }

        @Override
        public Answer squaresConverge() {
            return Answer.NO;
        }

        @Override
        public String toString() {
            return "max(" + least + ", " + steps + ")";
        }
    }

    /// Of [#of].
    record Custom(String name, LongToDoubleFunction step) implements StepSize {
        @Override
        public double at(long k) {
            return step.applyAsDouble(k);
        }

        @Override
        public Answer sumDiverges() {
            return Answer.UNKNOWN;
        }

        @Override
        public Answer squaresConverge() {
            return Answer.UNKNOWN;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static void positive(double a) {
        if (!(a > 0 && a < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("[step size] expected a step of above 0, and finite; got " + a + ".");
        }
    }
}
