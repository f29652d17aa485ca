package io.torrefy.posttrain.recipe;

import io.torrefy.export.Export;
import io.torrefy.export.Spelling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Recipes one after the other, of which later ones take what earlier ones left:
///
/// ```yaml
/// recipe: pipeline
/// stages:
///   warm-up:
///     run: sft
///     recipe: {model: models/base, data: [thoughts.jsonl]}
///   reasoning:
///     run: grpo
///     from: warm-up              # its model, by the kind of what it left
///     recipe: {steps: 100}
///   judged:
///     run: grpo
///     from: {model: reasoning, reward_model: judge}    # or by the key that takes it
/// ```
///
/// A `seed` beside the stages is every stage's that names none. The file is checked whole, every stage's keys against
/// its command's schema, before anything runs.
@Export(value = "posttrain.recipe.PipelineFile", since = "0.1")
public final class PipelineFile {
    /// A command that may be a stage.
    ///
    /// @param schema of its recipes
    /// @param takenBy the key of later recipes that takes what it leaves: `model`, `data`
    /// @param leaves where in its folder that lies
    public record Command(RecipeSchema schema, String takenBy, String leaves) {}

    /// A stage.
    ///
    /// @param run its command's name
    /// @param from which earlier stage gives the value of which key
    public record Stage(String name, String run, Map<String, String> from) {
        public Stage {
            from = new LinkedHashMap<>(from);
        }
    }

    private static final String STAGES = "stages.";
    private static final String RUN = "run";
    private static final String FROM = "from";
    private static final String RECIPE = "recipe.";
    private static final String SEED = "seed";
    private static final int NEAREST = 2;

    private final Map<String, Command> commands;
    private final Map<String, Map<String, Written>> written = new LinkedHashMap<>();
    private final Map<String, Stage> stages = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    /// The pipeline's, if it names one.
    private @Nullable Written seed;

    private PipelineFile(Map<String, Command> commands) {
        this.commands = Map.copyOf(commands);
    }

    /// What was read.
    ///
    /// @param general what holds for all stages
    public record Read(PipelineFile pipeline, Recipe general) {}

