package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;

/// The penalty on the distance from the reference model, as part of the reward.
///
/// @param estimator K1 in TRL (`kl_estimator`), verl and OpenRLHF
/// @param coefficient TRL's `kl_coef`, 0.05 in its PPO and (as `beta`) its RLOO; InstructGPT 0.02, verl 0.001,
///     OpenRLHF 0.01. 0 for none
/// @param target a completion's divergence in nats that an adaptive coefficient steers to, 6 in Ziegler et al. 2019;
///     infinity for a fixed coefficient, which is all that TRL has
/// @param horizon of the adaptive coefficient, 10000
@Export(value = "posttrain.KlPenalty", since = "0.1")
public record KlPenalty(KlEstimator estimator, double coefficient, double target, double horizon) {
    private static final double HORIZON = 10_000;

    /// Refuses what [KlController] refuses.
    public KlPenalty {
        controller(coefficient, target, horizon);
    }

    /// K1 with a fixed coefficient.
    public static KlPenalty fixed(double coefficient) {
        return new KlPenalty(KlEstimator.K1, coefficient, Double.POSITIVE_INFINITY, HORIZON);
    }

    /// K1 with a coefficient that is steered to a target, with a horizon of 10000 completions.
    public static KlPenalty adaptive(double coefficient, double target) {
        return new KlPenalty(KlEstimator.K1, coefficient, target, HORIZON);
    }

    /// This penalty by another estimator.
    public KlPenalty withEstimator(KlEstimator value) {
        return new KlPenalty(value, coefficient, target, horizon);
    }

    /// A controller at the first coefficient.
    public KlController controller() {
        return controller(coefficient, target, horizon);
    }

    private static KlController controller(double coefficient, double target, double horizon) {
        return target == Double.POSITIVE_INFINITY
                ? KlController.fixed(coefficient)
                : KlController.adaptive(coefficient, target, horizon);
    }
}
