package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.distill.DistillSource;
import io.torrefy.posttrain.distill.Gkd;
import io.torrefy.posttrain.distill.SharedVocabulary;
import io.torrefy.posttrain.distill.TeacherSamples;
import io.torrefy.posttrain.formats.Prompts;
import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleEncoder;
import io.torrefy.posttrain.formats.Samples;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.ppo.TrainingStep;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.posttrain.sft.Sft;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keys of a distillation recipe: on-policy, by distributions, or of sequences that the teacher writes.
final class DistillRecipe implements RecipeKind {
    /// What the student learns from the teacher.
    enum Method {
        GKD,
        SEQUENCE
    }

    private static final String DRAWN = "teacher_samples";
    private static final int SLOTS = 64;

    private final RecipeSchema schema = new RecipeSchema("distill");
    private final Key<Path> model = schema.path("model", "the student's folder, in Hugging Face's layout");
    private final Key<Path> teacher = schema.path("teacher", "the teacher's folder");
    private final Key<Method> method = schema.choice(
            "method",
            Method.GKD,
            "gkd: the teacher's distributions over the student's own answers, in one vocabulary; sequence: fine-tuning on"
                    + " answers that the teacher wrote once, in front");
    private final TaskKeys task = new TaskKeys(schema);
    private final Key<List<Path>> samples = schema.paths(
            "samples",
            "files of prompts in place of the task's, which still measures; gkd: with completions where lmbda is below 1;"
                    + " sequence: with answers where correct_only");
    private final Key<Double> lmbda = share("lmbda", 1, "of the steps the student answers in (TRL's 0.5); gkd only");
    private final Key<Double> beta = share(
            "beta", 0.5, "of the divergence: 0 forward, 1 reverse, between them Jensen-Shannon (TRL's 0.5); gkd only");
    private final Key<Boolean> seqKd =
            schema.flag("seq_kd", false, "whether the teacher answers in the other steps (TRL's false); gkd only");
    private final Key<Long> numPrompts = positive("num_prompts", 1000, "prompts the teacher answers; sequence only");
    private final Key<Long> generations =
            positive("num_generations", 1, "answers of the teacher to each; sequence only");
    private final Key<Boolean> correctOnly =
            schema.flag("correct_only", true, "whether wrong answers are left out, as R1's were; sequence only");
    private final Key<Long> steps = positive("steps", 100, "optimiser steps");
    private final Key<Long> seed = schema.integer("seed", 1, "decides problems and samples");
    private final Key<Long> batch = positive("per_device_train_batch_size", 32, "prompts or samples a step");
    private final Key<Long> length = positive("max_new_tokens", 160, "tokens an answer may have");
    private final Key<Double> temperature = above("temperature", 0.9, "of sampling (TRL's 0.9)");
    private final Key<Double> rate = above("learning_rate", 3e-4, "the peak, reached after warmup_steps");
    private final Key<Long> warmup =
            schema.integer("warmup_steps", 5, "steps until the peak").where(n -> n >= 0, "at least 0");
    private final Key<Double> weightDecay =
            schema.number("weight_decay", 0, "of matrices").where(x -> x >= 0, "at least 0");
    private final Key<Double> clip = above("max_grad_norm", 1, "the gradient is scaled down to it");
    private final Key<Long> micro = positive("micro_batch_tokens", 8192, "tokens in memory at a time; gkd only");
    private final Key<Long> heldOut = positive("held_out", 500, "problems of the evaluation before and after");
    private final Key<Long> evaluateEvery = schema.integer(
                    "eval_steps", 5, "steps between small evaluations; 0 for none")
            .where(n -> n >= 0, "at least 0");
    private final Key<Long> checkpointEvery = positive("save_steps", 10, "steps between checkpoints");

    private Key<Long> positive(String name, long standard, String what) {
        return schema.integer(name, standard, what)
                .where(n -> n >= 1 && n <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE);
    }

    private Key<Double> above(String name, double standard, String what) {
        return schema.number(name, standard, what).where(x -> x > 0, "more than 0");
    }

