package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.GradientClipping;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.nn.Schedule;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/// Next-token training of a model on whole documents, packed without padding: the loss is the mean over all tokens of a
/// step. Documents are addressed by number, so a resumed run reads on where it was.
@Export(value = "posttrain.Pretraining", since = "0.1")
public final class Pretraining implements AutoCloseable {
    /// How to train.
    ///
    /// @param steps optimiser steps
    /// @param documents documents a step
    /// @param learningRate the peak, reached after `warmup` steps and brought to a hundredth of it along a cosine
    public record Options(long steps, int documents, double learningRate, long warmup, double weightDecay) {
        public Options {
            if (steps < 1 || documents < 1 || !(learningRate > 0) || warmup < 0 || !(weightDecay >= 0)) {
                throw new IllegalArgumentException(
                        "[pretrain] expected positive steps, documents and learning rate, and a warm-up and weight decay of at"
                                + " least 0; got steps " + steps + ", documents " + documents + ", learning rate "
                                + learningRate + ", warm-up " + warmup + ", weight decay " + weightDecay);
            }
        }
    }

    /// What a step did.
    ///
    /// @param loss mean cross-entropy in nats
    /// @param gradNorm before clipping
    public record Step(double loss, double gradNorm, int tokens, double learningRate) {}

    private static final double MAX_GRAD_NORM = 1;

    private final CausalLm model;
    private final Options options;
    private final AdamW optimizer;
    private final Schedule schedule;
    private final LongFunction<int[]> documents;

    private Pretraining(CausalLm model, LongFunction<int[]> documents, Options options) {
        this.model = model;
        this.documents = documents;
        this.options = options;
        this.optimizer = AdamW.of(
                        ParameterGroups.of(model.namedParameters()).withoutDecayOnVectors(), options.learningRate)
                .withBetas(0.9, 0.95)
                .withWeightDecay(options.weightDecay);
        this.schedule = Schedule.cosineWithMinLr(options.learningRate, options.warmup, options.steps, 0.01);
    }

    /// @param documents the ids of document `i`, for any i from 0
    public static Pretraining of(CausalLm model, LongFunction<int[]> documents, Options options) {
        return new Pretraining(model, documents, options);
    }

    /// The ids of a document: the beginning token, the text, the end token.
    public static int[] ids(Tokenizer tokenizer, String prompt, String completion) {
        return Tokens.joined(Tokens.prompt(tokenizer, prompt), Tokens.completion(tokenizer, completion));
    }

    AdamW optimizer() {
        return optimizer;
    }

    /// Optimiser step number `step`, from 0.
    ///
    /// @throws RunException if the loss or the gradient is not finite
    public Step step(long step) {
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < options.documents; i++) {
            texts.add(documents.apply(step * options.documents + i));
        }
        optimizer.learningRate(schedule.at(step));
        try (Scope _ = Scope.open()) {
            List<int[]> inputs = texts.stream()
                    .map(ids -> java.util.Arrays.copyOf(ids, ids.length - 1))
                    .toList();
            int[] targets = texts.stream()
                    .flatMapToInt(ids -> java.util.Arrays.stream(ids, 1, ids.length))
                    .toArray();
            Tensor hidden = model.hidden(TokenBatch.pack(inputs));
            Tensor loss =
                    LinearCrossEntropy.crossEntropy(hidden, model.outputMatrix(), Tensor.of(targets, targets.length));
            double value = loss.item();
            loss.backward();
            double norm = GradientClipping.norm(model.parameters());
            if (!Double.isFinite(value) || !Double.isFinite(norm)) {
                throw new RunException(
                        "[pretrain] the loss is " + value + " and the gradient norm " + norm + " at step " + (step + 1)
                                + ". Hint: lower the learning rate; the last checkpoint is from before it.");
            }
            optimizer.step(GradientClipping.coefficient(norm, MAX_GRAD_NORM));
            return new Step(value, norm, targets.length, schedule.at(step));
        }
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
