package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.data.ParquetTable;
import io.torrefy.data.ValueKind;
import io.torrefy.lm.BpeTrainer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.posttrain.ValueModel;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `ppo`, `rloo`, `online-dpo` and `distill` on a tiny random model.
class OnlineCommandsTest {
    private final CommandRun command = new CommandRun();
    private final int threads = Threads.count();
    private Path model;

    @TempDir
    Path temporary;

    @BeforeEach
    void makeModel() throws IOException {
        model = TinyModel.save(temporary.resolve("base"));
    }

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    private Path rewardModel(int vocab) throws IOException {
        Path folder = temporary.resolve("scores-" + vocab);
        try (ValueModel scores =
                ValueModel.of(CausalLm.create(DecoderConfig.llama(vocab, 16, 1, 2, 24, 512), Rng.of(5)), Rng.of(6))) {
            scores.save(folder);
        }
        return folder;
    }

    private int vocab() {
        return DecoderConfig.read(model.resolve("config.json")).vocab();
    }

    private Path teacher() throws IOException {
        Path folder = TinyModel.save(temporary.resolve("teacher"));
        try (CausalLm wise = CausalLm.create(DecoderConfig.llama(vocab(), 24, 1, 2, 32, 512), Rng.of(9))) {
            wise.save(folder);
        }
        return folder;
    }

    /// Command, and its keys beside those that all have.
    static Stream<Arguments> commands() {
        return Stream.of(
                Arguments.of("ppo", "reward_funcs: [accuracy, \"soft_overlong:weight=0.5\"]\n"),
                Arguments.of("ppo", "reward_model: REWARD\ncritic: reward_model\nreward_funcs: [accuracy]\n"),
                Arguments.of("rloo", "kl_target: 6\nnormalize_advantages: true\n"),
                Arguments.of("rloo", "algorithm: reinforce_plus_plus\ngamma: 0.9\nreward_model: REWARD\n"),
                Arguments.of("rloo", "algorithm: reinforce_plus_plus_baseline\n"),
                Arguments.of("online-dpo", "loss_type: ipo_sum\nreward_model: REWARD\n"),
                Arguments.of("distill", "teacher: TEACHER\nlmbda: 0.5\nseq_kd: true\n"),
                Arguments.of("distill", "teacher: TEACHER\nsamples: SAMPLES\nlmbda: 0\n"),
                Arguments.of("distill", "teacher: TEACHER\nmethod: sequence\nnum_prompts: 40\ncorrect_only: false\n"));
    }

    private Path recipe(String name, String keys) throws IOException {
        String text = "model: \"" + model + "\"\nsteps: 2\nheld_out: 3\neval_steps: 1\nsave_steps: 1\n";
        text += name.equals("distill")
                ? "per_device_train_batch_size: 4\nmax_new_tokens: 40\n"
                : "problems: 3\nmax_completion_length: 10\n";
        if (name.equals("rloo")) {
            text += "num_generations: 2\n";
        }
        if (keys.contains("REWARD")) {
            keys = keys.replace("REWARD", '"' + rewardModel(vocab()).toString() + '"');
        }
        if (keys.contains("TEACHER")) {
            keys = keys.replace("TEACHER", '"' + teacher().toString() + '"');
        }
        if (keys.contains("SAMPLES")) {
            Path samples = temporary.resolve("samples.jsonl");
            Files.writeString(samples, """
                    {"prompt": "Numbers: 1 2 3.", "completion": " Target: 6."}
                    {"prompt": "Numbers: 3 2 1.", "completion": " answer 1 + 2 + 3"}
                    """);
            keys = keys.replace("SAMPLES", "[\"" + samples + "\"]");
        }
        Path file = temporary.resolve("recipe.yaml");
        Files.writeString(file, text + keys);
        return file;
    }

