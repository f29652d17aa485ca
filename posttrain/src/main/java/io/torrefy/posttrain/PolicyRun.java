package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A run of any algorithm that a policy is trained by on what it writes itself: greedy accuracy and reward on held-out
/// problems before and after, on validation problems on the way, metrics, samples, checkpoints, the model at the end.
///
/// Everything lies in the run folder: a run that was killed goes on from its last checkpoint, bit for bit as if it had
/// not been.
@Export(value = "posttrain.PolicyRun", since = "0.1")
public final class PolicyRun {
    /// What a step did.
    ///
    /// @param metrics by the names of [RunMetrics] and of TRL
    /// @param samples completions with their rewards; may be none
    /// @param warnings what people should know of it
    public record Step(Map<String, Double> metrics, List<RunSample> samples, List<String> warnings) {
        /// A step without warnings.
        public Step(Map<String, Double> metrics, List<RunSample> samples) {
            this(metrics, samples, List.of());
        }
    }

    /// The algorithm.
    public interface Trainer {
        /// Step number `step`, from 0. A function of seed, step and state alone.
        Step step(long step);

        /// Writes all of its state: the policy as a model folder, and what else there is.
        void save(Path folder) throws IOException;

        /// Goes on from what [#save] wrote.
        void restore(Path folder) throws IOException;

        /// What samples from the policy.
        Generator generator();
    }

    /// What to run.
    ///
    /// @param tokenizer the policy's, from the folder `model`, whose files go with the trained model
    /// @param rewards of evaluations
    /// @param steps of the whole run
    /// @param maxCompletionLength tokens of a greedy completion
    /// @param heldOut problems of the evaluation before and after
    /// @param evaluateEvery steps between evaluations on `evaluateOn` validation problems; 0 for none
    /// @param checkpointEvery steps between checkpoints
    public record Settings(
            Path model,
            Tokenizer tokenizer,
            Task task,
            Rewards rewards,
            long steps,
            int maxCompletionLength,
            int heldOut,
            int evaluateEvery,
            int evaluateOn,
            int checkpointEvery) {}

    /// What came of it.
    ///
    /// @param accuracyBefore share of the held-out problems solved, greedily; NaN where the task cannot tell
    /// @param rewardBefore mean reward of the same completions
    public record Outcome(
            double accuracyBefore,
            double accuracyAfter,
            double rewardBefore,
            double rewardAfter,
            long steps,
            double tokensPerSecond,
            double seconds) {
        /// By the names of `result.json`.
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            if (!Double.isNaN(accuracyBefore)) {
                map.put("accuracy_before", accuracyBefore);
                map.put("accuracy_after", accuracyAfter);
            }
            map.put("reward_before", rewardBefore);
            map.put("reward_after", rewardAfter);
            map.put("steps", steps);
            map.put("tokens_per_second", tokensPerSecond);
            map.put("seconds", seconds);
            return map;
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String POSITION = "position.json";
    private static final int SAMPLES_SHOWN = 40;
    /// What of the base's folder the trained model needs too.
    private static final List<String> BESIDE =
            List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "chat_template.json");

    private final Settings settings;
    private final Trainer trainer;
    private final RunFolder run;
    private final Progress progress;
    /// What is evaluated on the way: validation problems, where the task has them.
    private final Split watched;

    private PolicyRun(Settings settings, Trainer trainer, RunFolder run, Progress progress) {
        this.settings = settings;
        this.trainer = trainer;
        this.run = run;
        this.progress = progress;
        this.watched = settings.task.validation(1).isEmpty() ? Split.HELD_OUT : Split.VALIDATION;
    }

    /// Runs to the end, from the beginning or from the folder's last checkpoint.
    public static Outcome run(Settings settings, Trainer trainer, RunFolder run, Progress progress) throws IOException {
        return new PolicyRun(settings, trainer, run, progress).run();
    }

