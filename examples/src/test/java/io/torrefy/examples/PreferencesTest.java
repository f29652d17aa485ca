package io.torrefy.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// All stages at a size of seconds; what they are worth is measured at full size.
class PreferencesTest {
    private static final Path BASE = Path.of("../models/base");
    private static final Preferences.Sizes SMALL = new Preferences.Sizes(24, 2, 24, 2, 2, 4, 2, 6, 60);

    @TempDir
    Path folder;

    @Test
    void everyStageIsThereAndDrawn() throws IOException {
        Preferences.Result result = Preferences.run(BASE, folder, 1, SMALL);
        assertThat(result.worth().keySet()).containsExactly("base", "sft", "ppo", "dpo");
        assertThat(result.worth().get("sft").preferred()).isEqualTo(0.5);
        assertThat(result.pairs()).isPositive();
        String html = Preferences.page(List.of(result)).html();
        assertThat(html).contains("PPO, seed 1", "DPO, seed 1", "preferred to sft");
    }

    /// What was killed after any stage ends as if it had not been.
    @Test
    void aRunThatWasKilledEndsInTheSameBits() throws IOException {
        Preferences.run(BASE, folder.resolve("whole"), 1, SMALL);
        Preferences.run(BASE, folder.resolve("killed"), 1, SMALL);
        for (String lost : List.of("killed/worth", "killed/dpo", "killed/ppo/checkpoints/step-000002")) {
            delete(folder.resolve(lost));
        }
        Files.delete(folder.resolve("killed/ppo/result.json"));
        Preferences.run(BASE, folder.resolve("killed"), 1, SMALL);
        for (String file : List.of("ppo/model/model.safetensors", "dpo/model.safetensors", "worth/worth.json")) {
            assertThat(folder.resolve("killed").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path one : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(one);
            }
        }
    }
}
