package io.torrefy.app;

import io.torrefy.lm.CausalLm;
import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleEncoder;
import io.torrefy.posttrain.formats.SampleFormat;
import io.torrefy.posttrain.preference.Kto;
import io.torrefy.posttrain.preference.KtoLoss;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.preference.UnpairedExample;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The keys of KTO: names and defaults of TRL's `KTOConfig` (trl 1.13). As in TRL pairs are taken too, each as a good
/// answer and a bad one.
final class KtoRecipe implements RecipeKind {
    private final RecipeSchema schema = new RecipeSchema("kto");
    private final ModelKeys model = new ModelKeys(schema);
    private final ReferenceKey reference = new ReferenceKey(schema);
    private final DataKeys data =
            new DataKeys(schema, "prompt, completion and label; or chosen, rejected and mostly prompt");
    private final Key<KtoLoss.LossType> type = schema.choice(
            "loss_type", KtoLoss.LossType.KTO, "kto, or apo_zero_unpaired, which takes no divergence into account");
    private final Key<Double> beta =
            schema.number("beta", 0.1, "strength of the pull to the reference").where(x -> x > 0, "more than 0");
    private final Key<Double> desirable =
            schema.number("desirable_weight", 1, "of good answers").where(x -> x >= 0, "at least 0");
    private final Key<Double> undesirable =
            schema.number("undesirable_weight", 1, "of bad answers").where(x -> x >= 0, "at least 0");
    private final TrainingKeys keys =
            new TrainingKeys(schema, 1e-6, "tokens of prompt and answer; what is longer is cut off at its end");
    private final TrainingKeys.OfPreferences preferences = new TrainingKeys.OfPreferences(schema, keys);

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        Problems problems = new Problems("kto");
        Optional<KtoLoss.Options> loss = problems.attempt(() -> new KtoLoss.Options(
                recipe.get(type), recipe.get(beta), recipe.get(desirable), recipe.get(undesirable)));
        Optional<ModelFolder> folder = model.open(recipe, problems);
        folder.ifPresent(policy -> reference.check(recipe, policy, problems));
        List<String> notes = new ArrayList<>();
        Optional<DataKeys.Split<UnpairedExample>> split = data.read(
                        recipe,
                        recipe.get(keys.seed),
                        problems,
                        SampleFormat.UNPAIRED_PREFERENCE,
                        SampleFormat.PREFERENCE)
                .flatMap(all -> folder.map(f -> encode(recipe, f, all, problems, notes)));
        Optional<PreferenceTraining> training = split.flatMap(some -> problems.attempt(
                () -> preferences.training(recipe, some.training().size(), problems)));
        problems.refuse();
        TrainedLm trained =
                problems.orRefuse(() -> model.language(recipe, folder.orElseThrow(), recipe.get(keys.seed)));
        DataKeys.Split<UnpairedExample> examples = split.orElseThrow();
        Optional<CausalLm> frozen = reference.load(recipe, trained, false);
        Optional<Kto> kto = problems.attempt(() -> Kto.of(
                trained.model(),
                ReferenceKey.of(frozen, trained),
                examples.training(),
                examples.heldOut(),
                loss.orElseThrow(),
                training.orElseThrow()));
        if (kto.isEmpty()) {
            trained.close();
        }
        problems.refuse();
        Kto made = kto.orElseThrow();
        OfflineRun.Trainer trainer = new OfflineRun.Trainer(
                training.orElseThrow().steps(), made::step, made::evaluate, made.optimizer(), frozen);
        return RunPlan.of(
                "KTO",
                recipe,
                recipe.get(keys.seed),
                examples.fingerprint(),
                trainer.steps(),
                new OfflineRun(trainer, trained, keys.pace(recipe), notes));
    }

    private DataKeys.Split<UnpairedExample> encode(
            Recipe recipe, ModelFolder folder, DataKeys.Split<Sample> samples, Problems problems, List<String> notes) {
        SampleEncoder encoder = SampleEncoder.of(folder.tokenizer(), folder.template());
        Cut cut = new Cut(keys.length(recipe, folder));
        DataKeys.Split<UnpairedExample> examples = samples.map(some -> problems.each(
                some.stream().flatMap(KtoRecipe::unpaired).toList(), sample -> cut.judged(encoder.judged(sample))));
        notes.addAll(cut.notes());
        long good =
                examples.training().stream().filter(UnpairedExample::desirable).count();
        if (good == 0 || good == examples.training().size()) {
            notes.add("All answers are " + (good == 0 ? "bad" : "good") + ": there is nothing to tell apart.");
        }
        return examples;
    }

    private static Stream<Sample.UnpairedPreference> unpaired(Sample sample) {
        return switch (sample) {
            case Sample.UnpairedPreference one -> Stream.of(one);
            case Sample.Preference pair ->
                Stream.of(
                        new Sample.UnpairedPreference(pair.prompt(), pair.chosen(), true, pair.origin()),
                        new Sample.UnpairedPreference(pair.prompt(), pair.rejected(), false, pair.origin()));
            default -> Stream.empty();
        };
    }
}
