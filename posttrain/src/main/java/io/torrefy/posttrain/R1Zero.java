package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// R1-Zero: a base model learns to reason by reinforcement learning alone (Guo et al. 2025, "DeepSeek-R1", section
/// 2.2). GRPO with two rules, accuracy and format; nothing shows the model how. Measures greedy accuracy on held-out
/// problems before and after, and on the way on validation problems: a run that is watched, and stopped or set up anew
/// for what is seen, has then not looked at what it is judged by.
///
/// Everything lies in the run folder: a run that was killed goes on from its last checkpoint, bit for bit as if it had
/// not been.
@Export(value = "posttrain.R1Zero", since = "0.1")
public final class R1Zero {
    /// What to run.
    ///
    /// @param model folder of the base model and its tokenizer
    /// @param format what is rewarded beside accuracy, with the weight `formatWeight`
    /// @param heldOut problems of the evaluation before and after
    /// @param evaluateEvery steps between evaluations on `evaluateOn` validation problems on the way; 0 for none
    /// @param checkpointEvery steps between checkpoints
    public record Settings(
            Path model,
            Task task,
            Grpo.Options grpo,
            Reward format,
            double formatWeight,
            int heldOut,
            int evaluateEvery,
            int evaluateOn,
            int checkpointEvery) {}

    /// How to train, beyond [Settings].
    ///
    /// @param adapter trained in place of the weights, which are frozen; checkpoints then hold the adapter alone,
    ///     and the run's folder at the end `adapter`, in PEFT's format, beside the merged `model`. The model
    ///     without it is the reference. Null: the weights are trained
    /// @param base how the matrices of the frozen model are kept under an adapter: F32, BF16 for half the memory or
    ///     INT8 for a quarter
    public record Training(RolloutPlan plan, Lora.@Nullable Options adapter, PackedWeights.Format base) {
        /// All weights, a group for each problem.
        public static final Training DEFAULT = new Training(RolloutPlan.DEFAULT, null, PackedWeights.Format.F32);

        public Training withPlan(RolloutPlan value) {
            return new Training(value, adapter, base);
        }

        /// With an adapter on a model kept as `base`.
        public Training withAdapter(Lora.Options value, PackedWeights.Format base) {
            return new Training(plan, value, base);
        }

        public Training {
            if (adapter == null && base != PackedWeights.Format.F32) {
                throw new IllegalArgumentException("[r1-zero] expected an adapter where the model is kept as " + base
                        + "; got none. Hint: weights that are trained stay F32.");
            }
        }
    }

    /// What came of it.
    public record Outcome(
            double accuracyBefore, double accuracyAfter, long steps, double tokensPerSecond, double seconds) {}

    private static final int SAMPLES_SHOWN = 40;

    private static final String ADAPTER = "adapter";

    private final Settings settings;
    private final Training training;
    private final RunFolder run;
    private final Progress progress;
    private final Tokenizer tokenizer;
    private final Rewards rewards;
    /// What is evaluated on the way: validation problems, where the task has them.
    private final Split watched;

    private R1Zero(Settings settings, Training training, Rewards rewards, RunFolder run, Progress progress) {
        this.settings = settings;
        this.training = training;
        this.run = run;
        this.progress = progress;
        this.tokenizer = BpeTokenizer.load(settings.model);
        this.rewards = rewards;
        this.watched = settings.task.validation(1).isEmpty() ? Split.HELD_OUT : Split.VALIDATION;
    }

    /// Runs to the end, from the beginning or from the folder's last checkpoint.
    public static Outcome run(Settings settings, RunFolder run, Progress progress) throws IOException {
        Rewards rewards =
                Rewards.of("accuracy", settings.task.accuracy()).plus("format", settings.format, settings.formatWeight);
        return run(settings, rewards, run, progress);
    }

    /// As above with other rewards in place of accuracy and format.
    public static Outcome run(Settings settings, Rewards rewards, RunFolder run, Progress progress) throws IOException {
        return run(settings, Training.DEFAULT, rewards, run, progress);
    }

    /// As above, trained in another way.
    public static Outcome run(Settings settings, Training training, Rewards rewards, RunFolder run, Progress progress)
            throws IOException {
        return new R1Zero(settings, training, rewards, run, progress).run();
    }

    /// What must outlive a kill beside weights and optimiser.
    private record Position(long step, double accuracyBefore, double tokens) {
        Map<String, Object> toMap() {
            return Map.of("step", step, "accuracyBefore", accuracyBefore, "tokens", tokens);
        }
    }

    private Outcome run() throws IOException {
        Optional<Path> from = run.resumed().map(Checkpoint::folder);
        boolean adapts = training.adapter != null;
        boolean measures = settings.grpo.loss().beta() > 0;
        try (CausalLm policy = CausalLm.load(from.isPresent() && !adapts ? from.get() : settings.model);
                Lora adapter = adapter(policy, from);
                CausalLm reference = measures && !adapts ? CausalLm.load(settings.model) : null;
                Grpo grpo = Grpo.of(
                        policy, reference, adapter, tokenizer, settings.task, rewards, settings.grpo, training.plan)) {
            Weights weights = new Weights(policy, adapter);
            Position position = from.isPresent() ? restore(from.get(), grpo) : begin(weights, grpo);
            while (position.step < settings.grpo.steps()) {
                position = step(weights, grpo, position);
            }
            return finish(weights, grpo, position);
        }
    }

