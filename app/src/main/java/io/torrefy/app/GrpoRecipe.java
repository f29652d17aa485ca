package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Lora;
import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.ConversationEnvironment;
import io.torrefy.posttrain.Grpo;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.R1Zero;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RolloutPlan;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.SamplingCorrection;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.preference.PreferenceReward;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.posttrain.rewards.LengthRewards;
import io.torrefy.tensor.PackedWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The keys of a GRPO recipe, by TRL's names where TRL has them. Defaults are TRL's for the loss and those of
/// `r1-zero` for the rest, which suit a model of a million parameters.
final class GrpoRecipe implements RecipeKind {
    private final RecipeSchema schema = new RecipeSchema("grpo");

    private final Key<Path> model = schema.path("model", "the model's folder, in Hugging Face's layout");
    private final TaskKeys task = new TaskKeys(schema);
    private final Key<Long> steps = positive("steps", 100, "optimiser steps");
    private final Key<Long> seed = schema.integer("seed", 1, "decides problems and samples");
    private final Key<Long> problems = positive("problems", 16, "different problems a step");
    private final Key<Long> generations =
            schema.integer("num_generations", 16, "completions a problem").where(n -> n >= 2, "at least 2, a group");
    private final Key<Long> length = positive("max_completion_length", 160, "tokens a completion may have");
    private final Key<Double> temperature = above("temperature", 1, "of sampling");
    private final Key<Double> rate = above("learning_rate", 3e-4, "the peak, reached after warmup_steps");
    private final Key<Long> warmup =
            schema.integer("warmup_steps", 5, "steps until the peak").where(n -> n >= 0, "at least 0");
    private final Key<Boolean> decay = schema.flag("decay", true, "whether the rate falls linearly to 0 at the end");
    private final Key<Long> iterations = positive("num_iterations", 1, "updates a rollout");
    private final Key<Double> clip = above("max_grad_norm", 1, "the gradient is scaled down to it");
    private final Key<Long> micro = positive("micro_batch_tokens", 8192, "tokens in memory at a time");
    private final Key<Advantages.Scale> scale =
            schema.choice("scale_rewards", Advantages.Scale.GROUP, "what an advantage is divided by");
    private final Key<GrpoLoss.LossType> type =
            schema.choice("loss_type", GrpoLoss.LossType.DAPO, "how tokens are weighed");
    private final Key<GrpoLoss.ImportanceLevel> level =
            schema.choice("importance_sampling_level", GrpoLoss.ImportanceLevel.TOKEN, "over what the ratio is taken");
    private final Key<Double> epsilon = above("epsilon", 0.2, "the ratio is clipped at 1 - epsilon");
    private final Key<Double> epsilonHigh = above("epsilon_high", 0.2, "and at 1 + epsilon_high; for cispo the cap");
    private final Key<Double> delta = schema.number("delta", 0, "cap of the ratio that is not clipped; 0 for none")
            .where(x -> x >= 0, "at least 0");
    private final Key<Double> beta = schema.number("beta", 0, "weight of the divergence to the model as it was")
            .where(x -> x >= 0, "at least 0");
    private final Key<String> format = schema.text(
            "format", "posttrain.rewards.think_answer_format", "what is rewarded beside accuracy: an exported name");
    private final Key<Double> formatWeight = schema.number("format_weight", 0.1, "of the format reward");
    private final Key<List<String>> funcs = schema.texts(
            "reward_funcs",
            List.of(),
            "rewards by their exported names, summed, in place of accuracy and format: [accuracy,"
                    + " \"language_consistency:weight=0.1\"]");
    private final Key<String> rewardModel =
            schema.text("reward_model", "", "folder of a trained reward model, whose score is added");
    private final Key<Double> rewardModelWeight =
            schema.number("reward_model_weight", 1, "of the reward model's score");
    private final Key<Long> heldOut = positive("held_out", 500, "problems of the evaluation before and after");
    private final Key<Long> evaluateEvery = schema.integer(
                    "eval_steps", 5, "steps between small evaluations; 0 for none")
            .where(n -> n >= 0, "at least 0");
    private final Key<Long> checkpointEvery = positive("save_steps", 10, "steps between checkpoints");

