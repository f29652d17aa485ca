package io.torrefy.app;

import io.torrefy.posttrain.ppo.KlEstimator;
import io.torrefy.posttrain.ppo.KlPenalty;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;

/// The keys of a penalty on the distance from the reference.
final class KlKeys {
    private final Key<Double> coefficient;
    private final Key<KlEstimator> estimator;
    private final Key<Double> target;
    private final Key<Double> horizon;

    /// @param name TRL's of the coefficient
    KlKeys(RecipeSchema schema, String name, double standard, String source) {
        coefficient = schema.number(
                        name, standard, "weight of the divergence from the reference in the reward (" + source + ")")
                .where(x -> x >= 0, "at least 0");
        estimator = schema.choice("kl_estimator", KlEstimator.K1, "how the divergence is estimated (TRL's k1)");
        target = schema.number(
                        "kl_target",
                        0,
                        "nats a completion that an adaptive weight steers to (Ziegler's 6); 0: the weight is fixed")
                .where(x -> x >= 0, "at least 0");
        horizon = schema.number("kl_horizon", 10_000, "completions in which an adaptive weight changes by 20 %")
                .where(x -> x > 0, "more than 0");
    }

    KlPenalty penalty(Recipe recipe) {
        return new KlPenalty(
                recipe.get(estimator), recipe.get(coefficient), orNone(recipe.get(target)), recipe.get(horizon));
    }

    /// Recipes have no infinity: 0 stands for a bound that is none.
    static double orNone(double bound) {
        return bound == 0 ? Double.POSITIVE_INFINITY : bound;
    }
}
