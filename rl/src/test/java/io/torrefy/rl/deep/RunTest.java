package io.torrefy.rl.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.nn.Safetensors;
import io.torrefy.tensor.Memory;
import io.torrefy.tensor.MemoryStats;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs are reproducible, go on where they were saved, and take no more memory the longer they are.
class RunTest {
    @TempDir
    Path folder;

    /// Everything that a run is, down to the bit.
    private Map<String, String> state(Agent<?, ?> agent) throws IOException {
        Path file = Files.createTempFile(folder, "state", ".safetensors");
        agent.save(file);
        var all = new LinkedHashMap<String, String>();
        try (Scope _ = Scope.open()) {
            Safetensors.read(file).forEach((name, tensor) -> all.put(name, bits(tensor.toDoubles())));
        }
        return all;
    }

    private static String bits(double[] values) {
        var text = new StringBuilder();
        for (double value : values) {
            text.append(Double.toHexString(value)).append(' ');
        }
        return text.toString();
    }

    @ParameterizedTest
    @EnumSource(Agents.class)
    void aRunGoesOnBitForBitWhereItWasSaved(Agents kind) throws IOException {
        Path file = folder.resolve("run.safetensors");
        Map<String, String> whole;
        try (Agent<?, ?> agent = kind.make(7)) {
            agent.train(333);
            agent.save(file);
            agent.train(999);
            whole = state(agent);
        }
        try (Agent<?, ?> resumed = kind.make(7)) {
            // What it did before does not matter.
            resumed.train(100);
            resumed.load(file);
            assertThat(resumed.steps()).isBetween(333L, 333L + 300);
            resumed.train(999);
            assertThat(state(resumed)).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @EnumSource(Agents.class)
    void theSeedDecidesAndTheThreadsDoNot(Agents kind) throws IOException {
        int threads = Threads.count();
        try {
            Threads.use(1);
            Map<String, String> one = run(kind, 3);
            Threads.use(3);
            assertThat(run(kind, 3)).isEqualTo(one);
            assertThat(run(kind, 4)).isNotEqualTo(one);
        } finally {
            Threads.use(threads);
        }
    }

    /// Large enough for its products to be split.
    @Test
    void norDoTheyOfALargeNetwork() throws IOException {
        int threads = Threads.count();
        try {
            Threads.use(1);
            Map<String, String> one = large();
            Threads.use(4);
            assertThat(large()).isEqualTo(one);
        } finally {
            Threads.use(threads);
        }
    }

    private Map<String, String> large() throws IOException {
        var settings = Dqn.settings()
                .hidden(256, 256)
                .batchSize(512)
                .learningStarts(50)
                .trainEvery(5)
                .doubleQ(true);
        try (var agent = Dqn.of(Agents::world, settings)) {
            agent.train(300);
            return state(agent);
        }
    }

    private Map<String, String> run(Agents kind, long seed) throws IOException {
        try (Agent<?, ?> agent = kind.make(seed)) {
            agent.train(600);
            return state(agent);
        }
    }

    @ParameterizedTest
    @EnumSource(Agents.class)
    void aLongRunTakesTheMemoryOfAShortOne(Agents kind) {
        try (Agent<?, ?> agent = kind.make(1)) {
            agent.train(1500);
            // Other tests' tensors that the collector is still to free.
            System.gc();
            MemoryStats before = Memory.stats();
            agent.train(4500);
            MemoryStats after = Memory.stats();
            assertThat(after.allocations()).as("tensors were made").isGreaterThan(before.allocations() + 500);
            assertThat(after.liveStorages()).as("storages").isLessThanOrEqualTo(before.liveStorages());
            assertThat(after.liveBytes()).as("bytes").isLessThanOrEqualTo(before.liveBytes());
            assertThat(after.collectedLate()).as("tensors outside scopes").isEqualTo(before.collectedLate());
        }
    }

    @Test
    void anotherRunsCheckpointIsRefused() throws IOException {
        Path file = folder.resolve("run.safetensors");
        try (Agent<?, ?> agent = Agents.DQN.make(1)) {
            agent.save(file);
        }
        try (Agent<?, ?> other = Agents.DOUBLE_DUELLING_DQN.make(1)) {
            assertThatThrownBy(() -> other.load(file))
                    .hasMessageContaining("expected the settings of the saved run")
                    .hasMessageContaining("duelling=true");
        }
        try (Agent<?, ?> other = Agents.A2C.make(1)) {
            assertThatThrownBy(() -> other.load(file)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> Ppo.settings().gamma(1.1)).hasMessage("[ppo] expected gamma in [0, 1]; got 1.1.");
        assertThatThrownBy(() -> Dqn.settings().batchSize(0))
                .hasMessage("[dqn] expected batchSize of at least 1; got 0.");
        assertThatThrownBy(() ->
                        Ppo.of(Agents::world, Ppo.settings().rolloutSteps(1).environments(1)))
                .hasMessageContaining("steps a rollout for each mini-batch of at least 2; got 0");
        assertThatThrownBy(
                        () -> Reinforce.of(Agents::world, Reinforce.settings().environments(2)))
                .hasMessageContaining("expected one environment");
    }
}
