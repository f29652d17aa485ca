package io.torrefy.data.internal;

import io.torrefy.tensor.Threads;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Splits a range into blocks of a fixed size and works on them with [Threads#count()] threads. As the blocks do not
/// depend on the number of threads, neither does what comes out.
public final class Blocks {
    private static final int SIZE = 1 << 14;

    private Blocks() {}

    /// The work on one block.
    @FunctionalInterface
    public interface Body {
        /// On `from` to `to`, without the latter.
        void run(int from, int to);
    }

    /// Runs `body` over `0..n`. If blocks fail, the exception of the first one is thrown.
    public static void run(int n, Body body) {
        int blocks = (n + SIZE - 1) / SIZE;
        int helpers = Math.min(Threads.count(), blocks) - 1;
        if (helpers <= 0) {
            body.run(0, n);
            return;
        }
        var work = new Work(n, blocks, body);
        for (int i = 0; i < helpers; i++) {
            ForkJoinPool.commonPool().execute(work);
        }
        work.run();
        work.await();
    }

    /// Blocks are taken in order, so no block before one that failed is left undone.
    private static final class Work implements Runnable {
        private final int n;
        private final int blocks;
        private final Body body;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger failures = new AtomicInteger();
        private final AtomicReferenceArray<RuntimeException> failed;
        private final CountDownLatch open;

        Work(int n, int blocks, Body body) {
            this.n = n;
            this.blocks = blocks;
            this.body = body;
            failed = new AtomicReferenceArray<>(blocks);
            open = new CountDownLatch(blocks);
        }

        @Override
        public void run() {
            for (int b = next.getAndIncrement(); b < blocks; b = next.getAndIncrement()) {
                try {
                    if (failures.get() == 0) {
                        body.run(b * SIZE, Math.min(n, (b + 1) * SIZE));
                    }
                } catch (RuntimeException e) {
                    failed.set(b, e);
                    failures.incrementAndGet();
                } finally {
                    open.countDown();
                }
            }
        }

        /// A helper that never got to run is not waited for: only blocks are.
        void await() {
            boolean interrupted = false;
            while (true) {
                try {
                    open.await();
                    break;
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            for (int b = 0; failures.get() > 0 && b < blocks; b++) {
                var e = failed.get(b);
                if (e != null) {
                    throw e;
                }
            }
        }
    }
}