    private Key<Double> share(String name, double standard, String what) {
        return schema.number(name, standard, what).where(x -> x >= 0 && x <= 1, "in [0, 1]");
    }

    @Override
    public RecipeSchema schema() {
        return schema;
    }

    // ---- before the run --------------------------------------------------------------------------------------------

    /// What was read and checked.
    ///
    /// @param samples of gkd, in place of the task's problems
    /// @param asked what the teacher is asked in sequence
    private record Parts(
            Tokenizer student, Tokenizer teacher, Task task, Optional<List<TokenSequence>> samples, Task asked) {}

    @Override
    public RunPlan plan(Recipe recipe, CommonOptions common) throws IOException {
        RecipeProblems found = new RecipeProblems();
        boolean gkd = recipe.get(method) == Method.GKD;
        Optional<Parts> parts = parts(recipe, common, gkd, found);
        found.check(() -> gkd ? options(recipe) : drawing(recipe));
        found.expect(
                !gkd
                        || recipe.get(lmbda) == 1
                        || recipe.get(seqKd)
                        || !recipe.get(samples).isEmpty(),
                "lmbda",
                "1, seq_kd or samples with answers",
                recipe.get(lmbda) + ", and nobody to answer in the other steps");
        String choice = "method " + recipe.get(method).name().toLowerCase(Locale.ROOT);
        found.unread(recipe, lmbda, gkd, choice);
        found.unread(recipe, beta, gkd, choice);
        found.unread(recipe, seqKd, gkd, choice);
        found.unread(recipe, micro, gkd, choice);
        found.unread(recipe, numPrompts, !gkd, choice);
        found.unread(recipe, generations, !gkd, choice);
        found.unread(recipe, correctOnly, !gkd, choice);
        found.refuse(common);
        Parts own = parts.orElseThrow();
        return new RunPlan(
                gkd ? "Distillation" : "Distillation of sequences",
                recipe.get(seed),
                recipe.get(steps),
                configuration(recipe, own),
                Set.of("save_steps"),
                Optional.of(recipe.resolved()),
                (run, progress) -> gkd ? gkd(recipe, own, run, progress) : sequence(recipe, own, run, progress));
    }

    /// What a resumed run has to share.
    private Map<String, Object> configuration(Recipe recipe, Parts parts) throws IOException {
        Map<String, Object> config = TaskKeys.configuration(recipe, parts.task);
        if (!recipe.get(samples).isEmpty()) {
            config.put("samples_fingerprint", DataKeys.fingerprint(recipe.get(samples)));
        }
        return config;
    }

    private Optional<Parts> parts(Recipe recipe, CommonOptions common, boolean gkd, RecipeProblems found) {
        Optional<DecoderConfig> own = found.check(() -> config("model", recipe.get(model)));
        Optional<DecoderConfig> theirs = found.check(() -> config("teacher", recipe.get(teacher)));
        Optional<Tokenizer> student = own.flatMap(c -> found.check(() -> tokenizer(recipe.get(model), c)));
        Optional<Tokenizer> other = theirs.flatMap(c -> found.check(() -> tokenizer(recipe.get(teacher), c)));
        if (gkd && own.isPresent() && theirs.isPresent()) {
            found.check(() -> {
                OnlineKeys.sameVocabulary("teacher", "student", recipe.get(teacher), own.get(), student);
                return true;
            });
            found.expect(
                    theirs.get().maxPositions() >= own.get().maxPositions(),
                    "teacher",
                    "at least the student's " + own.get().maxPositions() + " positions",
                    theirs.get().maxPositions());
        }
        Optional<Task> problems = found.check(() -> TaskKeys.verified(
                task.load(recipe, common, recipe.get(model)), "accuracy is measured (samples takes prompts alone)"));
        Optional<Optional<List<TokenSequence>>> read =
                student.flatMap(t -> found.check(() -> gkd ? samples(recipe, t) : Optional.empty()));
        Optional<Task> asked =
                gkd || recipe.get(samples).isEmpty() ? problems : found.check(() -> prompts(recipe, student, other));
        if (own.isPresent() && student.isPresent() && problems.isPresent()) {
            found.check(() -> {
                OnlineKeys.roomFor(
                        problems.get(),
                        student.get(),
                        recipe.get(seed),
                        "max_new_tokens",
                        recipe.get(length),
                        own.get().maxPositions());
                return true;
            });
        }
        return student.isEmpty() || other.isEmpty() || problems.isEmpty() || read.isEmpty() || asked.isEmpty()
                ? Optional.empty()
                : Optional.of(new Parts(student.get(), other.get(), problems.get(), read.get(), asked.get()));
    }

