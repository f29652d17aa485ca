package io.torrefy.tensor.internal.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/// A job of several phases, each a number of tasks; the tasks of a phase begin when all tasks of the one before have
/// ended. Threads enter once and pass from phase to phase by spinning, which costs a fraction of a microsecond where a
/// job of its own for every phase costs several. A thread that comes late, or not at all, holds up nobody: the others
/// do its tasks. The object is used again and again and allocates nothing.
///
/// The tasks of a phase are dealt out in equal ranges, one a thread, so that in the next run of the same phase a thread
/// finds in its cache what it read in the last; who has finished his own takes from the others'. A range is one number,
/// `run | phase | next task`, that only grows. A thread takes a task by adding one to the number that it saw; so a
/// thread that was held up in between, be it into another run, takes nothing.
abstract class Phases implements Parallel.Work {
    private static final int TASK_BITS = 20;
    private static final int PHASE_BITS = 12;
    private static final int TASK = (1 << TASK_BITS) - 1;
    private static final int CLOSED = (1 << PHASE_BITS) - 1;
    /// Places between two ranges, so that they lie in different cache lines.
    private static final int APART = 16;
    /// Phases that there may be.
    static final int MOST = CLOSED - 1;

    private AtomicLongArray ranges = new AtomicLongArray(APART);
    private final AtomicInteger done = new AtomicInteger();
    private volatile @Nullable Throwable failure;
    private int threads;
    private int run;

    /// Number of phases of this run, up to `MOST`.
    abstract int phases();

    /// Number of tasks of a phase of this run, 1 to 2^20 - 1.
    abstract int tasks(int phase);

    /// Runs a task. Which thread runs which is open, so it must write only what is its own.
    abstract void task(int phase, int task);

    /// The most tasks that a phase has.
    final int widest() {
        int most = 0;
        for (int phase = 0; phase < phases(); phase++) {
            most = Math.max(most, tasks(phase));
        }
        return most;
    }

    final void runAlone() {
        for (int phase = 0; phase < phases(); phase++) {
            int count = tasks(phase);
            for (int task = 0; task < count; task++) {
                task(phase, task);
            }
        }
    }

    /// Makes a run ready for up to `most` threads. Only while none is under way.
    final void start(int most) {
        if (ranges.length() < most * APART) {
            ranges = new AtomicLongArray(most * APART);
        }
        threads = most;
        run++;
        failure = null;
        Parallel.inside(true);
        open(0);
        Parallel.inside(false);
    }

    /// Deals out the tasks of a phase. One of a single task is run at once: nobody else could help.
    private void open(int from) {
        int phase = from;
        for (; phase < phases() && tasks(phase) == 1; phase++) {
            attempt(phase, 0);
        }
        int shown = phase < phases() ? phase : CLOSED;
        int count = phase < phases() ? tasks(phase) : 0;
        for (int t = threads - 1; t >= 0; t--) {
            ranges.set(t * APART, ((long) run << PHASE_BITS | shown) << TASK_BITS | first(t, count));
        }
    }

    /// The first task of a range. Range 0 is never empty; it is opened last, so a phase cannot end, and the next be
    /// opened, before this one has been opened whole.
    private int first(int thread, int count) {
        return (int) Math.ceilDiv((long) count * thread, (long) threads);
    }

    @Override
    public final void work(int thread) {
        Parallel.inside(true);
        AtomicLongArray all = ranges;
        int own = thread % threads;
        for (int spin = 0; ; ) {
            int phase = phase(all.get(own * APART));
            if (phase == CLOSED) {
                break;
            }
            boolean worked = take(all, phase, own);
            for (int other = 1; !worked && other < threads; other++) {
                worked = take(all, phase, (own + other) % threads);
            }
            if (worked) {
                spin = 0;
            } else {
                Parallel.pause(spin++);
            }
        }
        Parallel.inside(false);
    }

    private static int phase(long range) {
        return (int) (range >>> TASK_BITS) & CLOSED;
    }

    /// Runs a task of a range if there is one left in that phase.
    private boolean take(AtomicLongArray all, int phase, int thread) {
        long seen = all.get(thread * APART);
        int task = (int) seen & TASK;
        if (phase(seen) != phase) {
            return false;
        }
        // The count may be that of a later run, whose number then differs.
        int count = tasks(phase);
        if (task >= first(thread + 1, count) || !all.compareAndSet(thread * APART, seen, seen + 1)) {
            return false;
        }
        attempt(phase, task);
        if (done.incrementAndGet() == count) {
            done.set(0);
            open(phase + 1);
        }
        return true;
    }

    /// Tasks after one that failed are not run, but counted.
    private void attempt(int phase, int task) {
        if (failure == null) {
            try {
                task(phase, task);
            } catch (Throwable t) {
                failure = t;
            }
        }
    }

    final void rethrow() {
        Parallel.rethrow(failure);
    }
}
