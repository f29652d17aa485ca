package io.torrefy.posttrain.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Rewards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RejectionSamplingTest {
    @TempDir
    Path folder;

    /// Of six samples "b" comes twice, "eeeeeeee" is cut off, "a" is below the threshold, and two of the others are
    /// kept.
    @Test
    void theBestDistinctOnesAreWritten() throws IOException {
        Policy policy = ScriptedPolicy.telling("b", "a", "dddd", "b", "eeeeeeee", "ccc");
        Rewards rewards = Rewards.of("length", (_, text) -> text.length());
        Path file = folder.resolve("kept.jsonl");
        var sampling = new RejectionSampling(6, 1, 1.5, 2, 6);
        RejectionSampling.Yield sum = sampling.write(
                file,
                policy,
                ScriptedPolicy.task(),
                rewards.plus("flat", (_, _) -> 1, 0.25),
                List.of(new Problem("sum \"1\"", "1 +\n", "goal")),
                (_, _) -> {});
        assertThat(Files.readString(file)).isEqualTo("""
                        {"prompt":"1 +\\n","completion":"dddd","score":4.25,"problem":"sum \\"1\\""}
                        {"prompt":"1 +\\n","completion":"ccc","score":3.25,"problem":"sum \\"1\\""}
                        """);
        // Letters and end tokens; the one that was cut off has six.
        assertThat(sum).isEqualTo(new RejectionSampling.Yield(1, 6, 2, 1, 2 + 2 + 5 + 2 + 6 + 4));
        assertThat(folder.toFile().list()).containsExactly("kept.jsonl");
    }

    @Test
    void aRewardThatFailsIsNamedAndLeavesNoFile() {
        Policy policy = ScriptedPolicy.telling("b");
        Rewards broken = Rewards.of("broken", (_, _) -> Double.NaN);
        Path file = folder.resolve("kept.jsonl");
        assertThatThrownBy(() -> new RejectionSampling(1, 1, 0, 1, 6)
                        .write(
                                file,
                                policy,
                                ScriptedPolicy.task(),
                                broken,
                                List.of(ScriptedPolicy.problem()),
                                (_, _) -> {}))
                .hasMessageContaining("[reward broken]");
        assertThat(file).doesNotExist();
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new RejectionSampling(1, 0, 0, 1, 1)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> new RejectionSampling(1, 1, 0, 0, 1)).hasMessageContaining("keep");
    }
}
