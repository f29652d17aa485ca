package io.torrefy.posttrain.ppo;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// The coefficient of the KL penalty in the reward: constant, or steered to a target (Ziegler et al. 2019, "Fine-tuning
/// language models from human preferences", section 2.2).
@Export(value = "posttrain.KlController", since = "0.1")
public final class KlController {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "kl.json";
    private static final String NAME = "kl_coef";

    /// The relative error that counts at most.
    private static final double ERROR_LIMIT = 0.2;

    private final double target;
    private final double horizon;
    private double coefficient;

    private KlController(double coefficient, double target, double horizon) {
        this.coefficient = coefficient;
        this.target = target;
        this.horizon = horizon;
    }

    /// One that stays what it is. TRL's `kl_coef` is 0.05, InstructGPT's β 0.02, verl's 0.001, OpenRLHF's 0.01.
    ///
    /// @throws IllegalArgumentException if the coefficient is negative or not finite
    public static KlController fixed(double coefficient) {
        if (!(coefficient >= 0 && Double.isFinite(coefficient))) {
            throw new IllegalArgumentException("[kl] expected a finite coefficient >= 0; got " + coefficient);
        }
        return new KlController(coefficient, Double.NaN, Double.NaN);
    }

    /// One that is multiplied by `1 + clip(kl / target - 1, -0.2, 0.2) * samples / horizon` after each rollout.
    ///
    /// @param target in nats; what it is compared with is the caller's choice. Ziegler's 6 is a whole sequence's
    ///     divergence, as [Ppo] measures it; verl's 0.1 is a token's
    /// @param horizon samples over which the coefficient may change by 20 %; 10000 in all frameworks
    /// @throws IllegalArgumentException naming what is not positive
    public static KlController adaptive(double coefficient, double target, double horizon) {
        if (!(coefficient > 0 && target > 0 && horizon > 0 && Double.isFinite(coefficient * target * horizon))) {
            throw new IllegalArgumentException("[kl] expected a positive coefficient, target and horizon; got "
                    + coefficient + ", " + target + " and " + horizon
                    + ". Hint: a coefficient of 0 can never be multiplied up; take a fixed one for none.");
        }
        return new KlController(coefficient, target, horizon);
    }

    /// What the estimate is multiplied by now.
    public double coefficient() {
        return coefficient;
    }

    /// Whether it follows a target.
    public boolean isAdaptive() {
        return !Double.isNaN(target);
    }

    /// Takes note of the divergence of a rollout.
    ///
    /// @param kl mean over the rollout, in the target's unit
    /// @param samples sequences in it
    /// @throws IllegalArgumentException if it is not finite
    public void update(double kl, long samples) {
        if (!Double.isFinite(kl)) {
            throw new IllegalArgumentException("[kl] expected a finite divergence; got " + kl);
        }
        if (isAdaptive()) {
            double error = Math.clamp(kl / target - 1, -ERROR_LIMIT, ERROR_LIMIT);
            coefficient *= 1 + error * samples / horizon;
        }
    }

    /// Writes the coefficient.
    void save(Path folder) throws IOException {
        Files.write(folder.resolve(FILE), JSON.writeValueAsBytes(Map.of(NAME, coefficient)));
    }

    /// Goes on from the coefficient of an earlier run.
    void restore(Path folder) throws IOException {
        coefficient = JSON.readTree(Files.readAllBytes(folder.resolve(FILE)))
                .required(NAME)
                .asDouble();
    }
}