    /// Reads a pipeline and the values that replace some of its.
    ///
    /// @param set `key=value` each: `stages.reasoning.recipe.steps=10`
    /// @param general keys beside the stages
    /// @param commands by name
    /// @throws RecipeException naming every problem of every stage
    /// @throws IOException if the file cannot be read
    public static Read read(Path file, List<String> set, RecipeSchema general, Map<String, Command> commands)
            throws IOException {
        try {
            return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8), set, general, commands);
        } catch (NoSuchFileException e) {
            throw new RecipeException(file.toString(), List.of("expected a file; there is none"));
        }
    }

    /// A pipeline's text.
    ///
    /// @param name what messages call it
    public static Read parse(
            String name, String text, List<String> set, RecipeSchema general, Map<String, Command> commands) {
        PipelineFile file = new PipelineFile(commands);
        Map<String, Written> all = RecipeSchema.written(text, set, file.problems);
        Map<String, Written> rest = new LinkedHashMap<>();
        all.forEach((key, value) -> {
            if (key.startsWith(STAGES) && key.indexOf('.', STAGES.length()) > 0) {
                int dot = key.indexOf('.', STAGES.length());
                file.written
                        .computeIfAbsent(key.substring(STAGES.length(), dot), _ -> new LinkedHashMap<>())
                        .put(key.substring(dot + 1), value);
            } else {
                rest.put(key, value);
            }
        });
        if (file.written.isEmpty()) {
            file.problems.add("missing: stages, each with run and recipe");
        }
        file.seed = rest.get(SEED);
        file.written.forEach(file::stage);
        List<String> others = new ArrayList<>();
        Optional<Recipe> own = general.read(rest, others);
        file.problems.addAll(others);
        file.stages.values().forEach(stage -> file.recipe(stage, Path.of(""), file.problems));
        if (!file.problems.isEmpty()) {
            throw new RecipeException(name, file.problems);
        }
        return new Read(file, own.orElseThrow());
    }

    /// All stages in the file's order.
    public List<Stage> stages() {
        return List.copyOf(stages.values());
    }

    /// Where a stage lies.
    ///
    /// @param folder the pipeline's
    public static Path folder(Path folder, Stage stage) {
        return folder.resolve("stages").resolve(stage.name);
    }

    /// What a stage leaves.
    ///
    /// @param folder the pipeline's
    public Path left(Path folder, Stage stage) {
        return folder(folder, stage).resolve(command(stage).leaves);
    }

    /// A stage's recipe.
    ///
    /// @param folder the pipeline's, in which earlier stages have left what it takes
    public Recipe recipe(Stage stage, Path folder) {
        List<String> found = new ArrayList<>();
        Optional<Recipe> recipe = recipe(stage, folder, found);
        return recipe.orElseThrow(() -> new RecipeException(stage.name, found));
    }

    /// The whole pipeline with every key, defaults too, as YAML that reads as this one.
    ///
    /// @param general what [Read] holds beside it
    public String resolved(Recipe general) {
        StringBuilder text = new StringBuilder(general.resolved()).append("stages:\n");
        for (Stage stage : stages.values()) {
            text.append("  ")
                    .append(stage.name)
                    .append(":\n    run: ")
                    .append(stage.run)
                    .append('\n');
            if (!stage.from.isEmpty()) {
                text.append("    from:\n");
                stage.from.forEach((key, source) -> text.append("      " + key + ": " + source + "\n"));
            }
            text.append("    recipe:\n");
            recipe(stage, Path.of("")).toMap().forEach((key, value) -> {
                if (!stage.from.containsKey(key)) {
                    text.append("      " + key + ": " + value + "\n");
                }
            });
        }
        return text.toString();
    }

    private Command command(Stage stage) {
        Command command = commands.get(stage.run);
        if (command == null) {
            throw new IllegalStateException("[pipeline] expected a stage of this pipeline; got " + stage);
        }
        return command;
    }

    private Optional<Recipe> recipe(Stage stage, Path folder, List<String> found) {
        Map<String, Written> own = new LinkedHashMap<>();
        written.getOrDefault(stage.name, Map.of()).forEach((key, value) -> {
            if (key.startsWith(RECIPE)) {
                own.put(key.substring(RECIPE.length()), value);
            }
        });
        if (seed != null
                && command(stage).schema.keys().stream()
                        .anyMatch(key -> key.name().equals(SEED))) {
            own.putIfAbsent(SEED, seed);
        }
        List<String> mine = new ArrayList<>();
        stage.from.forEach((key, source) -> {
            Stage giver = stages.get(source);
            if (giver != null && own.put(key, Written.one(left(folder, giver).toString(), "from " + source)) != null) {
                mine.add(FROM + ": expected " + key + " from " + source + " or in the recipe; got both");
            }
        });
        Optional<Recipe> recipe = command(stage).schema.read(own, mine);
        mine.forEach(problem -> found.add("stage " + stage.name + ", " + problem));
        return recipe;
    }

    // ---- what a stage is -------------------------------------------------------------------------------------------

    private void stage(String name, Map<String, Written> keys) {
        String place = "stage " + name + ", ";
        Written run = keys.get(RUN);
        if (run == null || run.list()) {
            problems.add(place + "missing: run, one of " + String.join(", ", new TreeSet<>(commands.keySet())));
            return;
        }
        Set<String> strange = new LinkedHashSet<>(keys.keySet());
        strange.removeIf(
                key -> key.equals(RUN) || key.equals(FROM) || key.startsWith(FROM + ".") || key.startsWith(RECIPE));
        strange.forEach(
                key -> problems.add(place + "unknown key '" + key + "'. Hint: a stage has run, from and recipe"));
        String command = run.texts().getFirst();
        if (!commands.containsKey(command)) {
            List<String> near = Spelling.nearest(command, new TreeSet<>(commands.keySet()), NEAREST);
            problems.add(place + run.place() + ": run: expected one of "
                    + String.join(", ", new TreeSet<>(commands.keySet())) + "; got '" + command + "'"
                    + (near.isEmpty() ? "" : ". Hint: did you mean " + String.join(" or ", near) + "?"));
            return;
        }
        Map<String, String> from = new LinkedHashMap<>();
        keys.forEach((key, value) -> {
            if (key.equals(FROM)) {
                value.texts().forEach(source -> give(place, from, null, source));
            } else if (key.startsWith(FROM + ".")) {
                value.texts().forEach(source -> give(place, from, key.substring(FROM.length() + 1), source));
            }
        });
        stages.put(name, new Stage(name, command, from));
    }

    /// @param key that takes it; null: by what the stage leaves
    private void give(String place, Map<String, String> from, @Nullable String key, String source) {
        Stage giver = stages.get(source);
        if (giver == null) {
            List<String> near = Spelling.nearest(source, new TreeSet<>(stages.keySet()), NEAREST);
            problems.add(place + "from: expected an earlier stage; got '" + source + "'"
                    + (near.isEmpty() ? "" : ". Hint: did you mean " + String.join(" or ", near) + "?"));
            return;
        }
        String taken = key == null ? command(giver).takenBy : key;
        String first = from.put(taken, source);
        if (first != null) {
            problems.add(place + "from: expected one stage for " + taken + "; got " + first + " and " + source);
        }
    }
}
