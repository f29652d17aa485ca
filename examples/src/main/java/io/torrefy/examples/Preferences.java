package io.torrefy.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Countdown;
import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.PolicyRun;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.Report;
import io.torrefy.posttrain.Rewards;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.Terminal;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.posttrain.distill.TeacherSamples;
import io.torrefy.posttrain.formats.TokenSequence;
import io.torrefy.posttrain.ppo.Optimization;
import io.torrefy.posttrain.ppo.Ppo;
import io.torrefy.posttrain.ppo.RolloutOptions;
import io.torrefy.posttrain.ppo.Scorer;
import io.torrefy.posttrain.ppo.TrainingStep;
import io.torrefy.posttrain.preference.Dpo;
import io.torrefy.posttrain.preference.PreferencePair;
import io.torrefy.posttrain.preference.PreferenceReward;
import io.torrefy.posttrain.preference.PreferenceTraining;
import io.torrefy.posttrain.preference.RewardTrainer;
import io.torrefy.posttrain.sft.Sft;
import io.torrefy.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Learning from preferences, as InstructGPT did (Ouyang et al. 2022, figure 2), and as DPO does without a reward model
/// (Rafailov et al. 2023), on the Countdown puzzle, where it can be said how much better the answers really became:
///
/// 1. fine-tuning on the base model's own right answers;
/// 2. preferences: of the fine-tuned model's answers to a puzzle a right one over a wrong one;
/// 3. a reward model of them;
/// 4. PPO against the reward model's score alone, which never asks whether an answer is right;
/// 5. DPO on the same preferences.
///
/// Each is measured on held-out puzzles: the share solved, and how often the reward model prefers its answer to the
/// fine-tuned model's. `report.html` draws the comparison. Every stage is a folder; a run that was killed goes on where
/// it was, and ends in the same bits.
///
/// `java -m io.torrefy.examples/io.torrefy.examples.Preferences MODEL OUT SEED...`
final class Preferences {
    /// How much of everything.
    ///
    /// @param demonstrations puzzles of stage 1, which the base model answers four times each
    /// @param puzzles of stage 2, answered four times each
    /// @param rollout puzzles of a PPO step
    /// @param heldOut puzzles of the evaluations; of validation puzzles a third
    record Sizes(
            int demonstrations,
            long sftSteps,
            int puzzles,
            long rewardSteps,
            long ppoSteps,
            int rollout,
            long dpoSteps,
            int heldOut,
            int maxTokens) {
        /// Minutes on two cores.
        static Sizes whole() {
            return new Sizes(600, 60, 1000, 150, 60, 64, 150, 500, 160);
        }
    }

    /// What a model is worth.
    ///
    /// @param greedy share of held-out puzzles solved by the most likely tokens
    /// @param sampled the same by samples
    /// @param score the reward model's mean score of the samples
    /// @param preferred how often the reward model prefers them to the fine-tuned model's, ties half
    record Worth(double greedy, double sampled, double score, double preferred) {}

    /// A seed's results.
    ///
    /// @param pairs preferences that were trained on
    /// @param rewardAccuracy share of held-out pairs that the reward model orders rightly
    /// @param worth of base, sft, ppo and dpo
    /// @param curves validation accuracy of ppo and dpo by answers that were trained on
    record Result(
            long seed,
            int pairs,
            double rewardAccuracy,
            Map<String, Worth> worth,
            Map<String, List<double[]>> curves) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ANSWERS = 4;
    private static final int PAIRS_A_STEP = 16;
    private static final int SLOTS = 128;

    private final Path base;
    private final Path out;
    private final long seed;
    private final Sizes sizes;
    private final Task task = Countdown.standard();
    private final Tokenizer tokenizer;

    private Preferences(Path base, Path out, long seed, Sizes sizes) {
        this.base = base;
        this.out = out;
        this.seed = seed;
        this.sizes = sizes;
        this.tokenizer = BpeTokenizer.load(base);
    }

    static void main(String[] args) throws IOException {
        if (args.length < 3) {
            throw new IllegalArgumentException("[preferences] expected MODEL OUT SEED...; got " + List.of(args));
        }
        Path out = Path.of(args[1]);
        List<Result> results = new ArrayList<>();
        for (String seed : List.of(args).subList(2, args.length)) {
            results.add(run(Path.of(args[0]), out.resolve("seed-" + seed), Long.parseLong(seed), Sizes.whole()));
        }
        page(results).write(out.resolve("report.html"));
        System.out.println("Report: " + out.resolve("report.html"));
    }

