package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.posttrain.RunMetrics;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands that run recipes in processes of their own, which are killed without warning wherever they are.
@Timeout(600)
class KilledCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Lines of metrics after which a process is killed, in turns; the checkpoints lie elsewhere.
    private static final int[] KILLED_AFTER = {1, 9};

    @TempDir
    Path temporary;

    private Path model;

    @BeforeEach
    void write() throws IOException {
        model = TinyModel.save(temporary.resolve("model"));
    }

    /// Kinds of recipes, of which one learns from files and one from what it writes itself.
    @ParameterizedTest
    @ValueSource(strings = {"dpo", "ppo"})
    void aKilledRunEndsWithTheBitsOfOneThatWasNot(String kind) throws Exception {
        Path recipe = recipe(kind);
        Path whole = temporary.resolve("whole");
        assertThat(start(kind, recipe, whole).waitFor()).isZero();

        Path killed = temporary.resolve("killed");
        for (int lines : KILLED_AFTER) {
            Process process = start(kind, recipe, killed);
            while (process.isAlive() && metrics(killed).size() < lines) {
                Thread.sleep(1);
            }
            assertThat(process.isAlive()).as("a run that can be killed").isTrue();
            process.destroyForcibly().waitFor();
            assertThat(killed.resolve("result.json")).doesNotExist();
        }
        assertThat(start(kind, recipe, killed).waitFor()).isZero();

        assertThat(Files.readAllBytes(killed.resolve("model/model.safetensors")))
                .isEqualTo(Files.readAllBytes(whole.resolve("model/model.safetensors")));
        assertThat(timeless(killed)).isEqualTo(timeless(whole));
        assertThat(killed.resolve("recipe.yaml")).hasSameBinaryContentAs(whole.resolve("recipe.yaml"));
        assertThat(killed.resolve("report.html")).isNotEmptyFile();
    }

    private Path recipe(String kind) throws IOException {
        String keys;
        if (kind.equals("dpo")) {
            List<String> pairs = IntStream.range(0, 12)
                    .mapToObj(i -> "{\"prompt\": \"Numbers: %d.\\n\", \"chosen\": \"%d + 2\", \"rejected\": \"2\"}"
                            .formatted(i, i))
                    .toList();
            Path data = Files.write(temporary.resolve("pairs.jsonl"), pairs);
            keys = "data: \"" + data + "\"\nmax_steps: 20\nvalidation_fraction: 0.25\nper_device_train_batch_size: 3\n"
                    + "learning_rate: 1e-3\n";
        } else {
            keys = "steps: 20\nproblems: 4\nnum_generations: 2\nmax_completion_length: 16\nheld_out: 3\n";
        }
        return Files.writeString(
                temporary.resolve(kind + ".yaml"),
                "recipe: " + kind + "\nmodel: \"" + model + "\"\neval_steps: 5\nsave_steps: 4\n" + keys);
    }

    private static Process start(String kind, Path recipe, Path out) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of("-Xmx256m", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-cp", classPath(), Main.class.getName()));
        command.addAll(List.of(kind, recipe.toString(), "--out", out.toString(), "--resume"));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /// What this process has of classes and jars, wherever its launcher put them.
    private static String classPath() {
        String paths = System.getProperty("jdk.module.path", "")
                + File.pathSeparator
                + System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return String.join(
                File.pathSeparator,
                Arrays.stream(paths.split(File.pathSeparator))
                        .filter(path -> !path.isEmpty() && !path.contains("test-classes"))
                        .distinct()
                        .toList());
    }

    private static List<String> metrics(Path run) throws IOException {
        Path file = run.resolve("metrics.jsonl");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private static List<String> timeless(Path run) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : metrics(run)) {
            ObjectNode json = (ObjectNode) JSON.readTree(line);
            json.properties()
                    .removeIf(field -> field.getKey().startsWith("time")
                            || field.getKey().equals("elapsed")
                            || field.getKey().equals("eps")
                            || field.getKey().equals(RunMetrics.TOKENS_PER_SECOND));
            lines.add(json.toString());
        }
        assertThat(lines).hasSizeGreaterThan(KILLED_AFTER[KILLED_AFTER.length - 1]);
        return lines;
    }
}
