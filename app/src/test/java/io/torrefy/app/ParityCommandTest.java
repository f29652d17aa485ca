package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParityCommandTest {
    private final CommandRun run = new CommandRun();

    @Test
    void agreementIsExitCodeZero() throws IOException {
        assertThat(run.execute(
                        "parity",
                        fixture("gpt2").toString(),
                        fixture("llama_tied").toString(),
                        "--json"))
                .isZero();
        assertThat(run.out())
                .contains("logits", "gen_batch.ids", "within tolerance")
                .doesNotContain("FAILED");
        JsonNode json = new ObjectMapper().readTree(run.lastLine());
        assertThat(json.path("passed").asBoolean()).isTrue();
        assertThat(json.path("models")).hasSize(2);
    }

    @Test
    void aDifferenceIsExitCodeOne(@TempDir Path folder) throws IOException {
        try (var files = Files.list(fixture("gpt2"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        byte[] weights = Files.readAllBytes(folder.resolve("model.safetensors"));
        weights[weights.length - 1] ^= 0x40;
        Files.write(folder.resolve("model.safetensors"), weights);
        assertThat(run.execute("parity", folder.toString(), "--json")).isOne();
        assertThat(run.out()).contains("FAILED", "beyond tolerance");
        assertThat(new ObjectMapper().readTree(run.lastLine()).path("passed").asBoolean())
                .isFalse();
    }

    @Test
    void noFolderIsBadUsageAndAWrongOneIsOneLine() {
        assertThat(run.execute("parity")).isEqualTo(2);
        assertThat(new CommandRun().execute("parity", fixture("gpt2").toString(), "--threads", "0"))
                .isEqualTo(2);
        CommandRun missing = new CommandRun();
        assertThat(missing.execute("parity", "no/such/folder")).isOne();
        assertThat(missing.err().lines()).hasSize(1);
        assertThat(missing.err()).contains("no/such/folder");
    }

    private static Path fixture(String name) {
        return Fixtures.open().get("causal_lm", name).file("config.json").getParent();
    }
}
