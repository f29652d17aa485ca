package io.torrefy.app;

import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleEncoder;
import io.torrefy.posttrain.formats.SampleFormat;
import io.torrefy.posttrain.preference.PreferencePair;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.preference.ProcessRewardTrainer;
import io.torrefy.posttrain.preference.RewardTrainer;
import io.torrefy.posttrain.preference.StepwiseExample;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/// The keys of reward models: names and defaults of TRL's `RewardConfig` and `PRMConfig` (trl 1.13).
final class RewardRecipe implements RecipeKind {
    /// What is judged.
    enum Kind {
        /// Whole answers, from pairs: TRL's RewardTrainer.
        OUTCOME,
        /// Each step of an answer: TRL's PRMTrainer.
        PROCESS
    }

    private final RecipeSchema schema = new RecipeSchema("reward");
    private final Key<Kind> kind = schema.choice(
            "trainer",
            Kind.OUTCOME,
            "TRL's RewardTrainer (outcome), from pairs, or PRMTrainer (process), from judged steps; its rate is 1e-5");
    private final ModelKeys model = new ModelKeys(schema);
    private final DataKeys data = new DataKeys(
            schema, "chosen, rejected, mostly prompt and maybe margin; of process prompt, completions and labels");
    private final Key<Double> centering = schema.number(
                    "center_rewards_coefficient", 0, "of outcome: holds scores near 0; 0.01 is usual, 0 is off")
            .where(x -> x >= 0, "at least 0");
    private final Key<String> separator =
            schema.text("step_separator", "\n", "of process: what ends a step; scores are read there");
    private final Key<Boolean> lastOnly =
            schema.flag("train_on_last_step_only", false, "of process: whether only each answer's last label counts");
    private final TrainingKeys keys =
            new TrainingKeys(schema, 1e-4, "tokens of prompt and answer; what is longer is cut off at its end");
    private final TrainingKeys.OfPreferences preferences = new TrainingKeys.OfPreferences(schema, keys);

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public Leaves leaves() {
        return new Leaves("reward_model", "model");
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        boolean process = recipe.get(kind) == Kind.PROCESS;
        Problems problems = new Problems("reward");
        if (process) {
            problems.unused(recipe, "trainer: process", centering);
        } else {
            problems.unused(recipe, "trainer: outcome", separator, lastOnly);
        }
        problems.need(!process || !recipe.get(separator).isEmpty(), "step_separator: expected a text; got none");
        Optional<ModelFolder> folder = model.open(recipe, problems);
        Optional<DataKeys.Split<Sample>> samples = data.read(
                recipe, recipe.get(keys.seed), problems, process ? SampleFormat.STEPWISE : SampleFormat.PREFERENCE);
        return process
                ? plan(recipe, problems, folder, samples, this::steps, this::processes)
                : plan(recipe, problems, folder, samples, this::pair, this::outcomes);
    }

    /// How a sample becomes what a trainer takes.
    private interface Become<T> {
        T of(Recipe recipe, SampleEncoder encoder, Cut cut, Sample sample);
    }

    /// How a trainer is made of a model and samples.
    private interface Make<T> {
        OfflineRun.Trainer of(Recipe recipe, ValueModel model, DataKeys.Split<T> samples, PreferenceTraining training);
    }

    private <T> RunPlan plan(
            Recipe recipe,
            Problems problems,
            Optional<ModelFolder> folder,
            Optional<DataKeys.Split<Sample>> samples,
            Become<T> become,
            Make<T> make) {
        List<String> notes = new ArrayList<>();
        BiFunction<ModelFolder, DataKeys.Split<Sample>, DataKeys.Split<T>> encode = (from, all) -> {
            SampleEncoder encoder = SampleEncoder.of(from.tokenizer(), from.template());
            Cut cut = new Cut(keys.length(recipe, from));
            DataKeys.Split<T> encoded =
                    all.map(some -> problems.each(some, sample -> become.of(recipe, encoder, cut, sample)));
            notes.addAll(cut.notes());
            return encoded;
        };
        Optional<DataKeys.Split<T>> split = samples.flatMap(all -> folder.map(from -> encode.apply(from, all)));
        Optional<PreferenceTraining> training = split.flatMap(some -> problems.attempt(
                () -> preferences.training(recipe, some.training().size(), problems)));
        problems.refuse();
        DataKeys.Split<T> data = split.orElseThrow();
        TrainedScorer trained =
                problems.orRefuse(() -> model.scorer(recipe, folder.orElseThrow(), recipe.get(keys.seed)));
        Optional<OfflineRun.Trainer> trainer =
                problems.attempt(() -> make.of(recipe, trained.model(), data, training.orElseThrow()));
        if (trainer.isEmpty()) {
            trained.close();
        }
        problems.refuse();
        return RunPlan.of(
                recipe.get(kind) == Kind.PROCESS ? "Process reward model" : "Reward model",
                recipe,
                recipe.get(keys.seed),
                data.fingerprint(),
                trainer.orElseThrow().steps(),
                new OfflineRun(trainer.orElseThrow(), trained, keys.pace(recipe), notes));
    }

    private PreferencePair pair(Recipe recipe, SampleEncoder encoder, Cut cut, Sample sample) {
        return cut.pair(encoder.pair((Sample.Preference) sample), sample.origin());
    }

    private StepwiseExample steps(Recipe recipe, SampleEncoder encoder, Cut cut, Sample sample) {
        return cut.steps(encoder.steps((Sample.Stepwise) sample, recipe.get(separator)));
    }

    private OfflineRun.Trainer outcomes(
            Recipe recipe, ValueModel model, DataKeys.Split<PreferencePair> pairs, PreferenceTraining training) {
        RewardTrainer trainer = RewardTrainer.of(model, pairs.training(), recipe.get(centering), training);
        return new OfflineRun.Trainer(
                training.steps(),
                trainer::step,
                () -> pairs.heldOut().isEmpty() ? Map.of() : trainer.evaluate(pairs.heldOut()),
                trainer.optimizer());
    }

    private OfflineRun.Trainer processes(
            Recipe recipe, ValueModel model, DataKeys.Split<StepwiseExample> steps, PreferenceTraining training) {
        ProcessRewardTrainer trainer = ProcessRewardTrainer.of(model, steps.training(), recipe.get(lastOnly), training);
        return new OfflineRun.Trainer(
                training.steps(),
                trainer::step,
                () -> steps.heldOut().isEmpty() ? Map.of() : trainer.evaluate(steps.heldOut()),
                trainer.optimizer());
    }
}
