package io.torrefy.posttrain;

import io.torrefy.data.Dataset;
import io.torrefy.data.DatasetIterator;
import io.torrefy.data.DatasetState;
import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.AdamW;
import io.torrefy.nn.ParameterGroups;
import io.torrefy.nn.Schedule;
import io.torrefy.tensor.LinearCrossEntropy;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Next-token training of a model on whole documents, packed without padding: the loss is the mean over all tokens of a
/// step. Documents are addressed by number, or come from a [Dataset], whose place [#save] keeps: either way a resumed
/// run reads on where it was.
@Export(value = "posttrain.Pretraining", since = "0.1")
public final class Pretraining implements AutoCloseable {
    /// How to train.
    ///
    /// @param steps optimiser steps
    /// @param documents documents a step; of a dataset, whose batches are steps, it says nothing
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
    private static final String PLACE = "data.json";

    private final CausalLm model;
    private final Texts texts;
    private Learner learner;

    private Pretraining(CausalLm model, Texts texts, Options options) {
        this.model = model;
        this.texts = texts;
        AdamW optimizer = AdamW.of(
                        ParameterGroups.of(model.namedParameters()).withoutDecayOnVectors(), options.learningRate)
                .withBetas(0.9, 0.95)
                .withWeightDecay(options.weightDecay);
        this.learner =
                learner(optimizer, Schedule.cosineWithMinLr(options.learningRate, options.warmup, options.steps, 0.01));
    }

    private Learner learner(AdamW optimizer, Schedule schedule) {
        return Learner.of("pretrain", model, optimizer, schedule, MAX_GRAD_NORM);
    }

    /// @param documents the ids of document `i`, for any i from 0
    public static Pretraining of(CausalLm model, LongFunction<int[]> documents, Options options) {
        return new Pretraining(model, new Numbered(documents, options.documents), options);
    }

    /// @param batches the ids of a step's texts, without end, such as [TextFiles#batches] gives
    public static Pretraining of(CausalLm model, Dataset<List<int[]>> batches, Options options) {
        return new Pretraining(model, new Batches(batches), options);
    }

    /// Another schedule of the learning rate.
    public Pretraining schedule(Schedule other) {
        learner = learner(learner.optimizer(), other);
        return this;
    }

    /// Where the texts of a step come from.
    private sealed interface Texts extends AutoCloseable {
        List<int[]> of(long step);

        /// What has to outlive a kill; empty where the step says all.
        default Optional<DatasetState> state() {
            return Optional.empty();
        }

        default void resume(DatasetState state) {}

        @Override
        default void close() {}
    }

    private record Numbered(LongFunction<int[]> documents, int count) implements Texts {
        @Override
        public List<int[]> of(long step) {
            List<int[]> texts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                texts.add(documents.apply(step * count + i));
            }
            return texts;
        }
    }

    /// Opens the dataset with the first step: a run that is resumed does not read its beginning.
    private static final class Batches implements Texts {
        private final Dataset<List<int[]>> dataset;
        private @Nullable DatasetIterator<List<int[]>> iterator;

        Batches(Dataset<List<int[]>> dataset) {
            this.dataset = dataset;
        }

        private DatasetIterator<List<int[]>> open() {
            if (iterator == null) {
                iterator = dataset.iterator();
            }
            return iterator;
        }

        @Override
        public List<int[]> of(long step) {
            return open().next();
        }

        @Override
        public Optional<DatasetState> state() {
            return Optional.of(open().state());
        }

        @Override
        public void resume(DatasetState state) {
            close();
            iterator = dataset.iterator(state);
        }

        @Override
        public void close() {
            if (iterator != null) {
                iterator.close();
                iterator = null;
            }
        }
    }

    /// Writes weights, optimiser and the dataset's place into a folder, for a run that goes on from here.
    public void save(Path folder) throws IOException {
        model.save(folder);
        learner.save(folder);
        Optional<DatasetState> state = texts.state();
        if (state.isPresent()) {
            Files.writeString(folder.resolve(PLACE), state.get().json());
        }
    }

    /// Goes on from a folder that [#save] wrote; the model was loaded from it.
    ///
    /// @throws IllegalArgumentException where the data is other data, or read otherwise
    public void resume(Path folder) throws IOException {
        learner.restore(folder);
        if (Files.exists(folder.resolve(PLACE))) {
            texts.resume(DatasetState.parse(Files.readString(folder.resolve(PLACE))));
        }
    }

    /// The ids of a document: the beginning token, the text, the end token.
    public static int[] ids(Tokenizer tokenizer, String prompt, String completion) {
        return Tokens.joined(Tokens.prompt(tokenizer, prompt), Tokens.completion(tokenizer, completion));
    }

    AdamW optimizer() {
        return learner.optimizer();
    }

    /// Optimiser step number `step`, from 0.
    ///
    /// @throws RunException if the loss or the gradient is not finite
    public Step step(long step) {
        List<int[]> texts = this.texts.of(step);
        try (Scope _ = Scope.open()) {
            List<int[]> inputs = texts.stream()
                    .map(ids -> Arrays.copyOf(ids, ids.length - 1))
                    .toList();
            int[] targets = texts.stream()
                    .flatMapToInt(ids -> Arrays.stream(ids, 1, ids.length))
                    .toArray();
            Tensor hidden = model.hidden(TokenBatch.pack(inputs));
            Tensor loss =
                    LinearCrossEntropy.crossEntropy(hidden, model.outputMatrix(), Tensor.of(targets, targets.length));
            double value = loss.item();
            loss.backward();
            double norm = learner.update(step, value);
            return new Step(value, norm, targets.length, learner.learningRate(step));
        }
    }

    @Override
    public void close() {
        texts.close();
        learner.close();
    }
}
