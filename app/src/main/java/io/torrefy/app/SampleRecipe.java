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
import io.torrefy.posttrain.search.RejectionSampling;
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

/// The keys of data that a model writes: rejection sampling, whose file is the next stage's data. What is written lies in
/// the run's folder as `data/samples.jsonl`.
final class SampleRecipe implements RecipeKind {
    static final String FILE = "samples.jsonl";

    /// What a line is.
    enum Write {
        /// A prompt and an answer whose reward reaches the threshold: for sft.
        COMPLETIONS,
        /// A prompt, its best answer and its worst: for reward, dpo and kto.
        PAIRS
    }

    private static final int SLOTS = 128;
    /// Training problems repeat; so many draws in a row without a new one mean that there are no more.
    private static final int PATIENCE = 10_000;

    private final RecipeSchema schema = new RecipeSchema("sample");
    private final Key<Path> model = schema.path("model", "folder of the model that writes");
    private final Key<String> task =
            schema.text("task", "countdown", "where problems come from, unless from data: the exported name of a task");
    private final Key<List<Path>> data = schema.paths("data", "files of questions and answers, in place of a task");
    private final Key<Write> write = schema.choice(
            "write", Write.COMPLETIONS, "prompts with good answers, or pairs of a prompt's best answer and its worst");
    private final Key<Long> prompts = positive("num_prompts", 1000, "different training problems at most");
    private final Key<Long> generations = positive("num_generations", 8, "answers to each that are drawn");
    private final Key<Double> temperature =
            schema.number("temperature", 1, "of sampling").where(x -> x > 0, "more than 0");
    private final Key<Long> length = positive("max_completion_length", 160, "tokens an answer may have");
    private final Key<List<String>> rewards = schema.texts(
            "reward_funcs",
            List.of("accuracy"),
            "what is good, summed: exported names of rewards, as in torrefy r1-zero --reward");
    private final Key<Double> threshold = schema.number("threshold", 1, "the least reward of an answer that is kept");
    private final Key<Long> keep = positive("keep", 1, "answers to a problem that are kept, the best first");
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
        if (recipe.get(write) == Write.PAIRS) {
            found.unused(recipe, "write: pairs", keep);
        }
        Optional<ModelFolder> folder = found.attempt(() -> ModelFolder.open(recipe.get(model), ""));
        Optional<Task> source = found.attempt(() -> source(recipe, common));
        Optional<Rewards> sum = source.flatMap(some -> found.attempt(() -> RewardOptions.sum(
                        common, "reward_funcs", recipe.get(rewards), some, number(recipe, length))
                .orElseThrow(() -> new IllegalArgumentException("reward_funcs: expected at least one; got none"))));
        Optional<RejectionSampling> sampling = found.attempt(() -> new RejectionSampling(
                number(recipe, generations),
                recipe.get(temperature),
                recipe.get(threshold),
                number(recipe, keep),
                number(recipe, length)));
        found.refuse();
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        if (source.orElseThrow() instanceof QaFile questions) {
            config.put("data_fingerprint", questions.fingerprint());
        }
        List<Problem> problems = problems(source.get(), recipe.get(seed), number(recipe, prompts));
        return new RunPlan(
                "Rejection sampling",
                recipe.get(seed),
                problems.size(),
                config,
                Set.of(),
                Optional.of(recipe.resolved()),
                (run, progress) -> draw(
                        recipe, folder.orElseThrow(), source.get(), sum.orElseThrow(), sampling.orElseThrow(), problems,
                        run, progress));
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
            Recipe recipe,
            ModelFolder folder,
            Task source,
            Rewards sum,
            RejectionSampling sampling,
            List<Problem> problems,
            RunFolder run,
            Progress progress)
            throws IOException {
        RejectionSampling.Yield[] drawn = new RejectionSampling.Yield[1];
        try (CausalLm lm = CausalLm.load(folder.path());
                GeneratorPolicy policy = GeneratorPolicy.of(lm, folder.tokenizer(), SLOTS, recipe.get(seed))) {
            run.publish("data", into -> drawn[0] = recipe.get(write) == Write.PAIRS
                    ? sampling.writePairs(
                            into.resolve(FILE), policy, source, sum, problems, (n, _) -> progress.step(n, Map.of()))
                    : sampling.write(
                            into.resolve(FILE), policy, source, sum, problems, (n, _) -> progress.step(n, Map.of())));
        }
        RejectionSampling.Yield found = drawn[0];
        if (found.kept() == 0) {
            throw new RunException("[sample] expected answers of a reward of at least " + recipe.get(threshold)
                    + "; got none among " + found.samples() + ". Hint: lower threshold, or draw more.");
        }
        run.log(found.problems(), Map.of("kept", (double) found.kept(), "solved", (double) found.solved()));
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("problems", found.problems());
        values.put("samples", found.samples());
        values.put("kept", found.kept());
        values.put("solved", found.solved());
        values.put("tokens", found.tokens());
        values.put("seconds", run.elapsed());
        run.result(values);
        return new RunPlan.Outcome(
                List.of(String.format(
                        Locale.ROOT,
                        "%d %s of %d samples for %d problems, of which %d have one.",
                        found.kept(),
                        recipe.get(write) == Write.PAIRS ? "pairs" : "answers",
                        found.samples(),
                        found.problems(),
                        found.solved())),
                values);
    }

    private static int number(Recipe recipe, Key<Long> key) {
        return Math.toIntExact(recipe.get(key));
    }
}