    /// The samples as problems of the teacher.
    private Task prompts(Recipe recipe, Optional<Tokenizer> student, Optional<Tokenizer> other) throws IOException {
        QaFile all = Prompts.load(DataFiles.expand(recipe.get(samples)), ChatTemplate.load(recipe.get(model)), 0);
        if (recipe.get(correctOnly) && !all.verifies()) {
            throw new IllegalArgumentException("correct_only: expected false, or samples with a column answer or"
                    + " solution; got true and prompts alone in " + all.name());
        }
        boolean conversations = all.training(recipe.get(seed), 0).whole();
        if (conversations
                && student.isPresent()
                && other.isPresent()
                && !SharedVocabulary.isSame(student.get(), other.get())) {
            throw new IllegalArgumentException("samples: expected texts for a teacher of another vocabulary; got"
                    + " conversations in " + all.name() + ", which the student's chat template writes");
        }
        return all;
    }

    private static DecoderConfig config(String key, Path folder) {
        RunPlan.requireModel(folder, "the recipe's key " + key + " names it.");
        return DecoderConfig.read(folder.resolve("config.json"));
    }

    private static Tokenizer tokenizer(Path folder, DecoderConfig config) {
        Tokenizer tokenizer = BpeTokenizer.load(folder);
        tokenizer.checkFits(config.vocab());
        return tokenizer;
    }

    private Optional<List<TokenSequence>> samples(Recipe recipe, Tokenizer tokenizer) throws IOException {
        if (recipe.get(samples).isEmpty()) {
            return Optional.empty();
        }
        SampleEncoder encoder = SampleEncoder.of(tokenizer, ChatTemplate.load(recipe.get(model)));
        List<TokenSequence> sequences = new ArrayList<>();
        for (Sample sample : Samples.load(DataFiles.expand(recipe.get(samples)))) {
            if (sample instanceof Sample.PromptOnly only) {
                int[] ids = encoder.prompt(only).ids();
                sequences.add(
                        TokenSequence.completion(ids, ids.length, only.origin().place()));
            } else {
                sequences.add(encoder.sequence(sample));
            }
        }
        boolean answers = DistillSource.of(sequences, recipe.get(seed)).hasAnswers();
        if (!answers && recipe.get(lmbda) < 1 && !recipe.get(seqKd)) {
            throw new IllegalArgumentException("samples: expected answers, with lmbda " + recipe.get(lmbda)
                    + "; got prompts alone. Hint: lmbda 1 lets the student answer all of them, seq_kd the teacher the"
                    + " others.");
        }
        return Optional.of(sequences);
    }

    // ---- the runs --------------------------------------------------------------------------------------------------

    private Gkd.Options options(Recipe recipe) {
        PreferenceTraining training = new PreferenceTraining(
                recipe.get(steps),
                OnlineKeys.number(recipe, batch),
                recipe.get(rate),
                Math.min(recipe.get(warmup), recipe.get(steps)),
                true,
                recipe.get(weightDecay),
                recipe.get(clip),
                OnlineKeys.number(recipe, micro),
                true,
                recipe.get(seed));
        return new Gkd.Options(
                training,
                recipe.get(lmbda),
                recipe.get(beta),
                recipe.get(seqKd),
                OnlineKeys.number(recipe, length),
                recipe.get(temperature));
    }