    /// All stages of a seed that are not there yet.
    static Result run(Path base, Path out, long seed, Sizes sizes) throws IOException {
        Files.createDirectories(out);
        return new Preferences(base, out, seed, sizes).run();
    }

    private Result run() throws IOException {
        Path sft = stage("sft", this::fineTune);
        Path preferences = stage("preferences", folder -> compare(sft, folder));
        Path reward = stage("reward", folder -> score(sft, preferences, folder));
        Path ppo = ppo(sft, reward);
        Path dpo = stage("dpo", folder -> prefer(sft, preferences, folder));
        Path measured = stage("worth", folder -> measure(Map.of("sft", sft, "ppo", ppo, "dpo", dpo), reward, folder));
        Result result = read(measured, reward, preferences);
        say(result);
        return result;
    }

    // ---- stages ----------------------------------------------------------------------------------------------------

    private interface Work {
        void into(Path folder) throws IOException;
    }

    /// A folder that is there whole or not at all.
    private Path stage(String name, Work work) throws IOException {
        Path done = out.resolve(name);
        if (!Files.isDirectory(done)) {
            Path part = out.resolve(name + ".part");
            Files.createDirectories(part);
            work.into(part);
            Files.move(part, done, StandardCopyOption.ATOMIC_MOVE);
            System.out.printf("seed %d: %s%n", seed, name);
        }
        return done;
    }

