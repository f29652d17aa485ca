package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.posttrain.search.GeneratorPolicy;
import io.torrefy.posttrain.search.Policy;
import io.torrefy.posttrain.search.PreferenceSampling;
import io.torrefy.posttrain.search.RejectionSampling;
import io.torrefy.posttrain.search.SearchScore;
import io.torrefy.posttrain.search.Searches;
import io.torrefy.posttrain.search.StepLabels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keys of data that a model writes, as a stage of a pipeline: what `torrefy sample` writes, of different problems.
/// It lies in the run's folder as `data/samples.jsonl`.
final class SampleRecipe implements RecipeKind {
    static final String FILE = "samples.jsonl";

    /// What a line is.
    enum Kind {
        /// A prompt and an answer whose reward reaches the threshold: for sft.
        COMPLETIONS,
        /// A prompt, a good answer and a worse one: for reward, dpo and kto.
        PREFERENCES,
        /// The same as a line each: for kto.
        UNPAIRED,
        /// An answer whose steps are judged by rollouts: for reward with trainer process.
        STEPS
    }

    private static final int SLOTS = 128;
    /// Training problems repeat; so many draws in a row without a new one mean that there are no more.
    private static final int PATIENCE = 10_000;

    private final RecipeSchema schema = new RecipeSchema("sample");
    private final Key<Path> model = schema.path("model", "folder of the model that writes");
    private final Key<String> task =
            schema.text("task", "countdown", "where problems come from, unless from data: the exported name of a task");
    private final Key<List<Path>> data = schema.paths("data", "files of questions and answers, in place of a task");
    private final Key<Kind> kind = schema.choice(
            "kind",
            Kind.COMPLETIONS,
            "good answers; pairs of a good and a worse one; these a line each; or judged steps");
    private final Key<Long> prompts = positive("num_prompts", 1000, "different training problems at most");
    private final Key<Long> generations = positive("num_generations", 8, "answers to each that are drawn");
    private final Key<Double> temperature =
            schema.number("temperature", 1, "of sampling").where(x -> x > 0, "more than 0");
    private final Key<Long> length = positive("max_completion_length", 160, "tokens an answer may have");
    private final Key<List<String>> rewards = schema.texts(
            "reward_funcs",
            List.of("accuracy"),
            "what is good, summed: exported names of rewards, as in torrefy r1-zero --reward");
    private final Key<Double> threshold = schema.number(
            "threshold", 1, "the least reward of an answer that is kept, or difference of rewards of a pair");
    private final Key<Long> keep = positive("keep", 1, "answers to a problem, or pairs, that are kept");
    private final Key<Long> rollouts = positive("rollouts", 8, "of each step; steps only");
    private final Key<String> separator =
            schema.text("separator", "newline", "what a step ends at: newline, comma, blank or a text; steps only");
    private final Key<Long> seed = schema.integer("seed", 1, "decides problems and samples");

