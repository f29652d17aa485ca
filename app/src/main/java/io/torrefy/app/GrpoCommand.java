package io.torrefy.app;

import io.torrefy.posttrain.MachineInfo;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.R1Zero;
import io.torrefy.posttrain.Report;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Terminal;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeException;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// GRPO by a recipe: everything that `r1-zero` does, with every setting in one file.
@Command(
        name = "grpo",
        description = {
            "Trains a model by GRPO as a recipe says, a YAML file that is checked whole before anything runs.",
            "--template writes one with every key, its default and what it decides."
        })
final class GrpoCommand implements Callable<Integer> {
    @Mixin
    private CommonOptions common = new CommonOptions();

    @Parameters(paramLabel = "RECIPE", arity = "0..1", description = "The recipe.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A value in place of the recipe's; may be given again. A list is [A, B].")
    private List<String> set = List.of();

    @Option(names = "--template", description = "Write a recipe with every key to standard output, and exit.")
    private boolean template;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder. Default: the next runs/grpo-N.")
    private Optional<Path> out = Optional.empty();

    @Option(
            names = "--resume",
            description = "Go on with the run in --out, or the last one, from its newest checkpoint, bit for bit.")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        common.apply();
        GrpoRecipe keys = new GrpoRecipe();
        if (template) {
            common.out().print(keys.schema.template());
            common.out().flush();
            return 0;
        }
        Recipe recipe = read(keys);
        R1Zero.Settings settings = keys.settings(recipe, common);
        R1Zero.Training training = keys.training(recipe, common);
        Rewards rewards = keys.rewards(recipe, settings, common);
        // Before there is a run folder: a run that cannot begin leaves none behind.
        if (!Files.exists(settings.model().resolve("config.json"))) {
            throw new RunException("[load] expected a model folder with config.json and model.safetensors; got "
                    + settings.model() + ". Hint: the recipe's key model names it.");
        }
        try (RunFolder run = RunFolder.open(folder(), resume)) {
            run.notes().forEach(common.err()::println);
            run.config(configuration(recipe, settings), Set.of("threads", "save_steps"));
            run.describe(description(settings));
            run.recipe(recipe.resolved());
            R1Zero.Outcome outcome;
            long done = run.resumed().map(c -> c.step()).orElse(0L);
            try (Progress progress = Progress.start(
                    System.err, Terminal.detect(), done, settings.grpo().steps())) {
                outcome = R1Zero.run(settings, training, rewards, run, progress);
            }
            say(outcome, settings, run.path(), Report.write(run.path()));
        }
        return 0;
    }

    private Recipe read(GrpoRecipe keys) throws IOException {
        try {
            return keys.schema.read(
                    file.orElseThrow(() -> common.bad("Missing required parameter: 'RECIPE'"
                            + ". Hint: grpo --template > recipe.yaml writes one to begin with")),
                    set);
        } catch (RecipeException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }

    private Path folder() {
        Path runs = Path.of("runs");
        if (out.isPresent()) {
            return out.get();
        }
        if (resume) {
            return RunFolder.last(runs, "grpo")
                    .orElseThrow(() -> new RunException(
                            "[resume] expected a run to go on with in " + runs.toAbsolutePath() + "; there is none"));
        }
        return RunFolder.create(runs, "grpo");
    }

    private static Map<String, Object> configuration(Recipe recipe, R1Zero.Settings settings) {
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        if (settings.task() instanceof QaFile questions) {
            config.put("data_fingerprint", questions.fingerprint());
        }
        config.put("threads", Threads.count());
        return config;
    }

    private Map<String, Object> description(R1Zero.Settings settings) {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("name", "GRPO");
        run.put("version", String.join(" ", new Main.Version().getVersion()));
        run.put(
                "command",
                "torrefy grpo " + file.map(Path::toString).orElse("") + " --set ".repeat(Math.min(1, set.size()))
                        + String.join(" --set ", set));
        run.put("seed", settings.grpo().seed());
        run.put("machine", MachineInfo.of(Threads.vectorUnit()).toMap());
        return run;
    }

    private void say(R1Zero.Outcome outcome, R1Zero.Settings settings, Path run, Path report) {
        common.out()
                .printf(
                        Locale.ROOT,
                        "Held-out accuracy: %.1f %% before, %.1f %% after (%d problems, greedy).%nReport: %s%n",
                        100 * outcome.accuracyBefore(),
                        100 * outcome.accuracyAfter(),
                        settings.heldOut(),
                        report);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("accuracy_before", outcome.accuracyBefore());
        line.put("accuracy_after", outcome.accuracyAfter());
        line.put("steps", outcome.steps());
        line.put("tokens_per_second", outcome.tokensPerSecond());
        line.put("seconds", outcome.seconds());
        line.put("run", run.toString());
        common.result(line);
    }
}
