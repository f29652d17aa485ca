package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
