package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Lora;
import io.torrefy.lm.TokenizerException;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.PackedWeights;
import io.torrefy.tensor.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole runs of a tiny model: the same bits whatever happens to them, and what goes wrong is named.
class R1ZeroTest {
    private static final int STEPS = 6;
    private static final int HELD_OUT = 4;

    private final int threads = Threads.count();

    @TempDir
    Path temporary;

    private Path base = Path.of("");

    @BeforeEach
    void writeBase() {
        base = TinyBase.write(temporary.resolve("base"), 0);
    }

    @AfterEach
    void restoreThreads() {
        Threads.use(threads);
    }

    @Test
    void weightsDoNotDependOnThreads() throws IOException {
        Threads.use(1);
        Path one = run("one", task(), TinyBase.options(STEPS, 1e-2, 1, 256, 0));
        Threads.use(2);
        Path two = run("two", task(), TinyBase.options(STEPS, 1e-2, 1, 256, 0));
        assertSameRuns(one, two);
        assertThat(Files.mismatch(one.resolve("model/model.safetensors"), base.resolve("model.safetensors")))
                .as("training moved the weights")
                .isNotNegative();
    }

    /// Stops in the first evaluation, a rollout, an evaluation on the way and the last one, with checkpoints every
    /// second step.
    @Test
    void aRunThatWasStoppedEndsAsOneThatWasNot() throws IOException {
        Grpo.Options options = TinyBase.options(STEPS, 1e-2, 2, 256, 0.04);
        Path whole = run("whole", task(), options);

        Path stopped = temporary.resolve("stopped");
        for (int judged : new int[] {2, 30, 50, 70}) {
            var left = new AtomicInteger(judged);
            Task failing = TinyBase.task((_, text) -> {
                if (left.decrementAndGet() < 0) {
                    throw new IllegalStateException("stopped here");
                }
                return TinyBase.even(text);
            });
            assertThatThrownBy(() -> run(stopped, failing, options, true)).hasMessageContaining("stopped here");
        }
        run(stopped, task(), options, true);
        assertSameRuns(whole, stopped);
    }

    /// A checkpoint holds the adapter alone, and a run goes on from it bit for bit.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void anAdaptersRunGoesOnFromTheAdapterAlone(PackedWeights.Format kept) throws IOException {
        var adapter = new R1Zero.Training(
                RolloutPlan.DEFAULT, Lora.Options.DEFAULT.withRank(3).withAlpha(6), kept);
        Grpo.Options options = TinyBase.options(STEPS, 1e-2, 2, 256, 0.04);
        Path whole = run(temporary.resolve("whole"), task(), options, adapter, false);
        Path stopped = stopped(options, adapter, whole, "adapter/adapter_model.safetensors");
        Path checkpoint = stopped.resolve("checkpoints/step-00000" + STEPS);
        assertThat(checkpoint.resolve("model.safetensors")).doesNotExist();
        assertThat(Files.size(checkpoint.resolve("adapter/adapter_model.safetensors")))
                .isLessThan(Files.size(base.resolve("model.safetensors")) / 2);

