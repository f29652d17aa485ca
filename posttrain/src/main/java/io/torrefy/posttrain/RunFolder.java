package io.torrefy.posttrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.torrefy.data.EventWriter;
import io.torrefy.data.JsonLinesWriter;
import io.torrefy.export.Export;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The folder of one run: everything a person wants to see of it, and everything it needs to go on after a kill.
///
/// ```
/// config.json               the resolved configuration
/// recipe.yaml               the resolved recipe, of a run that has one
/// run.json                  who ran it: version, command, seed, machine, when it began
/// metrics.jsonl             a line a step: step, the metrics, time (Unix seconds), elapsed (seconds of running)
/// samples.jsonl             completions with their rewards broken down
/// events.out.tfevents.*     the same for TensorBoard
/// checkpoints/step-000123/  state of the run, with a manifest of checksums; checkpoints/latest names the newest
/// result.json               what came of it, written at the end
/// report.html               see Report
/// ```
///
/// One process at a time has a folder open. **Log everything of a step before its checkpoint**: on resuming, the
/// logs are taken back to the step of the checkpoint, so that a run that was killed any number of times leaves the
/// files of one that was not, except for `time`, `elapsed` and metrics that measure time. Safe for use by several
/// threads.
///
/// Failures are [RunException]s; a failed write leaves everything written before as it was.
@Export(value = "posttrain.RunFolder", since = "0.1")
public final class RunFolder implements AutoCloseable {
    private static final String CONFIG = "config.json";
    private static final String RECIPE = "recipe.yaml";
    private static final String METRICS = "metrics.jsonl";
    private static final String SAMPLES = "samples.jsonl";
    private static final String RESULT = "result.json";
    private static final String RUN = "run.json";

    private final Path folder;
    private final RunLock lock;
    private final InstantSource clock;
    private final Checkpoints checkpoints;
    private final List<String> notes = new ArrayList<>();
    private final Set<String> sampledForEvents = new TreeSet<>();
    private final boolean resume;
    private final Optional<Checkpoint> resumed;
    private final double elapsedBefore;
    private final Instant opened;
    private final JsonLinesWriter metrics;
    private final JsonLinesWriter samples;
    private final Trouble.Watch watch;
    private Consumer<? super Trouble> onTrouble = _ -> {};
    private Optional<EventWriter> events = Optional.empty();
    private int keep = 3;
    private boolean stale;

    private RunFolder(Path folder, RunLock lock, boolean resume, InstantSource clock) throws IOException {
        this.folder = folder;
        this.lock = lock;
        this.resume = resume;
        this.clock = clock;
        this.checkpoints = new Checkpoints(folder);
        if (!resume && holdsRun()) {
            throw new RunException("[run] expected an empty folder for a new run; " + folder + " holds a run already."
                    + " Hint: continue it with --resume, or choose another folder with --out.");
        }
        AtomicFiles.sweep(folder);
        checkpoints.sweep();
        this.resumed = checkpoints.latest(notes::add);
        long lastStep = resumed.map(Checkpoint::step).orElse(-1L);
        checkpoints.setAsideBeyond(lastStep);
        this.elapsedBefore = RunLog.takeBack(folder.resolve(METRICS), lastStep);
        RunLog.takeBack(folder.resolve(SAMPLES), lastStep);
        RunLog.takeBackEvents(folder, lastStep);
        this.watch = RunData.watch(folder.resolve(METRICS));
        this.stale = Files.exists(folder.resolve(RESULT));
        this.opened = clock.instant();
        this.metrics = JsonLinesWriter.open(folder.resolve(METRICS));
        try {
            this.samples = JsonLinesWriter.open(folder.resolve(SAMPLES));
        } catch (IOException e) {
            metrics.close();
            throw e;
        }
    }

    private boolean holdsRun() throws IOException {
        for (var name : List.of(CONFIG, METRICS, SAMPLES, RESULT)) {
            if (Files.exists(folder.resolve(name))) {
                return true;
            }
        }
        return !checkpoints.isEmpty();
    }

    /// Makes the folder `runs/NAME-N` with the first number beyond those there are.
    public static Path create(Path runs, String name) {
        try {
            Files.createDirectories(runs);
            for (long n = lastNumber(runs, name) + 1; ; n++) {
                try {
                    return Files.createDirectory(runs.resolve(name + "-" + n));
                } catch (FileAlreadyExistsException _) {
                    // another run took this number a moment ago
                }
            }
        } catch (IOException e) {
            throw RunException.of("create a run folder in " + runs, e);
        }
    }

    /// The folder `runs/NAME-N` with the greatest number: the one to go on with where none is named.
    public static Optional<Path> last(Path runs, String name) {
        try {
            long n = lastNumber(runs, name);
            return n == 0 ? Optional.empty() : Optional.of(runs.resolve(name + "-" + n));
        } catch (IOException e) {
            throw RunException.of("look for runs in " + runs, e);
        }
    }

