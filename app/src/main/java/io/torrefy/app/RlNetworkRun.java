package io.torrefy.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.Checkpoint;
import io.torrefy.posttrain.MachineInfo;
import io.torrefy.posttrain.RunException;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.rl.deep.Agent;
import io.torrefy.rl.deep.Progress;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// A run of an algorithm with networks in its folder: logs how far it is, saves it now and then, and brings it back to
/// where it was saved, so that a run that was killed ends as one that was not, bit for bit.
final class RlNetworkRun implements RlTask.Watcher, AutoCloseable {
    /// Checkpoints of a whole run. A save of a large replay buffer takes seconds.
    private static final int SAVES = 20;

    private static final String AGENT = "agent.safetensors";
    private static final String RETURN = "mean_return";

    private final RunFolder run;
    private final RlTask task;
    private final RlProgress progress;
    private long saved = -1;

    private RlNetworkRun(RunFolder run, RlTask task, RlProgress progress) {
        this.run = run;
        this.task = task;
        this.progress = progress;
    }

    /// Opens a run's folder.
    ///
    /// @param command what was typed
    /// @throws RunException where there is a run that is not to be resumed, or one with other settings
    static RlNetworkRun open(
            Path folder, boolean resume, RlTask task, String algorithm, String command, CommonOptions common) {
        if (resume && !Files.exists(folder.resolve("config.json")) && Files.exists(folder.resolve("result.json"))) {
            throw new RunException("[resume] expected a run of an algorithm with networks; " + folder + " holds one of"
                    + " plans, tables or a comparison, which begin anew. Hint: name the run's folder with --out.");
        }
        RunFolder run = RunFolder.open(folder, resume).keep(2);
        try {
            run.notes().forEach(common.err()::println);
            run.config(config(task, algorithm), Set.of());
            run.describe(description(task, algorithm, command));
            run.resumed()
                    .ifPresent(
                            from -> common.err().println("Goes on from step " + from.step() + " of " + task.steps()));
            return new RlNetworkRun(run, task, new RlProgress(common.err(), algorithm));
        } catch (RuntimeException e) {
            run.close();
            throw e;
        }
    }

    /// All that decides what the run comes to. The number of steps is among it: rates and exploration fall over
    /// them.
    private static Map<String, Object> config(RlTask task, String algorithm) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("environment", task.env());
        config.put("algorithm", algorithm);
        config.put("gamma", task.gamma());
        config.put("steps", task.steps());
        config.put("seed", task.seed());
        task.rate().ifPresent(rate -> config.put("alpha", rate));
        return config;
    }

    private static Map<String, Object> description(RlTask task, String algorithm, String command) {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("name", algorithm + " in " + task.env());
        said.put("version", String.join(" ", new Main.Version().getVersion()));
        said.put("command", command);
        said.put("seed", task.seed());
        said.put("machine", MachineInfo.of(Threads.vectorUnit()).toMap());
        return said;
    }

    @Override
    public void done(long done, long all, double value) {
        progress.show(done, all, value);
    }

    @Override
    public RlCurve begins(Agent<?, ?> agent) {
        var curve = new RlCurve();
        if (run.resumed().isPresent()) {
            Checkpoint from = run.resumed().get();
            try {
                agent.load(from.folder().resolve(AGENT));
                readCurve(curve);
            } catch (IOException e) {
                throw new UncheckedIOException("[resume] could not read " + from.folder(), e);
            }
            saved = agent.steps();
        }
        return curve;
    }

    /// The log has been taken back to the step of the checkpoint.
    private void readCurve(RlCurve curve) throws IOException {
        var mapper = new ObjectMapper();
        for (String line : Files.readAllLines(run.path().resolve("metrics.jsonl"))) {
            JsonNode values = mapper.readTree(line);
            curve.add(values.path("step").asDouble(), values.path(RETURN).asDouble(Double.NaN));
        }
    }

    @Override
    public void reached(Agent<?, ?> agent) {
        Progress at = agent.progress();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(RETURN, at.meanReturn());
        metrics.put("mean_length", at.meanLength());
        metrics.put("episodes", (double) at.episodes());
        metrics.putAll(at.losses());
        // There is no mean before the first episode ends.
        metrics.values().removeIf(value -> !Double.isFinite(value));
        run.log(at.steps(), metrics);
        long every = Math.max(1, task.steps() / SAVES);
        if (at.steps() / every != Math.max(0, saved) / every) {
            save(agent);
        }
    }

    @Override
    public void ended(Agent<?, ?> agent) {
        if (saved != agent.steps()) {
            save(agent);
        }
    }

    private void save(Agent<?, ?> agent) {
        saved = agent.steps();
        run.checkpoint(saved, folder -> agent.save(folder.resolve(AGENT)));
    }

    /// Seconds of learning, those before it was killed included.
    double seconds() {
        return run.elapsed();
    }

    @Override
    public void close() {
        progress.done();
        run.close();
    }
}
