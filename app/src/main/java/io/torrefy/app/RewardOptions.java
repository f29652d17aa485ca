package io.torrefy.app;

import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.rewards.CodeReward;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Rewards by their exported names.
final class RewardOptions {
    /// Those that read the expected answer.
    private static final Set<String> VERIFYING = Set.of("accuracy", "maths", "code");

    @Option(
            names = "--reward",
            paramLabel = "NAME",
            description = {
                "What is rewarded, in place of accuracy and format; more than once for a sum. NAME or NAME:ARGUMENT=VALUE,...,"
                        + " an exported name of a reward: accuracy (the task's verifier), maths, think_answer_format,"
                        + " soft_overlong, cosine_length, kimi_length, repetition_penalty, language_consistency, code,"
                        + " http and others (torrefy api list posttrain.rewards).",
                "Of all: weight=X, by default 1, and as=NAME for the metrics."
            })
    private List<String> names = List.of();

    @Option(
            names = "--reward-failures",
            paramLabel = "SHARE",
            description =
                    "The share of a step's completions that a reward may fail on; they then teach nothing. Above it the"
                            + " run stops. Default: ${DEFAULT-VALUE}.")
    private double failures;

    /// Whether rewards are named.
    boolean named() {
        return !names.isEmpty();
    }

    List<String> names() {
        return names;
    }

    double failures() {
        return failures;
    }

    /// The rewards that are named, or else accuracy and a format.
    ///
    /// @param maxTokens length of a completion, for rewards that shape lengths
    Rewards make(CommonOptions common, Task task, int maxTokens, Reward format, double formatWeight) {
        common.check(failures >= 0 && failures <= 1, "--reward-failures", "a share from 0 to 1", failures);
        return sum(common, "--reward", names, task, maxTokens)
                .orElseGet(() -> Rewards.of("accuracy", task.accuracy()).plus("format", format, formatWeight))
                .withMaxFailures(failures);
    }

    /// The sum of rewards that texts name as `--reward` does; empty where there is none.
    ///
    /// @param option where they were written, for messages
    static Optional<Rewards> sum(CommonOptions common, String option, List<String> names, Task task, int maxTokens) {
        Optional<Rewards> sum = Optional.empty();
        for (String text : names) {
            Part part = part(common, option, text);
            Reward reward = make(common, option, part.text, task, maxTokens);
            try {
                sum = Optional.of(
                        sum.isEmpty()
                                ? Rewards.of(part.name, reward, part.weight)
                                : sum.get().plus(part.name, reward, part.weight));
            } catch (IllegalArgumentException e) {
                throw bad(common, option, e.getMessage() + " (as=NAME gives another)");
            }
        }
        return sum;
    }

    private static ParameterException bad(CommonOptions common, String option, String what) {
        return common.bad("Invalid value for option '" + option + "': " + what);
    }

    private static Reward make(CommonOptions common, String option, String text, Task task, int maxTokens) {
        String name = text.split(":", 2)[0];
        if (!task.verifies() && VERIFYING.contains(name.substring(name.lastIndexOf('.') + 1))) {
            throw bad(
                    common,
                    option,
                    "expected answers for " + name + " to compare with; got prompts alone in " + task.name()
                            + ". Hint: a column answer or solution gives them");
        }
        Map<String, ?> offered =
                Map.of("accuracy", task.accuracy(), "maxLength", maxTokens, "maxCompletionLength", maxTokens);
        Reward reward;
        try {
            reward = new Named(common, option, "posttrain.rewards.").make(text, Reward.class, offered);
        } catch (IllegalArgumentException e) {
            throw bad(common, option, String.valueOf(e.getMessage()));
        }
        if (reward instanceof CodeReward code) {
            common.err().println(code.isolation());
        }
        return reward;
    }

    /// @param text what is left of the option: the exported name and its own arguments
    private record Part(String text, String name, double weight) {}

    private static Part part(CommonOptions common, String option, String text) {
        String[] parts = text.split(":", 2);
        String name = parts[0].substring(parts[0].lastIndexOf('.') + 1);
        double weight = 1;
        List<String> own = new ArrayList<>();
        for (String argument : parts.length == 1 ? new String[0] : parts[1].split(",", -1)) {
            String value = argument.substring(argument.indexOf('=') + 1).strip();
            if (argument.strip().startsWith("weight=")) {
                weight = number(common, option, text, value);
            } else if (argument.strip().startsWith("as=")) {
                name = value;
            } else {
                own.add(argument);
            }
        }
        return new Part(own.isEmpty() ? parts[0] : parts[0] + ":" + String.join(",", own), name, weight);
    }

    private static double number(CommonOptions common, String option, String text, String value) {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException _) {
            throw bad(common, option, "expected a number for weight; got '" + value + "' in " + text);
        }
    }
}
