package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    Path folder;

    RunFolder run;

    @BeforeEach
    void openRun() {
        run = RunFolder.open(folder, false);
    }

    @AfterEach
    void closeRun() {
        run.close();
    }

    @Test
    void keepsTheNewest() throws IOException {
        run.keep(2);
        for (int step = 10; step <= 50; step += 10) {
            save(step);
        }
        assertThat(names()).containsExactly("latest", "step-000040", "step-000050");
        assertThat(folder.resolve("checkpoints/latest")).hasContent("step-000050");
        assertThat(run.latest().orElseThrow().step()).isEqualTo(50);
        assertThatThrownBy(() -> run.keep(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFailingWriterLeavesTheLastCheckpoint() throws IOException {
        save(10);
        assertThatThrownBy(() -> run.checkpoint(20, to -> {
                    Files.write(to.resolve("model.safetensors"), new byte[1000]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("could not save the checkpoint of step 20 in " + folder)
                .hasMessageContaining("Nothing written before is lost");
        assertThatThrownBy(() -> run.checkpoint(20, _ -> {
                    throw new IllegalStateException("no state");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(names()).containsExactly("latest", "step-000010");
        assertThat(run.latest().orElseThrow().step()).isEqualTo(10);
    }

    @Test
    void aCheckpointOfTheSameStepIsReplaced() throws IOException {
        save(10);
        run.checkpoint(10, to -> Files.writeString(to.resolve("state"), "again"));
        assertThat(folder.resolve("checkpoints/step-000010/state")).hasContent("again");
        assertThat(folder.resolve("checkpoints/step-000010/model.safetensors")).doesNotExist();
        assertThat(names()).containsExactly("latest", "step-000010");
    }

    @Test
    void everyFileCutOrGoneIsNoticed() throws IOException {
        save(10);
        var newest = save(20).folder();
        for (var file : AtomicFiles.filesBelow(newest)) {
            var whole = Files.readAllBytes(file);
            for (int length : List.of(0, whole.length / 2, whole.length - 1)) {
                Files.write(file, Arrays.copyOf(whole, length));
                // the manifest may lose its final line end
                boolean sound = AtomicFiles.name(file).equals("manifest.json") && length == whole.length - 1;
                assertThat(run.latest().orElseThrow().step()).isEqualTo(sound ? 20 : 10);
            }
            Files.delete(file);
            assertThat(run.latest().orElseThrow().step()).isEqualTo(10);
            Files.write(file, whole);
        }
        assertThat(run.latest().orElseThrow().step()).isEqualTo(20);
    }

    @Test
    void flippedBitsAreNoticed() throws IOException {
        save(10);
        var newest = save(20).folder();
        var random = new Random(1);
        var file = newest.resolve("model.safetensors");
        var whole = Files.readAllBytes(file);
        for (int i = 0; i < 50; i++) {
            var damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertThat(run.latest().orElseThrow().step()).isEqualTo(10);
        }
    }

    @Test
    void resumingPassesOverDamageAndSaysSo() throws IOException {
        save(10);
        Files.writeString(save(20).folder().resolve("state"), "?");
        run.close();
        run = RunFolder.open(folder, true).keep(1);
        assertThat(run.resumed().orElseThrow().step()).isEqualTo(10);
        assertThat(run.notes()).singleElement().asString().contains("step-000020: state has 1 bytes instead of 2");
        assertThat(names()).containsExactly("damaged-1-step-000020", "latest", "step-000010");
        save(15);
        assertThat(names()).containsExactly("damaged-1-step-000020", "latest", "step-000015");
    }

    @Test
    void whatAKilledProcessLeftHalfDoneIsCleared() throws IOException {
        save(10);
        run.close();
        var checkpoints = folder.resolve("checkpoints");
        Files.createDirectories(checkpoints.resolve(".scratch-new-step-000020/nested"));
        Files.writeString(checkpoints.resolve(".scratch-new-latest"), "st");
        Files.createDirectories(checkpoints.resolve(".scratch-gone-step-000005"));
        Files.writeString(folder.resolve(".scratch-new-metrics.jsonl"), "{");
        // killed between taking the old folder away and putting the new one in its place
        Files.move(checkpoints.resolve("step-000010"), checkpoints.resolve(".scratch-old-step-000010"));
        run = RunFolder.open(folder, true);
        assertThat(run.resumed().orElseThrow().step()).isEqualTo(10);
        assertThat(names()).containsExactly("latest", "step-000010");
        assertThat(folder.resolve(".scratch-new-metrics.jsonl")).doesNotExist();
    }

    @Test
    void canBeReadWhileTheRunGoesOn() throws IOException {
        assertThat(RunFolder.latestCheckpoint(folder)).isEmpty();
        var saved = save(10);
        assertThat(RunFolder.latestCheckpoint(folder)).contains(saved);
    }

    private Checkpoint save(long step) {
        return run.checkpoint(step, to -> {
            Files.createDirectories(to.resolve("optimizer"));
            Files.write(to.resolve("model.safetensors"), new byte[1000]);
            Files.write(to.resolve("optimizer/moments.safetensors"), new byte[] {1, 2, 3});
            Files.writeString(to.resolve("state"), "" + step);
        });
    }

    private List<String> names() throws IOException {
        var names = new ArrayList<String>();
        try (var entries = Files.list(folder.resolve("checkpoints"))) {
            entries.map(AtomicFiles::name).sorted().forEach(names::add);
        }
        return names;
    }
}
