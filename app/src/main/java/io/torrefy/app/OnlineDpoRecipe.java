package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.ppo.OnlineDpo;
import io.torrefy.posttrain.ppo.Scorer;
import io.torrefy.posttrain.preference.DpoLoss;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;

/// The keys of a recipe for online DPO.
final class OnlineDpoRecipe implements RecipeKind {
    private final RecipeSchema schema = new RecipeSchema("online-dpo");
    private final OnlineKeys keys =
            new OnlineKeys(schema, "num_iterations", new OnlineKeys.Defaults(100, 64, 2, 1, 3e-4, 1, 1));
    private final Key<DpoLoss.LossType> type = schema.choice(
            "loss_type",
            DpoLoss.LossType.SIGMOID,
            "the loss of a pair; TRL's ipo is ipo_sum here, over sums of tokens");
    private final Key<Double> beta =
            schema.number("beta", 0.1, "the pull to the reference (TRL's 0.1)").where(x -> x > 0, "more than 0");
    private final Key<Double> smoothing = schema.number("label_smoothing", 0, "of cdpo, robust and exo_pair")
            .where(x -> x >= 0 && x < 0.5, "in [0, 0.5)");
    private final Key<Boolean> dropTies = schema.flag(
            "drop_ties", true, "whether pairs of equal scores are left out; TRL takes the first as the better one");

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        RecipeProblems found = new RecipeProblems();
        var parts = keys.check(recipe, common, found);
        var options = found.check(() -> new OnlineDpo.Options(
                keys.rollout(recipe),
                keys.optimization(recipe),
                DpoLoss.Options.defaults()
                        .withBeta(recipe.get(beta))
                        .withLossType(recipe.get(type), recipe.get(smoothing)),
                recipe.get(dropTies)));
        keys.checkPairs(recipe, found);
        found.refuse(common);
        return keys.plan("Online DPO", recipe, parts.orElseThrow(), (run, progress) -> {
            OnlineKeys.Parts own = parts.orElseThrow();
            try (CausalLm policy = CausalLm.load(keys.model(recipe));
                    CausalLm reference = CausalLm.load(keys.reference(recipe));
                    ValueModel scorer = keys.loadRewardModel(recipe)) {
                Rewards sum = keys.rewards(recipe, own, scorer, common);
                try (OnlineDpo dpo = OnlineDpo.of(
                        policy, reference, own.tokenizer(), own.task(), Scorer.of(sum), options.orElseThrow())) {
                    var trainer = OnlineKeys.trainer(dpo::step, dpo::save, dpo::restore, dpo.generator());
                    return keys.outcome(PolicyRun.run(keys.settings(recipe, own, sum), trainer, run, progress), recipe);
                }
            }
        });
    }
}
