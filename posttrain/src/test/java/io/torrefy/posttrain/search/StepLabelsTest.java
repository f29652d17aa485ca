package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepLabelsTest {
    private static final int END = 0;
    private static final int A = 1;
    private static final int B = 2;
    private static final int LINE = 3;
    private static final List<String> VOCABULARY = List.of("", "a", "b", "\n");

    @TempDir
    Path folder;

    /// Two letters a line apart, each an a or a b, then the end.
    private static double[] twoLines(List<Integer> written) {
        double[] p = new double[4];
        switch (written.size()) {
            case 0, 2 -> {
                p[A] = 0.5;
                p[B] = 0.5;
            }
            case 1 -> p[LINE] = 1;
            default -> p[END] = 1;
        }
        return p;
    }

    private List<JsonNode> labelled(Function<List<Integer>, double[]> model, int n, int rollouts, String... right)
            throws IOException {
        Path file = folder.resolve("steps.jsonl");
        new StepLabels(n, rollouts, 1, 20, "\n")
                .write(
                        file,
                        new ScriptedPolicy(VOCABULARY, model),
                        ScriptedPolicy.task(right),
                        List.of(new Problem("p", "say", "goal")),
                        (_, _) -> {});
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    /// Where only "a, a" is right, a first b is lost, a first a ends well half of the time, and the second letter
    /// decides.
    @Test
    void aStepIsRightIfItCanStillEndWell() throws IOException {
        List<JsonNode> lines = labelled(StepLabelsTest::twoLines, 40, 64, "a\na");
        assertThat(lines).hasSize(4); // of 40 samples, each of the four solutions once
        for (JsonNode line : lines) {
            String first = line.path("completions").path(0).asText();
            String second = line.path("completions").path(1).asText();
            assertThat(line.path("completions")).hasSize(2);
            assertThat(line.path("prompt").asText()).isEqualTo("say");
            assertThat(line.path("labels").path(0).asBoolean()).isEqualTo(first.equals("a"));
            assertThat(line.path("labels").path(1).asBoolean()).isEqualTo(first.equals("a") && second.equals("a"));
            // 64 draws of probability 1/2: 5 deviations are 0.31.
            double expected = first.equals("a") ? 0.5 : 0;
            assertThat(line.path("values").path(0).asDouble()).isCloseTo(expected, within(0.31));
            assertThat(line.path("values").path(1).asDouble()).isIn(0.0, 1.0);
        }
    }

    /// "a", a line break and the end are one step, whose outcome is the whole text's.
    @Test
    void anEndAfterASeparatorIsNoStep() throws IOException {
        Function<List<Integer>, double[]> model = written -> IntStream.of(0, 1, 2, 3)
                .mapToDouble(id -> id == next(written.size()) ? 1 : 0)
                .toArray();
        List<JsonNode> lines = labelled(model, 3, 2, "a\n");
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst().path("completions").toString()).isEqualTo("[\"a\"]");
        assertThat(lines.getFirst().path("labels").toString()).isEqualTo("[true]");
    }

    private static int next(int written) {
        return written == 0 ? A : written == 1 ? LINE : END;
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new StepLabels(1, 0, 1, 9, ",")).hasMessageContaining("rollouts");
        assertThatThrownBy(() -> new StepLabels(1, 1, 1, 9, "")).hasMessageContaining("separator");
    }
}
