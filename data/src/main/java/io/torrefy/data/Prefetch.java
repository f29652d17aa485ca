package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// The same elements, made ahead of time by a thread of its own. What waits in the queue is not part of a state, which
/// stands after the element that was given last.
record Prefetch<T>(Stage<T> upstream, int size) implements Stage<T> {
    /// Elements between two states that the thread notes down: as many may be made again after a resume.
    private static final int SPACING = 16;

    Prefetch {
        Checks.positive("prefetch", "size", size);
    }

    @Override
    public String description() {
        return "prefetch(" + size + ")";
    }

    @Override
    public Cursor<T> open(long epoch) {
        return new Ahead(upstream.open(epoch), 0, 0);
    }

    @Override
    public Cursor<T> restore(JsonNode state) {
        var trail = Trail.resume(upstream, SPACING, state);
        return new Ahead(trail.cursor(), trail.index(), trail.index());
    }

    /// What passes from the thread to who asks.
    private sealed interface Delivery<T> {}

    private record Element<T>(Item<T> item) implements Delivery<T> {}

    private record Place<T>(ObjectNode state) implements Delivery<T> {}

    private record End<T>() implements Delivery<T> {}

    private record Failure<T>(Throwable cause) implements Delivery<T> {}

    private final class Ahead implements Cursor<T> {
        private final Cursor<T> cursor;
        private final BlockingQueue<Delivery<T>> queue = new ArrayBlockingQueue<>(size);
        private final Thread thread;
        private ObjectNode place;
        private long from;
        private long given;
        private boolean ended;

        Ahead(Cursor<T> cursor, long from, long given) {
            this.cursor = cursor;
            this.place = cursor.state();
            this.from = from;
            this.given = given;
            this.thread = Thread.ofPlatform().daemon().name("torrefy-prefetch").start(this::produce);
        }

        private void produce() {
            try {
                try {
                    for (long made = 1; put(cursor.next()); made++) {
                        if (made % SPACING == 0) {
                            queue.put(new Place<>(cursor.state()));
                        }
                    }
                } catch (RuntimeException | Error e) {
                    queue.put(new Failure<>(e));
                }
            } catch (InterruptedException _) {
                // Closed: nobody waits for more.
            }
        }

        private boolean put(Optional<Item<T>> item) throws InterruptedException {
            queue.put(item.<Delivery<T>>map(Element::new).orElseGet(End::new));
            return item.isPresent();
        }

        @Override
        public Optional<Item<T>> next() {
            while (!ended) {
                switch (take()) {
                    case Element<T>(Item<T> item) -> {
                        given++;
                        return Optional.of(item);
                    }
                    case Place<T>(ObjectNode state) -> {
                        place = state;
                        from = given;
                    }
                    case End<T>() -> ended = true;
                    case Failure<T>(Throwable cause) -> throw rethrown(cause);
                }
            }
            return Optional.empty();
        }

        private Delivery<T> take() {
            try {
                return queue.take();
            } catch (InterruptedException e) {
                throw Interrupts.interrupted(description(), e);
            }
        }

        private RuntimeException rethrown(Throwable cause) {
            ended = true;
            if (cause instanceof RuntimeException failure) {
                return failure;
            }
            return new DatasetException("[" + description() + "] failed: " + cause, cause);
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = newState().put("from", from).put("skip", given - from);
            state.set("upstream", place);
            return state;
        }

        @Override
        public void close() {
            ended = true;
            thread.interrupt();
            Interrupts.awaitEnd(description(), (time, unit) -> thread.join(Duration.of(time, unit.toChronoUnit())));
            cursor.close();
        }
    }
}
