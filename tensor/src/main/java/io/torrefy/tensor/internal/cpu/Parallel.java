package io.torrefy.tensor.internal.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A fixed pool of platform threads that runs the numbered tasks of one job at a time. Tasks are handed out by a
/// counter, so which thread runs which task is open, and a task must write only what is its own: then the result is
/// the same on any number of threads. Workers spin for a moment after a job, then park. The caller waits for tasks,
/// not for workers: on a busy machine it does the work of a worker that wakes too late.
///
/// The size is `-Dtorrefy.threads=N` or the number of processors, and can be changed between jobs with
/// `threads(n)`.
public final class Parallel {
    private static final int SPINS = 20_000;
    private static final int SPINS_TO_YIELD = 64;
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
    private static volatile int threads = Math.max(
            1, Integer.getInteger("torrefy.threads", Runtime.getRuntime().availableProcessors()));
    private static Worker[] workers = new Worker[0];

    private Parallel() {}

    /// Number of threads a job may use, the caller included.
    public static int threads() {
        return threads;
    }

    /// Sets the number of threads for the jobs that follow.
    ///
    /// @throws IllegalArgumentException if n < 1
    public static void threads(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("[threads] expected a positive number of threads; got " + n);
        }
        threads = n;
    }

    /// Runs `body` for 0 .. tasks-1 and returns when all have run. Runs in the caller alone when there is one task
    /// or one thread, when it is called from inside a task, and when the pool is busy with the job of another
    /// caller. The first exception of a task is thrown to the caller.
    public static void run(int tasks, IntConsumer body) {
        int most = Math.min(threads, tasks);
        if (most <= 1 || INSIDE.get() || !LOCK.tryLock()) {
            for (int i = 0; i < tasks; i++) {
                body.accept(i);
            }
            return;
        }
        try {
            Job job = new Job(tasks, body);
            hire(most - 1);
            for (int i = 0; i < most - 1; i++) {
                workers[i].give(job);
            }
            job.work(0);
            job.await();
        } finally {
            LOCK.unlock();
        }
    }

    /// One turn of a waiting loop; every so often it offers the processor to threads that have work.
    static void pause(int spin) {
        if (spin % SPINS_TO_YIELD == SPINS_TO_YIELD - 1) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    private static void hire(int helpers) {
        if (workers.length < helpers) {
            Worker[] more = java.util.Arrays.copyOf(workers, helpers);
            for (int i = workers.length; i < helpers; i++) {
                more[i] = new Worker(i);
                more[i].thread.start();
            }
            workers = more;
        }
    }

    /// Runs a job of several phases: see [Phases]. Alone in the caller in the cases of [#run].
    static void run(Phases phases) {
        int most = Math.min(threads, phases.widest());
        if (most <= 1 || INSIDE.get() || !LOCK.tryLock()) {
            phases.runAlone();
            return;
        }
        try {
            hire(most - 1);
            phases.start(most);
            for (int i = 0; i < most - 1; i++) {
                workers[i].give(phases);
            }
            phases.work(0);
        } finally {
            LOCK.unlock();
        }
        phases.rethrow();
    }

    /// Whether this thread is running a task.
    static void inside(boolean is) {
        INSIDE.set(is);
    }

    /// What a worker takes part in.
    interface Work {
        /// Runs tasks until none is left, as the thread of that number: 0 is the caller. Never throws.
        void work(int thread);
    }

    private static final class Job implements Work {
        final int tasks;
        final IntConsumer body;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final Thread caller = Thread.currentThread();
        volatile @Nullable Throwable failure;

        Job(int tasks, IntConsumer body) {
            this.tasks = tasks;
            this.body = body;
        }

        /// Runs tasks until none is left. A task that is not run because one before it failed counts as done.
        @Override
        public void work(int thread) {
            INSIDE.set(true);
            int ran = 0;
            try {
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                    ran++;
                    if (failure == null) {
                        body.accept(i);
                    }
                }
            } catch (Throwable t) {
                failure = t;
                while (next.getAndIncrement() < tasks) {
                    ran++;
                }
            } finally {
                INSIDE.set(false);
            }
            if (ran > 0 && done.addAndGet(ran) == tasks && Thread.currentThread() != caller) {
                LockSupport.unpark(caller);
            }
        }

        void await() {
            for (int spin = 0; done.get() < tasks; spin++) {
                if (spin < SPINS) {
                    pause(spin);
                } else {
                    LockSupport.parkNanos(this, 100_000);
                }
            }
            rethrow(failure);
        }
    }

    static void rethrow(@Nullable Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
    }

    private static final class Worker implements Runnable {
        final Thread thread;
        private final int index;
        private volatile @Nullable Work job;

        Worker(int index) {
            this.index = index;
            thread = new Thread(this, "torrefy-" + (index + 1));
            thread.setDaemon(true);
        }

        void give(Work next) {
            job = next;
            LockSupport.unpark(thread);
        }

        @Override
        public void run() {
            for (int idle = 0; ; ) {
                Work mine = job;
                if (mine != null) {
                    job = null;
                    mine.work(index + 1);
                    idle = 0;
                } else if (idle < SPINS) {
                    pause(idle++);
                } else {
                    LockSupport.park(this);
                }
            }
        }
    }
}
