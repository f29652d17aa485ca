package io.torrefy.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.distill.SharedVocabulary;
import io.torrefy.posttrain.ppo.Optimization;
import io.torrefy.posttrain.ppo.RolloutOptions;
import io.torrefy.posttrain.ppo.TrainingStep;
import io.torrefy.posttrain.preference.PreferenceReward;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The keys that recipes share whose policy learns from what it writes itself, by TRL's names where TRL has them, and
/// what they stand for. Where no default of TRL is named, it is one for models of a million parameters.
final class OnlineKeys {
    /// Prompts that are measured before a run begins.
    private static final int MEASURED = 64;

    private final RecipeSchema schema;
    private final Key<Path> model;
    private final TaskKeys task;
    private final Key<List<String>> rewards;
    private final Key<String> rewardModel;
    private final Key<Double> rewardModelWeight;
    private final Key<String> reference;
    private final Key<Long> steps;
    private final Key<Long> seed;
    private final Key<Long> problems;
    private final Key<Long> generations;
    private final Key<Long> length;
    private final Key<Double> temperature;
    private final Key<Double> eosPenalty;
    private final Key<Double> rate;
    private final Key<Long> warmup;
    private final Key<Boolean> decay;
    private final Key<Long> epochs;
    private final Key<Long> miniBatches;
    private final Key<Double> clip;
    private final Key<Long> micro;
    private final Key<Long> heldOut;
    private final Key<Long> evaluateEvery;
    private final Key<Long> checkpointEvery;

    /// Declares the keys.
    ///
    /// @param epochsName TRL's name for updates a rollout
    /// @param standard defaults that the algorithms differ in
    OnlineKeys(RecipeSchema schema, String epochsName, Defaults standard) {
        this.schema = schema;
        model = schema.path("model", "the policy's folder, in Hugging Face's layout");
        task = new TaskKeys(schema);
        rewards = schema.texts(
                "reward_funcs",
                List.of(),
                "rewards by their exported names, summed: accuracy, \"maths:weight=0.5\"; none with none and no"
                        + " reward_model: accuracy and a tenth of think_answer_format");
        rewardModel = schema.text("reward_model", "", "folder of a trained reward model, added to reward_funcs");
        rewardModelWeight = schema.number("reward_model_weight", 1, "of the reward model's score");
        reference = schema.text("ref_model", "", "folder of the frozen reference; empty: the policy as it was");
        steps = positive("steps", standard.steps, "rollouts");
        seed = schema.integer("seed", 1, "decides problems, samples and mini-batches");
        problems = positive("problems", standard.problems, "different problems a step");
        generations = positive("num_generations", standard.generations, "completions a problem");
        length = positive("max_completion_length", 160, "tokens a completion may have");
        temperature = above("temperature", standard.temperature, "of sampling");
        eosPenalty = schema.number(
                        "missing_eos_penalty", 0, "taken from the score of a completion that was cut off; 0 for none")
                .where(x -> x >= 0, "at least 0");
        rate = above("learning_rate", standard.rate, "the policy's peak, reached after warmup_steps");
        warmup = schema.integer("warmup_steps", 5, "steps until the peak").where(n -> n >= 0, "at least 0");
        decay = schema.flag("decay", true, "whether the rate falls linearly to 0 at the end");
        epochs = positive(epochsName, standard.epochs, "how often a rollout is gone through");
        miniBatches = positive("num_mini_batches", standard.miniBatches, "updates in each of them");
        clip = above("max_grad_norm", 1, "the gradient is scaled down to it");
        micro = positive("micro_batch_tokens", 8192, "tokens in memory at a time");
        heldOut = positive("held_out", 500, "problems of the evaluation before and after");
        evaluateEvery = schema.integer("eval_steps", 5, "steps between small evaluations; 0 for none")
                .where(n -> n >= 0, "at least 0");
        checkpointEvery = positive("save_steps", 10, "steps between checkpoints");
    }

    /// Defaults that the algorithms differ in.
    record Defaults(
            long steps,
            long problems,
            long generations,
            double temperature,
            double rate,
            long epochs,
            long miniBatches) {}

