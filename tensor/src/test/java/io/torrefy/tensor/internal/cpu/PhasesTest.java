package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PhasesTest {
    private final int before = Parallel.threads();

    @AfterEach
    void restore() {
        Parallel.threads(before);
    }

    /// Counts what ran, and what ran too early.
    private static final class Counting extends Phases {
        int[] counts = {};
        AtomicIntegerArray[] ran = {};
        AtomicIntegerArray ended = new AtomicIntegerArray(0);
        final AtomicInteger early = new AtomicInteger();
        int failing = -1;

        void expect(int[] tasks) {
            counts = tasks;
            ran = new AtomicIntegerArray[tasks.length];
            ended = new AtomicIntegerArray(tasks.length);
            for (int i = 0; i < tasks.length; i++) {
                ran[i] = new AtomicIntegerArray(tasks[i]);
            }
        }

        @Override
        int phases() {
            return counts.length;
        }

        @Override
        int tasks(int phase) {
            return counts[phase];
        }

        @Override
        void task(int phase, int task) {
            if (phase > 0 && ended.get(phase - 1) != counts[phase - 1] || ended.get(phase) == counts[phase]) {
                early.incrementAndGet();
            }
            if (phase == failing) {
                throw new IllegalStateException("task " + task);
            }
            ran[phase].incrementAndGet(task);
            ended.incrementAndGet(phase);
        }

        void check() {
            assertThat(early).hasValue(0);
            for (int phase = 0; phase < counts.length; phase++) {
                for (int task = 0; task < counts[phase]; task++) {
                    assertThat(ran[phase].get(task))
                            .as("phase %d, task %d", phase, task)
                            .isEqualTo(1);
                }
            }
        }
    }

    @Test
    void everyTaskRunsOnceAndNoneBeforeItsPhase() {
        Random random = new Random(1);
        Counting phases = new Counting();
        for (int threads : new int[] {1, 2, 3, 7}) {
            Parallel.threads(threads);
            for (int run = 0; run < 200; run++) {
                int[] tasks = new int[1 + random.nextInt(12)];
                for (int i = 0; i < tasks.length; i++) {
                    tasks[i] = 1 + random.nextInt(random.nextBoolean() ? 3 : 20);
                }
                phases.expect(tasks);
                Parallel.run(phases);
                phases.check();
            }
        }
    }

    /// A shared object with shapes that change from run to run, as fast as it goes.
    @Test
    void aThreadThatIsLateTakesNothingOfAnotherRun() {
        Parallel.threads(3);
        int[] sum = new int[64];
        Phases phases = new Phases() {
            @Override
            int phases() {
                return 3;
            }

            @Override
            int tasks(int phase) {
                return phase == 1 ? 64 : 2 + (sum[0] + phase) % 3;
            }

            @Override
            void task(int phase, int task) {
                if (phase == 1) {
                    sum[task]++;
                }
            }
        };
        int runs = 20_000;
        for (int i = 0; i < runs; i++) {
            Parallel.run(phases);
        }
        for (int s : sum) {
            assertThat(s).isEqualTo(runs);
        }
    }

    @Test
    void aTaskThatFailsFailsTheRunAndOnlyThat() {
        Parallel.threads(2);
        Counting phases = new Counting();
        for (int failing : new int[] {0, 1, 2}) {
            phases.failing = failing;
            phases.expect(new int[] {3, 1, 9});
            assertThatThrownBy(() -> Parallel.run(phases)).hasMessageStartingWith("task ");
            phases.failing = -1;
            phases.expect(new int[] {3, 1, 9});
            Parallel.run(phases);
            phases.check();
        }
    }
}
