package io.torrefy.data;

import java.util.concurrent.TimeUnit;

/// Waiting for threads, and being woken from it.
final class Interrupts {
    private static final long SECONDS = 10;

    private Interrupts() {}

    /// Waits for a time until something has ended; says whether it has.
    interface Wait {
        boolean until(long time, TimeUnit unit) throws InterruptedException;
    }

    /// An interrupted thread stays so, and whoever asked for an element is told.
    static DatasetException interrupted(String stage, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new DatasetException("[" + stage + "] was interrupted while it waited for an element", cause);
    }

    /// Waits for threads that were told to end, even where this one is interrupted.
    static void awaitEnd(String stage, Wait wait) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        boolean ended = false;
        while (!ended && System.nanoTime() < deadline) {
            try {
                ended = wait.until(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            throw new DatasetException("[" + stage + "] expected its threads to end within " + SECONDS
                    + " s of being interrupted; got threads that go on. Hint: a function must not swallow interrupts.");
        }
    }
}