    private @Nullable Lora adapter(CausalLm policy, Optional<Path> from) {
        Lora.Options options = training.adapter;
        if (options == null) {
            return null;
        }
        policy.freeze(training.base);
        return from.isPresent()
                ? Lora.load(policy, from.get().resolve(ADAPTER))
                : Lora.attach(policy, options, Rng.of(settings.grpo.seed()));
    }

    /// What is trained.
    private record Weights(CausalLm policy, @Nullable Lora adapter) {
        /// Writes it: the adapter alone, if there is one.
        void save(Path folder, Path base) throws IOException {
            if (adapter == null) {
                policy.save(folder);
            } else {
                adapter.save(folder.resolve(ADAPTER), base.toString());
            }
        }
    }

    private Position begin(Weights weights, Grpo grpo) {
        Evaluation before = evaluate(grpo, Split.HELD_OUT, settings.heldOut, 0, "before");
        Position position = new Position(0, before.accuracy(), 0);
        checkpoint(weights, grpo, position);
        return position;
    }

    private Position step(Weights weights, Grpo grpo, Position before) {
        Grpo.Step done = grpo.step(before.step);
        Position position = new Position(before.step + 1, before.accuracyBefore, before.tokens + done.tokens());
        run.log(position.step, done.metrics());
        done.samples().stream().limit(1).forEach(run::sample);
        grpo.warnings().forEach(progress::message);
        progress.step(position.step, done.metrics());
        boolean last = position.step == settings.grpo.steps();
        if (!last && settings.evaluateEvery > 0 && position.step % settings.evaluateEvery == 0) {
            evaluate(grpo, watched, settings.evaluateOn, position.step, "eval");
        }
        if (last || position.step % settings.checkpointEvery == 0) {
            checkpoint(weights, grpo, position);
        }
        return position;
    }

    private Evaluation evaluate(Grpo grpo, Split split, int count, long step, String phase) {
        progress.phase("evaluating");
        boolean validation = split == Split.VALIDATION;
        List<Problem> problems = validation ? settings.task.validation(count) : settings.task.heldOut(count);
        Sampling greedy =
                Sampling.greedy(settings.grpo.maxCompletionLength()).withStopIds(Set.of(Tokens.end(tokenizer)));
        Evaluation evaluation =
                Evaluation.run(grpo.episodes(), tokenizer, settings.task, rewards, problems, greedy, step, phase);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(validation ? RunMetrics.VALIDATION_ACCURACY : RunMetrics.EVAL_ACCURACY, evaluation.accuracy());
        run.log(step, metrics);
        evaluation.samples().stream().limit(SAMPLES_SHOWN).forEach(run::sample);
        progress.evaluation(split, evaluation.accuracy());
        return evaluation;
    }

    private Outcome finish(Weights weights, Grpo grpo, Position position) {
        Evaluation after = evaluate(grpo, Split.HELD_OUT, settings.heldOut, position.step, "after");
        publish(weights);
        double seconds = run.elapsed();
        Outcome outcome = new Outcome(
                position.accuracyBefore, after.accuracy(), position.step, position.tokens / seconds, seconds);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("accuracy_before", outcome.accuracyBefore);
        result.put("accuracy_after", outcome.accuracyAfter);
        result.put("steps", outcome.steps);
        result.put("tokens_per_second", outcome.tokensPerSecond);
        result.put("seconds", outcome.seconds);
        run.result(result);
        return outcome;
    }

    /// The model, and the adapter that was merged with it. The model is loaded anew for that: the one that was
    /// trained may be kept in a smaller dtype.
    private void publish(Weights weights) {
        Lora adapter = weights.adapter;
        if (adapter == null) {
            run.publish("model", folder -> {
                weights.policy.save(folder);
                copyTokenizer(folder);
            });
            return;
        }
        run.publish(ADAPTER, folder -> adapter.save(folder, settings.model.toString()));
        run.publish("model", folder -> {
            try (CausalLm whole = CausalLm.load(settings.model);
                    Lora merged = Lora.load(whole, run.path().resolve(ADAPTER))) {
                merged.merge();
                whole.save(folder);
                copyTokenizer(folder);
            }
        });
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    private void checkpoint(Weights weights, Grpo grpo, Position position) {
        run.checkpoint(position.step, folder -> {
            weights.save(folder, settings.model);
            grpo.save(folder);
            Safetensors.write(
                    folder.resolve("optimizer.safetensors"), grpo.optimizer().state(), Map.of());
            Files.write(folder.resolve("position.json"), new ObjectMapper().writeValueAsBytes(position.toMap()));
        });
    }

    private static Position restore(Path checkpoint, Grpo grpo) throws IOException {
        Map<String, Tensor> state = Safetensors.read(checkpoint.resolve("optimizer.safetensors"));
        grpo.optimizer().load(state);
        state.values().forEach(Tensor::close);
        grpo.restore(checkpoint);
        JsonNode json = new ObjectMapper().readTree(Files.readAllBytes(checkpoint.resolve("position.json")));
        return new Position(
                json.required("step").asLong(),
                json.required("accuracyBefore").asDouble(),
                json.required("tokens").asDouble());
    }

    private void copyTokenizer(Path folder) throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            if (Files.exists(settings.model.resolve(name))) {
                Files.copy(settings.model.resolve(name), folder.resolve(name));
            }
        }
    }
}
