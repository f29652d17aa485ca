package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.ppo.PpoLoss;
import io.torrefy.posttrain.ppo.ReinforcePlusPlus;
import io.torrefy.posttrain.ppo.Rloo;
import io.torrefy.posttrain.ppo.Scorer;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The keys of a recipe for RLOO and REINFORCE++, which need no critic.
final class RlooRecipe implements RecipeKind {
    /// Which baseline an advantage is measured against.
    enum Algorithm {
        RLOO,
        REINFORCE_PLUS_PLUS,
        REINFORCE_PLUS_PLUS_BASELINE
    }

    private final RecipeSchema schema = new RecipeSchema("rloo");
    private final Key<Algorithm> algorithm = schema.choice(
            "algorithm",
            Algorithm.RLOO,
            "rloo: the mean of the others of the group is the baseline; reinforce_plus_plus: the batch's mean, token by"
                    + " token; reinforce_plus_plus_baseline: the group's mean, then the batch's");
    private final OnlineKeys keys =
            new OnlineKeys(schema, "num_iterations", new OnlineKeys.Defaults(100, 32, 4, 1, 3e-4, 1, 1));
    private final KlKeys kl = new KlKeys(schema, "beta", 0.05, "TRL's 0.05 for rloo; OpenRLHF's 0.01 for reinforce++");
    private final Key<Double> epsilon = schema.number("epsilon", 0.2, "the ratio is clipped at 1 - epsilon (TRL's 0.2)")
            .where(x -> x > 0 && x < 1, "in (0, 1)");
    private final Key<Double> epsilonHigh = schema.number(
                    "epsilon_high", 0.2, "and at 1 + epsilon_high (TRL's 0.2); rloo only")
            .where(x -> x > 0, "more than 0");
    private final Key<Double> range = schema.number(
                    "reward_clip_range", 0, "scores are held within ± this; 0 for none (TRL's); rloo only")
            .where(x -> x >= 0, "at least 0");
    private final Key<Boolean> normalize = schema.flag(
            "normalize_advantages", false, "whether advantages are whitened over the batch (TRL's false); rloo only");
    private final Key<Double> gamma =
            schema.number("gamma", 1, "discount; reinforce_plus_plus only").where(x -> x > 0 && x <= 1, "in (0, 1]");

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        RecipeProblems found = new RecipeProblems();
        var parts = keys.check(recipe, common, found);
        boolean rloo = recipe.get(algorithm) == Algorithm.RLOO;
        if (rloo) {
            found.check(() -> rloo(recipe));
        } else {
            found.check(() -> reinforce(recipe));
        }
        String choice = "algorithm " + recipe.get(algorithm).name().toLowerCase(Locale.ROOT);
        found.unread(recipe, epsilonHigh, rloo, choice);
        found.unread(recipe, range, rloo, choice);
        found.unread(recipe, normalize, rloo, choice);
        found.unread(recipe, gamma, !rloo, choice);
        found.refuse(common);
        String title = rloo ? "RLOO" : "REINFORCE++";
        return keys.plan(title, recipe, parts.orElseThrow(), (run, progress) -> {
            OnlineKeys.Parts own = parts.orElseThrow();
            double penalty = kl.penalty(recipe).coefficient();
            try (CausalLm policy = CausalLm.load(keys.model(recipe));
                    CausalLm reference = penalty > 0 ? CausalLm.load(keys.reference(recipe)) : null;
                    ValueModel scorer = keys.loadRewardModel(recipe)) {
                Rewards sum = keys.rewards(recipe, own, scorer, common);
                PolicyRun.Settings settings = keys.settings(recipe, own, sum);
                if (rloo) {
                    try (Rloo trainer =
                            Rloo.of(policy, reference, own.tokenizer(), own.task(), Scorer.of(sum), rloo(recipe))) {
                        var steps =
                                OnlineKeys.trainer(trainer::step, trainer::save, trainer::restore, trainer.generator());
                        return keys.outcome(PolicyRun.run(settings, steps, run, progress), recipe);
                    }
                }
                try (ReinforcePlusPlus trainer = reinforce(recipe, own, policy, reference, sum)) {
                    var steps = OnlineKeys.trainer(trainer::step, trainer::save, trainer::restore, trainer.generator());
                    return keys.outcome(PolicyRun.run(settings, steps, run, progress), recipe);
                }
            }
        });
    }

    private ReinforcePlusPlus reinforce(
            Recipe recipe, OnlineKeys.Parts own, CausalLm policy, @Nullable CausalLm reference, Rewards sum) {
        return ReinforcePlusPlus.of(policy, reference, own.tokenizer(), own.task(), Scorer.of(sum), reinforce(recipe));
    }

    private Rloo.Options rloo(Recipe recipe) {
        return new Rloo.Options(
                keys.rollout(recipe),
                keys.optimization(recipe),
                kl.penalty(recipe),
                recipe.get(epsilon),
                recipe.get(epsilonHigh),
                KlKeys.orNone(recipe.get(range)),
                recipe.get(normalize));
    }

    private ReinforcePlusPlus.Options reinforce(Recipe recipe) {
        return new ReinforcePlusPlus.Options(
                keys.rollout(recipe),
                keys.optimization(recipe),
                kl.penalty(recipe),
                recipe.get(algorithm) == Algorithm.REINFORCE_PLUS_PLUS_BASELINE,
                recipe.get(gamma),
                PpoLoss.Options.defaults().withCliprange(recipe.get(epsilon)));
    }
}