    // ---- the rollout -----------------------------------------------------------------------------------------------

    private final Key<RolloutPlan.FilterGroups> filter = schema.choice(
            "filter_groups",
            RolloutPlan.FilterGroups.NONE,
            "dynamic sampling: groups that do not differ by this are thrown away and others sampled");
    private final Key<Long> batches =
            positive("max_num_gen_batches", 10, "how often a step draws problems for that, at most");
    private final Key<Boolean> maskTruncated = schema.flag(
            "mask_truncated_completions", false, "whether completions that are cut off take no part in the loss");
    private final Key<Long> punish = schema.integer(
                    "soft_punish_cache", 0, "tokens before the limit on which length costs, up to 1; 0 for none")
            .where(n -> n >= 0, "at least 0");
    private final Key<Double> punishWeight = above("overlong_penalty_factor", 1, "weight of what length costs");
    private final Key<Long> staleness = schema.integer(
                    "max_staleness", 0, "steps that sampling runs behind, on a thread of its own; 0 for none")
            .where(n -> n >= 0 && n <= Integer.MAX_VALUE, "at least 0");
    private final Key<Boolean> corrected = schema.flag(
            "vllm_importance_sampling_correction",
            false,
            "whether tokens of older or rounded weights are weighted by p / q, p being the policy before the update and q"
                    + " what sampled; else the ratio to q is clipped (TRL's true; no vLLM is in here)");
    private final Key<SamplingCorrection.Mode> correction = schema.choice(
            "vllm_importance_sampling_mode",
            SamplingCorrection.Mode.SEQUENCE_MASK,
            "of what the weight is, and whether one out of bounds is brought to the bound or 0");
    private final Key<Double> correctionMax = schema.number(
                    "vllm_importance_sampling_clip_max", 3, "the greatest weight (TRL's 3); 0 for none")
            .where(x -> x >= 0, "at least 0");
    private final Key<Double> correctionMin = schema.number(
                    "vllm_importance_sampling_clip_min", 0, "the least weight (TRL's none)")
            .where(x -> x >= 0, "at least 0");
    private final Key<PackedWeights.Format> weights =
            schema.choice("rollout_weights", PackedWeights.Format.F32, "how matrices are kept for sampling");
    private final Key<String> environment =
            schema.text("environment", "", "what answers the model, turn by turn: an exported name; empty for none");
    private final Key<Long> turns = positive("max_turns", 5, "the model's turns in an episode");
    private final Key<Boolean> template =
            schema.flag("chat_template", false, "whether prompts are messages, by the model's chat template");

    // ---- the adapter -----------------------------------------------------------------------------------------------

    private static final String ALL_LINEAR = "all-linear";

    private final Key<Boolean> peft =
            schema.flag("use_peft", false, "whether an adapter (LoRA) is trained, the model its reference");
    private final Key<Long> rank = positive("lora_r", 16, "its rank");
    private final Key<Double> alpha = above("lora_alpha", 32, "its update is multiplied by lora_alpha / lora_r");
    private final Key<String> targets = schema.text(
            "lora_target_modules",
            ALL_LINEAR,
            "the layers it adapts, by commas: \"q_proj,v_proj\", or all of the blocks");
    private final Key<PackedWeights.Format> frozen = schema.choice(
            "frozen_weights",
            PackedWeights.Format.F32,
            "how the matrices under it are kept: bf16 takes half the memory, int8 a quarter");

