package io.torrefy.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Which sources were measured.
///
/// @param hash git's, in full; null where the folder is no root of a git tree or has no commit yet
/// @param dirty whether the tree holds changes that are not committed
record Commit(@Nullable String hash, boolean dirty) {
    /// No git.
    static final Commit NONE = new Commit(null, false);

    /// The history is left out of what makes a tree dirty: every run changes it, and no run depends on it.
    private static final List<String> STATUS =
            List.of("status", "--porcelain", "--", ".", ":(exclude)bench/history.jsonl");

    static Commit of(Path root) {
        try {
            // The second line is empty at the root of a tree: sources unpacked inside somebody else's are not his
            // commit.
            List<String> head = git(root, List.of("rev-parse", "HEAD", "--show-prefix"));
            if (head.isEmpty() || !head.stream().skip(1).allMatch(String::isEmpty)) {
                return NONE;
            }
            return new Commit(head.getFirst(), !git(root, STATUS).isEmpty());
        } catch (IOException e) {
            return NONE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NONE;
        }
    }

    private static List<String> git(Path root, List<String> arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("git", "-C", root.toString()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getOutputStream().close();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("[git] expected an answer to " + arguments);
        }
        return answer.lines().toList();
    }
}
