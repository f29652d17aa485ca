package io.torrefy.rl.stochastic;

import io.torrefy.export.Export;
import io.torrefy.rl.stochastic.StepSize.Answer;
import java.util.ArrayList;
import java.util.List;

/// The conditions of Robbins and Monro on step sizes ("A stochastic approximation method", 1951), and what each is for.
/// They are sufficient, not necessary: a_k = k^-0.5 breaks the second and still converges in mean square.
@Export(value = "rl.stochastic.Conditions", since = "0.1")
public final class Conditions {
    private Conditions() {}

    /// A condition that does not hold.
    ///
    /// @param condition which
    /// @param consequence why it matters, and what to do
    public record Broken(String condition, String consequence) {
        @Override
        public String toString() {
            return condition + ": " + consequence;
        }
    }

    /// Those that step sizes break; empty where both hold or nothing is known.
    public static List<Broken> broken(StepSize steps) {
        var broken = new ArrayList<Broken>();
        if (steps.sumDiverges() == Answer.NO) {
            broken.add(new Broken(
                    "the steps " + steps + " sum to a finite number",
                    "the estimate can only go a finite way and may stop short of the answer, with part of the error of the"
                            + " first guess for ever. Use 1/k, or k^-p with 1/2 < p <= 1."));
        }
        if (steps.squaresConverge() == Answer.NO) {
            broken.add(new Broken(
                    "the squares of the steps " + steps + " sum to infinity",
                    "the noise of the samples need not die out; with a constant step a the variance of the estimate stays"
                            + " at a/(2-a) times that of a sample. This is what follows a changing target; for a fixed one"
                            + " use 1/k, or k^-p with 1/2 < p <= 1."));
        }
        return List.copyOf(broken);
    }

    /// What to say where an estimate is the target of others: averages over all visits keep the targets of the
    /// beginning, which were wrong, for very long. After 200 000 steps of TD(0) on the 5 x 5 grid the error of 1/k
    /// is 28 times that of k^-0.7.
    public static List<String> bootstrapping(StepSize steps) {
        var warnings = new ArrayList<String>();
        boolean slow = steps instanceof StepSize.Inverse(double a, double k0) && a < 2 && k0 < 10
                || steps instanceof StepSize.Power(double b, double p) && p > 0.9 && p <= 1 && b < 2;
        if (slow) {
            warnings.add(
                    "[learn] step sizes " + steps + " average over all targets since the first, but the targets are"
                            + " estimates that were wrong in the beginning. Hint: k^-0.7 or a constant forgets them.");
        }
        if (steps.sumDiverges() == Answer.NO) {
            warnings.add("[learn] " + broken(steps).getFirst());
        }
        return List.copyOf(warnings);
    }
}
