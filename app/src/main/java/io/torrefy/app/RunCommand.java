package io.torrefy.app;

import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// A command whose work is a run: where its folder is, and what is said when it is done.
abstract class RunCommand implements Callable<Integer> {
    private static final Path RUNS = Path.of("runs");

    @Mixin
    final CommonOptions common = new CommonOptions();

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The run's folder. Default: the next runs/${COMMAND-NAME}-N.")
    private Optional<Path> out = Optional.empty();

    @Option(
            names = "--resume",
            description =
                    "Go on with the run in --out, or the last one, from its newest checkpoint, bit for bit as if it had"
                            + " not stopped.")
    private boolean resume;

    CommandSpec spec() {
        return spec;
    }

    /// Runs a plan in the folder that the options name, and says what came of it.
    void run(RunPlan plan) throws IOException {
        Path folder = folder();
        say(plan.run(folder, resume, "torrefy " + String.join(" ", arguments()), common), folder);
    }

    /// Where to run; made where none is named.
    Path folder() {
        if (out.isPresent()) {
            if (resume && !Files.isDirectory(out.get())) {
                // Not an error: a run may have been killed before it made its folder.
                common.err().println("There is no run in " + out.get() + " to go on with: it begins now.");
            }
            return out.get();
        }
        if (resume) {
            return RunFolder.last(RUNS, spec.name())
                    .orElseThrow(() -> new RunException(
                            "[resume] expected a run to go on with in " + RUNS.toAbsolutePath() + "; there is none"));
        }
        return RunFolder.create(RUNS, spec.name());
    }

    boolean resume() {
        return resume;
    }

    /// What was typed behind `torrefy`.
    List<String> arguments() {
        var parsed = spec.commandLine().getParent().getParseResult();
        return parsed == null ? List.of(spec.name()) : parsed.originalArgs();
    }

    void say(RunPlan.Outcome outcome, Path folder) {
        outcome.said().forEach(common.out()::println);
        common.out().println("Report: " + folder.resolve("report.html"));
        Map<String, Object> line = new LinkedHashMap<>(outcome.values());
        line.put("run", folder.toString());
        common.result(line);
    }
}
