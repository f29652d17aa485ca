package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RlCommandTest {
    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    private JsonNode rl(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("rl"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--out", folder.resolve("run").toString(), "--json"));
        assertThat(run.execute(all.toArray(String[]::new))).as("%s", run.err()).isZero();
        return TinyModel.json(run);
    }

    /// Zhao, "Mathematical Foundations of Reinforcement Learning", the 5 x 5 world, gamma 0.9: values in closed
    /// form, and what of them is greedy.
    @Test
    void theBooksWorldHasTheBooksValues() throws IOException {
        double[] expected = {
            5.832, 5.58, 6.2, 6.48, 5.832, 6.48, 7.2, 8, 7.2, 6.48, 7.2, 8, 10, 8, 7.2, 8, 10, 10, 10, 8, 7.2, 9, 10, 9,
            8.1
        };
        for (String algorithm : List.of("value-iteration", "policy-iteration", "truncated-policy-iteration")) {
            JsonNode line = rl("run", "gridworld", "--algorithm", algorithm);
            assertThat(line.path("values")).hasSize(25);
            for (int s = 0; s < 25; s++) {
                assertThat(line.path("values").get(s).asDouble())
                        .as("%s, state %d", algorithm, s)
                        .isCloseTo(expected[s], within(1e-9));
            }
            // Up 0, right 1, down 2, left 3, stay 4.
            assertThat(line.path("policy").get(17).asInt()).isEqualTo(4);
            assertThat(line.path("policy").get(0).asInt()).isEqualTo(2);
            assertThat(line.path("policy").get(1).asInt()).isEqualTo(1);
            assertThat(line.path("converged").asBoolean()).isTrue();
        }
        assertThat(run.out()).contains("T○ 10.0");
        for (String file : List.of("values", "trajectory", "actions", "curve")) {
            assertThat(Files.readString(folder.resolve("run").resolve(file + ".svg")))
                    .startsWith("<svg");
            assertThat(folder.resolve("run").resolve(file + ".png")).isNotEmptyFile();
        }
        assertThat(folder.resolve("run").resolve("learning.gif")).isNotEmptyFile();
        assertThat(Files.readString(folder.resolve("run").resolve("report.html")))
                .contains("truncated-policy-iteration in gridworld")
                .contains("How it came to it");
        JsonNode saved = new ObjectMapper()
                .readTree(folder.resolve("run").resolve("result.json").toFile());
        assertThat(saved.path("residuals").size()).isGreaterThan(5);
    }

    /// One line, the last of all, that begins with the 25 values and the 25 actions.
    @Test
    void theLastLineHasTheValuesAndThePolicy() throws IOException {
        rl("run", "gridworld", "--algorithm", "value-iteration");
        assertThat(run.out()).endsWith("}\n");
        String number = "-?\\d+\\.\\d+(?:E-?\\d+)?";
        assertThat(run.lastLine())
                .matches("\\{\"values\":\\[" + number + "(," + number + "){24}],\"policy\":\\[[0-4](,[0-4]){24}],"
                        + "\"environment\":\"gridworld\",\"algorithm\":\"value-iteration\",.*}");
    }

    /// From the top left 13 steps at -1 each along the cliff's edge are the best there is.
    @Test
    void learningFindsTheEdgeOfTheCliff() throws IOException {
        JsonNode line = rl("run", "CliffWalking-v1", "--algorithm", "q-learning", "--gamma", "1", "--alpha", "0.5");
        assertThat(line.path("episodes").asInt()).isEqualTo(1000);
        assertThat(line.path("values").get(36).asDouble()).isCloseTo(-13, within(1e-6));
        assertThat(line.path("mean_return_last_100").asDouble()).isLessThan(-13);
        JsonNode again = rl("run", "CliffWalking-v1", "--algorithm", "q-learning", "--gamma", "1", "--alpha", "0.5");
        assertThat(again.path("values")).isEqualTo(line.path("values"));
    }

    @Test
    void algorithmsAreComparedFromSeveralSeeds() throws IOException {
        JsonNode line = rl(
                "compare",
                "CliffWalking-v1",
                "--algorithms",
                "sarsa,q-learning",
                "--seeds",
                "3",
                "--episodes",
                "300",
                "--gamma",
                "1",
                "--alpha",
                "0.5");
        assertThat(line.path("results")).hasSize(2);
        assertThat(line.path("results").get(0).path("mean_return_last_100")).hasSize(3);
        double sarsa = 0;
        double q = 0;
        for (int i = 0; i < 3; i++) {
            sarsa += line.path("results")
                    .get(0)
                    .path("mean_return_last_100")
                    .get(i)
                    .asDouble();
            q += line.path("results").get(1).path("mean_return_last_100").get(i).asDouble();
        }
        // Sutton and Barto, example 6.6: while exploring, Sarsa earns more, since it keeps away from the edge.
        assertThat(sarsa).isGreaterThan(q);
        assertThat(Files.readString(folder.resolve("run").resolve("curve.svg")))
                .contains("sarsa")
                .contains("q-learning");
    }

    @Test
    void networksRunToo() throws IOException {
        JsonNode line = rl("run", "CartPole-v1", "--algorithm", "ppo", "--steps", "2000");
        assertThat(line.path("steps").asLong()).isGreaterThanOrEqualTo(2000);
        assertThat(line.path("greedy_mean_return").asDouble()).isBetween(1.0, 500.0);
        assertThat(line.has("values")).isFalse();
    }

    /// A kill is a folder without what came after a checkpoint.
    @ParameterizedTest
    @ValueSource(strings = {"ppo", "dqn"})
    void aKilledRunGoesOnAndEndsInTheSameBits(String algorithm) throws IOException {
        String[] typed = {"run", "CartPole-v1", "--algorithm", algorithm, "--steps", "6000", "--seed", "3"};
        JsonNode whole = rl(typed);
        Path run = folder.resolve("run");
        List<String> log = metrics(run);
        List<Path> saved = checkpoints(run);
        assertThat(saved).hasSize(2);
        byte[] last = Files.readAllBytes(saved.getLast().resolve("agent.safetensors"));
        for (String file : List.of("agent.safetensors", "manifest.json")) {
            Files.delete(saved.getLast().resolve(file));
        }
        Files.delete(saved.getLast());
        Files.delete(run.resolve("result.json"));
        Files.writeString(
                run.resolve("metrics.jsonl"), "{\"step\":999999,\"mean_return\":-5}\n", StandardOpenOption.APPEND);

        List<String> resumed = new ArrayList<>(List.of(typed));
        resumed.add("--resume");
        JsonNode again = rl(resumed.toArray(String[]::new));

        assertThat(this.run.err()).contains("Goes on from step");
        for (String fact : List.of("steps", "episodes", "mean_return_last_100", "greedy_mean_return")) {
            assertThat(again.path(fact)).as(fact).isEqualTo(whole.path(fact));
        }
        assertThat(metrics(run)).isEqualTo(log);
        assertThat(Files.readAllBytes(checkpoints(run).getLast().resolve("agent.safetensors")))
                .isEqualTo(last);
        JsonNode drawn = new ObjectMapper().readTree(run.resolve("result.json").toFile());
        assertThat(drawn.path("returns").size()).isEqualTo(log.size());
    }

    private static List<Path> checkpoints(Path run) throws IOException {
        try (var entries = Files.list(run.resolve("checkpoints"))) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    /// Without what measures time.
    private static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceAll("\"(time|elapsed)\":[0-9.Ee+-]+,?", ""))
                .toList();
    }

    @Test
    void whatCannotGoOnSaysSo() throws IOException {
        String[] table = {"run", "gridworld", "--algorithm", "q-learning", "--episodes", "2"};
        rl(table);
        Path out = folder.resolve("run");
        assertThat(run.execute(
                        "rl", "run", "gridworld", "--algorithm", "q-learning", "--resume", "--out", out.toString()))
                .isEqualTo(2);
        assertThat(run.err()).contains("plans and tables take seconds").contains("got q-learning");
        String[] ppo = {"rl", "run", "CartPole-v1", "--algorithm", "ppo", "--steps", "600", "--out", out.toString()};
        List<String> resumed = new ArrayList<>(List.of(ppo));
        resumed.add("--resume");
        assertThat(run.execute(resumed.toArray(String[]::new))).isEqualTo(1);
        assertThat(run.err()).contains("holds one of plans, tables or a comparison");
        // A new run does not write over another one.
        assertThat(run.execute(ppo)).isEqualTo(1);
        assertThat(run.err()).contains("holds a run already").contains("--resume");
        ppo[ppo.length - 1] = folder.resolve("ppo").toString();
        assertThat(run.execute(ppo)).as("%s", run.err()).isZero();
        ppo[6] = "700";
        resumed = new ArrayList<>(List.of(ppo));
        resumed.add("--resume");
        assertThat(run.execute(resumed.toArray(String[]::new))).isEqualTo(1);
        assertThat(run.err()).contains("steps was 600, now is 700");
    }

    @Test
    void theListSaysWhatThereIs() {
        assertThat(run.execute("rl", "list", "--json")).as("%s", run.err()).isZero();
        assertThat(run.out())
                .contains("CartPole-v1")
                .contains("solved at 475.0")
                .contains("double-q-learning")
                .contains("\"finite\":true");
    }

    @Test
    void whatDoesNotFitIsExitCodeTwo() {
        for (String[] wrong : new String[][] {
            {"rl"},
            {"rl", "run", "gridwold", "--algorithm", "q-learning"},
            {"rl", "run", "gridworld", "--algorithm", "q-lerning"},
            {"rl", "run", "gridworld", "--algorithm", "q-learning", "--gamma", "1.5"},
            {"rl", "run", "gridworld", "--algorithm", "q-learning", "--gamma", "1"},
            {"rl", "run", "gridworld", "--algorithm", "q-learning", "--episodes", "0"},
            {"rl", "run", "CartPole-v1", "--algorithm", "value-iteration"},
            {"rl", "run", "Pendulum-v1", "--algorithm", "ppo"},
            {"rl", "compare", "gridworld", "--algorithms", "sarsa"},
            {"rl", "compare", "gridworld", "--algorithms", "sarsa,value-iteration"},
        }) {
            assertThat(new CommandRun().execute(wrong))
                    .as(String.join(" ", wrong))
                    .isEqualTo(2);
        }
        assertThat(run.execute("rl", "run", "gridworld", "--algorithm", "q-lerning"))
                .isEqualTo(2);
        assertThat(run.err()).contains("q-learning");
        assertThat(folder).isEmptyDirectory();
    }
}
