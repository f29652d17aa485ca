package io.torrefy.app;

import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleEncoder;
import io.torrefy.posttrain.formats.SampleFormat;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.posttrain.sft.Packing;
import io.torrefy.posttrain.sft.Sft;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The keys of supervised fine-tuning: names and defaults of TRL's `SFTConfig` (trl 1.13).
final class SftRecipe implements RecipeKind {
    private final RecipeSchema schema = new RecipeSchema("sft");
    private final ModelKeys model = new ModelKeys(schema);
    private final DataKeys data =
            new DataKeys(schema, "text, or messages; or prompt and completion, each a text or messages");
    private final Key<Boolean> completionOnly = schema.flag(
            "completion_only_loss", true, "whether of prompt and completion only the completion is learned");
    private final Key<Boolean> assistantOnly = schema.flag(
            "assistant_only_loss", false, "whether of conversations only the assistant's turns are learned");
    private final TrainingKeys keys =
            new TrainingKeys(schema, 2e-5, "tokens a row may have; what is longer is cut off at its end");
    private final Key<Boolean> packing =
            schema.flag("packing", false, "whether samples share rows; each sees itself alone");
    private final Key<Packing> strategy =
            schema.choice("packing_strategy", Packing.BFD, "how: bfd cuts long samples, bfd_split keeps the pieces");
    private final Key<Sft.LossType> loss =
            schema.choice("loss_type", Sft.LossType.CHUNKED_NLL, "what a token costs; dft pulls less at unlikely ones");

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) {
        Problems problems = new Problems("sft");
        if (!recipe.get(packing)) {
            problems.unused(recipe, "packing: false", strategy);
        }
        Optional<ModelFolder> folder = model.open(recipe, problems);
        Optional<DataKeys.Split<TokenSequence>> split = data.read(
                        recipe,
                        recipe.get(keys.seed),
                        problems,
                        SampleFormat.LANGUAGE_MODELING,
                        SampleFormat.PROMPT_COMPLETION)
                .flatMap(all -> folder.map(f -> all.map(samples -> encode(recipe, f, samples, problems))));
        problems.refuse();
        TrainedLm trained =
                problems.orRefuse(() -> model.language(recipe, folder.orElseThrow(), recipe.get(keys.seed)));
        DataKeys.Split<TokenSequence> samples = split.orElseThrow();
        Optional<Sft> sft = problems.attempt(() -> Sft.of(
                trained.model(), trained.folder().tokenizer(), samples.training(), options(recipe, trained.folder())));
        if (sft.isEmpty()) {
            trained.close();
        }
        problems.refuse();
        return plan(recipe, sft.orElseThrow(), trained, samples);
    }

    private List<TokenSequence> encode(Recipe recipe, ModelFolder folder, List<Sample> samples, Problems problems) {
        SampleEncoder encoder = SampleEncoder.of(folder.tokenizer(), folder.template())
                .withCompletionOnlyLoss(recipe.get(completionOnly))
                .withAssistantOnlyLoss(recipe.get(assistantOnly));
        return problems.each(samples, encoder::sequence);
    }

    private RunPlan plan(Recipe recipe, Sft sft, TrainedLm trained, DataKeys.Split<TokenSequence> samples) {
        List<String> notes = new ArrayList<>();
        if (sft.truncated() > 0) {
            notes.add(sft.truncated() + " of " + samples.training().size()
                    + " samples lose their end at max_length: they teach nothing about stopping.");
        }
        OfflineRun.Trainer trainer = new OfflineRun.Trainer(
                sft.steps(),
                step -> sft.step(step).metrics(),
                () -> samples.heldOut().isEmpty() ? Map.of() : sft.evaluate(samples.heldOut()),
                sft.optimizer());
        return RunPlan.of(
                "SFT",
                recipe,
                recipe.get(keys.seed),
                samples.fingerprint(),
                sft.steps(),
                new OfflineRun(trainer, trained, keys.pace(recipe), notes));
    }

    private Sft.Options options(Recipe recipe, ModelFolder folder) {
        return new Sft.Options(
                recipe.get(keys.learningRate),
                TrainingKeys.number(recipe, keys.batch),
                TrainingKeys.number(recipe, keys.accumulation),
                recipe.get(keys.epochs),
                recipe.get(keys.maxSteps),
                keys.length(recipe, folder),
                recipe.get(packing),
                recipe.get(strategy),
                recipe.get(loss),
                recipe.get(keys.maxGradNorm),
                recipe.get(keys.weightDecay),
                recipe.get(keys.warmup),
                recipe.get(keys.seed));
    }
}