    private int run(String name, Path recipe, String out, String... more) {
        List<String> all = new ArrayList<>(
                List.of(name, recipe.toString(), "--out", temporary.resolve(out).toString(), "--json"));
        all.addAll(List.of(more));
        return command.execute(all.toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aRunTrainsReportsAndGoesOnBitForBit(String name, String keys) throws IOException {
        Path recipe = recipe(name, keys);
        assertThat(run(name, recipe, "whole")).as(command.err()).isZero();
        Path whole = temporary.resolve("whole");
        JsonNode line = TinyModel.json(command);
        assertThat(line.get("steps").asLong()).isEqualTo(2);
        assertThat(line.get("accuracy_before").asDouble()).isBetween(0.0, 1.0);
        assertThat(line.get("run").asText()).isEqualTo(whole.toString());
        assertThat(weights(whole)).isNotEqualTo(Files.readAllBytes(model.resolve("model.safetensors")));
        assertThat(whole.resolve("model/tokenizer.json")).isNotEmptyFile();
        assertThat(whole.resolve("report.html")).content().contains("Where a step's time goes", "Held-out accuracy");
        String metrics = Files.readString(whole.resolve("metrics.jsonl"));
        assertThat(metrics).contains("time/update", "eval/accuracy", "eval/reward", "grad_norm");
        if (!name.equals("distill")) {
            assertThat(metrics).contains("time/rollout", "time/reward", "time/log_probs", "\"kl\"");
        }

        goesOn(name, recipe, whole);
    }

    /// As a run that was killed after its first step, on another number of threads.
    private void goesOn(String name, Path recipe, Path whole) throws IOException {
        Path killed = temporary.resolve("killed");
        copy(whole, killed);
        delete(killed.resolve("checkpoints/step-000002"));
        Files.delete(killed.resolve("result.json"));
        delete(killed.resolve("model"));
        assertThat(run(name, recipe, "killed", "--resume", "--threads=1"))
                .as(command.err())
                .isZero();
        assertThat(weights(killed)).isEqualTo(weights(whole));
        assertThat(Files.readAllBytes(killed.resolve("checkpoints/step-000002/optimizer.safetensors")))
                .isEqualTo(Files.readAllBytes(whole.resolve("checkpoints/step-000002/optimizer.safetensors")));
    }

    /// Prompts to be continued, without answers.
    private String prompts() throws IOException {
        return "[\"" + lines("prompts.jsonl", i -> "{\"prompt\": \"Numbers: " + i + " 2 3. Target: \"}") + "\"]";
    }

    private Path lines(String name, IntFunction<String> line) throws IOException {
        return Files.write(
                temporary.resolve(name), IntStream.range(0, 40).mapToObj(line).toList());
    }

    /// Without answers there is no accuracy, and what is rewarded is measured all the same.
    @ParameterizedTest
    @CsvSource({"ppo", "rloo", "online-dpo"})
    void promptsAloneAreDataToo(String name) throws IOException {
        String rewarded = name.equals("ppo")
                ? "reward_model: REWARD\n"
                : "reward_funcs: [\"word_repetition_penalty:ngramSize=1\"]\n";
        Path recipe = recipe(name, rewarded + "data: " + prompts() + "\n");
        assertThat(run(name, recipe, "whole")).as(command.err()).isZero();
        Path whole = temporary.resolve("whole");
        JsonNode line = TinyModel.json(command);
        assertThat(line.has("accuracy_before")).isFalse();
        assertThat(line.get("reward_after").isNumber()).isTrue();
        assertThat(whole.resolve("metrics.jsonl"))
                .content()
                .contains("eval/reward")
                .doesNotContain("eval/accuracy", "\"accuracy\"");
        assertThat(whole.resolve("samples.jsonl")).content().contains("\"Numbers: ", "\"target\":\"\"");
        goesOn(name, recipe, whole);
    }

    /// Conversations go through the template of the model's folder, which the trained model has too; solutions are
    /// what completions are compared with. In JSON Lines and in Parquet.
    @ParameterizedTest
    @CsvSource({"ppo", "rloo", "online-dpo", "distill"})
    void conversationsWithSolutionsAreData(String name) throws IOException {
        Path template = Files.writeString(
                model.resolve("chat_template.jinja"),
                "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
                        + "{% if add_generation_prompt %}assistant: {% endif %}");
        Path file = lines(
                "chats.jsonl",
                i -> "{\"prompt\": [{\"role\": \"user\", \"content\": \"Numbers: " + i + "\"}], \"solution\": \"#### "
                        + i + "\"}");
        String keys = (name.equals("distill") ? "teacher: TEACHER\n" : "") + "data: [\"" + file + "\"]\n";
        assertThat(run(name, recipe(name, keys), "whole")).as(command.err()).isZero();
        Path whole = temporary.resolve("whole");
        assertThat(whole.resolve("metrics.jsonl")).content().contains("eval/accuracy");
        assertThat(whole.resolve("samples.jsonl")).content().contains("user: Numbers: ", "assistant: ");
        assertThat(whole.resolve("model/chat_template.jinja")).hasSameTextualContentAs(template);
    }

    @Test
    void parquetIsData() throws IOException {
        var kinds = new LinkedHashMap<String, ValueKind>();
        kinds.put("prompt", ValueKind.STRING);
        Path table = temporary.resolve("prompts.parquet");
        new ParquetTable(false).write(table, kinds, sink -> {
            for (int i = 0; i < 40; i++) {
                sink.write(Map.of("prompt", "Numbers: " + i + " 2 3. Target: "));
            }
        });
        String rewarded = "reward_funcs: [\"word_repetition_penalty:ngramSize=1\"]\n";
        assertThat(run("rloo", recipe("rloo", rewarded + "data: " + prompts() + "\n"), "lines"))
                .as(command.err())
                .isZero();
        assertThat(run("rloo", recipe("rloo", rewarded + "data: [\"" + table + "\"]\n"), "table"))
                .as(command.err())
                .isZero();
        assertThat(weights(temporary.resolve("table"))).isEqualTo(weights(temporary.resolve("lines")));
    }

    /// The teacher answers prompts of a file; with answers the wrong ones are left out.
    @Test
    void theTeacherAnswersPromptsOfAFile() throws IOException {
        String keys = "teacher: TEACHER\nmethod: sequence\nnum_prompts: 40\nsamples: " + prompts() + "\n";
        assertThat(run("distill", recipe("distill", keys), "none")).isEqualTo(2);
        assertThat(command.err()).contains("correct_only: expected false, or samples with a column answer");
        assertThat(run("distill", recipe("distill", keys + "correct_only: false\n"), "some"))
                .as(command.err())
                .isZero();
        assertThat(temporary.resolve("some/teacher_samples/samples.jsonl"))
                .content()
                .contains("Target: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ppo|''|reward_funcs: expected rewards or a reward_model, as data has no answers to verify; got none",
                "rloo|reward_funcs: [accuracy]|expected answers for accuracy to compare with; got prompts alone",
                "online-dpo|reward_funcs: [\"maths:weight=2\"]|expected answers for maths to compare with",
                "ppo|prompt_template: \"Q {question}\"|prompt_template: expected questions with answers",
                "distill|teacher: TEACHER|data: expected answers, as accuracy is measured",
                "grpo|reward_funcs: [soft_overlong]|data: expected answers, as accuracy is measured",
            })
    void saysWhatPromptsAloneCannotDo(String name, String keys, String message) throws IOException {
        Path recipe = recipe(name, keys + "\ndata: " + prompts() + "\n");
        assertThat(run(name, recipe, "none")).isNotZero();
        assertThat(command.err()).contains(message);
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @Test
    void saysWhichPromptsAreWrong() throws IOException {
        Path few = Files.writeString(temporary.resolve("few.jsonl"), "{\"prompt\": \"a\"}\n");
        Path mixed = Files.writeString(
                temporary.resolve("mixed.jsonl"), "{\"prompt\": \"a\", \"solution\": \"1\"}\n{\"prompt\": \"b\"}\n");
        Path chat = Files.writeString(
                temporary.resolve("chat.jsonl"), "{\"prompt\": [{\"role\": \"user\", \"content\": \"a\"}]}\n");
        Map<Path, String> said = Map.of(
                few, "data: expected records to train on and, by a hash a tenth, to measure on",
                mixed, "expected an answer in every record or in none; got 1 records without one",
                chat, "chat.jsonl:1: expected a chat template for conversations");
        for (Map.Entry<Path, String> one : said.entrySet()) {
            String keys = "reward_funcs: [soft_overlong]\ndata: [\"" + one.getKey() + "\"]\n";
            assertThat(run("rloo", recipe("rloo", keys), "none")).isEqualTo(2);
            assertThat(command.err()).contains(one.getValue());
        }
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    private static byte[] weights(Path run) throws IOException {
        return Files.readAllBytes(run.resolve("model/model.safetensors"));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path one : all.toList()) {
                Files.copy(one, to.resolve(from.relativize(one).toString()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path one : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(one);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"ppo", "rloo", "online-dpo", "distill"})
    void aTemplateIsARecipe(String name) throws IOException {
        assertThat(command.execute(name, "--template")).isZero();
        Path file = temporary.resolve("template.yaml");
        Files.writeString(
                file,
                command.out()
                        .replace("model: # required", "model: \"" + model + "\" #")
                        .replace("teacher: # required", "teacher: \"" + teacher() + "\" #"));
        List<String> sets = new ArrayList<>();
        for (String set : List.of("steps=1", "held_out=1")) {
            sets.addAll(List.of("--set", set));
        }
        String[] small = name.equals("distill")
                ? new String[] {"per_device_train_batch_size=2", "max_new_tokens=8"}
                : new String[] {"problems=2", "max_completion_length=8"};
        for (String set : small) {
            sets.addAll(List.of("--set", set));
        }
        assertThat(run(name, file, "template", sets.toArray(String[]::new)))
                .as(command.err())
                .isZero();
    }

    /// What a run saves of its recipe makes the same run again.
    @Test
    void theResolvedRecipeIsTheRun() throws IOException {
        assertThat(run("ppo", recipe("ppo", "reward_funcs: [\"accuracy:weight=0.5\"]\nseed: 4\n"), "first"))
                .as(command.err())
                .isZero();
        Path resolved = temporary.resolve("first/recipe.yaml");
        assertThat(resolved).content().contains("reward_funcs: [\"accuracy:weight=0.5\"]", "kl_coef: 0.05", "seed: 4");
        assertThat(run("ppo", resolved, "second")).as(command.err()).isZero();
        assertThat(weights(temporary.resolve("second"))).isEqualTo(weights(temporary.resolve("first")));
    }

    @Test
    void saysAllThatIsWrongBeforeAnythingRuns() throws IOException {
        Path other =
                TinyModel.save(temporary.resolve("other"), BpeTrainer.of(260).endOfText("<|endoftext|>"));
        Path recipe = recipe(
                "ppo",
                "ref_model: \"" + other + "\"\nreward_model: \"" + rewardModel(9) + "\"\ntask: chess\n"
                        + "dual_clip: 0.5\n");
        assertThat(run("ppo", recipe, "none")).isEqualTo(2);
        assertThat(command.err())
                .contains("problems:")
                .contains("ref_model: expected a model of the policy's vocabulary, " + vocab())
                .contains("reward_model: expected a model of the policy's vocabulary, " + vocab() + " tokens; got 9")
                .contains("chess", "dualClip above 1 + cliprange");
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ppo|reward_funcs: [accurate]|posttrain.rewards.accurate",
                "ppo|critic: reward_model|critic: expected a reward_model to begin as; got none",
                "ppo|reward_model: /nowhere|the recipe's key reward_model names it",
                "ppo|max_completion_length: 600|max_completion_length: expected at most",
                "ppo|dual_clip: 1|dualClip above 1 + cliprange",
                "ppo|kl_coef: 0\\nkl_target: 6|expected a positive coefficient, target and horizon",
                "ppo|question: q|expected data beside them",
                "ppo|num_mini_batches: 9|num_mini_batches: expected at most the 3 completions",
                "rloo|num_generations: 1|numGenerations of at least 2",
                "rloo|gamma: 0.9|gamma: expected no such key with algorithm rloo",
                "rloo|algorithm: reinforce_plus_plus\\nreward_clip_range: 3|reward_clip_range: expected no such key",
                "online-dpo|num_mini_batches: 4|num_mini_batches: expected at most the 3 pairs",
                "online-dpo|loss_type: aot|losses of single pairs",
                "online-dpo|loss_type: exo_pair|labelSmoothing > 0 for EXO_PAIR",
                "distill|teacher: /nowhere|the recipe's key teacher names it",
                "distill|teacher: TEACHER\\nlmbda: 0.5|1, seq_kd or samples with answers",
                "distill|teacher: TEACHER\\nseq_kd: true|lmbda below 1 with seqKd",
                "distill|teacher: TEACHER\\nmethod: sequence\\nbeta: 0.1|beta: expected no such key with method sequence",
                "distill|teacher: TEACHER\\nnum_generations: 3|num_generations: expected no such key with method gkd",
                "distill|teacher: TEACHER\\nmethod: sequence\\nnum_generations: 2\\ntemperature: 0|more than 0",
            })
    void namesContradictions(String name, String keys, String message) throws IOException {
        List<String> sets = new ArrayList<>();
        for (String key : keys.replace("TEACHER", teacher().toString()).split("\\\\n")) {
            sets.addAll(List.of("--set", key.replaceFirst(": ", "=")));
        }
        assertThat(run(name, recipe(name, ""), "none", sets.toArray(String[]::new)))
                .isEqualTo(2);
        assertThat(command.err()).contains(message);
        assertThat(temporary.resolve("none")).doesNotExist();
    }

    /// A teacher of another vocabulary cannot be compared with; what it writes can be learnt.
    @Test
    void aTeacherOfAnotherVocabularyIsForSequencesOnly() throws IOException {
        Path other =
                TinyModel.save(temporary.resolve("other"), BpeTrainer.of(260).endOfText("<|endoftext|>"));
        String keys = "teacher: \"" + other + "\"\n";
        assertThat(run("distill", recipe("distill", keys), "none")).isEqualTo(2);
        assertThat(command.err()).contains("teacher: expected a model of the student's vocabulary, " + vocab());
        String sequence = keys + "method: sequence\nnum_prompts: 40\ncorrect_only: false\n";
        assertThat(run("distill", recipe("distill", sequence), "some"))
                .as(command.err())
                .isZero();
        JsonNode first = new ObjectMapper()
                .readTree(Files.readAllLines(temporary.resolve("some/teacher_samples/samples.jsonl"))
                        .getFirst());
        assertThat(first.get("text").asText()).contains("Target");
    }

    /// A language model has no score.
    @Test
    void aModelOfWordsIsNoRewardModel() throws IOException {
        assertThat(run("ppo", recipe("ppo", "reward_model: \"" + model + "\"\n"), "none"))
                .isEqualTo(2);
        assertThat(command.err()).contains("expected a ...ForSequenceClassification", "torrefy reward");
    }
}
