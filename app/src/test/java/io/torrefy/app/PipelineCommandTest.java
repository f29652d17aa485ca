package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.recipe.PipelineFile;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineCommandTest {
    /// Every kind of stage once, in seconds.
    private static final String ALL = """
            recipe: pipeline
            title: All stages
            benchmarks: [countdown]
            held_out: 4
            max_completion_length: 24
            temperature: 0.6
            num_generations: 2
            judge: judge
            seed: 3
            stages:
              thoughts:
                run: sample
                recipe:
                  model: "BASE"
                  num_prompts: 6
                  num_generations: 6
                  max_completion_length: 120
                  reward_funcs: ["word_repetition_penalty:ngramSize=1"]
                  threshold: -1
                  keep: 2
              cold-start:
                run: sft
                from: thoughts
                recipe: {model: "BASE", max_steps: 2, save_steps: 1, max_length: 200, learning_rate: 1e-5}
              preferences:
                run: sample
                from: cold-start
                recipe:
                  kind: preferences
                  num_prompts: 6
                  num_generations: 8
                  max_completion_length: 120
                  reward_funcs: ["word_repetition_penalty:ngramSize=1"]
                  threshold: 0.01
              judge:
                run: reward
                from: {model: cold-start, data: preferences}
                recipe: {max_steps: 2, max_length: 200}
              reasoning:
                run: grpo
                from: [cold-start, judge]
                recipe:
                  steps: 1
                  problems: 2
                  num_generations: 2
                  max_completion_length: 24
                  held_out: 2
                  reward_funcs: [accuracy, "language_consistency:weight=0.1"]
                  reward_model_weight: 0.1
              small:
                run: pretrain
                recipe: {hidden: 32, layers: 1, steps: 1, documents: 2, mixed: 0.5}
              grown:
                run: pretrain
                from: small
                recipe: {steps: 2, documents: 2, save_steps: 1}
              distilled:
                run: sft
                from: {model: small, data: thoughts}
                recipe: {max_steps: 2, max_length: 200}
            """;

    /// The kinds that learn from what they write themselves, each from the one before.
    private static final String ONLINE = """
            recipe: pipeline
            title: Online stages
            benchmarks: [countdown]
            held_out: 4
            max_completion_length: 24
            stages:
              preferences:
                run: sample
                recipe:
                  model: "BASE"
                  kind: preferences
                  num_prompts: 6
                  num_generations: 8
                  max_completion_length: 120
                  reward_funcs: ["word_repetition_penalty:ngramSize=1"]
                  threshold: 0.01
              judge:
                run: reward
                from: preferences
                recipe: {model: "BASE", max_steps: 2, max_length: 200}
              proximal:
                run: ppo
                from: judge
                recipe:
                  model: "BASE"
                  critic: reward_model
                  steps: 2
                  save_steps: 1
                  warmup_steps: 0
                  problems: 2
                  max_completion_length: 24
                  held_out: 2
              leave-one-out:
                run: rloo
                from: [proximal, judge]
                recipe:
                  steps: 1
                  warmup_steps: 0
                  problems: 2
                  num_generations: 2
                  max_completion_length: 24
                  held_out: 2
              preferred:
                run: online-dpo
                from: [leave-one-out, judge]
                recipe: {steps: 1, warmup_steps: 0, problems: 2, max_completion_length: 24, held_out: 2}
              distilled:
                run: distill
                from: {teacher: preferred}
                recipe:
                  model: "BASE"
                  steps: 1
                  warmup_steps: 0
                  per_device_train_batch_size: 2
                  max_new_tokens: 24
                  held_out: 2
            """;

    private final CommandRun command = new CommandRun();
    private final int threads = Threads.count();

    @TempDir
    Path temporary;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    private int run(String text, String... more) throws IOException {
        Path file = temporary.resolve("pipeline.yaml");
        Files.writeString(
                file, text.replace("BASE", R1ZeroCommandTest.baseModel().toString()));
        List<String> arguments = new ArrayList<>(List.of(
                "pipeline",
                file.toString(),
                "--json",
                "--out",
                temporary.resolve("out").toString()));
        arguments.addAll(Arrays.asList(more));
        return command.execute(arguments.toArray(String[]::new));
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Map<String, String> weights(String... stages) throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        for (String stage : stages) {
            Path file = temporary.resolve("out/stages/" + stage + "/model/model.safetensors");
            all.put(stage, Arrays.toString(Files.readAllBytes(file)));
        }
        return all;
    }

    /// A pipeline that was killed within a stage, and again between stages, ends as one that was not.
    @Test
    void runsEveryStageAndGoesOnWhereItWas() throws IOException {
        assertThat(run(ALL)).as(command.err()).isZero();
        Path out = temporary.resolve("out");
        JsonNode table = TinyModel.json(command).path("table");
        assertThat(table)
                .extracting(row -> row.path("stage").asText())
                .containsExactly(
                        "base",
                        "thoughts",
                        "cold-start",
                        "preferences",
                        "judge",
                        "reasoning",
                        "small",
                        "grown",
                        "distilled");
        for (JsonNode row : table) {
            boolean speaks = !List.of("thoughts", "preferences", "judge")
                    .contains(row.path("stage").asText());
            assertThat(row.path("measures").size()).isEqualTo(speaks ? Benchmark.MEASURES.size() : 0);
        }
        for (String stage : List.of("thoughts", "cold-start", "preferences", "judge", "reasoning", "distilled")) {
            assertThat(out.resolve("stages/" + stage + "/report.html")).isNotEmptyFile();
            assertThat(out.resolve("stages/" + stage + "/recipe.yaml")).isNotEmptyFile();
        }
        assertThat(out.resolve("report.html"))
                .content()
                .contains("readability", "distilled", "sft from small, thoughts");
        String[] trained = {"cold-start", "judge", "reasoning", "small", "grown", "distilled"};
        Map<String, String> whole = weights(trained);

        // As a kill in the midst of the second stage leaves it, before the pipeline's first checkpoint.
        Files.delete(out.resolve("result.json"));
        delete(out.resolve("checkpoints"));
        delete(out.resolve("stages/cold-start/model"));
        delete(out.resolve("stages/cold-start/checkpoints/step-000002"));
        Files.delete(out.resolve("stages/cold-start/result.json"));
        for (String later : List.of("preferences", "judge", "reasoning", "small", "grown", "distilled")) {
            delete(out.resolve("stages/" + later));
        }
        assertThat(run(ALL, "--resume", "--threads=1")).as(command.err()).isZero();
        assertThat(weights(trained)).isEqualTo(whole);
        assertThat(TinyModel.json(command).path("table")).isEqualTo(table);

        // A finished one has nothing to do, and a changed one is another.
        assertThat(run(ALL, "--resume")).as(command.err()).isZero();
        assertThat(TinyModel.json(command).path("table")).isEqualTo(table);
        var changed = new CommandRun();
        assertThat(changed.execute(
                        "pipeline",
                        temporary.resolve("pipeline.yaml").toString(),
                        "--out=" + out,
                        "--resume",
                        "--set=stages.judge.recipe.max_steps=3"))
                .isOne();
        assertThat(changed.err()).contains("judge.max_steps was");
    }

    /// PPO, RLOO, online DPO and distillation take models, judges and teachers from stages before, and go on as
    /// they were.
    @Test
    void runsStagesThatLearnFromTheirOwnWords() throws IOException {
        assertThat(run(ONLINE)).as(command.err()).isZero();
        Path out = temporary.resolve("out");
        JsonNode table = TinyModel.json(command).path("table");
        assertThat(table)
                .extracting(row -> row.path("stage").asText())
                .containsExactly("base", "preferences", "judge", "proximal", "leave-one-out", "preferred", "distilled");
        for (JsonNode row : table) {
            boolean speaks =
                    !List.of("preferences", "judge").contains(row.path("stage").asText());
            assertThat(row.path("measures").size()).isEqualTo(speaks ? Benchmark.MEASURES.size() - 1 : 0);
        }
        assertThat(out.resolve("stages/preferred/recipe.yaml"))
                .content()
                .contains("stages/leave-one-out/model", "stages/judge/model");
        String[] trained = {"judge", "proximal", "leave-one-out", "preferred", "distilled"};
        Map<String, String> whole = weights(trained);
        assertThat(whole.values()).doesNotHaveDuplicates();

        // As a kill in the midst of PPO leaves it, before the pipeline's first checkpoint.
        Files.delete(out.resolve("result.json"));
        delete(out.resolve("checkpoints"));
        delete(out.resolve("stages/proximal/model"));
        delete(out.resolve("stages/proximal/checkpoints/step-000002"));
        Files.delete(out.resolve("stages/proximal/result.json"));
        for (String later : List.of("leave-one-out", "preferred", "distilled")) {
            delete(out.resolve("stages/" + later));
        }
        assertThat(run(ONLINE, "--resume", "--threads=1")).as(command.err()).isZero();
        assertThat(weights(trained)).isEqualTo(whole);
        assertThat(TinyModel.json(command).path("table")).isEqualTo(table);
    }

    @Test
    void saysAllThatIsWrongBeforeAnythingRuns() throws IOException {
        assertThat(run("""
                        recipe: pipeline
                        benchmark: [countdown]
                        stages:
                          first:
                            run: stf
                            recipe: {model: x}
                          second:
                            run: sft
                            from: fist
                            recipe: {model: "BASE", learning_rte: 1}
                          third:
                            run: grpo
                            from: second
                            recipe: {model: "BASE", steps: 0}
                            form: second
                          fourth:
                            recipe: {model: x}
                        """)).isEqualTo(2);
        assertThat(command.err())
                .contains(
                        "8 problems in",
                        "stage first, line 5: run: expected one of",
                        "did you mean sft",
                        "stage second, from: expected an earlier stage; got 'fist'",
                        "stage second, line 10: unknown key 'learning_rte'. Hint: did you mean learning_rate",
                        "stage third, from: expected model from second or in the recipe; got both",
                        "stage third, line 14: steps: expected 1 to",
                        "stage third, unknown key 'form'",
                        "stage fourth, missing: run",
                        "line 2: unknown key 'benchmark'. Hint: did you mean benchmarks");
        assertThat(temporary.resolve("out")).doesNotExist();
    }

    @Test
    void namesAnAdapterThatALaterStageCannotTake() throws IOException {
        assertThat(run("""
                        recipe: pipeline
                        benchmarks: [chess]
                        stages:
                          first:
                            run: sft
                            recipe: {model: "BASE", data: [x], use_peft: true}
                          second:
                            run: grpo
                            from: first
                        """)).isOne();
        assertThat(command.err()).contains("2 problems before training", "save_merged: true", "posttrain.tasks.chess");
        assertThat(temporary.resolve("out")).doesNotExist();
    }

    @Test
    void theTemplateIsAPipeline() throws IOException {
        assertThat(command.execute("pipeline", "--template")).isZero();
        PipelineKeys keys = new PipelineKeys();
        assertThat(PipelineFile.parse("template", command.out(), List.of(), keys.schema(), keys.commands())
                        .pipeline()
                        .stages())
                .hasSize(2);
    }
}
