package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleCommandTest {
    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    private int sample(String... more) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "sample",
                "--model",
                TinyModel.save(folder).toString(),
                "--count",
                "3",
                "--max-tokens",
                "12",
                "--json"));
        all.addAll(List.of(more));
        return run.execute(all.toArray(String[]::new));
    }

    /// A model of random weights solves nothing; what it writes is judged by how much it repeats itself.
    @Test
    void whatIsWrittenIsTheFormatThatTrainersRead() throws IOException {
        for (String kind : List.of("completions", "preferences", "unpaired", "steps")) {
            Path file = folder.resolve(kind + ".jsonl");
            List<String> options = new ArrayList<>(List.of("--out", file.toString(), "--kind", kind));
            if (!kind.equals("steps")) {
                options.addAll(List.of(
                        "--reward",
                        "repetition_penalty:ngramSize=1",
                        "--samples",
                        "100",
                        "--threshold",
                        kind.equals("completions") ? "-1" : "0.0001"));
            }
            assertThat(sample(options.toArray(String[]::new)))
                    .as("%s: %s", kind, run.err())
                    .isZero();
            JsonNode json = TinyModel.json(run);
            List<String> lines = Files.readAllLines(file);
            assertThat(json.path("problems").asInt()).isEqualTo(3);
            assertThat(lines).hasSize(json.path("lines").asInt()).isNotEmpty();
            assertThat(json.path("tokens").asLong()).isPositive();
            for (String line : lines) {
                assertThat(new ObjectMapper().readTree(line).path("prompt").asText())
                        .contains("Target");
            }
        }
    }

    @Test
    void theSameSeedWritesTheSameFile() throws IOException {
        Path one = folder.resolve("one.jsonl");
        Path two = folder.resolve("two.jsonl");
        assertThat(sample("--out", one.toString(), "--kind", "steps", "--rollouts", "1"))
                .isZero();
        assertThat(sample("--out", two.toString(), "--kind", "steps", "--rollouts", "1", "--threads", "1"))
                .isZero();
        assertThat(Files.readString(two)).isNotEmpty().isEqualTo(Files.readString(one));
    }

    @Test
    void badOptionsAreNamedBeforeAModelIsLoaded() throws IOException {
        Path file = folder.resolve("x.jsonl");
        assertThat(sample("--out", file.toString(), "--kind", "preferences", "--samples", "1"))
                .isEqualTo(2);
        assertThat(run.err()).contains("n of at least 2, a pair; got 1");
        assertThat(sample("--out", file.toString(), "--kind", "steps", "--reward", "maths"))
                .isEqualTo(2);
        assertThat(run.err()).contains("--reward");
        assertThat(sample("--out", folder.resolve("no/x.jsonl").toString())).isEqualTo(2);
        assertThat(run.err()).contains("there is no folder");
        assertThat(file).doesNotExist();
    }
}
