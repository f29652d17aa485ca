package io.torrefy.posttrain.distill;

import io.torrefy.export.Export;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.TokenBatch;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Learner;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunMetrics;
import io.torrefy.posttrain.RunSample;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.ppo.TrainingStep;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Generalised knowledge distillation (Agarwal et al. 2024, arXiv 2306.13649, algorithm 1), as in TRL's GKDTrainer. A
/// step:
///
/// 1. take the next prompts; with probability `lmbda` the student answers them, else the teacher does (`seqKd`), or the
/// answers are the data's;
/// 2. both models read prompts and answers; nothing flows back through the sampling;
/// 3. [GeneralizedJsd] of their next-token distributions, over the step's answer tokens, divided by their number;
/// 4. an AdamW step of the student.
///
/// The choice of 1 is made once a step, as in the paper; TRL makes it for each micro-batch. Sampling has a temperature,
/// the divergence has none, as in TRL. What step `k` draws depends on (seed, k) alone, so a run resumes from what
/// [#save] writes and the number of steps.
@Export(value = "posttrain.distill.Gkd", since = "0.1")
public final class Gkd implements AutoCloseable {
    /// How to train. Names and defaults are those of TRL's GKDConfig.
    ///
    /// @param training steps, prompts a step and the optimiser; its `shuffle` is the source's matter
    /// @param lmbda 0.5: share of the steps in which the student answers; 1 is on-policy distillation
    /// @param beta 0.5, of [GeneralizedJsd]
    /// @param seqKd false (`seq_kd`): whether the teacher answers in the other steps, and not the data
    /// @param maxNewTokens 128: tokens an answer may have
    /// @param temperature 0.9, of sampling
    public record Options(
            PreferenceTraining training,
            double lmbda,
            double beta,
            boolean seqKd,
            int maxNewTokens,
            double temperature) {
        public Options {
            List<String> wrong = new ArrayList<>();
            expect(wrong, lmbda >= 0 && lmbda <= 1, "lmbda in [0, 1]; got " + lmbda);
            expect(wrong, beta >= 0 && beta <= 1, "beta in [0, 1]; got " + beta);
            expect(wrong, maxNewTokens >= 1, "maxNewTokens of at least 1; got " + maxNewTokens);
            expect(
                    wrong,
                    temperature > 0 && Double.isFinite(temperature),
                    "a positive temperature; got " + temperature);
            expect(wrong, !seqKd || lmbda < 1, "lmbda below 1 with seqKd; got 1, with which the teacher never answers");
            if (!wrong.isEmpty()) {
                throw new IllegalArgumentException("[gkd] expected " + String.join("; and ", wrong));
            }
        }

        private static void expect(List<String> wrong, boolean right, String what) {
            if (!right) {
                wrong.add(what);
            }
        }

        /// TRL's values for what is not given.
        public static Options of(PreferenceTraining training) {
            return new Options(training, 0.5, 0.5, false, 128, 0.9);
        }

        /// These with another `lmbda` and `seqKd`: who answers.
        public Options withAnswers(double newLmbda, boolean newSeqKd) {
            return new Options(training, newLmbda, beta, newSeqKd, maxNewTokens, temperature);
        }

        /// These with another `beta`.
        public Options withBeta(double value) {
            return new Options(training, lmbda, value, seqKd, maxNewTokens, temperature);
        }

        /// These with another `maxNewTokens` and `temperature`.
        public Options withSampling(int newTokens, double newTemperature) {
            return new Options(training, lmbda, beta, seqKd, newTokens, newTemperature);
        }
    }

    private final CausalLm student;
    private final CausalLm teacher;
    private final Tokenizer tokenizer;
    private final DistillSource source;
    private final Options options;
    private final GeneralizedJsd divergence;
    private final Learner learner;
    private final Generator generator;
    private final Optional<Generator> teacherGenerator;

    private Gkd(CausalLm student, CausalLm teacher, Tokenizer tokenizer, DistillSource source, Options options) {
        this.student = student;
        this.teacher = teacher;
        this.tokenizer = tokenizer;
        this.source = source;
        this.options = options;
        this.divergence = GeneralizedJsd.of(options.beta, 1);
        PreferenceTraining training = options.training;
        this.learner = training.learner("gkd", student);
        this.generator = Generator.of(student, tokenizer, training.batchSize());
        this.teacherGenerator =
                options.seqKd ? Optional.of(Generator.of(teacher, tokenizer, training.batchSize())) : Optional.empty();
    }

