package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// One element for each, made by several threads and given in order: the same elements as on one thread. The threads
/// read nothing; who asks for the next element also hands out the work.
record ParallelMap<T, R>(Stage<T> upstream, String description, Function<? super T, ? extends R> function, int threads)
        implements Stage<R> {
    private static final int SPACING = 64;

    ParallelMap {
        Checks.positive("map", "threads", threads);
    }

    @Override
    public Cursor<R> open(long epoch) {
        return new Ordered(Trail.open(upstream, SPACING, epoch));
    }

    @Override
    public Cursor<R> restore(JsonNode state) {
        return new Ordered(Trail.resume(upstream, SPACING, state));
    }

    private record Work<R>(Origin origin, Future<R> result) {}

    private final class Ordered implements Cursor<R> {
        private final Trail<T> trail;
        private final ArrayDeque<Work<R>> inOrder = new ArrayDeque<>();
        private final List<Thread> made = new CopyOnWriteArrayList<>();
        private final ExecutorService workers = Executors.newFixedThreadPool(threads, this::thread);
        private boolean ended;

        Ordered(Trail<T> trail) {
            this.trail = trail;
        }

        private Thread thread(Runnable work) {
            var thread = Thread.ofPlatform()
                    .daemon()
                    .name("torrefy-map-" + (made.size() + 1))
                    .unstarted(work);
            made.add(thread);
            return thread;
        }

        @Override
        public Optional<Item<R>> next() {
            while (!ended && inOrder.size() < 2 * threads) {
                var item = trail.next();
                ended = item.isEmpty();
                item.ifPresent(one ->
                        inOrder.add(new Work<>(one.origin(), workers.submit(() -> function.apply(one.value())))));
            }
            if (inOrder.isEmpty()) {
                workers.shutdown();
                return Optional.empty();
            }
            var work = inOrder.element();
            R result = result(work);
            inOrder.remove();
            trail.forget(trail.index() - inOrder.size());
            return Optional.of(new Item<>(work.origin(), result));
        }

        private R result(Work<R> work) {
            try {
                return work.result().get();
            } catch (ExecutionException e) {
                throw Transforms.failed(description, work.origin(), e.getCause() == null ? e : e.getCause());
            } catch (InterruptedException e) {
                throw Interrupts.interrupted(description, e);
            }
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = newState();
            trail.save(state, trail.index() - inOrder.size());
            return state;
        }

        @Override
        public void close() {
            workers.shutdownNow();
            inOrder.clear();
            trail.close();
            Interrupts.awaitEnd(description, this::ended);
        }

        /// A pool counts as terminated a moment before its last thread is gone.
        private boolean ended(long time, TimeUnit unit) throws InterruptedException {
            if (!workers.awaitTermination(time, unit)) {
                return false;
            }
            for (Thread thread : made) {
                if (!thread.join(Duration.of(time, unit.toChronoUnit()))) {
                    return false;
                }
            }
            return true;
        }
    }
}