        // What is published: the adapter as PEFT has it, and the base with it merged.
        assertThat(stopped.resolve("adapter/adapter_model.safetensors"))
                .hasSameBinaryContentAs(checkpoint.resolve("adapter/adapter_model.safetensors"));
        try (CausalLm merged = CausalLm.load(base);
                Lora lora = Lora.load(merged, stopped.resolve("adapter"));
                CausalLm published = CausalLm.load(stopped.resolve("model"))) {
            lora.merge();
            TinyBase.weights(published)
                    .forEach((name, values) -> assertThat(
                                    TinyBase.weights(merged).get(name))
                            .as(name)
                            .isEqualTo(values));
        }
    }

    /// Batches that wait are in the checkpoint, groups that were thrown away leave nothing to remember.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void anAsynchronousRunGoesOnBitForBit(int staleness) throws IOException {
        RolloutPlan plan = RolloutPlan.DEFAULT
                .withMaxStaleness(staleness)
                .withFilterGroups(RolloutPlan.FilterGroups.ACC, 4)
                .withMaskTruncatedCompletions(true);
        var training = new R1Zero.Training(plan, null, PackedWeights.Format.F32);
        Grpo.Options options = TinyBase.options(STEPS, 1e-2, 1, 256, 0);
        Threads.use(1);
        Path whole = run(temporary.resolve("whole"), task(), options, training, false);
        Threads.use(2);
        Path stopped = stopped(options, training, whole, "checkpoints/step-00000" + STEPS + "/model.safetensors");
        assertThat(Report.html(stopped)).contains("Groups thrown away", "Left out of the loss");
    }

    @Test
    void aBaseOfHalfTheMemoryWantsAnAdapter() {
        assertThatThrownBy(() -> new R1Zero.Training(RolloutPlan.DEFAULT, null, PackedWeights.Format.BF16))
                .hasMessageContainingAll("adapter", "BF16", "Hint");
    }

    /// A run that is stopped again and again, held against one that was not.
    private Path stopped(Grpo.Options options, R1Zero.Training training, Path whole, String weights)
            throws IOException {
        Path stopped = temporary.resolve("stopped");
        for (int judged : new int[] {2, 30, 50, 70}) {
            var left = new AtomicInteger(judged);
            Task failing = TinyBase.task((_, text) -> {
                if (left.decrementAndGet() < 0) {
                    throw new IllegalStateException("stopped here");
                }
                return TinyBase.even(text);
            });
            assertThatThrownBy(() -> run(stopped, failing, options, training, true))
                    .hasMessageContaining("stopped here");
        }
        run(stopped, task(), options, training, true);
        assertThat(TinyBase.metrics(stopped)).isEqualTo(TinyBase.metrics(whole));
        assertThat(stopped.resolve("samples.jsonl")).hasSameTextualContentAs(whole.resolve("samples.jsonl"));
        for (String name : List.of(
                weights, "checkpoints/step-00000" + STEPS + "/optimizer.safetensors", "model/model.safetensors")) {
            assertThat(stopped.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
        }
        return stopped;
    }

    @Test
    void aRunGivesItsMemoryBack() throws IOException {
        run("warm", task(), TinyBase.options(1, 1e-2, 1, 256, 0.04));
        long before = Memory.stats().liveBytes();
        run("measured", task(), TinyBase.options(2, 1e-2, 1, 256, 0.04));
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }

    /// A learning rate that no model survives: step 1 leaves weights whose products overflow.
    @Test
    void aLossThatIsNoNumberNamesTheStepAndLeavesTheCheckpointWhole() throws IOException {
        Path folder = temporary.resolve("overflow");
        assertThatThrownBy(() -> run(folder, task(), TinyBase.options(3, 1e30, 1, 256, 0), false))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("step 2")
                .hasMessageContaining("learning rate");
        Checkpoint latest = RunFolder.latestCheckpoint(folder).orElseThrow();
        assertThat(latest.step()).isZero();
        assertThat(latest.folder().resolve("model.safetensors"))
                .hasSameBinaryContentAs(base.resolve("model.safetensors"));
    }

    @Test
    void aTokenizerThatDoesNotFitTheModelIsRefused() {
        base = TinyBase.write(temporary.resolve("small"), 9);
        assertThatThrownBy(() -> run("misfit", task(), TinyBase.options(1, 1e-2, 1, 256, 0)))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("" + (TinyBase.tokenizer().vocabSize() - 9));
    }

    @Test
    void aTokenizerWithoutAnEndIsRefused() throws IOException {
        Files.writeString(base.resolve("tokenizer_config.json"), "{}");
        assertThatThrownBy(() -> run("endless", task(), TinyBase.options(1, 1e-2, 1, 256, 0)))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("eos_token");
    }

    private static Task task() {
        return TinyBase.task((_, text) -> TinyBase.even(text));
    }

    private Path run(String name, Task task, Grpo.Options options) throws IOException {
        return run(temporary.resolve(name), task, options, false);
    }

    private Path run(Path folder, Task task, Grpo.Options options, boolean resume) throws IOException {
        return run(folder, task, options, R1Zero.Training.DEFAULT, resume);
    }

    private Path run(Path folder, Task task, Grpo.Options options, R1Zero.Training training, boolean resume)
            throws IOException {
        var settings = new R1Zero.Settings(base, task, options, Rewards.thinkAnswerFormat(), 0.1, HELD_OUT, 3, 2, 2);
        var quiet = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        try (RunFolder run = RunFolder.open(folder, resume)) {
            long done = run.resumed().map(Checkpoint::step).orElse(0L);
            try (Progress progress = Progress.start(quiet, Terminal.plain(), done, options.steps())) {
                Rewards rewards =
                        Rewards.of("accuracy", task.accuracy()).plus("format", Rewards.thinkAnswerFormat(), 0.1);
                R1Zero.Outcome outcome = R1Zero.run(settings, training, rewards, run, progress);
                assertThat(outcome.steps()).isEqualTo(options.steps());
            }
        }
        return folder;
    }

    private static void assertSameRuns(Path a, Path b) throws IOException {
        assertThat(TinyBase.metrics(b)).isEqualTo(TinyBase.metrics(a)).hasSizeGreaterThan(STEPS);
        assertThat(b.resolve("samples.jsonl")).hasSameTextualContentAs(a.resolve("samples.jsonl"));
        String last = "checkpoints/step-00000" + STEPS;
        for (String name :
                new String[] {"model/model.safetensors", last + "/model.safetensors", last + "/optimizer.safetensors"
                }) {
            assertThat(b.resolve(name)).hasSameBinaryContentAs(a.resolve(name));
        }
        try (CausalLm model = CausalLm.load(b.resolve("model"))) {
            TinyBase.weights(model).forEach((name, values) -> {
                for (float value : values) {
                    assertThat(value).as(name).isFinite();
                }
            });
        }
    }
}