    /// A trainer of the student.
    ///
    /// @param teacher frozen, of the same vocabulary
    /// @param tokenizer of both
    /// @throws IllegalArgumentException if the models do not fit each other, or `lmbda` needs answers that the
    ///     source has not
    public static Gkd of(
            CausalLm student, CausalLm teacher, Tokenizer tokenizer, DistillSource source, Options options) {
        SharedVocabulary.check(student, teacher);
        tokenizer.checkFits(student.config().vocab());
        if (options.lmbda < 1 && !options.seqKd && !source.hasAnswers()) {
            throw new IllegalArgumentException("[gkd] expected answers in the data with lmbda " + options.lmbda
                    + "; got prompts alone. Hint: lmbda 1 lets the student answer all of them, seqKd the teacher the"
                    + " others.");
        }
        return new Gkd(student, teacher, tokenizer, source, options);
    }

    /// What samples from the student, for evaluations on the way.
    public Generator generator() {
        return generator;
    }

    /// The answers of a step.
    ///
    /// @param completions what was sampled, in the order of the examples; empty where the data answered
    private record Batch(
            List<DistillSource.Example> examples, List<TokenSequence> sequences, List<Completion> completions) {}

    /// Step number `step`, from 0.
    ///
    /// @return `loss`, `grad_norm`, `learning_rate`, `entropy` of the student's distributions, `on_policy` (1 where
    ///     the student answered), lengths, times and, where answers were sampled and can be verified, `accuracy`
    /// @throws RunException if the loss or the gradient is not finite; the student is as it was then
    public TrainingStep step(long step) {
        Map<String, Double> times = new LinkedHashMap<>();
        long began = System.nanoTime();
        boolean onPolicy = new SplitMix(~options.training.seed(), step).chance(options.lmbda);
        Batch batch = batch(step, onPolicy);
        lap(times, "rollout", began);
        double targets =
                batch.sequences.stream().mapToInt(TokenSequence::targets).sum();
        GeneralizedJsd.Sums sums = new GeneralizedJsd.Sums(0, 0);
        for (List<TokenSequence> part : microBatches(batch.sequences)) {
            sums = sums.plus(accumulate(part, targets, times));
        }
        long updating = System.nanoTime();
        double norm = learner.update(step, sums.loss());
        lap(times, "update", updating);

        Map<String, Double> m = new LinkedHashMap<>();
        m.put(RunMetrics.LOSS, sums.loss());
        m.put(RunMetrics.GRAD_NORM, norm);
        m.put(RunMetrics.LEARNING_RATE, learner.learningRate(step));
        m.put(RunMetrics.ENTROPY, sums.entropy() / targets);
        m.put("on_policy", onPolicy ? 1.0 : 0);
        m.put(RunMetrics.RESPONSE_LENGTH, targets / batch.sequences.size());
        List<RunSample> samples = samples(step, batch);
        if (!batch.completions.isEmpty()) {
            double n = batch.completions.size();
            m.put(
                    RunMetrics.TRUNCATED,
                    batch.completions.stream()
                                    .filter(c -> c.finish() == Completion.Finish.LENGTH)
                                    .count()
                            / n);
            if (source.task() != null && source.task().verifies()) {
                m.put(
                        RunMetrics.ACCURACY,
                        samples.stream().filter(RunSample::correct).count() / n);
            }
        }
        double all = (System.nanoTime() - began) * 1e-9;
        m.put(RunMetrics.TOKENS_PER_SECOND, targets / all);
        times.forEach((name, seconds) -> m.put(RunMetrics.TIME + name, seconds));
        m.put(RunMetrics.STEP_TIME, all);
        return new TrainingStep(m, samples);
    }

    private static void lap(Map<String, Double> times, String name, long since) {
        times.merge(name, (System.nanoTime() - since) * 1e-9, Double::sum);
    }

    // ---- 1: who answers --------------------------------------------------------------------------------------------

