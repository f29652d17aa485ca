package io.torrefy.app;

import io.torrefy.posttrain.MachineInfo;
import io.torrefy.posttrain.Progress;
import io.torrefy.posttrain.R1Zero;
import io.torrefy.posttrain.Report;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Terminal;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// A run before it begins: everything is read and checked, and no folder is made.
///
/// @param title what its report calls it
/// @param steps of the whole run
/// @param config settings that a resumed run has to share, but for those in `mayChange` and the threads
/// @param recipe a recipe that makes the run again; none where there is no recipe
/// @param body what runs
record RunPlan(
        String title,
        long seed,
        long steps,
        Map<String, ?> config,
        Set<String> mayChange,
        Optional<String> recipe,
        Body body) {
    /// A run that a recipe says.
    ///
    /// @param dataFingerprint of the files that it reads
    static RunPlan of(String title, Recipe recipe, long seed, String dataFingerprint, long steps, Body body) {
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        config.put("data_fingerprint", dataFingerprint);
        return new RunPlan(
                title,
                seed,
                steps,
                config,
                Set.of("save_steps", "save_total_limit"),
                Optional.of(recipe.resolved()),
                body);
    }

    /// What runs in a folder, from its beginning or from the folder's last checkpoint.
    @FunctionalInterface
    interface Body extends AutoCloseable {
        Outcome run(RunFolder run, Progress progress) throws IOException;

        /// Whether its steps are shown; not of what has runs of its own within.
        default boolean showsProgress() {
            return true;
        }

        /// Writes the report of the run in a folder.
        default void report(Path folder) {
            Report.write(folder);
        }

        /// Lets go of what was loaded for it.
        @Override
        default void close() {}
    }

    /// What came of it.
    ///
    /// @param said lines for a reader
    /// @param values the same for a program
    record Outcome(List<String> said, Map<String, ?> values) {
        static Outcome of(R1Zero.Outcome outcome, int heldOut) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("accuracy_before", outcome.accuracyBefore());
            values.put("accuracy_after", outcome.accuracyAfter());
            values.put("steps", outcome.steps());
            values.put("tokens_per_second", outcome.tokensPerSecond());
            values.put("seconds", outcome.seconds());
            return new Outcome(
                    List.of(String.format(
                            Locale.ROOT,
                            "Held-out accuracy: %.1f %% before, %.1f %% after (%d problems, greedy).",
                            100 * outcome.accuracyBefore(),
                            100 * outcome.accuracyAfter(),
                            heldOut)),
                    values);
        }
    }

    /// Refuses a folder that holds no model. A plan asks before it is made, so that a run that cannot begin leaves
    /// no folder behind.
    ///
    /// @param hint what names the folder
    static void requireModel(Path folder, String hint) {
        if (!Files.exists(folder.resolve("config.json"))) {
            throw new RunException("[load] expected a model folder with config.json and model.safetensors; got "
                    + folder + ". Hint: " + hint);
        }
    }

    /// Runs in a folder, which afterwards has a report too.
    ///
    /// @param command what was typed
    Outcome run(Path folder, boolean resume, String command, CommonOptions common) throws IOException {
        try (body;
                RunFolder run = RunFolder.open(folder, resume)) {
            run.notes().forEach(common.err()::println);
            Map<String, Object> all = new LinkedHashMap<>(config);
            all.put("threads", Threads.count());
            Set<String> free = new TreeSet<>(mayChange);
            free.add("threads");
            run.config(all, free);
            run.describe(description(command));
            recipe.ifPresent(run::recipe);
            long done = run.resumed().map(c -> c.step()).orElse(0L);
            Outcome outcome;
            boolean shown = body.showsProgress();
            try (Progress progress = Progress.start(
                    shown
                            ? System.err
                            : new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                    shown ? Terminal.detect() : Terminal.plain(),
                    done,
                    steps)) {
                run.onTrouble(progress::trouble);
                outcome = body.run(run, progress);
            }
            body.report(folder);
            return outcome;
        }
    }

    private Map<String, Object> description(String command) {
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("name", title);
        run.put("version", String.join(" ", new Main.Version().getVersion()));
        run.put("command", command);
        run.put("seed", seed);
        run.put("machine", MachineInfo.of(Threads.vectorUnit()).toMap());
        return run;
    }
}
