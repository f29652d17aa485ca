package io.torrefy.app;

import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Which problems a command is about.
final class TaskOptions {
    private static final String FILE = "file";

    @Option(
            names = "--task",
            paramLabel = "NAME",
            description = "countdown, arithmetic, file, or an exported name of a task, such as"
                    + " posttrain.tasks.countdown. Default: countdown, or file where --data is given.")
    private Optional<String> task = Optional.empty();

    @Option(
            names = "--data",
            paramLabel = "FILE",
            description = "Questions and answers for the task file: " + QuestionFiles.FORMATS)
    private Optional<Path> data = Optional.empty();

    @Mixin
    private QuestionFiles questions = new QuestionFiles();

    /// The task, with the questions held out that r1-zero holds out.
    Task chosen(CommonOptions common) throws IOException {
        return chosen(common, QaFile.Options.DEFAULT.heldOutFraction());
    }

    /// The task, of which `heldOut` of a file is held out.
    Task chosen(CommonOptions common, double heldOut) throws IOException {
        String name = task.orElse(data.isPresent() ? FILE : "countdown");
        boolean file = name.equalsIgnoreCase(FILE);
        if (file && data.isEmpty()) {
            throw common.bad("Missing option '--data=FILE', which the task file needs");
        }
        if (!file && data.isPresent()) {
            throw common.bad("Option '--data' is for the task file; got " + name);
        }
        return file
                ? questions.load(common, List.of(data.orElseThrow()), heldOut)
                : new Named(common, "--task", "posttrain.tasks.").make(name, Task.class, Map.of());
    }
}
