package io.torrefy.posttrain.ppo;

import io.torrefy.export.Export;

/// Estimates of KL(policy || reference) from one token that the policy drew (Schulman 2020, "Approximating KL
/// divergence"). TRL's `kl_estimator` has K1, its default, and K3; verl calls them `kl`, `mse` and `low_var_kl`.
///
/// In a *reward*, where no gradient flows through it, K1 is right: the expected sum over a sequence is the divergence
/// itself. As a *loss* only K2 has the divergence's gradient. Nothing is clamped here (verl clamps K3 to 10, OpenRLHF
/// all three).
@Export(value = "posttrain.KlEstimator", since = "0.1", members = "posttrain.kl_estimators")
public enum KlEstimator {
    /// log π - log ref: without bias, of either sign.
    K1 {
        @Override
        public double of(double logProb, double reference) {
            return logProb - reference;
        }
    },
    /// (log π - log ref)² / 2: biased, never negative.
    K2 {
        @Override
        public double of(double logProb, double reference) {
            double d = logProb - reference;
            return d * d / 2;
        }
    },
    /// ref / π - 1 - log(ref / π): without bias, never negative.
    K3 {
        @Override
        public double of(double logProb, double reference) {
            double d = reference - logProb;
            return Math.expm1(d) - d;
        }
    };

    /// The estimate of one token, in nats.
    public abstract double of(double logProb, double reference);

    /// The estimates of many tokens.
    ///
    /// @throws IllegalArgumentException if the arrays have different lengths
    public double[] of(double[] logProbs, double[] references) {
        if (logProbs.length != references.length) {
            throw new IllegalArgumentException("[kl] expected as many reference log-probabilities as the policy's "
                    + logProbs.length + "; got " + references.length);
        }
        double[] kl = new double[logProbs.length];
        for (int t = 0; t < kl.length; t++) {
            kl[t] = of(logProbs[t], references[t]);
        }
        return kl;
    }
}
