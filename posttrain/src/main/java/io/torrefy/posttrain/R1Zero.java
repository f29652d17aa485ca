package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /// What came of it.
    public record Outcome(
            double accuracyBefore, double accuracyAfter, long steps, double tokensPerSecond, double seconds) {}

    private static final int SAMPLES_SHOWN = 40;

    private final Settings settings;
    private final RunFolder run;
    private final Progress progress;
    private final Tokenizer tokenizer;
    private final Rewards rewards;
    /// What is evaluated on the way: validation problems, where the task has them.
    private final Split watched;

    private R1Zero(Settings settings, Rewards rewards, RunFolder run, Progress progress) {
        this.settings = settings;
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
        return new R1Zero(settings, rewards, run, progress).run();
    }

    /// What must outlive a kill beside weights and optimiser.
    private record Position(long step, double accuracyBefore, double tokens) {
        Map<String, Object> toMap() {
            return Map.of("step", step, "accuracyBefore", accuracyBefore, "tokens", tokens);
        }
    }

    private Outcome run() throws IOException {
        Optional<Checkpoint> from = run.resumed();
        try (CausalLm policy = CausalLm.load(from.isPresent() ? from.get().folder() : settings.model);
                CausalLm reference = settings.grpo.loss().beta() > 0 ? CausalLm.load(settings.model) : null;
                Grpo grpo = Grpo.of(policy, reference, tokenizer, settings.task, rewards, settings.grpo)) {
            Position position = from.isPresent() ? restore(from.get().folder(), grpo) : begin(policy, grpo);
            while (position.step < settings.grpo.steps()) {
                position = step(policy, grpo, position);
            }
            return finish(policy, grpo, position);
        }
    }

    private Position begin(CausalLm policy, Grpo grpo) {
        Evaluation before = evaluate(grpo, Split.HELD_OUT, settings.heldOut, 0, "before");
        Position position = new Position(0, before.accuracy(), 0);
        checkpoint(policy, grpo, position);
        return position;
    }

    private Position step(CausalLm policy, Grpo grpo, Position before) {
        Grpo.Step done = grpo.step(before.step);
        Position position = new Position(
                before.step + 1,
                before.accuracyBefore,
                before.tokens
                        + done.samples().stream().mapToInt(RunSample::tokens).sum());
        List<Trouble> troubles = run.log(position.step, done.metrics());
        run.sample(done.samples().getFirst());
        grpo.warnings().forEach(progress::message);
        progress.step(position.step, done.metrics());
        troubles.forEach(progress::trouble);
        boolean last = position.step == settings.grpo.steps();
        if (!last && settings.evaluateEvery > 0 && position.step % settings.evaluateEvery == 0) {
            evaluate(grpo, watched, settings.evaluateOn, position.step, "eval");
        }
        if (last || position.step % settings.checkpointEvery == 0) {
            checkpoint(policy, grpo, position);
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
                Evaluation.run(grpo.generator(), tokenizer, settings.task, rewards, problems, greedy, step, phase);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(validation ? RunMetrics.VALIDATION_ACCURACY : RunMetrics.EVAL_ACCURACY, evaluation.accuracy());
        run.log(step, metrics);
        evaluation.samples().stream().limit(SAMPLES_SHOWN).forEach(run::sample);
        progress.evaluation(split, evaluation.accuracy());
        return evaluation;
    }

    private Outcome finish(CausalLm policy, Grpo grpo, Position position) {
        Evaluation after = evaluate(grpo, Split.HELD_OUT, settings.heldOut, position.step, "after");
        run.publish("model", folder -> {
            policy.save(folder);
            copyTokenizer(folder);
        });
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

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    private void checkpoint(CausalLm policy, Grpo grpo, Position position) {
        run.checkpoint(position.step, folder -> {
            policy.save(folder);
            Safetensors.write(
                    folder.resolve("optimizer.safetensors"), grpo.optimizer().state(), Map.of());
            Files.write(folder.resolve("position.json"), new ObjectMapper().writeValueAsBytes(position.toMap()));
        });
    }

    private static Position restore(Path checkpoint, Grpo grpo) throws IOException {
        Map<String, Tensor> state = Safetensors.read(checkpoint.resolve("optimizer.safetensors"));
        grpo.optimizer().load(state);
        state.values().forEach(Tensor::close);
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
