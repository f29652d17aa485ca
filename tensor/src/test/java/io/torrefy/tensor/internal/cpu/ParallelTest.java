package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {
    private final int threadsBefore = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threadsBefore);
    }

    private static void checkOnce(AtomicIntegerArray counts) {
        for (int i = 0; i < counts.length(); i++) {
            assertThat(counts.get(i)).as("task %d", i).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void runsEveryTaskOnce(int threads) {
        Parallel.threads(threads);
        for (int tasks : new int[] {0, 1, 2, 7, 1000}) {
            for (int repeat = 0; repeat < 50; repeat++) {
                var counts = new AtomicIntegerArray(tasks);
                Parallel.run(tasks, counts::incrementAndGet);
                checkOnce(counts);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void throwsTheFailureOfATaskAndStaysUsable(int threads) {
        Parallel.threads(threads);
        assertThatThrownBy(() -> Parallel.run(100, task -> {
                    if (task == 41) {
                        throw new IllegalStateException("task 41");
                    }
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("task 41");
        var counts = new AtomicIntegerArray(100);
        Parallel.run(100, counts::incrementAndGet);
        checkOnce(counts);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aJobInsideAJobRunsInItsTask(int threads) {
        Parallel.threads(threads);
        var counts = new AtomicIntegerArray(60);
        Parallel.run(6, outer -> {
            Thread self = Thread.currentThread();
            Parallel.run(10, inner -> {
                assertThat(Thread.currentThread()).isSameAs(self);
                counts.incrementAndGet(outer * 10 + inner);
            });
        });
        checkOnce(counts);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void callersOnSeveralThreadsDoNotWaitForEachOther(int threads) throws InterruptedException {
        Parallel.threads(threads);
        var counts = new AtomicIntegerArray(4 * 500);
        Thread[] callers = new Thread[4];
        for (int c = 0; c < callers.length; c++) {
            int offset = c * 500;
            callers[c] = Thread.ofPlatform().start(() -> {
                for (int repeat = 0; repeat < 50; repeat++) {
                    int first = offset + repeat * 10;
                    Parallel.run(10, task -> counts.incrementAndGet(first + task));
                }
            });
        }
        for (Thread caller : callers) {
            caller.join();
        }
        checkOnce(counts);
    }
}
