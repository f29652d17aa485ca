package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.posttrain.Arithmetic;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {
    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    /// Three problems by hand: two of three right (the majority too), one of three right (a wrong answer twice),
    /// and none at all.
    @Test
    void scoresAreTheSharesTheirNamesSay() {
        Task task = Arithmetic.of(Arithmetic.Options.DEFAULT);
        List<Problem> problems = task.heldOut(3);
        List<String> texts = List.of(
                right(task, problems.get(0)),
                right(task, problems.get(0)),
                "<answer>-7</answer>",
                right(task, problems.get(1)),
                "<answer>-7</answer>",
                "<answer>-7</answer>",
                "nothing",
                "<answer>words</answer>",
                "nothing");
        EvalCommand.Score score = EvalCommand.Score.of(task, problems, 3, texts);
        assertThat(score.problems()).isEqualTo(3);
        assertThat(score.accuracy()).isCloseTo(3 / 9.0, within(1e-12));
        assertThat(score.pass()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(score.majority()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(score.outcomes())
                .containsEntry("correct", 3)
                .containsEntry("wrong_value", 3)
                .containsEntry("no_answer", 2)
                .containsEntry("unparsable", 1);
    }

    private static String right(Task task, Problem problem) {
        for (int answer = 0; answer < 1_000_000; answer++) {
            String text = "<answer>" + answer + "</answer>";
            if (task.verify(problem, text).correct()) {
                return text;
            }
        }
        throw new IllegalStateException("no answer below a million");
    }

    @Test
    void everyTaskRuns() throws IOException {
        String model = TinyModel.save(folder).toString();
        Path file = Files.writeString(
                folder.resolve("qa.jsonl"), "{\"question\": \"1+1?\", \"answer\": \"so #### 2\"}\n".repeat(1));
        for (String[] task : new String[][] {
            {"--task", "countdown"},
            {"--task", "countdown", "--split", "validation"},
            {"--task", "countdown", "--split", "training"},
            {"--task", "arithmetic", "--samples", "2"},
            {"--data", file.toString(), "--held-out", "1"}
        }) {
            CommandRun one = new CommandRun();
            String[] all = Arrays.copyOf(
                    new String[] {"eval", "--model", model, "--count", "3", "--max-tokens", "4", "--json"},
                    8 + task.length);
            System.arraycopy(task, 0, all, 8, task.length);
            assertThat(one.execute(all)).as("%s", one.err()).isZero();
            JsonNode json = TinyModel.json(one);
            assertThat(json.path("problems").asInt()).isEqualTo(task[0].equals("--data") ? 1 : 3);
            assertThat(json.path("accuracy").asDouble()).isBetween(0.0, 1.0);
            int judged = 0;
            for (JsonNode outcome : json.path("outcomes")) {
                judged += outcome.asInt();
            }
            assertThat(judged)
                    .isEqualTo(
                            json.path("problems").asInt() * json.path("samples").asInt());
        }
    }

    @Test
    void badUsageIsExitCodeTwo() throws IOException {
        Path file = Files.writeString(folder.resolve("qa.jsonl"), "{}\n");
        for (String[] wrong : new String[][] {
            {"eval", "--task", "file"},
            {"eval", "--task", "chess"},
            {"eval", "--task", "countdown", "--data", file.toString()},
            {"eval", "--count", "0"},
            {"eval", "--split", "test"},
            {"eval", "--samples", "2", "--temperature", "0"},
            {"eval", "--held-out", "0"},
            {"eval", "--search", "best-off-8"},
            {"eval", "--search", "best-of-8:scorer=nobody"},
            {"eval", "--search", "greedy", "--samples", "2"},
            {"eval", "--scorer", "countdown"},
            {"eval", "--out", folder.toString()},
        }) {
            assertThat(new CommandRun().execute(wrong))
                    .as(String.join(" ", wrong))
                    .isEqualTo(2);
        }
    }

    @Test
    void searchesAreCompared() throws IOException {
        String model = TinyModel.save(folder).toString();
        Path out = folder.resolve("out");
        assertThat(run.execute(
                        "eval",
                        "--model",
                        model,
                        "--count",
                        "2",
                        "--max-tokens",
                        "4",
                        "--search",
                        "greedy,best-of-2,mcts-2:scorer=rollouts-2,budget=40",
                        "--out",
                        out.toString(),
                        "--json"))
                .as("%s", run.err())
                .isZero();
        JsonNode json = TinyModel.json(run);
        assertThat(json.path("searches")).hasSize(3);
        assertThat(json.path("searches").get(0).path("tokens").asInt()).isBetween(2, 8);
        assertThat(json.path("searches").get(2).path("tokens").asInt()).isBetween(2, 80);
        assertThat(json.path("searches").get(2).path("asks_verifier").asBoolean())
                .isTrue();
        assertThat(run.out()).contains("tokens/problem").contains("best-of-2");
        assertThat(run.err()).contains("greedy: 2 of 2 problems");
        assertThat(Files.readString(out.resolve("search.html"))).contains("Accuracy over tokens per problem");
        assertThat(Files.readString(out.resolve("search.json"))).contains("\"searches\":[{\"search\":\"greedy\"");
    }

    @Test
    void aLineThatIsNoProblemIsNamed() throws IOException {
        Path file = Files.writeString(
                folder.resolve("qa.jsonl"), "{\"question\": \"1+1?\", \"answer\": \"2\"}\n{\"question\": \n");
        assertThat(run.execute("eval", "--data", file.toString(), "--held-out", "1"))
                .isOne();
        assertThat(run.err()).contains("qa.jsonl").containsPattern("line 2|:2");
    }
}
