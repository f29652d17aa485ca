package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.Grpo;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.R1Zero;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.preference.PreferenceReward;
import io.torrefy.posttrain.preference.ValueModel;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keys of a GRPO recipe, by TRL's names where TRL has them. Defaults are TRL's for the loss and those of
/// `r1-zero` for the rest, which suit a model of a million parameters.
final class GrpoRecipe implements RecipeKind {
    private final RecipeSchema schema = new RecipeSchema("grpo");

    private final Key<Path> model = schema.path("model", "the model's folder, in Hugging Face's layout");
    private final Key<String> task =
            schema.text("task", "countdown", "where problems come from, unless from data: the exported name of a task");
    private final Key<List<Path>> data = schema.paths("data", "files of questions and answers, in place of a task");
    private final Key<String> question = schema.text("question", "", "field of data with the question; empty: found");
    private final Key<String> answer = schema.text("answer", "", "field of data with the answer; empty: found");
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
    private final Key<List<String>> rewards = schema.texts(
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
        R1Zero.Settings settings = settings(recipe, common);
        RunPlan.requireModel(settings.model(), "the recipe's key model names it.");
        Optional<ValueModel> scorer = scorer(recipe, settings.model());
        Rewards sum = rewards(recipe, settings, scorer, common);
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        if (settings.task() instanceof QaFile questions) {
            config.put("data_fingerprint", questions.fingerprint());
        }
        return new RunPlan(
                "GRPO",
                recipe.get(seed),
                recipe.get(steps),
                config,
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                new RunPlan.Body() {
                    @Override
                    public RunPlan.Outcome run(RunFolder run, Progress progress) throws IOException {
                        return RunPlan.Outcome.of(R1Zero.run(settings, sum, run, progress), settings.heldOut());
                    }

                    @Override
                    public void close() {
                        scorer.ifPresent(ValueModel::close);
                    }
                });
    }

    private Rewards rewards(
            Recipe recipe, R1Zero.Settings settings, Optional<ValueModel> scorer, CommonOptions common) {
        boolean named = !recipe.get(rewards).isEmpty();
        boolean formatted = !recipe.get(format).equals(format.standard())
                || !recipe.get(formatWeight).equals(formatWeight.standard());
        if (named && formatted) {
            throw common.bad("[recipe] reward_funcs and format or format_weight exclude each other: reward_funcs:"
                    + " [accuracy, \"think_answer_format:weight=0.1\"] rewards a format too");
        }
        Rewards sum = RewardOptions.sum(
                        common, "reward_funcs", recipe.get(rewards), settings.task(), number(recipe, length))
                .orElseGet(() -> Rewards.of("accuracy", settings.task().accuracy())
                        .plus("format", settings.format(), settings.formatWeight()));
        return scorer.map(model -> sum.plus(
                        "reward_model",
                        PreferenceReward.of(model, BpeTokenizer.load(settings.model()), number(recipe, micro))
                                .reward(),
                        recipe.get(rewardModelWeight)))
                .orElse(sum);
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

    private R1Zero.Settings settings(Recipe recipe, CommonOptions common) throws IOException {
        return new R1Zero.Settings(
                recipe.get(model),
                task(recipe, common),
                grpo(recipe),
                new Named(common, "format", "posttrain.rewards.").make(recipe.get(format), Reward.class, Map.of()),
                recipe.get(formatWeight),
                number(recipe, heldOut),
                number(recipe, evaluateEvery),
                Math.min(100, number(recipe, heldOut)),
                number(recipe, checkpointEvery));
    }

    private Task task(Recipe recipe, CommonOptions common) throws IOException {
        List<Path> files = recipe.get(data);
        if (files.isEmpty()) {
            return new Named(common, "task", "posttrain.tasks.").make(recipe.get(task), Task.class, Map.of());
        }
        QaFile.Options options = QaFile.Options.DEFAULT;
        if (recipe.get(question).isEmpty() != recipe.get(answer).isEmpty()) {
            throw common.bad("[recipe] expected question and answer together; got one of them");
        }
        return QaFile.load(
                DataFiles.expand(files),
                recipe.get(question).isEmpty() ? options : options.fields(recipe.get(question), recipe.get(answer)));
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