    private Key<Long> positive(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    private Key<Double> above(String name, double standard, String what) {
        return schema.number(name, standard, what).where(x -> x > 0, "more than 0");
    }

    // ---- what they stand for ---------------------------------------------------------------------------------------

    RolloutOptions rollout(Recipe recipe) {
        return new RolloutOptions(
                number(recipe, problems),
                number(recipe, generations),
                number(recipe, length),
                recipe.get(temperature),
                recipe.get(eosPenalty),
                number(recipe, micro),
                recipe.get(seed));
    }

    Optimization optimization(Recipe recipe) {
        return new Optimization(
                recipe.get(steps),
                recipe.get(rate),
                Math.min(recipe.get(warmup), recipe.get(steps)),
                recipe.get(decay),
                number(recipe, epochs),
                number(recipe, miniBatches),
                recipe.get(clip));
    }

    /// Refuses more updates than there are pairs.
    void checkPairs(Recipe recipe, RecipeProblems found) {
        found.expect(
                recipe.get(miniBatches) <= recipe.get(problems),
                "num_mini_batches",
                "at most the " + recipe.get(problems) + " pairs of a step",
                recipe.get(miniBatches));
    }

    Path model(Recipe recipe) {
        return recipe.get(model);
    }

    /// The reference's folder: the policy's own, unless another is named.
    Path reference(Recipe recipe) {
        return recipe.get(reference).isEmpty() ? recipe.get(model) : Path.of(recipe.get(reference));
    }

    Optional<Path> rewardModel(Recipe recipe) {
        return recipe.get(rewardModel).isEmpty() ? Optional.empty() : Optional.of(Path.of(recipe.get(rewardModel)));
    }

    /// The reward model, for the caller to close; null where there is none.
    @Nullable
    ValueModel loadRewardModel(Recipe recipe) {
        return rewardModel(recipe).map(ValueModel::load).orElse(null);
    }

    // ---- before a run ----------------------------------------------------------------------------------------------

    /// What was read and checked.
    record Parts(Tokenizer tokenizer, Task task, Optional<Rewards> named) {}

    /// Reads what the recipe names, and notes what is wrong with it.
    Optional<Parts> check(Recipe recipe, CommonOptions common, RecipeProblems found) {
        Path folder = recipe.get(model);
        Optional<DecoderConfig> config = found.check(() -> {
            RunPlan.requireModel(folder, "the recipe's key model names it.");
            return DecoderConfig.read(folder.resolve("config.json"));
        });
        Optional<Tokenizer> tokenizer = config.flatMap(own -> found.check(() -> {
            Tokenizer one = BpeTokenizer.load(folder);
            one.checkFits(own.vocab());
            Tokens.end(one);
            return one;
        }));
        Optional<Task> problemsOf = found.check(() -> task.load(recipe, common, folder));
        if (config.isPresent() && !recipe.get(reference).isEmpty()) {
            Path other = reference(recipe);
            found.check(() -> {
                sameVocabulary("ref_model", "policy", other, config.get(), tokenizer);
                return true;
            });
        }
        if (config.isPresent() && rewardModel(recipe).isPresent()) {
            Path other = rewardModel(recipe).get();
            found.check(() -> {
                sameVocabulary("reward_model", "policy", other, config.get(), tokenizer);
                requireHead(other);
                return true;
            });
        }
        problemsOf.ifPresent(one -> found.expect(
                one.verifies()
                        || !recipe.get(rewards).isEmpty()
                        || rewardModel(recipe).isPresent(),
                "reward_funcs",
                "rewards or a reward_model, as data has no answers to verify",
                "none"));
        long completions = recipe.get(problems) * recipe.get(generations);
        found.expect(
                recipe.get(miniBatches) <= completions,
                "num_mini_batches",
                "at most the " + completions + " completions of a step",
                recipe.get(miniBatches));
        Optional<Optional<Rewards>> named = problemsOf.flatMap(one -> found.check(
                () -> RewardOptions.sum(common, "reward_funcs", recipe.get(rewards), one, number(recipe, length))));
        if (tokenizer.isEmpty() || problemsOf.isEmpty() || named.isEmpty() || config.isEmpty()) {
            return Optional.empty();
        }
        found.check(() -> {
            roomFor(
                    problemsOf.get(),
                    tokenizer.get(),
                    recipe.get(seed),
                    "max_completion_length",
                    recipe.get(length),
                    config.get().maxPositions());
            return true;
        });
        return Optional.of(new Parts(tokenizer.get(), problemsOf.get(), named.get()));
    }

    /// Refuses a model whose ids mean other words than the policy's.
    ///
    /// @param whose what the policy is called: `policy`, `student`
    static void sameVocabulary(
            String key, String whose, Path folder, DecoderConfig policy, Optional<Tokenizer> tokenizer) {
        RunPlan.requireModel(folder, "the recipe's key " + key + " names it.");
        int vocab = DecoderConfig.read(folder.resolve("config.json")).vocab();
        if (vocab != policy.vocab()) {
            throw new RunException(key + ": expected a model of the " + whose + "'s vocabulary, " + policy.vocab()
                    + " tokens; got " + vocab + " in " + folder + ". Hint: it reads the " + whose
                    + "'s token ids; take one that was made from the same model.");
        }
        if (tokenizer.isPresent() && Files.exists(folder.resolve("tokenizer.json"))) {
            if (!SharedVocabulary.isSame(tokenizer.get(), BpeTokenizer.load(folder))) {
                throw new RunException(key + ": expected the " + whose + "'s tokenizer; got another one in " + folder
                        + ". Hint: it reads the " + whose
                        + "'s token ids; take one that was made from the same model.");
            }
        }
    }

    private static void requireHead(Path folder) throws IOException {
        String architecture = new ObjectMapper()
                .readTree(Files.readAllBytes(folder.resolve("config.json")))
                .path("architectures")
                .path(0)
                .asText();
        if (!architecture.endsWith("ForSequenceClassification")) {
            throw new RunException(
                    "reward_model: expected a ...ForSequenceClassification, a model with a score in place"
                            + " of words; got " + architecture + " in " + folder
                            + ". Hint: torrefy reward trains one from preferences.");
        }
    }

    /// Refuses a completion length for which the model has no positions behind the first prompts.
    static void roomFor(Task task, Tokenizer tokenizer, long seed, String key, long length, int positions) {
        for (int i = 0; i < MEASURED; i++) {
            Problem problem = task.training(seed, i);
            int tokens = Tokens.prompt(tokenizer, problem).length;
            if (tokens + length > positions) {
                throw new RunException(key + ": expected at most " + Math.max(0, positions - tokens)
                        + ", as the model has " + positions + " positions and the prompt of " + problem.id() + " has "
                        + tokens + " tokens; got " + length);
            }
        }
    }

    /// The sum of what is named and of the reward model.
    Rewards rewards(Recipe recipe, Parts parts, @Nullable ValueModel scorer, CommonOptions common) {
        if (scorer == null) {
            return parts.named.orElseGet(() -> RewardOptions.sum(
                            common,
                            "reward_funcs",
                            List.of("accuracy", "think_answer_format:weight=0.1,as=format"),
                            parts.task,
                            number(recipe, length))
                    .orElseThrow());
        }
        var reward = PreferenceReward.of(scorer, parts.tokenizer, number(recipe, micro))
                .reward();
        double weight = recipe.get(rewardModelWeight);
        return parts.named
                .map(sum -> sum.plus("reward_model", reward, weight))
                .orElseGet(() -> Rewards.of("reward_model", reward, weight));
    }

    // ---- the run ---------------------------------------------------------------------------------------------------

    /// Saves to or restores from a folder.
    interface Stored {
        void at(Path folder) throws IOException;
    }

    /// A trainer as a run takes it.
    static PolicyRun.Trainer trainer(
            LongFunction<TrainingStep> step, Stored save, Stored restore, Generator generator) {
        return new PolicyRun.Trainer() {
            @Override
            public PolicyRun.Step step(long number) {
                TrainingStep done = step.apply(number);
                return new PolicyRun.Step(done.metrics(), done.samples(), done.warnings());
            }

            @Override
            public void save(Path folder) throws IOException {
                save.at(folder);
            }

            @Override
            public void restore(Path folder) throws IOException {
                restore.at(folder);
            }

            @Override
            public Generator generator() {
                return generator;
            }
        };
    }

    PolicyRun.Settings settings(Recipe recipe, Parts parts, Rewards sum) {
        return new PolicyRun.Settings(
                recipe.get(model),
                parts.tokenizer,
                parts.task,
                sum,
                recipe.get(steps),
                number(recipe, length),
                number(recipe, heldOut),
                Math.toIntExact(recipe.get(evaluateEvery)),
                Math.min(100, number(recipe, heldOut)),
                number(recipe, checkpointEvery));
    }

    RunPlan plan(String title, Recipe recipe, Parts parts, RunPlan.Body body) {
        return new RunPlan(
                title,
                recipe.get(seed),
                recipe.get(steps),
                TaskKeys.configuration(recipe, parts.task),
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                body);
    }

    RunPlan.Outcome outcome(PolicyRun.Outcome outcome, Recipe recipe) {
        return outcome(outcome, recipe.get(heldOut));
    }

    static RunPlan.Outcome outcome(PolicyRun.Outcome outcome, long heldOut) {
        return new RunPlan.Outcome(
                List.of(
                        Double.isNaN(outcome.accuracyBefore())
                                ? String.format(
                                        Locale.ROOT,
                                        "Held-out reward: %.3f before, %.3f after (%d prompts at most, greedy).",
                                        outcome.rewardBefore(),
                                        outcome.rewardAfter(),
                                        heldOut)
                                : String.format(
                                        Locale.ROOT,
                                        "Held-out accuracy: %.1f %% before, %.1f %% after; reward %.3f before, %.3f after"
                                                + " (%d problems, greedy).",
                                        100 * outcome.accuracyBefore(),
                                        100 * outcome.accuracyAfter(),
                                        outcome.rewardBefore(),
                                        outcome.rewardAfter(),
                                        heldOut)),
                outcome.toMap());
    }

    static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
