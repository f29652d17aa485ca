package io.torrefy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitTest {
    @TempDir
    Path folder;

    private boolean git(String... arguments) throws InterruptedException {
        var command = new ArrayList<>(
                List.of("git", "-C", folder.toString(), "-c", "user.name=a", "-c", "user.email=a@example.org"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void noGitIsNoCommit() {
        assertThat(Commit.of(folder)).isEqualTo(Commit.NONE);
        assertThat(Commit.of(folder.resolve("missing"))).isEqualTo(Commit.NONE);
    }

    @Test
    void aTreeIsCleanUntilSourcesChange() throws Exception {
        assumeTrue(git("init", "-q"), "git is installed");
        assertThat(Commit.of(folder)).as("no commit yet").isEqualTo(Commit.NONE);
        Files.writeString(folder.resolve("a"), "1");
        Path history = Files.createDirectory(folder.resolve("bench")).resolve("history.jsonl");
        Files.writeString(history, "1\n");
        assertThat(git("add", ".") && git("commit", "-q", "--no-gpg-sign", "-m", "a"))
                .isTrue();
        Commit clean = Commit.of(folder);
        assertThat(clean.hash()).matches("[0-9a-f]{40,64}");
        assertThat(clean.dirty()).isFalse();

        Files.writeString(history, "1\n2\n");
        assertThat(Commit.of(folder)).as("a line of the history more").isEqualTo(clean);
        Files.writeString(folder.resolve("b"), "2");
        assertThat(Commit.of(folder)).as("a new file").isEqualTo(new Commit(clean.hash(), true));
        Files.delete(folder.resolve("b"));
        Files.writeString(folder.resolve("a"), "2");
        assertThat(Commit.of(folder).dirty()).isTrue();
        assertThat(Commit.of(folder.resolve("bench"))).as("inside another tree").isEqualTo(Commit.NONE);
    }
}