    private static long lastNumber(Path runs, String name) throws IOException {
        if (!Files.isDirectory(runs)) {
            return 0;
        }
        var pattern = Pattern.compile(Pattern.quote(name) + "-(\\d{1,9})");
        try (var entries = Files.list(runs)) {
            return entries.map(entry -> pattern.matcher(AtomicFiles.name(entry)))
                    .filter(Matcher::matches)
                    .map(match -> Long.parseLong(match.group(1)))
                    .max(Comparator.naturalOrder())
                    .orElse(0L);
        }
    }

    /// Opens `folder`, which is created where it does not exist, and locks it until [#close].
    ///
    /// A new run (`resume` is false) needs a folder that holds none. With `resume` the run goes on from [#resumed],
    /// or from its beginning where no checkpoint is whole; the logs are taken back to there.
    ///
    /// @throws RunException where another process has the folder, it holds a run, or cannot be written
    public static RunFolder open(Path folder, boolean resume) {
        return open(folder, resume, InstantSource.system());
    }

    static RunFolder open(Path folder, boolean resume, InstantSource clock) {
        try {
            Files.createDirectories(folder);
            var lock = RunLock.acquire(folder);
            try {
                return new RunFolder(folder, lock, resume, clock);
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (FileAlreadyExistsException _) {
            throw new RunException(
                    "[run] expected a folder; " + folder + " is a file. Hint: choose another with --out.");
        } catch (IOException e) {
            throw RunException.of("open the run folder " + folder, e);
        }
    }

    /// The newest whole checkpoint of the run in `folder`, which may be open in another process.
    public static Optional<Checkpoint> latestCheckpoint(Path folder) {
        try {
            return new Checkpoints(folder).latest(_ -> {});
        } catch (IOException e) {
            throw RunException.of("read the checkpoints of " + folder, e);
        }
    }

    /// The folder itself.
    public Path path() {
        return folder;
    }

    /// The checkpoint to go on from; empty for a new run and for one that was killed before its first checkpoint.
    public Optional<Checkpoint> resumed() {
        return resumed;
    }

    /// What the user should be told about opening the folder: which damaged checkpoints were passed over.
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /// Has signs of trouble told as they begin to show in what is logged. A resumed run does not say again what it
    /// said before its checkpoint.
    public synchronized RunFolder onTrouble(Consumer<? super Trouble> listener) {
        onTrouble = listener;
        return this;
    }

    /// Sets how many checkpoints are kept, at least 1; 3 by default.
    public RunFolder keep(int newest) {
        if (newest < 1) {
            throw new IllegalArgumentException("[run] expected to keep at least 1 checkpoint; got " + newest + ".");
        }
        keep = newest;
        return this;
    }

    /// Writes `config.json`. A resumed run must have the configuration it was started with, but for the settings
    /// named in `mayChange` (dotted names: `rollout.threads`): its results would belong to neither configuration.
    ///
    /// @throws RunException which names every setting that differs
    public void config(Map<String, ?> resolved, Set<String> mayChange) {
        JsonNode now = RunJson.MAPPER.valueToTree(resolved);
        try {
            var before = RunJson.read(folder.resolve(CONFIG));
            if (resumed.isPresent() && !before.isMissingNode()) {
                requireSame(RunJson.leaves(before), RunJson.leaves(now), mayChange);
            }
            RunJson.write(folder.resolve(CONFIG), now);
        } catch (IOException e) {
            throw failed("write " + CONFIG, e);
        }
    }

    /// Writes `recipe.yaml`: a recipe that makes this run again.
    public void recipe(String resolved) {
        try {
            AtomicFiles.write(folder.resolve(RECIPE), resolved.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw failed("write " + RECIPE, e);
        }
    }

    private void requireSame(Map<String, JsonNode> before, Map<String, JsonNode> now, Set<String> mayChange) {
        var names = new TreeSet<>(before.keySet());
        names.addAll(now.keySet());
        names.removeAll(mayChange);
        var changes = new ArrayList<String>();
        for (var name : names) {
            var was = Optional.ofNullable(before.get(name));
            var is = Optional.ofNullable(now.get(name));
            if (!was.map(JsonNode::toString).equals(is.map(JsonNode::toString))) {
                changes.add(name + " was " + was.map(JsonNode::toString).orElse("not set") + ", now is "
                        + is.map(JsonNode::toString).orElse("not set"));
            }
        }
        if (!changes.isEmpty()) {
            throw new RunException("[run] expected the configuration that " + folder + " was started with; "
                    + String.join("; ", changes) + ". Hint: resume with the same settings, or start a new run.");
        }
    }

    /// Writes `run.json`: name, version, commit, command, seed, machine and the like, as [Report] shows them.
    /// `started` and the count of `resumes` are added.
    public void describe(Map<String, ?> run) {
        var file = folder.resolve(RUN);
        try {
            var before = resume ? RunJson.read(file) : MissingNode.getInstance();
            var all = new LinkedHashMap<String, Object>(run);
            all.put(
                    "started",
                    before.path("started")
                            .asText(opened.truncatedTo(ChronoUnit.SECONDS).toString()));
            all.put(
                    "resumes",
                    before.isMissingNode() ? 0 : before.path("resumes").asInt() + 1);
            RunJson.write(file, all);
        } catch (IOException e) {
            throw failed("write " + RUN, e);
        }
    }

    /// Logs the metrics of `step`, in their order, to `metrics.jsonl` and to TensorBoard. A step may log several
    /// times.
    public synchronized void log(long step, Map<String, Double> values) {
        var now = clock.instant();
        var line = new LinkedHashMap<String, Object>();
        line.put("step", step);
        line.putAll(values);
        line.put("time", BigDecimal.valueOf(now.toEpochMilli(), 3));
        line.put("elapsed", elapsedBefore + opened.until(now, ChronoUnit.MILLIS) / 1e3);
        try {
            dropStaleResult();
            metrics.append(line);
            for (var value : values.entrySet()) {
                events().scalar(value.getKey(), step, value.getValue());
            }
            events().flush();
            watch.log(step, values).forEach(onTrouble);
        } catch (IOException e) {
            throw failed("log the metrics of step " + step, e);
        }
    }

    /// Logs a distribution to TensorBoard.
    public synchronized void histogram(String tag, long step, double[] values) {
        try {
            events().histogram(tag, step, values);
        } catch (IOException e) {
            throw failed("log the histogram " + tag + " of step " + step, e);
        }
    }

    /// Logs a completion to `samples.jsonl`; the first of a step and phase also goes to TensorBoard.
    public synchronized void sample(RunSample sample) {
        try {
            samples.append(sample.toJson());
            if (sampledForEvents.add(sample.phase() + "/" + sample.step())) {
                events().text("samples/" + sample.phase(), sample.step(), sample.toMarkdown());
                events().flush();
            }
        } catch (IOException e) {
            throw failed("log a sample of step " + sample.step(), e);
        }
    }

    /// Opened with the first event: a run that fails before it leaves no empty file.
    private EventWriter events() throws IOException {
        if (events.isEmpty()) {
            events = Optional.of(EventWriter.open(folder, clock));
        }
        return events.get();
    }

    /// The result of a finished run is none of one that went on.
    private void dropStaleResult() throws IOException {
        if (stale) {
            Files.deleteIfExists(folder.resolve(RESULT));
            stale = false;
        }
    }

    /// Writes contents into the folder it is given, which is empty.
    @FunctionalInterface
    public interface FolderWriter {
        /// Writes everything below `folder`.
        void write(Path folder) throws IOException;
    }

    /// Saves the state after `step` steps: `writer` fills an empty folder, which becomes a checkpoint only once all
    /// of it is on the disk. Where the writer fails, the earlier checkpoints stay as they are. Older ones than
    /// [#keep] says are deleted afterwards.
    public synchronized Checkpoint checkpoint(long step, FolderWriter writer) {
        try {
            metrics.sync();
            samples.sync();
            return checkpoints.save(step, keep, writer::write);
        } catch (IOException e) {
            throw failed("save the checkpoint of step " + step, e);
        }
    }

    /// The newest whole checkpoint.
    public Optional<Checkpoint> latest() {
        return latestCheckpoint(folder);
    }

    /// Writes the folder `name` whole or not at all, replacing an older one: the final model, for example.
    public Path publish(String name, FolderWriter writer) {
        try {
            var target = folder.resolve(name);
            AtomicFiles.writeFolder(target, writer::write);
            return target;
        } catch (IOException e) {
            throw failed("write " + name, e);
        }
    }

    /// Writes `result.json`, which marks the run as finished.
    public synchronized void result(Map<String, ?> result) {
        try {
            RunJson.write(folder.resolve(RESULT), result);
            stale = false;
        } catch (IOException e) {
            throw failed("write " + RESULT, e);
        }
    }

    /// Seconds the run has been running, the time before it was resumed included and pauses left out.
    public double elapsed() {
        return elapsedBefore + opened.until(clock.instant(), ChronoUnit.MILLIS) / 1e3;
    }

    private RunException failed(String what, IOException e) {
        return RunException.of(what + " in " + folder, e);
    }

    /// Closes the logs and lets go of the folder.
    @Override
    public synchronized void close() {
        try (lock;
                metrics;
                samples) {
            if (events.isPresent()) {
                events.get().close();
            }
        } catch (IOException e) {
            throw failed("close the logs", e);
        }
    }
}