    private Key<Long> positive(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public Leaves leaves() {
        return new Leaves("data", "data/" + FILE);
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        Problems found = new Problems("sample");
        String without = "kind: " + recipe.get(kind).name().toLowerCase(Locale.ROOT);
        if (recipe.get(kind) == Kind.STEPS) {
            found.unused(recipe, without, rewards, threshold, keep);
        } else {
            found.unused(recipe, without, rollouts, separator);
        }
        Optional<ModelFolder> folder = found.attempt(() -> ModelFolder.open(recipe.get(model), ""));
        Optional<Task> source = found.attempt(() -> source(recipe, common));
        Optional<Writer> writer = source.flatMap(some -> found.attempt(() -> writer(recipe, some, common)));
        found.refuse();
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        if (source.orElseThrow() instanceof QaFile questions) {
            config.put("data_fingerprint", questions.fingerprint());
        }
        List<Problem> problems = problems(source.get(), recipe.get(seed), number(recipe, prompts));
        return new RunPlan(
                "Samples of a model",
                recipe.get(seed),
                problems.size(),
                config,
                Set.of(),
                Optional.of(recipe.resolved()),
                (run, progress) -> draw(recipe, folder.orElseThrow(), writer.orElseThrow(), problems, run, progress));
    }

    /// What was written.
    ///
    /// @param used problems with a line
    private record Written(int lines, int used, long tokens) {}

    private interface Writer {
        Written write(Path file, Policy policy, List<Problem> problems, SearchScore.Watcher watcher) throws IOException;
    }

    private Writer writer(Recipe recipe, Task source, CommonOptions common) {
        int n = number(recipe, generations);
        int most = number(recipe, length);
        double heat = recipe.get(temperature);
        if (recipe.get(kind) == Kind.STEPS) {
            StepLabels labels =
                    new StepLabels(n, number(recipe, rollouts), heat, most, Searches.separator(recipe.get(separator)));
            return (file, policy, problems, watcher) -> {
                var made = labels.write(file, policy, source, problems, watcher);
                return new Written(made.solutions(), made.problems(), made.tokens());
            };
        }
        Rewards sum = RewardOptions.sum(common, "reward_funcs", recipe.get(rewards), source, most)
                .orElseThrow(() -> new IllegalArgumentException("reward_funcs: expected at least one; got none"));
        if (recipe.get(kind) == Kind.COMPLETIONS) {
            RejectionSampling sampling =
                    new RejectionSampling(n, heat, recipe.get(threshold), number(recipe, keep), most);
            return (file, policy, problems, watcher) -> {
                var made = sampling.write(file, policy, source, sum, problems, watcher);
                return new Written(made.kept(), made.solved(), made.tokens());
            };
        }
        PreferenceSampling sampling = new PreferenceSampling(
                n, heat, recipe.get(threshold), number(recipe, keep), most, recipe.get(kind) == Kind.UNPAIRED);
        return (file, policy, problems, watcher) -> {
            var made = sampling.write(file, policy, source, sum, problems, watcher);
            return new Written(made.lines(), made.paired(), made.tokens());
        };
    }

    private Task source(Recipe recipe, CommonOptions common) throws IOException {
        List<Path> files = recipe.get(data);
        return files.isEmpty()
                ? new Named(common, "task", "posttrain.tasks.").make(recipe.get(task), Task.class, Map.of())
                : QaFile.load(DataFiles.expand(files), QaFile.Options.DEFAULT);
    }

    /// Training problems, each once.
    private static List<Problem> problems(Task source, long seed, int count) {
        Set<String> seen = new HashSet<>();
        List<Problem> problems = new ArrayList<>();
        int repeats = 0;
        for (long i = 0; problems.size() < count && repeats < PATIENCE; i++) {
            Problem problem = source.training(seed, i);
            if (seen.add(problem.id())) {
                problems.add(problem);
                repeats = 0;
            } else {
                repeats++;
            }
        }
        return problems;
    }

    private RunPlan.Outcome draw(
            Recipe recipe, ModelFolder folder, Writer writer, List<Problem> problems, RunFolder run, Progress progress)
            throws IOException {
        Written[] drawn = new Written[1];
        try (CausalLm lm = CausalLm.load(folder.path());
                GeneratorPolicy policy = GeneratorPolicy.of(lm, folder.tokenizer(), SLOTS, recipe.get(seed))) {
            run.publish(
                    "data",
                    into -> drawn[0] = writer.write(
                            into.resolve(FILE), policy, problems, (done, _) -> progress.step(done, Map.of())));
        }
        Written written = drawn[0];
        if (written.lines == 0) {
            throw new RunException("[sample] expected answers of rewards that threshold " + recipe.get(threshold)
                    + " lets through; got none for " + problems.size() + " problems. Hint: lower it, or draw more.");
        }
        run.log(problems.size(), Map.of("lines", (double) written.lines, "used", (double) written.used));
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("problems", problems.size());
        values.put("lines", written.lines);
        values.put("used", written.used);
        values.put("tokens", written.tokens);
        values.put("seconds", run.elapsed());
        run.result(values);
        return new RunPlan.Outcome(
                List.of(String.format(
                        Locale.ROOT,
                        "%d lines from %d of %d problems, %,d tokens.",
                        written.lines,
                        written.used,
                        problems.size(),
                        written.tokens)),
                values);
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