    /// What must outlive a kill beside the trainer's state.
    private record Position(long step, double accuracyBefore, double rewardBefore, double tokens) {
        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("step", step);
            if (!Double.isNaN(accuracyBefore)) {
                map.put("accuracyBefore", accuracyBefore);
            }
            map.put("rewardBefore", rewardBefore);
            map.put("tokens", tokens);
            return map;
        }
    }

    private Outcome run() throws IOException {
        Optional<Checkpoint> from = run.resumed();
        Position position = from.isPresent() ? restore(from.get().folder()) : begin();
        while (position.step < settings.steps) {
            position = step(position);
        }
        return finish(position);
    }

    private Position begin() {
        Evaluation before = evaluate(Split.HELD_OUT, settings.heldOut, 0, "before");
        Position position = new Position(0, accuracy(before), reward(before), 0);
        checkpoint(position);
        return position;
    }

    private Position step(Position before) {
        Step done = trainer.step(before.step);
        double tokens = done.samples.stream().mapToInt(RunSample::tokens).sum();
        Position position =
                new Position(before.step + 1, before.accuracyBefore, before.rewardBefore, before.tokens + tokens);
        run.log(position.step, done.metrics);
        done.samples.stream().limit(1).forEach(run::sample);
        done.warnings.forEach(progress::message);
        progress.step(position.step, done.metrics);
        boolean last = position.step == settings.steps;
        if (!last && settings.evaluateEvery > 0 && position.step % settings.evaluateEvery == 0) {
            evaluate(watched, settings.evaluateOn, position.step, "eval");
        }
        if (last || position.step % settings.checkpointEvery == 0) {
            checkpoint(position);
        }
        return position;
    }

    private Evaluation evaluate(Split split, int count, long step, String phase) {
        progress.phase("evaluating");
        boolean validation = split == Split.VALIDATION;
        List<Problem> problems = validation ? settings.task.validation(count) : settings.task.heldOut(count);
        Sampling greedy =
                Sampling.greedy(settings.maxCompletionLength).withStopIds(Set.of(Tokens.end(settings.tokenizer)));
        Evaluation evaluation = Evaluation.run(
                Episodes.ofCompletions(trainer.generator(), settings.tokenizer),
                settings.tokenizer,
                settings.task,
                settings.rewards,
                problems,
                greedy,
                step,
                phase);
        Map<String, Double> metrics = new LinkedHashMap<>();
        if (settings.task.verifies()) {
            metrics.put(validation ? RunMetrics.VALIDATION_ACCURACY : RunMetrics.EVAL_ACCURACY, evaluation.accuracy());
            progress.evaluation(split, evaluation.accuracy());
        } else {
            progress.message("step " + step + ": held-out reward " + Figures.number(reward(evaluation)));
        }
        metrics.put(validation ? RunMetrics.VALIDATION_REWARD : RunMetrics.EVAL_REWARD, reward(evaluation));
        run.log(step, metrics);
        evaluation.samples().stream().limit(SAMPLES_SHOWN).forEach(run::sample);
        return evaluation;
    }

    private double accuracy(Evaluation evaluation) {
        return settings.task.verifies() ? evaluation.accuracy() : Double.NaN;
    }

    private static double reward(Evaluation evaluation) {
        return evaluation.samples().stream()
                .mapToDouble(RunSample::reward)
                .average()
                .orElse(0);
    }

    private Outcome finish(Position position) {
        Evaluation after = evaluate(Split.HELD_OUT, settings.heldOut, position.step, "after");
        Path state = run.latest().orElseThrow().folder();
        run.publish("model", folder -> {
            for (String name : List.of("config.json", "model.safetensors")) {
                Files.copy(state.resolve(name), folder.resolve(name));
            }
            for (String name : BESIDE) {
                if (Files.exists(settings.model.resolve(name))) {
                    Files.copy(settings.model.resolve(name), folder.resolve(name));
                }
            }
        });
        double seconds = run.elapsed();
        Outcome outcome = new Outcome(
                position.accuracyBefore,
                accuracy(after),
                position.rewardBefore,
                reward(after),
                position.step,
                position.tokens / seconds,
                seconds);
        run.result(outcome.toMap());
        return outcome;
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    private void checkpoint(Position position) {
        run.checkpoint(position.step, folder -> {
            trainer.save(folder);
            Files.write(folder.resolve(POSITION), JSON.writeValueAsBytes(position.toMap()));
        });
    }

    private Position restore(Path checkpoint) throws IOException {
        trainer.restore(checkpoint);
        JsonNode json = JSON.readTree(Files.readAllBytes(checkpoint.resolve(POSITION)));
        return new Position(
                json.required("step").asLong(),
                json.path("accuracyBefore").asDouble(Double.NaN),
                json.required("rewardBefore").asDouble(),
                json.required("tokens").asDouble());
    }
}