    private Key<Long> positive(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    private Key<Double> above(String name, double standard, String what) {
        return schema.number(name, standard, what).where(x -> x > 0, "more than 0");
    }

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) throws IOException {
        RunPlan.requireModel(recipe.get(model), "the recipe's key model names it.");
        R1Zero.Settings settings = settings(recipe, common);
        R1Zero.Training training = training(recipe, common);
        Optional<ValueModel> scorer = scorer(recipe, settings.model());
        Rewards rewards = rewards(recipe, settings, scorer, common);
        return new RunPlan(
                "GRPO",
                recipe.get(seed),
                recipe.get(steps),
                TaskKeys.configuration(recipe, settings.task()),
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                new RunPlan.Body() {
                    @Override
                    public RunPlan.Outcome run(RunFolder run, Progress progress) throws IOException {
                        return RunPlan.Outcome.of(
                                R1Zero.run(settings, training, rewards, run, progress), settings.heldOut());
                    }

                    @Override
                    public void close() {
                        scorer.ifPresent(ValueModel::close);
                    }
                });
    }

    private R1Zero.Settings settings(Recipe recipe, CommonOptions common) throws IOException {
        return new R1Zero.Settings(
                recipe.get(model),
                TaskKeys.verified(
                        task.load(recipe, common, recipe.get(model)), "accuracy is measured (rloo needs none)"),
                grpo(recipe),
                new Named(common, "format", "posttrain.rewards.").make(recipe.get(format), Reward.class, Map.of()),
                recipe.get(formatWeight),
                number(recipe, heldOut),
                number(recipe, evaluateEvery),
                Math.min(100, number(recipe, heldOut)),
                number(recipe, checkpointEvery));
    }

    /// The adapter and the rollout.
    private R1Zero.Training training(Recipe recipe, CommonOptions common) {
        PackedWeights.Format base = recipe.get(frozen);
        if (base != PackedWeights.Format.F32 && !recipe.get(peft)) {
            throw common.bad("[recipe] expected use_peft: true with frozen_weights: "
                    + base.name().toLowerCase(Locale.ROOT)
                    + "; got false. Hint: weights that are trained stay f32");
        }
        String names = recipe.get(targets);
        Lora.Options lora = Lora.Options.DEFAULT.withRank(number(recipe, rank)).withAlpha(recipe.get(alpha));
        Lora.Options adapted =
                names.equals(ALL_LINEAR) ? lora : lora.withTargets(names.strip().split("\\s*,\\s*"));
        R1Zero.Training whole = R1Zero.Training.DEFAULT.withPlan(rollout(recipe, common));
        return recipe.get(peft) ? whole.withAdapter(adapted, base) : whole;
    }

    private RolloutPlan rollout(Recipe recipe, CommonOptions common) {
        ConversationEnvironment answers = recipe.get(environment).isEmpty()
                ? null
                : new Named(common, "environment", "posttrain.environments.")
                        .make(recipe.get(environment), ConversationEnvironment.class, Map.of());
        ChatTemplate messages = null;
        if (recipe.get(template)) {
            messages = ChatTemplate.load(recipe.get(model))
                    .orElseThrow(() -> common.bad("[recipe] expected a chat template in " + recipe.get(model)
                            + " with chat_template: true; there is none"));
        }
        return new RolloutPlan(
                recipe.get(filter),
                number(recipe, batches),
                recipe.get(maskTruncated),
                number(recipe, staleness),
                recipe.get(weights),
                answers,
                number(recipe, turns),
                messages,
                correction(recipe, common));
    }

    /// What becomes of the ratio to what sampled; its keys without a part are refused.
    private SamplingCorrection correction(Recipe recipe, CommonOptions common) {
        boolean elsewhere = recipe.get(staleness) > 0 || recipe.get(weights) != PackedWeights.Format.F32;
        if (recipe.get(corrected) && !elsewhere) {
            throw common.bad("[recipe] vllm_importance_sampling_correction: expected max_staleness above 0 or smaller"
                    + " rollout_weights beside it; got the very weights that are trained. Hint: there is nothing to"
                    + " correct");
        }
        for (Key<?> key : List.of(correction, correctionMax, correctionMin)) {
            if (!recipe.get(corrected) && !Objects.equals(recipe.get(key), key.standard())) {
                throw common.bad("[recipe] " + key.name()
                        + ": expected vllm_importance_sampling_correction: true with it;" + " got false");
            }
        }
        if (!recipe.get(corrected)) {
            return SamplingCorrection.NONE;
        }
        if (recipe.get(correction) == SamplingCorrection.Mode.NONE) {
            throw common.bad("[recipe] vllm_importance_sampling_mode: expected one that corrects; got none. Hint:"
                    + " vllm_importance_sampling_correction: false");
        }
        return new SamplingCorrection(
                recipe.get(correction), recipe.get(correctionMin), KlKeys.orNone(recipe.get(correctionMax)));
    }

