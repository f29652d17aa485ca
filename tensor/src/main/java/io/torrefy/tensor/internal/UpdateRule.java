package io.torrefy.tensor.internal;

/// What a row of an [UpdatePlan] does to every element of its arrays, in f32 and in the order of operations written
/// here. Array and number names are in the order in which the plan holds them; `pull` is an L2 penalty, and the
/// gradient is multiplied by `gradScale` first (clipping).
public enum UpdateRule {
    /// Adam and AdamW. Arrays `p, g, m, v, maxV`; `maxV` may be 0 (no amsgrad). Numbers `gradScale, keep, pull,
    /// beta1, rest1, beta2, rest2, eps, stepSize, sqrtBias2`; a rest is `1 - beta`, `keep = 1 - lr * decay` where
    /// the decay is decoupled. `d = gradScale g + pull p`; `m = beta1 m + rest1 d`; `v = beta2 v + rest2 d^2`;
    /// `p = keep p - stepSize m / (sqrt(v) / sqrtBias2 + eps)`, with `maxV = max(maxV, v)` in place of `v` there.
    ADAM,
    /// Arrays `p, g, velocity`; the velocity may be 0 (no momentum). Numbers `gradScale, pull, momentum, share,
    /// own, ahead, lr`. `d = gradScale g + pull p`; `velocity = momentum velocity + share d`;
    /// `p = p - lr (own d + ahead velocity)`. Without a velocity `p = p - lr d`.
    SGD,
    /// Arrays `y, g, velocity`. Numbers `gradScale, momentum, share, own, ahead`. `d = gradScale g`;
    /// `velocity = momentum velocity + share d`; `y = own d + ahead velocity`.
    MOMENTUM,
    /// Arrays `p, g, sum`. Numbers `gradScale, pull, eps, lr`. `d = gradScale g + pull p`; `sum = sum + d^2`;
    /// `p = p - lr (d / (sqrt(sum) + eps))`.
    ADAGRAD,
    /// Arrays `p, g, square, mean, velocity`; `mean` may be 0 (not centred), `velocity` too (no momentum). Numbers
    /// `gradScale, pull, alpha, rest, eps, momentum, lr`; `rest = 1 - alpha`. `d = gradScale g + pull p`;
    /// `square = alpha square + rest d^2`; `mean = alpha mean + rest d`; `c = d / (sqrt(square - mean^2) + eps)`;
    /// `velocity = momentum velocity + c`; `p = p - lr velocity`. What is absent counts as `mean = 0`, `velocity =
    /// c`.
    RMSPROP,
    /// Arrays `y, x`. Numbers `a, b`. `y = a y + b x`.
    BLEND
}
