package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.lm.BpeTrainer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    @Test
    void theStreamIsTheText() throws IOException {
        String model = TinyModel.save(folder).toString();
        assertThat(run.execute(
                        "generate", "--model", model, "--prompt", "1 2", "--max-tokens", "30", "--seed", "5", "--json"))
                .isZero();
        JsonNode json = TinyModel.json(run);
        String text = json.path("samples").path(0).path("text").asText();
        assertThat(run.out()).startsWith(text + "\n{");
        assertThat(json.path("samples").path(0).path("tokens").asInt())
                .isEqualTo(json.path("tokens").asInt());
        // The beginning token, then what the tokenizer makes of the text.
        assertThat(json.path("prompt_tokens").asInt()).isGreaterThanOrEqualTo(2);
        assertThat(json.path("samples").path(0).path("log_prob").asDouble()).isNegative();
    }

    @Test
    void weightsMayBeSmaller() throws IOException {
        String model = TinyModel.save(folder).toString();
        String[] logProbs = new String[3];
        int i = 0;
        for (String format : new String[] {"f32", "bf16", "int8"}) {
            CommandRun one = new CommandRun();
            assertThat(one.execute(
                            "generate",
                            "--model=" + model,
                            "--prompt=1 2",
                            "--max-tokens=20",
                            "--seed=8",
                            "--weights=" + format,
                            "--json"))
                    .isZero();
            logProbs[i++] =
                    TinyModel.json(one).path("samples").path(0).path("log_prob").asText();
        }
        assertThat(logProbs).doesNotHaveDuplicates();
        assertThat(run.execute("generate", "--model=" + model, "--prompt=1", "--weights=int4"))
                .isEqualTo(2);
    }

    @Test
    void aSampleIsTheSameWhateverTheirNumberAndComesFromAFileToo() throws IOException {
        String model = TinyModel.save(folder).toString();
        Path file = Files.writeString(folder.resolve("prompt.txt"), "1 2");
        String[] texts = new String[4];
        int i = 0;
        for (String samples : new String[] {"1", "3"}) {
            CommandRun one = new CommandRun();
            assertThat(one.execute(
                            "generate",
                            "--model=" + model,
                            "--file=" + file,
                            "--max-tokens=20",
                            "--seed=8",
                            "--samples=" + samples,
                            "--json"))
                    .isZero();
            for (JsonNode sample : TinyModel.json(one).path("samples")) {
                texts[i++] = sample.path("text").asText();
            }
        }
        assertThat(texts[1]).isEqualTo(texts[0]);
        assertThat(texts[2]).isNotEqualTo(texts[1]);
    }

    @Test
    void aStopStringIsLeftOut() throws IOException {
        String model = TinyModel.save(folder).toString();
        String[] command = {
            "generate", "--model", model, "--prompt", "1", "--max-tokens", "40", "--temperature", "0", "--json"
        };
        assertThat(run.execute(command)).isZero();
        String free = TinyModel.json(run).path("samples").path(0).path("text").asText();
        assertThat(free.length()).isGreaterThan(2);
        String stop = free.substring(1, 2);
        String[] stopped = Arrays.copyOf(command, command.length + 2);
        stopped[command.length] = "--stop";
        stopped[command.length + 1] = stop;
        CommandRun other = new CommandRun();
        assertThat(other.execute(stopped)).isZero();
        JsonNode sample = TinyModel.json(other).path("samples").path(0);
        assertThat(sample.path("text").asText()).isEqualTo(free.substring(0, free.indexOf(stop)));
        assertThat(sample.path("finish").asText()).isEqualTo("stop_string");
    }

    @Test
    void badUsageIsExitCodeTwo() {
        for (String[] wrong : new String[][] {
            {"generate"},
            {"generate", "--prompt", "a", "--file", "b"},
            {"generate", "--prompt", "a", "--samples", "0"},
            {"generate", "--prompt", "a", "--top-p", "2"},
            {"generate", "--prompt", "a", "--stop", ""},
            {"generate", "--prompt", "a", "--temperature", "-1"},
            {"chat", "--max-tokens", "0"},
        }) {
            assertThat(new CommandRun().execute(wrong))
                    .as(String.join(" ", wrong))
                    .isEqualTo(2);
        }
        assertThat(run.execute(
                        "generate",
                        "--prompt",
                        "a",
                        "--model",
                        folder.resolve("none").toString()))
                .isOne();
        assertThat(run.err().lines()).hasSize(1);
    }

    @Test
    void chatAnswersUntilItIsToldToStop() throws IOException {
        String model = TinyModel.save(
                        folder,
                        BpeTrainer.of(300)
                                .endOfText("<|im_end|>")
                                .chatTemplate("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"))
                .toString();
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(
                    "hi\n\n/reset\nhello\nagain\n/exit\nnever\n".getBytes(StandardCharsets.UTF_8)));
            assertThat(run.execute("chat", "--model", model, "--max-tokens", "5", "--seed", "1", "--json"))
                    .isZero();
        } finally {
            System.setIn(before);
        }
        JsonNode json = TinyModel.json(run);
        assertThat(json.path("turns").asInt()).isEqualTo(3);
        assertThat(json.path("tokens").asInt()).isBetween(3, 15);
    }

    @Test
    void aModelWithoutATemplateSaysWhatToDo() throws IOException {
        assertThat(run.execute("chat", "--model", TinyModel.save(folder).toString()))
                .isOne();
        assertThat(run.err()).contains("chat template", "--chatml");
    }
}