    private RunPlan.Outcome gkd(Recipe recipe, Parts parts, RunFolder run, Progress progress) throws IOException {
        DistillSource source = parts.samples
                .map(all -> DistillSource.of(all, recipe.get(seed)))
                .orElseGet(() -> DistillSource.of(parts.task, parts.student, recipe.get(seed)));
        try (CausalLm student = CausalLm.load(recipe.get(model));
                CausalLm wise = CausalLm.load(recipe.get(teacher));
                Gkd gkd = Gkd.of(student, wise, parts.student, source, options(recipe))) {
            var trainer = OnlineKeys.trainer(gkd::step, gkd::save, gkd::restore, gkd.generator());
            return OnlineKeys.outcome(
                    PolicyRun.run(settings(recipe, parts), trainer, run, progress), recipe.get(heldOut));
        }
    }

    private TeacherSamples drawing(Recipe recipe) {
        return new TeacherSamples(
                OnlineKeys.number(recipe, numPrompts),
                OnlineKeys.number(recipe, generations),
                OnlineKeys.number(recipe, length),
                recipe.get(temperature),
                recipe.get(correctOnly),
                recipe.get(seed));
    }

    private RunPlan.Outcome sequence(Recipe recipe, Parts parts, RunFolder run, Progress progress) throws IOException {
        List<TokenSequence> answers = answers(recipe, parts, run, progress);
        boolean resumed = run.resumed().isPresent();
        Path from = resumed ? run.resumed().get().folder() : recipe.get(model);
        try (CausalLm student = CausalLm.load(from);
                Sft sft = Sft.of(student, parts.student, answers, fineTuning(recipe, student));
                Generator generator = Generator.of(student, parts.student, SLOTS)) {
            var trainer = OnlineKeys.trainer(step -> timed(sft, step), sft::save, sft::resume, generator);
            return OnlineKeys.outcome(
                    PolicyRun.run(settings(recipe, parts), trainer, run, progress), recipe.get(heldOut));
        }
    }

    private static TrainingStep timed(Sft sft, long step) {
        long began = System.nanoTime();
        Map<String, Double> metrics = sft.step(step).metrics();
        metrics.put("time/update", (System.nanoTime() - began) * 1e-9);
        return new TrainingStep(metrics, List.of());
    }

    private Sft.Options fineTuning(Recipe recipe, CausalLm student) {
        return Sft.Options.defaults()
                .withLearningRate(recipe.get(rate))
                .withBatch(OnlineKeys.number(recipe, batch), 1)
                .withMaxSteps(recipe.get(steps))
                .withMaxLength(student.config().maxPositions())
                .withOptimizer(
                        recipe.get(weightDecay), recipe.get(clip), Math.min(recipe.get(warmup), recipe.get(steps)))
                .withSeed(recipe.get(seed));
    }

    /// The teacher's answers, which are kept: a run that goes on learns from the same.
    private List<TokenSequence> answers(Recipe recipe, Parts parts, RunFolder run, Progress progress)
            throws IOException {
        Path kept = run.path().resolve(DRAWN);
        if (!Files.isDirectory(kept)) {
            progress.phase("the teacher answers");
            try (CausalLm wise = CausalLm.load(recipe.get(teacher));
                    Generator generator = Generator.of(wise, parts.teacher, SLOTS)) {
                TeacherSamples.Yield drawn = drawing(recipe).draw(generator, parts.teacher, parts.student, parts.asked);
                progress.message(String.format(
                        Locale.ROOT,
                        "The teacher gave %d answers, of which %d are learnt from; %d were cut off, %d wrong.",
                        drawn.drawn(),
                        drawn.sequences().size(),
                        drawn.truncated(),
                        drawn.refused()));
                run.publish(DRAWN, folder -> drawn.write(folder.resolve("samples.jsonl"), parts.student));
            }
        }
        return TeacherSamples.read(kept.resolve("samples.jsonl"));
    }

    private PolicyRun.Settings settings(Recipe recipe, Parts parts) {
        return new PolicyRun.Settings(
                recipe.get(model),
                parts.student,
                parts.task,
                Rewards.of("accuracy", parts.task.accuracy()),
                recipe.get(steps),
                OnlineKeys.number(recipe, length),
                OnlineKeys.number(recipe, heldOut),
                Math.toIntExact(recipe.get(evaluateEvery)),
                Math.min(100, OnlineKeys.number(recipe, heldOut)),
                OnlineKeys.number(recipe, checkpointEvery));
    }
}
