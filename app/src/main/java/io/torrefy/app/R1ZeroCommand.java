package io.torrefy.app;

import io.torrefy.posttrain.Advantages;
import io.torrefy.posttrain.Grpo;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.R1Zero;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The main job: a base model learns to reason by reinforcement learning alone.
@Command(
        name = "r1-zero",
        description = {
            "Trains a base model by GRPO on problems with exact verifiers, as DeepSeek-R1-Zero was, and shows what it learned.",
            "Without options: the base model that ships, on Countdown."
        })
final class R1ZeroCommand extends RunCommand {
    private static final String THINK_ANSWER = "posttrain.rewards.think_answer_format";

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "The base model's folder. Default: the one that ships.")
    private Optional<Path> model = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "FILE",
            arity = "1..*",
            description = "Questions and answers in place of Countdown: " + QuestionFiles.FORMATS)
    private List<Path> data = List.of();

    @Mixin
    private QuestionFiles questions = new QuestionFiles();

    @Option(
            names = "--task",
            paramLabel = "NAME",
            description = "countdown, arithmetic, or an exported name of a task, such as posttrain.tasks.countdown."
                    + " Default: countdown.")
    private Optional<String> taskName = Optional.empty();

    @Option(names = "--steps", paramLabel = "N", description = "Optimiser steps. Default: ${DEFAULT-VALUE}.")
    private long steps = 100;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides problems and samples. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--problems", paramLabel = "N", description = "Problems a step. Default: ${DEFAULT-VALUE}.")
    private int problems = 16;

    @Option(
            names = "--generations",
            paramLabel = "N",
            description = "Completions a problem. Default: ${DEFAULT-VALUE}.")
    private int generations = 16;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Length of a completion. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = 160;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Default: ${DEFAULT-VALUE}.")
    private double learningRate = 3e-4;

    @Option(names = "--temperature", paramLabel = "X", description = "Of sampling. Default: ${DEFAULT-VALUE}.")
    private double temperature = 1;

    @Option(
            names = "--beta",
            paramLabel = "X",
            description = "Weight of the divergence to the base. Default: ${DEFAULT-VALUE}.")
    private double beta;

    @Option(
            names = "--loss",
            paramLabel = "TYPE",
            converter = LossTypeConverter.class,
            description = "How tokens are weighed: ${COMPLETION-CANDIDATES}, or an exported name such as"
                    + " posttrain.losses.dapo. Default: ${DEFAULT-VALUE}.")
    private GrpoLoss.LossType loss = GrpoLoss.LossType.DR_GRPO;

    @Option(
            names = "--format",
            paramLabel = "NAME",
            description = "What is rewarded beside accuracy: the exported name of a reward. Default: ${DEFAULT-VALUE}.")
    private String format = THINK_ANSWER;

    @Option(
            names = "--format-weight",
            paramLabel = "X",
            description = "Of the format reward. Default: ${DEFAULT-VALUE}.")
    private double formatWeight = 0.1;

    @Mixin
    private RewardOptions rewardOptions = new RewardOptions();

    @Option(
            names = "--held-out",
            paramLabel = "N",
            description = "Problems of the evaluation. Default: ${DEFAULT-VALUE}.")
    private int heldOut = 500;

    @Option(
            names = "--evaluate-every",
            paramLabel = "N",
            description =
                    "Steps between small evaluations on validation problems; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int evaluateEvery = 5;

    @Option(names = "--checkpoint-every", paramLabel = "N", description = "Steps. Default: ${DEFAULT-VALUE}.")
    private int checkpointEvery = 10;

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(steps >= 1, "--steps", "at least 1", steps);
        common.check(heldOut >= 1, "--held-out", "at least 1", heldOut);
        common.check(checkpointEvery >= 1, "--checkpoint-every", "at least 1", checkpointEvery);
        common.check(evaluateEvery >= 0, "--evaluate-every", "at least 0", evaluateEvery);
        common.check(generations >= 2, "--generations", "at least 2, a group", generations);
        common.check(problems >= 1, "--problems", "at least 1", problems);
        common.check(maxTokens >= 1, "--max-tokens", "at least 1", maxTokens);
        common.check(positive(learningRate), "--learning-rate", "a positive number", learningRate);
        common.check(positive(temperature), "--temperature", "a positive number", temperature);
        common.check(beta == 0 || positive(beta), "--beta", "0 or a positive number", beta);
        common.check(Double.isFinite(formatWeight), "--format-weight", "a finite number", formatWeight);
        if (rewardOptions.named() && formatIsGiven()) {
            throw common.bad("Options '--reward' and '--format' or '--format-weight' exclude each other:"
                    + " --reward think_answer_format:weight=" + formatWeight + " rewards a format too");
        }
        Reward shape = new Named(common, "--format", "posttrain.rewards.").make(format, Reward.class, Map.of());
        Task task = task();
        Rewards rewards = rewardOptions.make(common, task, maxTokens, shape, formatWeight);
        Path base = model.orElseGet(Home::baseModel);
        RunPlan.requireModel(base, "--model names the folder.");
        R1Zero.Settings settings = new R1Zero.Settings(
                base,
                task,
                grpo(),
                shape,
                formatWeight,
                heldOut,
                evaluateEvery,
                Math.min(100, heldOut),
                checkpointEvery);
        run(new RunPlan(
                "R1-Zero",
                seed,
                steps,
                configuration(base, task),
                Set.of("checkpoint_every"),
                Optional.empty(),
                (run, progress) -> RunPlan.Outcome.of(R1Zero.run(settings, rewards, run, progress), heldOut)));
        return 0;
    }

    private Task task() throws IOException {
        if (data.isEmpty()) {
            if (questions.named()) {
                throw common.bad("Options '--question' and '--answer' are for --data");
            }
            return new Named(common, "--task", "posttrain.tasks.")
                    .make(taskName.orElse("countdown"), Task.class, Map.of());
        }
        if (taskName.isPresent()) {
            throw common.bad("Options '--data' and '--task' exclude each other");
        }
        return questions.load(common, data, QaFile.Options.DEFAULT.heldOutFraction());
    }

    private boolean formatIsGiven() {
        var parsed = spec().commandLine().getParseResult();
        return parsed != null && (parsed.hasMatchedOption("--format") || parsed.hasMatchedOption("--format-weight"));
    }

    private static boolean positive(double value) {
        return value > 0 && Double.isFinite(value);
    }

    private Grpo.Options grpo() {
        GrpoLoss.Options type =
                GrpoLoss.Options.defaults().withLossType(loss).withBeta(beta).withMaxCompletionLength(maxTokens);
        return new Grpo.Options(
                steps,
                problems,
                generations,
                maxTokens,
                temperature,
                learningRate,
                Math.min(5, steps),
                true,
                1,
                Advantages.Scale.GROUP,
                type,
                1,
                8192,
                seed);
    }

    private Map<String, Object> configuration(Path base, Task task) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model", base.toString());
        config.put("task", task.name());
        if (task instanceof QaFile file) {
            config.put("data", data.stream().map(Path::toString).collect(Collectors.joining(" ")));
            config.put("data_fingerprint", file.fingerprint());
        }
        config.put("steps", steps);
        config.put("seed", seed);
        config.put("problems", problems);
        config.put("num_generations", generations);
        config.put("max_completion_length", maxTokens);
        config.put("temperature", temperature);
        config.put("learning_rate", learningRate);
        config.put("beta", beta);
        config.put("loss_type", loss.name().toLowerCase(Locale.ROOT));
        if (!format.equals(THINK_ANSWER)) {
            config.put("format", format);
        }
        if (rewardOptions.named()) {
            config.put("rewards", rewardOptions.names());
        } else {
            config.put("format_weight", formatWeight);
        }
        if (rewardOptions.failures() > 0) {
            config.put("reward_failures", rewardOptions.failures());
        }
        config.put("held_out", heldOut);
        config.put("evaluate_every", evaluateEvery);
        config.put("checkpoint_every", checkpointEvery);
        return config;
    }
}
