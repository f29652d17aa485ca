package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.ppo.Ppo;
import io.torrefy.posttrain.ppo.PpoLoss;
import io.torrefy.posttrain.ppo.Scorer;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;

/// The keys of a PPO recipe.
final class PpoRecipe implements RecipeKind {
    /// What the critic begins as.
    enum CriticFrom {
        POLICY,
        REWARD_MODEL
    }

    private final RecipeSchema schema = new RecipeSchema("ppo");
    private final OnlineKeys keys =
            new OnlineKeys(schema, "num_ppo_epochs", new OnlineKeys.Defaults(100, 64, 1, 1, 1e-4, 2, 2));
    private final KlKeys kl = new KlKeys(schema, "kl_coef", 0.05, "TRL's 0.05");
    private final Key<CriticFrom> critic = schema.choice(
            "critic", CriticFrom.POLICY, "what the critic begins as; reward_model is InstructGPT's, head included");
    private final Key<Double> valueRate =
            schema.number("value_learning_rate", 3e-4, "the critic's peak").where(x -> x > 0, "more than 0");
    private final Key<Double> gamma =
            schema.number("gamma", 1, "discount (TRL's 1)").where(x -> x > 0 && x <= 1, "in (0, 1]");
    private final Key<Double> lam =
            schema.number("lam", 0.95, "of the advantages (TRL's 0.95)").where(x -> x >= 0 && x <= 1, "in [0, 1]");
    private final Key<Boolean> whiten =
            schema.flag("whiten_rewards", false, "whether token rewards are scaled to variance 1 (TRL's false)");
    private final Key<Double> cliprange =
            schema.number("cliprange", 0.2, "of the ratio (TRL's 0.2)").where(x -> x > 0 && x < 1, "in (0, 1)");
    private final Key<Double> cliprangeValue = schema.number(
                    "cliprange_value", 0.2, "of the values (TRL's 0.2); 0 for none")
            .where(x -> x >= 0, "at least 0");
    private final Key<Double> dual = schema.number(
                    "dual_clip", 0, "bounds the loss of a bad token that became likely (verl's 3); 0 for none")
            .where(x -> x >= 0, "at least 0");

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        RecipeProblems found = new RecipeProblems();
        var parts = keys.check(recipe, common, found);
        var options = found.check(() -> options(recipe));
        found.expect(
                recipe.get(critic) == CriticFrom.POLICY
                        || keys.rewardModel(recipe).isPresent(),
                "critic",
                "a reward_model to begin as",
                "none");
        found.refuse(common);
        return keys.plan("PPO", recipe, parts.orElseThrow(), (run, progress) -> {
            OnlineKeys.Parts own = parts.orElseThrow();
            double penalty = options.orElseThrow().kl().coefficient();
            try (CausalLm policy = CausalLm.load(keys.model(recipe));
                    CausalLm reference = penalty > 0 ? CausalLm.load(keys.reference(recipe)) : null;
                    ValueModel scorer = keys.loadRewardModel(recipe);
                    ValueModel values = critic(recipe)) {
                Rewards sum = keys.rewards(recipe, own, scorer, common);
                try (Ppo ppo = Ppo.of(
                        policy,
                        values,
                        reference,
                        own.tokenizer(),
                        own.task(),
                        Scorer.of(sum),
                        options.orElseThrow())) {
                    var trainer = OnlineKeys.trainer(ppo::step, ppo::save, ppo::restore, ppo.generator());
                    return keys.outcome(PolicyRun.run(keys.settings(recipe, own, sum), trainer, run, progress), recipe);
                }
            }
        });
    }

    private ValueModel critic(Recipe recipe) {
        return recipe.get(critic) == CriticFrom.POLICY
                ? ValueModel.ofZeros(CausalLm.load(keys.model(recipe)))
                : ValueModel.load(keys.rewardModel(recipe).orElseThrow());
    }

    private Ppo.Options options(Recipe recipe) {
        return new Ppo.Options(
                keys.rollout(recipe),
                keys.optimization(recipe),
                recipe.get(valueRate),
                kl.penalty(recipe),
                recipe.get(gamma),
                recipe.get(lam),
                recipe.get(whiten),
                new PpoLoss.Options(
                        recipe.get(cliprange),
                        KlKeys.orNone(recipe.get(cliprangeValue)),
                        KlKeys.orNone(recipe.get(dual))));
    }
}
