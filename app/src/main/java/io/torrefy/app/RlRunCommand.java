package io.torrefy.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `torrefy rl run`.
@Command(
        name = "run",
        description = {
            "Runs an algorithm in an environment and draws its values, its policy and how it learned.",
            "--json ends with one line that has the values and the policy."
        })
final class RlRunCommand implements Callable<Integer> {
    @Mixin
    private RlOptions options = new RlOptions();

    @Option(names = "--algorithm", paramLabel = "NAME", required = true, description = "torrefy rl list shows all.")
    private String algorithm = "";

    @Option(
            names = "--resume",
            description =
                    "Of algorithms with networks: go on with the run in --out, or the last one, from its newest checkpoint,"
                            + " bit for bit as if it had not stopped. Plans and tables take seconds, and begin anew.")
    private boolean resume;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        common.apply();
        RlTask task = options.task(common);
        RlAlgorithm chosen = options.algorithm(common, "--algorithm", algorithm);
        if (chosen.kind().networks()) {
            Path folder = options.folder(resume, common);
            try (var run = RlNetworkRun.open(folder, resume, task, algorithm, typed(), common)) {
                RlResult result = result(chosen, task, run);
                write(task, result, run.seconds(), folder);
            }
            return 0;
        }
        common.check(
                !resume,
                "--resume",
                "an algorithm with networks; plans and tables take seconds, and are run anew without it",
                algorithm);
        RlProgress progress = new RlProgress(common.err(), algorithm);
        long start = System.nanoTime();
        RlResult result = result(chosen, task, progress::show);
        double seconds = (System.nanoTime() - start) * 1e-9;
        progress.done();
        write(task, result, seconds, options.folder());
        return 0;
    }

    private RlResult result(RlAlgorithm chosen, RlTask task, RlTask.Watcher watcher) {
        try {
            return chosen.runner().run(task, watcher);
        } catch (IllegalArgumentException e) {
            throw common.bad(String.valueOf(e.getMessage()));
        }
    }

    private void write(RlTask task, RlResult result, double seconds, Path folder) throws IOException {
        result.warnings().forEach(common.err()::println);
        RlPictures pictures = new RlPictures(task.env(), algorithm, result);
        pictures.terminal().forEach(common.out()::println);
        Path report = pictures.write(folder, facts(task, result, seconds));
        result.facts().forEach((name, value) -> common.out().println(name.replace('_', ' ') + ": " + value));
        common.out().println("Report: " + report);
        common.result(json(task, result, seconds, folder));
    }

    /// What was typed.
    private String typed() {
        var root = spec.commandLine();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        var parsed = root.getParseResult();
        return "torrefy " + (parsed == null ? "rl run" : String.join(" ", parsed.originalArgs()));
    }

    private Map<String, Object> facts(RlTask task, RlResult result, double seconds) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("environment", task.env());
        facts.put("algorithm", algorithm);
        facts.put("gamma", task.gamma());
        facts.put("seed", task.seed());
        facts.putAll(result.facts());
        facts.put("seconds", seconds);
        return facts;
    }

    private Map<String, Object> json(RlTask task, RlResult result, double seconds, Path folder) {
        Map<String, Object> line = new LinkedHashMap<>();
        if (result.values() != null) {
            line.put("values", result.values());
        }
        if (result.policy() != null) {
            line.put("policy", result.policy());
        }
        line.putAll(facts(task, result, seconds));
        line.put("run", folder.toString());
        return line;
    }
}