    private void keep(CausalLm model, Path folder) throws IOException {
        model.save(folder);
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(base.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /// 1.
    private void fineTune(Path folder) throws IOException {
        try (CausalLm model = CausalLm.load(base)) {
            List<TokenSequence> right;
            try (Generator generator = Generator.of(model, tokenizer, SLOTS)) {
                right = new TeacherSamples(sizes.demonstrations, ANSWERS, sizes.maxTokens, 1, true, seed)
                        .draw(generator, tokenizer, tokenizer, task)
                        .sequences();
            }
            Sft.Options options = Sft.Options.defaults()
                    .withLearningRate(1e-4)
                    .withBatch(16, 1)
                    .withMaxSteps(sizes.sftSteps)
                    .withSeed(seed);
            try (Sft sft = Sft.of(model, tokenizer, right, options)) {
                for (long step = 0; step < sizes.sftSteps; step++) {
                    sft.step(step);
                }
            }
            keep(model, folder);
        }
    }

    /// 2. Training puzzles of an order that no other stage takes; and of validation puzzles what is held out.
    private void compare(Path sft, Path folder) throws IOException {
        List<Problem> training = IntStream.range(0, sizes.puzzles)
                .mapToObj(i -> task.training(seed + 1_000_000, i))
                .toList();
        try (CausalLm model = CausalLm.load(sft);
                Generator generator = Generator.of(model, tokenizer, SLOTS)) {
            write(folder.resolve("train.jsonl"), pairs(generator, training, 0));
            write(
                    folder.resolve("held-out.jsonl"),
                    pairs(generator, task.validation(sizes.puzzles / 3), (long) sizes.puzzles * ANSWERS));
        }
    }

    /// Of each puzzle with both the first right answer over the first wrong one.
    private List<PreferencePair> pairs(Generator generator, List<Problem> problems, long firstStream) {
        List<Problem> each = new ArrayList<>();
        for (Problem problem : problems) {
            for (int i = 0; i < ANSWERS; i++) {
                each.add(problem);
            }
        }
        Sampling sampling = Sampling.of(sizes.maxTokens, 1, seed).withStopIds(Set.of(Tokens.end(tokenizer)));
        List<Attempt> attempts = attempts(generator, each, sampling, firstStream);
        List<PreferencePair> pairs = new ArrayList<>();
        for (int from = 0; from < attempts.size(); from += ANSWERS) {
            List<Attempt> group = attempts.subList(from, from + ANSWERS);
            group.stream()
                    .filter(this::right)
                    .findFirst()
                    .ifPresent(better -> group.stream()
                            .filter(a -> !right(a))
                            .findFirst()
                            .ifPresent(worse -> pairs.add(new PreferencePair(
                                    Tokens.prompt(tokenizer, better.problem().prompt()), better.ids(), worse.ids()))));
        }
        return pairs;
    }

    private boolean right(Attempt attempt) {
        return task.verify(attempt.problem(), attempt.completion()).correct();
    }

    private List<Attempt> attempts(Generator generator, List<Problem> problems, Sampling sampling, long firstStream) {
        List<int[]> prompts =
                problems.stream().map(p -> Tokens.prompt(tokenizer, p.prompt())).toList();
        List<Completion> completions = generator.generate(prompts, sampling, firstStream, (_, _) -> {});
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < problems.size(); i++) {
            Completion done = completions.get(i);
            attempts.add(new Attempt(
                    problems.get(i),
                    tokenizer.decode(done.ids(), true),
                    done.ids(),
                    done.finish() == Completion.Finish.LENGTH));
        }
        return attempts;
    }

    /// 3.
    private void score(Path sft, Path preferences, Path folder) throws IOException {
        PreferenceTraining training = PreferenceTraining.of(sizes.rewardSteps, 3e-4)
                .withBatchSize(PAIRS_A_STEP)
                .withSeed(seed);
        try (ValueModel model = ValueModel.of(CausalLm.load(sft), Rng.of(seed));
                RewardTrainer trainer = RewardTrainer.of(model, read(preferences, "train"), 0.01, training)) {
            for (long step = 0; step < sizes.rewardSteps; step++) {
                trainer.step(step);
            }
            model.save(folder);
            JSON.writeValue(folder.resolve("held-out.json").toFile(), trainer.evaluate(read(preferences, "held-out")));
        }
    }

    /// 4. A run folder, which has checkpoints and a report of its own.
    private Path ppo(Path sft, Path reward) throws IOException {
        Path folder = out.resolve("ppo");
        Path model = folder.resolve("model");
        if (Files.isDirectory(model) && Files.exists(folder.resolve("result.json"))) {
            return model;
        }
        long every = Math.max(1, sizes.ppoSteps / 6);
        RolloutOptions rollout = new RolloutOptions(sizes.rollout, 1, sizes.maxTokens, 1, 0, 8192, seed);
        Optimization optimization = new Optimization(sizes.ppoSteps, 1e-4, Math.min(3, sizes.ppoSteps), true, 2, 2, 1);
        try (RunFolder run = RunFolder.open(folder, Files.isDirectory(folder));
                CausalLm policy = CausalLm.load(sft);
                CausalLm reference = CausalLm.load(sft);
                ValueModel scores = ValueModel.load(reward);
                ValueModel critic = ValueModel.load(reward)) {
            run.config(Map.of("seed", seed, "sizes", sizes.toString()), Set.of());
            run.describe(Map.of("name", "PPO from preferences", "seed", seed));
            Rewards preferred = Rewards.of(
                    "reward_model", PreferenceReward.of(scores, tokenizer, 8192).reward());
            long done = run.resumed().map(c -> c.step()).orElse(0L);
            try (Ppo ppo = Ppo.of(
                            policy,
                            critic,
                            reference,
                            tokenizer,
                            task,
                            Scorer.of(preferred),
                            Ppo.Options.of(rollout, optimization, 3e-4));
                    Progress progress = Progress.start(System.err, Terminal.detect(), done, sizes.ppoSteps)) {
                PolicyRun.run(
                        new PolicyRun.Settings(
                                sft,
                                tokenizer,
                                task,
                                preferred,
                                sizes.ppoSteps,
                                sizes.maxTokens,
                                sizes.heldOut,
                                Math.toIntExact(every),
                                sizes.heldOut / 3,
                                Math.toIntExact(every)),
                        trainer(ppo),
                        run,
                        progress);
            }
        }
        Report.write(folder);
        System.out.printf("seed %d: ppo%n", seed);
        return model;
    }

    private static PolicyRun.Trainer trainer(Ppo ppo) {
        return new PolicyRun.Trainer() {
            @Override
            public PolicyRun.Step step(long step) {
                TrainingStep done = ppo.step(step);
                return new PolicyRun.Step(done.metrics(), done.samples());
            }

            @Override
            public void save(Path folder) throws IOException {
                ppo.save(folder);
            }

            @Override
            public void restore(Path folder) throws IOException {
                ppo.restore(folder);
            }

            @Override
            public Generator generator() {
                return ppo.generator();
            }
        };
    }

    /// 5.
    private void prefer(Path sft, Path preferences, Path folder) throws IOException {
        PreferenceTraining training = PreferenceTraining.of(sizes.dpoSteps, 1e-4)
                .withBatchSize(PAIRS_A_STEP)
                .withSeed(seed);
        long every = Math.max(1, sizes.dpoSteps / 6);
        List<double[]> curve = new ArrayList<>();
        try (CausalLm policy = CausalLm.load(sft);
                CausalLm reference = CausalLm.load(sft);
                Generator generator = Generator.of(policy, tokenizer, SLOTS);
                Dpo dpo = Dpo.of(
                        policy,
                        reference,
                        read(preferences, "train"),
                        Dpo.Options.defaults(training).withPrecomputeRefLogProbs(true))) {
            List<Problem> validation = task.validation(sizes.heldOut / 3);
            for (long step = 0; step < sizes.dpoSteps; step++) {
                dpo.step(step);
                if ((step + 1) % every == 0) {
                    curve.add(new double[] {(step + 1) * 2 * PAIRS_A_STEP, greedy(generator, validation)});
                }
            }
            keep(policy, folder);
        }
        JSON.writeValue(folder.resolve("curve.json").toFile(), curve);
    }

    // ---- what it is worth ------------------------------------------------------------------------------------------

    private double greedy(Generator generator, List<Problem> problems) {
        Sampling greedy = Sampling.greedy(sizes.maxTokens).withStopIds(Set.of(Tokens.end(tokenizer)));
        List<Attempt> attempts = attempts(generator, problems, greedy, 0);
        return attempts.stream().filter(this::right).count() / (double) attempts.size();
    }

    private void measure(Map<String, Path> models, Path reward, Path folder) throws IOException {
        Map<String, Path> all = new TreeMap<>(models);
        all.put("base", base);
        List<Problem> problems = task.heldOut(sizes.heldOut);
        Sampling sampling = Sampling.of(sizes.maxTokens, 1, seed).withStopIds(Set.of(Tokens.end(tokenizer)));
        Map<String, double[]> scores = new TreeMap<>();
        Map<String, double[]> shares = new TreeMap<>();
        try (ValueModel model = ValueModel.load(reward)) {
            PreferenceReward judge = PreferenceReward.of(model, tokenizer, 8192);
            for (var one : all.entrySet()) {
                try (CausalLm policy = CausalLm.load(one.getValue());
                        Generator generator = Generator.of(policy, tokenizer, SLOTS)) {
                    List<Attempt> samples = attempts(generator, problems, sampling, 0);
                    scores.put(one.getKey(), judge.scores(samples));
                    shares.put(one.getKey(), new double[] {
                        greedy(generator, problems),
                        samples.stream().filter(this::right).count() / (double) samples.size()
                    });
                }
            }
        }
        Map<String, Map<String, Double>> worth = new TreeMap<>();
        double[] reference = scores.getOrDefault("sft", new double[0]);
        scores.forEach((name, own) -> {
            double preferred = 0;
            double sum = 0;
            for (int i = 0; i < own.length; i++) {
                preferred += own[i] > reference[i] ? 1 : own[i] == reference[i] ? 0.5 : 0;
                sum += own[i];
            }
            double[] share = shares.getOrDefault(name, new double[2]);
            worth.put(
                    name,
                    Map.of(
                            "greedy",
                            share[0],
                            "sampled",
                            share[1],
                            "score",
                            sum / own.length,
                            "preferred",
                            preferred / own.length));
        });
        JSON.writeValue(folder.resolve("worth.json").toFile(), worth);
    }

    private Result read(Path measured, Path reward, Path preferences) throws IOException {
        JsonNode table = JSON.readTree(measured.resolve("worth.json").toFile());
        Map<String, Worth> worth = new LinkedHashMap<>();
        for (String name : List.of("base", "sft", "ppo", "dpo")) {
            JsonNode one = table.required(name);
            worth.put(
                    name,
                    new Worth(
                            one.required("greedy").asDouble(),
                            one.required("sampled").asDouble(),
                            one.required("score").asDouble(),
                            one.required("preferred").asDouble()));
        }
        double start = Objects.requireNonNull(worth.get("sft")).greedy;
        List<double[]> ppo = new ArrayList<>(List.of(new double[] {0, start}));
        for (String text : Files.readAllLines(out.resolve("ppo/metrics.jsonl"))) {
            JsonNode line = JSON.readTree(text);
            if (line.has("eval/validation")) {
                ppo.add(new double[] {
                    line.get("step").asDouble() * sizes.rollout,
                    line.get("eval/validation").asDouble()
                });
            }
        }
        ppo.add(new double[] {sizes.ppoSteps * sizes.rollout, Objects.requireNonNull(worth.get("ppo")).greedy});
        List<double[]> dpo = new ArrayList<>(List.of(new double[] {0, start}));
        for (JsonNode point : JSON.readTree(out.resolve("dpo/curve.json").toFile())) {
            dpo.add(new double[] {point.get(0).asDouble(), point.get(1).asDouble()});
        }
        double accuracy = JSON.readTree(reward.resolve("held-out.json").toFile())
                .required("eval_accuracy")
                .asDouble();
        return new Result(seed, read(preferences, "train").size(), accuracy, worth, Map.of("PPO", ppo, "DPO", dpo));
    }

    private static void say(Result r) {
        System.out.printf(
                Locale.ROOT,
                "seed %d: %d pairs, reward model right on %.1f %% of held-out pairs%n",
                r.seed,
                r.pairs,
                100 * r.rewardAccuracy);
        r.worth.forEach((name, w) -> System.out.printf(
                Locale.ROOT,
                "  %-5s solves %.1f %% greedily, %.1f %% sampled; score %.2f, preferred to sft %.1f %%%n",
                name,
                100 * w.greedy,
                100 * w.sampled,
                w.score,
                100 * w.preferred));
    }

    // ---- files -----------------------------------------------------------------------------------------------------

    private static void write(Path file, List<PreferencePair> pairs) throws IOException {
        List<String> lines = new ArrayList<>();
        for (PreferencePair pair : pairs) {
            Map<String, int[]> line = new LinkedHashMap<>();
            line.put("prompt", pair.prompt());
            line.put("chosen", pair.chosen());
            line.put("rejected", pair.rejected());
            lines.add(JSON.writeValueAsString(line));
        }
        Files.write(file, lines);
    }

    private static List<PreferencePair> read(Path preferences, String part) throws IOException {
        List<PreferencePair> pairs = new ArrayList<>();
        for (String line : Files.readAllLines(preferences.resolve(part + ".jsonl"))) {
            JsonNode json = JSON.readTree(line);
            pairs.add(new PreferencePair(
                    JSON.convertValue(json.required("prompt"), int[].class),
                    JSON.convertValue(json.required("chosen"), int[].class),
                    JSON.convertValue(json.required("rejected"), int[].class)));
        }
        return pairs;
    }

    // ---- the page --------------------------------------------------------------------------------------------------

    static CurvePage page(List<Result> results) {
        List<CurvePage.Curve> curves = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (Result r : results) {
            for (String name : List.of("PPO", "DPO")) {
                List<double[]> points = r.curves.getOrDefault(name, List.of());
                curves.add(new CurvePage.Curve(
                        name + ", seed " + r.seed,
                        points.stream().mapToDouble(p -> p[0]).toArray(),
                        points.stream().mapToDouble(p -> p[1]).toArray()));
            }
            r.worth.forEach((name, w) -> rows.add(List.of(
                    name + ", seed " + r.seed,
                    percent(w.greedy),
                    percent(w.sampled),
                    String.format(Locale.ROOT, "%.2f", w.score),
                    percent(w.preferred),
                    String.valueOf(r.pairs),
                    percent(r.rewardAccuracy))));
        }
        return new CurvePage(
                "Learning from preferences",
                "Solved: " + percent(mean(results, "sft")) + " fine-tuned, " + percent(mean(results, "ppo"))
                        + " by PPO, " + percent(mean(results, "dpo")) + " by DPO",
                results.size() + " seeds · held-out Countdown puzzles, greedy · one set of preferences a seed for both",
                "answers trained on",
                "On validation puzzles on the way; the ends are held-out ones.",
                curves,
                List.of("model", "solved", "sampled", "score", "preferred to sft", "pairs", "reward model"),
                rows);
    }

    private static double mean(List<Result> results, String name) {
        return results.stream()
                .mapToDouble(r -> r.worth.getOrDefault(name, new Worth(0, 0, 0, 0)).greedy)
                .average()
                .orElse(0);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
