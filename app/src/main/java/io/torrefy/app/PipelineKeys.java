package io.torrefy.app;

import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.PipelineFile;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.posttrain.rewards.TextRewards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The keys of a pipeline beside its stages: how the models that they leave are measured.
final class PipelineKeys {
    private final RecipeSchema schema = new RecipeSchema("pipeline");
    private final Key<String> title = schema.text("title", "Pipeline", "what the report calls it");
    private final Key<List<String>> benchmarks = schema.texts(
            "benchmarks",
            List.of("countdown"),
            "what every model is measured on: exported names of tasks, whose held-out problems are taken, or files of"
                    + " questions and answers");
    private final Key<Long> heldOut = count("held_out", 200, "problems of each at most");
    private final Key<Long> length = count("max_completion_length", 160, "tokens an answer may have");
    private final Key<String> language =
            schema.text("language", "en", "of readability: the share of the words that are of it");
    private final Key<Double> temperature = schema.number(
                    "temperature", 0, "of those answers; 0 takes the most likely tokens")
            .where(x -> x >= 0, "at least 0");
    private final Key<Long> generations = count("num_generations", 1, "answers to each problem, with a temperature");
    private final Key<Long> seed = schema.integer("seed", 1, "of the measuring, and of every stage that names none");
    private final Key<String> judge =
            schema.text("judge", "", "a stage of kind reward, whose model scores the answers of all others too");
    private final Map<String, RecipeKind> kinds = kinds();

    private Key<Long> count(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    /// What may be a stage, by the name of its command.
    static Map<String, RecipeKind> kinds() {
        Map<String, RecipeKind> kinds = new LinkedHashMap<>();
        for (RecipeKind kind : List.of(
                new PretrainRecipe(),
                new SftRecipe(),
                new RewardRecipe(),
                new DpoRecipe(),
                new KtoRecipe(),
                new GrpoRecipe(),
                new PpoRecipe(),
                new RlooRecipe(),
                new OnlineDpoRecipe(),
                new DistillRecipe(),
                new SampleRecipe())) {
            kinds.put(kind.schema().kind(), kind);
        }
        return kinds;
    }

    RecipeSchema schema() {
        return schema;
    }

    Map<String, PipelineFile.Command> commands() {
        Map<String, PipelineFile.Command> commands = new LinkedHashMap<>();
        kinds.forEach((name, kind) -> commands.put(
                name,
                new PipelineFile.Command(
                        kind.schema(), kind.leaves().takenBy(), kind.leaves().name())));
        return commands;
    }

    String template() {
        return schema.template() + """
                stages:
                  # Any number, in their order, under names of your own. run is one of %s.
                  first:
                    run: sft
                    recipe:  # the keys of torrefy sft --template
                      model: models/base
                      data: [FILE]
                  second:
                    run: grpo
                    from: first  # an earlier stage, whose model (or data) this takes; or {model: STAGE, data: STAGE}
                    recipe:
                      steps: 100
                """.formatted(String.join(", ", new TreeSet<>(kinds.keySet())));
    }

    /// Everything that can be checked before the first stage runs is.
    RunPlan plan(PipelineFile.Read read, CommonOptions common) throws IOException {
        Problems problems = new Problems("pipeline");
        PipelineFile file = read.pipeline();
        Recipe general = read.general();
        Map<String, String> config = new LinkedHashMap<>(general.toMap());
        Set<String> free = new TreeSet<>();
        for (PipelineFile.Stage stage : file.stages()) {
            Recipe recipe = file.recipe(stage, Path.of(""));
            recipe.toMap().forEach((key, value) -> {
                String name = stage.name() + "." + key;
                config.put(name, value);
                if (key.startsWith("save_")) {
                    free.add(name);
                }
            });
            problems.need(
                    !"true".equals(recipe.toMap().get("use_peft"))
                            || !"false".equals(recipe.toMap().get("save_merged"))
                            || file.stages().stream()
                                    .noneMatch(later -> later.from().containsValue(stage.name())),
                    "stage " + stage.name() + ": expected save_merged: true, as a later stage takes its model; got an"
                            + " adapter alone");
        }
        List<Benchmark> measures = new ArrayList<>();
        for (String name : general.get(benchmarks)) {
            problems.attempt(() -> task(name, common)).ifPresent(task -> {
                problems.need(
                        !task.heldOut(1).isEmpty(), "benchmarks: expected held-out problems; " + name + " has none");
                measures.add(new Benchmark(
                        task,
                        number(general, heldOut),
                        number(general, length),
                        general.get(temperature),
                        number(general, generations),
                        general.get(seed)));
            });
        }
        problems.need(
                general.get(temperature) > 0 || general.get(generations) == 1,
                "num_generations: expected 1 with temperature: 0, whose answers are all the same; got "
                        + general.get(generations));
        String judging = general.get(judge);
        problems.need(
                judging.isEmpty()
                        || file.stages().stream()
                                .anyMatch(stage -> stage.name().equals(judging)
                                        && stage.run().equals("reward")),
                "judge: expected a stage of kind reward; got '" + judging + "'");
        problems.need(!general.get(benchmarks).isEmpty(), "benchmarks: expected at least one; got none");
        problems.attempt(() -> TextRewards.languageConsistency(general.get(language)));
        problems.refuse();
        return new RunPlan(
                general.get(title),
                general.get(seed),
                file.stages().size(),
                config,
                free,
                Optional.of(file.resolved(general)),
                new PipelineRun(general.get(title), file, kinds, measures, general.get(language), judging, common));
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }

    private static Task task(String name, CommonOptions common) throws IOException {
        Path file = Path.of(name);
        return name.contains("/") || Files.exists(file)
                ? QaFile.load(DataFiles.expand(List.of(file)), QaFile.Options.DEFAULT.heldOutFraction(1))
                : new Named(common, "benchmarks", "posttrain.tasks.").make(name, Task.class, Map.of());
    }
}