    private Batch batch(long step, boolean onPolicy) {
        List<DistillSource.Example> examples = new ArrayList<>();
        int count = options.training.batchSize();
        for (int i = 0; i < count; i++) {
            examples.add(source.example(step * count + i));
        }
        if (!onPolicy && teacherGenerator.isEmpty()) {
            List<TokenSequence> answers = new ArrayList<>();
            for (DistillSource.Example example : examples) {
                answers.add(answer(example));
            }
            return new Batch(examples, answers, List.of());
        }
        List<int[]> prompts =
                examples.stream().map(DistillSource.Example::prompt).toList();
        List<Completion> completions = generate(onPolicy ? generator : teacherGenerator.orElseThrow(), step, prompts);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sequences.add(joined(prompts.get(i), completions.get(i).ids()));
        }
        return new Batch(examples, sequences, completions);
    }

    private static TokenSequence answer(DistillSource.Example example) {
        TokenSequence answer = example.answer();
        if (answer == null) {
            throw new IllegalStateException(
                    "[gkd] expected an answer of every example; a source that says it has answers"
                            + " gave one without");
        }
        return answer;
    }

    static TokenSequence joined(int[] prompt, int[] completion) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + completion.length);
        System.arraycopy(completion, 0, ids, prompt.length, completion.length);
        return TokenSequence.completion(ids, prompt.length, "a sampled answer");
    }

    /// Weights that are no numbers cannot be sampled from.
    private List<Completion> generate(Generator from, long step, List<int[]> prompts) {
        Sampling sampling = Sampling.of(options.maxNewTokens, options.temperature, options.training.seed())
                .withStopIds(Set.of(Tokens.end(tokenizer)));
        try {
            return from.generate(prompts, sampling, step * prompts.size(), (_, _) -> {});
        } catch (IllegalStateException e) {
            throw new RunException("[gkd] the rollout failed at step " + (step + 1) + ": " + e.getMessage());
        }
    }

    // ---- 2, 3: the divergence --------------------------------------------------------------------------------------

    private List<List<TokenSequence>> microBatches(List<TokenSequence> all) {
        List<List<TokenSequence>> parts = new ArrayList<>();
        List<TokenSequence> open = new ArrayList<>();
        int tokens = 0;
        for (TokenSequence one : all) {
            if (!open.isEmpty() && tokens + one.length() > options.training.microBatchTokens()) {
                parts.add(List.copyOf(open));
                open.clear();
                tokens = 0;
            }
            open.add(one);
            tokens += one.length();
        }
        parts.add(List.copyOf(open));
        return parts;
    }

    private GeneralizedJsd.Sums accumulate(List<TokenSequence> part, double targets, Map<String, Double> times) {
        List<int[]> inputs = new ArrayList<>();
        List<Long> places = new ArrayList<>();
        long offset = 0;
        for (TokenSequence sequence : part) {
            int reads = sequence.length() - 1; // the last token predicts nothing
            for (int t = 0; t < reads; t++) {
                if (sequence.trained()[t + 1]) {
                    places.add(offset + t);
                }
            }
            inputs.add(Arrays.copyOf(sequence.ids(), reads));
            offset += reads;
        }
        try (Scope _ = Scope.open()) {
            TokenBatch batch = TokenBatch.pack(inputs);
            Tensor rows = Tensor.of(places.stream().mapToLong(Long::longValue).toArray(), places.size());
            long reading = System.nanoTime();
            Tensor seen = Autograd.noGrad(() -> teacher.hidden(batch).indexSelect(0, rows));
            lap(times, "log_probs", reading);
            long updating = System.nanoTime();
            Tensor hidden = student.hidden(batch).indexSelect(0, rows);
            GeneralizedJsd.Sums sums =
                    divergence.accumulate(hidden, student.outputMatrix(), seen, teacher.outputMatrix(), targets);
            lap(times, "update", updating);
            return sums;
        }
    }

    // ---- what people see -------------------------------------------------------------------------------------------

    private List<RunSample> samples(long step, Batch batch) {
        List<RunSample> samples = new ArrayList<>();
        for (int i = 0; i < batch.completions.size(); i++) {
            DistillSource.Example example = batch.examples.get(i);
            Completion completion = batch.completions.get(i);
            String text = tokenizer.decode(completion.ids(), true);
            boolean correct = verified(example, text);
            samples.add(new RunSample(
                    step + 1,
                    "train",
                    example.problem() == null
                            ? tokenizer.decode(example.prompt(), false)
                            : example.problem().prompt(),
                    text,
                    example.problem() == null
                            ? ""
                            : String.valueOf(example.problem().goal()),
                    correct,
                    correct ? 1 : 0,
                    Map.of(),
                    completion.ids().length,
                    completion.finish() == Completion.Finish.LENGTH ? "length" : "stop"));
        }
        return samples;
    }

    private boolean verified(DistillSource.Example example, String text) {
        Task task = source.task();
        return task != null
                && example.problem() != null
                && task.verify(example.problem(), text).correct();
    }

    // ---- checkpoints -----------------------------------------------------------------------------------------------

    /// Writes everything that a run needs to go on, but the number of steps: the student (a model folder) and the
    /// optimiser's state.
    public void save(Path folder) throws IOException {
        student.save(folder);
        learner.save(folder);
    }

    /// Goes on from what [#save] wrote, in the student this was made with.
    ///
    /// @throws IllegalArgumentException if the weights or states do not fit it
    public void restore(Path folder) throws IOException {
        learner.restoreWithWeights(folder);
    }

    @Override
    public void close() {
        generator.close();
        teacherGenerator.ifPresent(Generator::close);
        learner.close();
    }
}