    private Optional<ValueModel> scorer(Recipe recipe, Path policy) {
        if (recipe.get(rewardModel).isEmpty()) {
            return Optional.empty();
        }
        Path folder = Path.of(recipe.get(rewardModel));
        RunPlan.requireModel(folder, "the recipe's key reward_model names it.");
        int own = DecoderConfig.read(policy.resolve("config.json")).vocab();
        int other = DecoderConfig.read(folder.resolve("config.json")).vocab();
        if (own != other) {
            throw new RunException("[grpo] expected a reward_model of the policy's vocabulary, " + own + " tokens; got "
                    + other + " of " + folder + ". Hint: train it from the same base, with torrefy reward.");
        }
        return Optional.of(ValueModel.load(folder));
    }

    /// Accuracy and the format, or what is named; the reward model; and what length costs.
    private Rewards rewards(
            Recipe recipe, R1Zero.Settings settings, Optional<ValueModel> scorer, CommonOptions common) {
        boolean formatted = !recipe.get(format).equals(format.standard())
                || !recipe.get(formatWeight).equals(formatWeight.standard());
        if (formatted && !recipe.get(funcs).isEmpty()) {
            throw common.bad("[recipe] reward_funcs and format or format_weight exclude each other: reward_funcs:"
                    + " [accuracy, \"think_answer_format:weight=0.1\"] rewards a format too");
        }
        Rewards rules = RewardOptions.sum(
                        common, "reward_funcs", recipe.get(funcs), settings.task(), number(recipe, length))
                .orElseGet(() -> Rewards.of("accuracy", settings.task().accuracy())
                        .plus("format", settings.format(), settings.formatWeight()));
        Rewards rewards = scorer.map(model -> rules.plus(
                        "reward_model",
                        PreferenceReward.of(model, BpeTokenizer.load(settings.model()), number(recipe, micro))
                                .reward(),
                        recipe.get(rewardModelWeight)))
                .orElse(rules);
        long cache = recipe.get(punish);
        if (cache == 0) {
            return rewards;
        }
        if (cache > recipe.get(length)) {
            throw common.bad("[recipe] expected a soft_punish_cache of at most max_completion_length; got " + cache
                    + " and " + recipe.get(length));
        }
        return rewards.plus(
                "soft_overlong",
                LengthRewards.softOverlong(number(recipe, length), (int) cache),
                recipe.get(punishWeight));
    }

    private Grpo.Options grpo(Recipe recipe) {
        double cap = recipe.get(delta);
        return new Grpo.Options(
                recipe.get(steps),
                number(recipe, problems),
                number(recipe, generations),
                number(recipe, length),
                recipe.get(temperature),
                recipe.get(rate),
                Math.min(recipe.get(warmup), recipe.get(steps)),
                recipe.get(decay),
                number(recipe, iterations),
                recipe.get(scale),
                new GrpoLoss.Options(
                        recipe.get(type),
                        recipe.get(level),
                        recipe.get(epsilon),
                        recipe.get(epsilonHigh),
                        cap == 0 ? Double.POSITIVE_INFINITY : cap,
                        recipe.get(beta),
                        GrpoLoss.Options.defaults().useBiasCorrectionKl(),
                        number(recipe, length)),
                recipe.get(clip),
                number(recipe, micro),
                recipe.get(seed));
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
