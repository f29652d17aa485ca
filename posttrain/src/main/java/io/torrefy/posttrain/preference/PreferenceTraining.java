package io.torrefy.posttrain.preference;

import io.torrefy.export.Export;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.Module;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.nn.Schedule;
import io.torrefy.posttrain.Learner;

/// How a model is trained on preferences: what all trainers of this package share. Names and defaults are those of
/// Hugging Face's `TrainingArguments` where it has them; the optimiser is its AdamW, betas 0.9 and 0.999, ε 1e-8, and
/// no decay of vectors (norms and biases).
///
/// @param steps optimiser steps; with `decay` the learning rate is 0 after them
/// @param batchSize 8 (`per_device_train_batch_size` times `gradient_accumulation_steps`): examples a step
/// @param learningRate the peak; 1e-6 for DPO, KTO, ORPO and CPO, 1e-5 for process rewards and 1e-4 for reward models
///     in TRL's configurations
/// @param warmup 0: steps in which the learning rate rises
/// @param decay true (`lr_scheduler_type="linear"`): whether it comes down linearly over `steps`; else it is held
/// @param weightDecay 0
/// @param maxGradNorm 1: the gradient is scaled down to it
/// @param microBatchTokens 8192: tokens in memory at a time; does not change the result but for rounding
/// @param shuffle true: each pass over the data has an order of its own, made of the seed; else the data's
/// @param seed of the orders
@Export(value = "posttrain.PreferenceTraining", since = "0.1")
public record PreferenceTraining(
        long steps,
        int batchSize,
        double learningRate,
        long warmup,
        boolean decay,
        double weightDecay,
        double maxGradNorm,
        int microBatchTokens,
        boolean shuffle,
        long seed) {
    public PreferenceTraining {
        Wrong wrong = new Wrong("training");
        wrong.need(steps >= 1, "steps of at least 1", steps);
        wrong.need(batchSize >= 1, "a batchSize of at least 1", batchSize);
        wrong.need(learningRate > 0 && Double.isFinite(learningRate), "a positive learningRate", learningRate);
        wrong.need(warmup >= 0 && warmup <= steps, "a warmup of 0 to " + steps + " steps", warmup);
        wrong.need(weightDecay >= 0 && Double.isFinite(weightDecay), "a weightDecay >= 0", weightDecay);
        wrong.need(maxGradNorm > 0, "a positive maxGradNorm", maxGradNorm);
        wrong.need(microBatchTokens >= 1, "microBatchTokens of at least 1", microBatchTokens);
        wrong.refuse();
    }

    /// What updates a model so.
    ///
    /// @param op who trains, for messages
    public Learner learner(String op, Module model) {
        ParameterGroups groups = ParameterGroups.of(model.namedParameters()).withoutDecayOnVectors();
        AdamW optimizer = AdamW.of(groups, learningRate).withWeightDecay(weightDecay);
        Schedule schedule = decay
                ? Schedule.linear(learningRate, warmup, steps)
                : Schedule.constantWithWarmup(learningRate, warmup);
        return Learner.of(op, model, optimizer, schedule, maxGradNorm);
    }

    /// The defaults above.
    public static PreferenceTraining of(long steps, double learningRate) {
        return new PreferenceTraining(steps, 8, learningRate, 0, true, 0, 1, 8192, true, 0);
    }

    /// These with another `batchSize`.
    public PreferenceTraining withBatchSize(int value) {
        return new PreferenceTraining(
                steps, value, learningRate, warmup, decay, weightDecay, maxGradNorm, microBatchTokens, shuffle, seed);
    }

    /// These with another `warmup` and `decay`.
    public PreferenceTraining withSchedule(long warmupSteps, boolean decays) {
        return new PreferenceTraining(
                steps,
                batchSize,
                learningRate,
                warmupSteps,
                decays,
                weightDecay,
                maxGradNorm,
                microBatchTokens,
                shuffle,
                seed);
    }

    /// These with another `weightDecay`.
    public PreferenceTraining withWeightDecay(double value) {
        return new PreferenceTraining(
                steps, batchSize, learningRate, warmup, decay, value, maxGradNorm, microBatchTokens, shuffle, seed);
    }

    /// These with another `maxGradNorm`.
    public PreferenceTraining withMaxGradNorm(double value) {
        return new PreferenceTraining(
                steps, batchSize, learningRate, warmup, decay, weightDecay, value, microBatchTokens, shuffle, seed);
    }

    /// These with another `microBatchTokens`.
    public PreferenceTraining withMicroBatchTokens(int value) {
        return new PreferenceTraining(
                steps, batchSize, learningRate, warmup, decay, weightDecay, maxGradNorm, value, shuffle, seed);
    }

    /// These with another `seed`.
    public PreferenceTraining withSeed(long value) {
        return new PreferenceTraining(
                steps,
                batchSize,
                learningRate,
                warmup,
                decay,
                weightDecay,
                maxGradNorm,
                microBatchTokens,
                shuffle,
                value);
    }

    /// These, with the data in its own order.
    public PreferenceTraining withoutShuffle() {
        return new PreferenceTraining(
                steps, batchSize, learningRate, warmup, decay, weightDecay, maxGradNorm, microBatchTokens, false, seed);
    }
}
