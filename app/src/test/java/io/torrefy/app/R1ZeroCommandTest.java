package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class R1ZeroCommandTest {
    private final CommandRun command = new CommandRun();
    private final int threads = Threads.count();

    @TempDir
    Path temporary;

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    @Test
    void helpNamesEveryOption() {
        assertThat(command.execute("r1-zero", "--help")).isZero();
        assertThat(command.out())
                .contains("--model", "--data", "--steps", "--seed", "--threads", "--out", "--resume", "--json");
        assertThat(command.err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "--no-such-option, 1",
        "--steps, 0",
        "--steps, many",
        "--generations, 1",
        "--problems, 0",
        "--max-tokens, 0",
        "--held-out, 0",
        "--threads, 0",
        "--checkpoint-every, 0",
        "--learning-rate, 0",
        "--learning-rate, NaN",
        "--temperature, -1",
        "--beta, -1",
        "--format-weight, NaN",
        "--loss, none",
        "--task, chess",
        "--task, posttrain.losses.dapo",
        "--format, posttrain.rewards.think_anwser_format",
        "--question, q"
    })
    void badUsageIsExitCodeTwoNamesTheOptionAndLeavesNoRun(String option, String value) {
        Path out = temporary.resolve("run");
        assertThat(command.execute("r1-zero", "--out", out.toString(), option, value))
                .isEqualTo(2);
        assertThat(command.err()).contains(option).contains("r1-zero");
        assertThat(out).doesNotExist();
    }

    @Test
    void aMissingModelIsNamedAndLeavesNoRun() {
        Path out = temporary.resolve("run");
        Path model = temporary.resolve("no-model");
        assertThat(run("--out", out, "--model", model)).isOne();
        assertThat(command.err()).contains("[load]", model.toString()).doesNotContain("\tat ");
        assertThat(out).doesNotExist();
    }

    @Test
    void aLineThatIsNoJsonIsNamedByItsNumberAndLeavesNoRun() throws IOException {
        Path data = temporary.resolve("questions.jsonl");
        Files.writeString(
                data,
                "{\"question\": \"1+1\", \"answer\": \"2\"}\n{\"question\": \"2+1\", \"answer\": \"3\"}\n{\"question\":\n");
        Path out = temporary.resolve("run");
        assertThat(run("--out", out, "--data", data)).isOne();
        assertThat(command.err()).contains("questions.jsonl:3: no JSON").doesNotContain("\tat ");
        assertThat(out).doesNotExist();
    }

    @Test
    void aMissingDataFileIsNamed() {
        Path data = temporary.resolve("none.jsonl");
        assertThat(run("--out", temporary.resolve("run"), "--data", data)).isOne();
        assertThat(command.err()).contains("none.jsonl", "no such file").doesNotContain("\tat ");
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() throws IOException {
        Path locked = Files.createDirectory(temporary.resolve("locked"));
        assumeTrue(locked.toFile().setWritable(false), "the file system knows permissions");
        assumeTrue(!Files.isWritable(locked), "this user may write everywhere");
        assertThat(run("--out", locked.resolve("run"))).isOne();
        assertThat(command.err()).contains("permission denied", "--out").doesNotContain("\tat ");
        assertThat(locked.toFile().setWritable(true)).isTrue();
    }

    @Test
    void aFileInPlaceOfTheFolderIsNamed() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        assertThat(run("--out", file)).isOne();
        assertThat(command.err()).contains(file.toString(), "--out").doesNotContain("\tat ");
        assertThat(file).isEmptyFile();
    }

    @Test
    void aFolderInUseIsRefused() {
        Path out = temporary.resolve("run");
        try (RunFolder held = RunFolder.open(out, false)) {
            assertThat(run("--out", held.path())).isOne();
            assertThat(command.err()).contains("held by").doesNotContain("\tat ");
        }
    }

    @Test
    void aWholeRunEndsInOneLineOfJsonAndIsNotOverwritten() throws IOException {
        Path out = temporary.resolve("run");
        assertThat(run("--out", out, "--json", "--resume")).as(command.err()).isZero();
        assertThat(command.err()).contains("no run in " + out);
        JsonNode line = new ObjectMapper().readTree(command.lastLine());
        List<String> keys = new ArrayList<>();
        line.fieldNames().forEachRemaining(keys::add);
        assertThat(keys)
                .containsExactly("accuracy_before", "accuracy_after", "steps", "tokens_per_second", "seconds", "run");
        assertThat(line.get("accuracy_before").asDouble()).isBetween(0.0, 1.0);
        assertThat(line.get("accuracy_after").asDouble()).isBetween(0.0, 1.0);
        assertThat(line.get("steps").asLong()).isOne();
        assertThat(line.get("tokens_per_second").asDouble()).isPositive();
        assertThat(line.get("run").asText()).isEqualTo(out.toString());
        assertThat(out.resolve("report.html")).isNotEmptyFile();
        assertThat(out.resolve("model/model.safetensors")).isNotEmptyFile();
        assertThat(out.resolve("model/tokenizer.json")).isNotEmptyFile();

        byte[] metrics = Files.readAllBytes(out.resolve("metrics.jsonl"));
        var second = new CommandRun();
        assertThat(second.execute(arguments("--out", out))).isOne();
        assertThat(second.err()).contains("holds a run already", "--resume");
        var other = new CommandRun();
        assertThat(other.execute(arguments("--out", out, "--resume", "--seed", 2)))
                .isOne();
        assertThat(other.err()).contains("seed");
        assertThat(out.resolve("metrics.jsonl")).hasBinaryContent(metrics);
    }

    /// Whatever the file's format; and a run that has begun wants the questions that it began with.
    @Test
    void questionsComeFromAnyFormat() throws IOException {
        Path csv = temporary.resolve("qa.csv");
        List<String> lines = new ArrayList<>(List.of("q,a"));
        for (int i = 0; i < 60; i++) {
            lines.add("What is " + i + "?," + i);
        }
        Files.write(csv, lines);
        Path out = temporary.resolve("csv");
        Object[] fields = {"--data", csv, "--question", "q", "--answer", "a", "--out", out};
        assertThat(run(fields)).as(command.err()).isZero();
        JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
        assertThat(config.path("task").asText()).isEqualTo("qa.csv");
        assertThat(config.path("data").asText()).isEqualTo(csv.toString());

        lines.set(7, "What is 7?,8");
        Files.write(csv, lines);
        List<Object> again = new ArrayList<>(List.of(fields));
        again.add("--resume");
        var second = new CommandRun();
        assertThat(second.execute(arguments(again.toArray()))).isOne();
        assertThat(second.err()).contains("data_fingerprint was ");
        var both = new CommandRun();
        assertThat(both.execute("r1-zero", "--data", csv.toString(), "--task", "countdown"))
                .isEqualTo(2);
    }

    @Test
    void tasksAndRewardsAreGivenByTheirNames() throws IOException {
        Path out = temporary.resolve("arithmetic");
        assertThat(run("--task", "posttrain.tasks.arithmetic", "--format", "think_answer_format", "--out", out))
                .as(command.err())
                .isZero();
        JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
        assertThat(config.path("task").asText()).isEqualTo("arithmetic");
        var near = new CommandRun();
        assertThat(near.execute("r1-zero", "--task", "contdown")).isEqualTo(2);
        assertThat(near.err()).contains("Did you mean posttrain.tasks.countdown");
    }

    @Test
    void rewardsAreChosenByTheirNames() throws IOException {
        Path out = temporary.resolve("rewards");
        assertThat(run(
                        "--reward",
                        "accuracy",
                        "--reward",
                        "posttrain.rewards.soft_overlong:softPunishCache=16,weight=0.5",
                        "--reward",
                        "word_repetition_penalty:as=again,ngramSize=2",
                        "--reward",
                        "cosine_length",
                        "--out",
                        out))
                .as(command.err())
                .isZero();
        JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
        assertThat(config.path("rewards")).hasSize(4);
        assertThat(config.has("format_weight")).isFalse();
        assertThat(Files.readString(out.resolve("metrics.jsonl")))
                .contains("rewards/accuracy", "rewards/soft_overlong", "rewards/again", "rewards/cosine_length")
                .doesNotContain("rewards/format");
    }

    @Test
    void aRewardThatCannotBeIsRefused() {
        assertThat(run("--reward", "mathz")).isEqualTo(2);
        assertThat(command.err()).contains("--reward", "posttrain.rewards.maths");
        for (String bad : List.of("maths:weight=much", "http:url=nowhere", "code:interpreter=no-such-interpreter")) {
            var refused = new CommandRun();
            assertThat(refused.execute("r1-zero", "--reward", bad)).as(bad).isEqualTo(2);
            assertThat(refused.err()).as(bad).contains("--reward", "expected");
        }
        var both = new CommandRun();
        assertThat(both.execute("r1-zero", "--reward", "maths", "--format-weight", "1"))
                .isEqualTo(2);
        assertThat(both.err()).contains("exclude each other");
        var twice = new CommandRun();
        assertThat(twice.execute("r1-zero", "--reward", "accuracy", "--reward", "accuracy"))
                .isEqualTo(2);
        assertThat(twice.err()).contains("in use", "as=NAME");
    }

    /// Countdown has no answer in words: named before anything is trained.
    @Test
    void aRewardThatFailsStopsTheRunAndSaysWhatToDo() {
        assertThat(run("--reward", "maths", "--out", temporary.resolve("fails")))
                .isOne();
        assertThat(command.err())
                .contains("[reward maths]", "an answer in words", "Hint")
                .doesNotContain("\tat ");
    }

    @Test
    void thereIsNothingToResumeWhereNoRunEverWas() {
        assumeTrue(!Files.exists(Path.of("runs")), "no runs were made here");
        assertThat(run("--resume")).isOne();
        assertThat(command.err()).contains("[resume]", "there is none").doesNotContain("\tat ");
        assertThat(Path.of("runs")).doesNotExist();
    }

    private int run(Object... more) {
        return command.execute(arguments(more));
    }

    /// The smallest run of the base model that ships, and what a test adds to it.
    private static String[] arguments(Object... more) {
        List<String> all = new ArrayList<>(List.of("r1-zero", "--steps", "1", "--held-out", "4", "--problems", "2"));
        all.addAll(List.of("--generations", "2", "--max-tokens", "16"));
        List<String> added = Arrays.stream(more).map(Object::toString).toList();
        if (!added.contains("--model")) {
            all.addAll(List.of("--model", baseModel().toString()));
        }
        all.addAll(added);
        return all.toArray(String[]::new);
    }

    static Path baseModel() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("models/base/config.json"))) {
                return at.resolve("models/base");
            }
        }
        throw new IllegalStateException("[test] expected models/base here or above");
    }
}
