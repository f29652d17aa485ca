package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PretrainCommandTest {
    private final CommandRun command = new CommandRun();

    @TempDir
    Path temporary;

    @Test
    void helpNamesEveryOption() {
        assertThat(command.execute("pretrain", "--help")).isZero();
        assertThat(command.out()).contains("--out", "--steps", "--seed", "--hidden", "--layers", "--threads", "--json");
        assertThat(command.err()).isEmpty();
    }

    @Test
    void theFolderMustBeNamed() {
        assertThat(command.execute("pretrain")).isEqualTo(2);
        assertThat(command.err()).contains("--out");
    }

    @ParameterizedTest
    @CsvSource({
        "--no-such-option, 1",
        "--steps, 0",
        "--documents, 0",
        "--hidden, 33",
        "--layers, 0",
        "--learning-rate, 0",
        "--learning-rate, NaN",
        "--threads, 0"
    })
    void badUsageIsExitCodeTwoNamesTheOptionAndLeavesNothing(String option, String value) {
        Path out = temporary.resolve("model");
        assertThat(command.execute("pretrain", "--out", out.toString(), option, value))
                .isEqualTo(2);
        assertThat(command.err()).contains(option);
        assertThat(out).doesNotExist();
    }

    @Test
    void aModelIsNotOverwritten() throws IOException {
        Path weights = Files.writeString(temporary.resolve("model.safetensors"), "precious");
        assertThat(command.execute("pretrain", "--out", temporary.toString())).isOne();
        assertThat(command.err()).contains("[pretrain]", temporary.toString()).doesNotContain("\tat ");
        assertThat(weights).hasContent("precious");
    }
}
