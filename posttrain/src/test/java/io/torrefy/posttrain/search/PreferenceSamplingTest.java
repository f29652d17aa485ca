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

class PreferenceSamplingTest {
    private static final Rewards LENGTH = Rewards.of("length", (_, text) -> text.length());

    @TempDir
    Path folder;

    /// Distinct and whole: ffffff, dddd, ccc, bb, a. The best with the worst, then dddd with bb, two apart; ccc is
    /// left over.
    private String written(double margin, int keep, boolean unpaired) throws IOException {
        Policy policy = ScriptedPolicy.telling("bb", "a", "dddd", "bb", "eeeeeeee", "ccc", "ffffff");
        Path file = folder.resolve("pairs.jsonl");
        var made = new PreferenceSampling(7, 1, margin, keep, 7, unpaired)
                .write(
                        file,
                        policy,
                        ScriptedPolicy.task(),
                        LENGTH,
                        List.of(new Problem("p", "1 +", "goal")),
                        (_, _) -> {});
        assertThat(made.problems()).isEqualTo(1);
        assertThat(made.lines()).isEqualTo((int) Files.lines(file).count());
        assertThat(made.tokens()).isEqualTo(3 + 2 + 5 + 3 + 7 + 4 + 7);
        return Files.readString(file);
    }

    @Test
    void theBestIsPairedWithTheWorst() throws IOException {
        String first =
                "{\"prompt\":\"1 +\",\"chosen\":\"ffffff\",\"rejected\":\"a\",\"margin\":5.0,\"problem\":\"p\"}\n";
        String second =
                "{\"prompt\":\"1 +\",\"chosen\":\"dddd\",\"rejected\":\"bb\",\"margin\":2.0,\"problem\":\"p\"}\n";
        assertThat(written(2, 9, false)).isEqualTo(first + second);
        assertThat(written(2.5, 9, false)).isEqualTo(first);
        assertThat(written(2, 1, false)).isEqualTo(first);
        assertThat(written(6, 9, false)).isEmpty();
    }

    @Test
    void eachOfAPairCanStandAlone() throws IOException {
        assertThat(written(3, 9, true)).isEqualTo("""
                {"prompt":"1 +","completion":"ffffff","label":true,"problem":"p"}
                {"prompt":"1 +","completion":"a","label":false,"problem":"p"}
                """);
    }

    @Test
    void optionsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new PreferenceSampling(1, 1, 1, 1, 1, false)).hasMessageContaining("a pair; got 1");
        assertThatThrownBy(() -> new PreferenceSampling(2, 1, 0, 1, 1, false)).hasMessageContaining("margin");
        assertThatThrownBy(() -> new PreferenceSampling(2, 0, 1, 1, 1, false)).hasMessageContaining("temperature");
    }
}
