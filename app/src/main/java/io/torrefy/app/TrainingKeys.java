package io.torrefy.app;

import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;

/// The keys that all trainers of fixed data share. Names and defaults are those of transformers' `TrainingArguments`
/// (5.18) but for the batch of 8 and what the trainers' own configurations in trl 1.13 change.
final class TrainingKeys {
    final Key<Double> learningRate;
    final Key<Long> batch;
    final Key<Long> accumulation;
    final Key<Double> epochs;
    final Key<Long> maxSteps;
    final Key<Long> maxLength;
    final Key<Long> warmup;
    final Key<Double> maxGradNorm;
    final Key<Double> weightDecay;
    final Key<Long> seed;
    private final Key<Long> evalSteps;
    private final Key<Long> saveSteps;
    private final Key<Long> saveLimit;

    TrainingKeys(RecipeSchema schema, double rate, String lengthIs) {
        learningRate = schema.number("learning_rate", rate, "the peak, reached after warmup_steps")
                .where(x -> x > 0, "more than 0");
        batch = count(schema, "per_device_train_batch_size", 8, "samples that are taken together");
        accumulation = count(schema, "gradient_accumulation_steps", 1, "of which so many make a step");
        epochs = schema.number("num_train_epochs", 3, "passes over the data, unless max_steps says")
                .where(x -> x > 0, "more than 0");
        maxSteps = schema.integer("max_steps", -1, "optimiser steps; -1: num_train_epochs says")
                .where(n -> n == -1 || n >= 1, "at least 1, or -1");
        maxLength = schema.integer("max_length", 1024, lengthIs + "; at most what the model has positions for")
                .where(n -> n >= 2 && n <= Integer.MAX_VALUE, "at least 2");
        warmup = schema.integer("warmup_steps", 0, "steps until the peak").where(n -> n >= 0, "at least 0");
        maxGradNorm = schema.number("max_grad_norm", 1, "the gradient is scaled down to it")
                .where(x -> x > 0, "more than 0");
        weightDecay =
                schema.number("weight_decay", 0, "of matrices, not of vectors").where(x -> x >= 0, "at least 0");
        seed = schema.integer("seed", 42, "decides orders, splits and new weights");
        evalSteps = schema.integer("eval_steps", 0, "steps between measurements; 0: only before and after")
                .where(n -> n >= 0, "at least 0");
        saveSteps = count(schema, "save_steps", 500, "steps between checkpoints");
        saveLimit = count(schema, "save_total_limit", 3, "checkpoints that are kept");
    }

    private static Key<Long> count(RecipeSchema schema, String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }

    /// Tokens that a sample may have.
    int length(Recipe recipe, ModelFolder folder) {
        return Math.min(number(recipe, maxLength), folder.config().maxPositions());
    }

    OfflineRun.Pace pace(Recipe recipe) {
        return new OfflineRun.Pace(recipe.get(evalSteps), recipe.get(saveSteps), number(recipe, saveLimit));
    }

    /// Steps over so many samples; the passes are laid end to end.
    private long steps(Recipe recipe, int samples) {
        long window = recipe.get(batch) * recipe.get(accumulation);
        return recipe.get(maxSteps) > 0
                ? recipe.get(maxSteps)
                : Math.max(1, (long) Math.ceil(recipe.get(epochs) * samples / window));
    }

    /// These as the trainers of preferences take them.
    static final class OfPreferences {
        private final TrainingKeys keys;
        private final Key<Scheduler> scheduler;
        private final Key<Long> microBatchTokens;

        /// TRL's `lr_scheduler_type`, of which these two.
        enum Scheduler {
            /// Down to 0 at the end.
            LINEAR,
            /// Held after the warm-up.
            CONSTANT_WITH_WARMUP
        }

        OfPreferences(RecipeSchema schema, TrainingKeys keys) {
            this.keys = keys;
            scheduler = schema.choice("lr_scheduler_type", Scheduler.LINEAR, "what follows the peak");
            microBatchTokens = count(
                    schema,
                    "micro_batch_tokens",
                    8192,
                    "tokens in memory at a time; no part of the result but rounding");
        }

        PreferenceTraining training(Recipe recipe, int samples, Problems problems) {
            long steps = keys.steps(recipe, samples);
            problems.need(
                    recipe.get(keys.warmup) <= steps,
                    "warmup_steps: expected at most the run's " + steps + " steps; got " + recipe.get(keys.warmup));
            return new PreferenceTraining(
                    steps,
                    Math.toIntExact(recipe.get(keys.batch) * recipe.get(keys.accumulation)),
                    recipe.get(keys.learningRate),
                    Math.min(steps, recipe.get(keys.warmup)),
                    recipe.get(scheduler) == Scheduler.LINEAR,
                    recipe.get(keys.weightDecay),
                    recipe.get(keys.maxGradNorm),
                    number(recipe, microBatchTokens),
                    true,
                    recipe.get(keys.seed));
        }
    }
}
