package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/// The stages that call a function of the user's, element by element.
final class Transforms {
    private Transforms() {}

    /// Calls the user's function; what it throws becomes an error that names stage and record.
    static <T, R> R call(String stage, Function<? super T, ? extends R> function, Stage.Item<T> item) {
        try {
            return function.apply(item.value());
        } catch (RuntimeException e) {
            throw failed(stage, item.origin(), e);
        }
    }

    static DatasetException failed(String stage, Origin origin, Throwable cause) {
        return new DatasetException("[" + stage + "] failed at " + origin + ": " + cause, cause);
    }

    /// One element for each.
    record Map<T, R>(Stage<T> upstream, String description, Function<? super T, ? extends R> function)
            implements Stage<R> {
        @Override
        public Cursor<R> open(long epoch) {
            return cursor(upstream.open(epoch));
        }

        @Override
        public Cursor<R> restore(JsonNode state) {
            return cursor(upstream.resume(Stage.field(state, "upstream")));
        }

        private Cursor<R> cursor(Cursor<T> cursor) {
            return new Following<>(this, cursor) {
                @Override
                public Optional<Item<R>> next() {
                    return cursor.next().map(item -> new Item<>(item.origin(), call(description, function, item)));
                }
            };
        }
    }

    /// Those for which a condition holds.
    record Filter<T>(Stage<T> upstream, String description, Predicate<? super T> condition) implements Stage<T> {
        @Override
        public Cursor<T> open(long epoch) {
            return cursor(upstream.open(epoch));
        }

        @Override
        public Cursor<T> restore(JsonNode state) {
            return cursor(upstream.resume(Stage.field(state, "upstream")));
        }

        private Cursor<T> cursor(Cursor<T> cursor) {
            return new Following<>(this, cursor) {
                @Override
                public Optional<Item<T>> next() {
                    var item = cursor.next();
                    while (item.isPresent() && !call(description, condition::test, item.get())) {
                        item = cursor.next();
                    }
                    return item;
                }
            };
        }
    }

    /// Any number of elements for each.
    record FlatMap<T, R>(
            Stage<T> upstream, String description, Function<? super T, ? extends List<? extends R>> function)
            implements Stage<R> {
        private static final int SPACING = 64;

        @Override
        public Cursor<R> open(long epoch) {
            return new Parts(Trail.open(upstream, SPACING, epoch), 0);
        }

        @Override
        public Cursor<R> restore(JsonNode state) {
            return new Parts(
                    Trail.resume(upstream, SPACING, state),
                    Stage.field(state, "within").asInt());
        }

        private final class Parts implements Cursor<R> {
            private final Trail<T> trail;
            private final int passedOver;
            private Optional<Item<List<? extends R>>> current = Optional.empty();
            private int within;

            /// @param passedOver how many parts of the next element were given already
            Parts(Trail<T> trail, int passedOver) {
                this.trail = trail;
                this.passedOver = passedOver;
                this.within = passedOver;
            }

            @Override
            public Optional<Item<R>> next() {
                while (current.isEmpty() || within >= current.get().value().size()) {
                    boolean restored = current.isEmpty();
                    trail.forget(trail.index());
                    var item = trail.next();
                    if (item.isEmpty()) {
                        return Optional.empty();
                    }
                    current = Optional.of(new Item<>(item.get().origin(), call(description, function, item.get())));
                    within = restored ? passedOver : 0;
                }
                var item = current.get();
                return Optional.of(new Item<>(item.origin(), item.value().get(within++)));
            }

            @Override
            public ObjectNode state() {
                boolean inside =
                        current.isPresent() && within < current.get().value().size();
                boolean atStart = current.isEmpty();
                ObjectNode state = newState().put("within", inside || atStart ? within : 0);
                trail.save(state, inside ? trail.index() - 1 : trail.index());
                return state;
            }

            @Override
            public void close() {
                trail.close();
            }
        }
    }

    /// `size` elements as a list.
    record Batch<T>(Stage<T> upstream, int size, boolean dropRemainder) implements Stage<List<T>> {
        Batch {
            Checks.positive("batch", "size", size);
        }

        @Override
        public String description() {
            return "batch(" + size + (dropRemainder ? ", whole" : "") + ")";
        }

        @Override
        public Cursor<List<T>> open(long epoch) {
            return cursor(upstream.open(epoch));
        }

        @Override
        public Cursor<List<T>> restore(JsonNode state) {
            return cursor(upstream.resume(Stage.field(state, "upstream")));
        }

        private Cursor<List<T>> cursor(Cursor<T> cursor) {
            return new Following<>(this, cursor) {
                @Override
                public Optional<Item<List<T>>> next() {
                    var batch = new ArrayList<T>();
                    Optional<Origin> first = Optional.empty();
                    while (batch.size() < size) {
                        var item = cursor.next();
                        if (item.isEmpty()) {
                            break;
                        }
                        first = first.or(() -> item.map(Item::origin));
                        batch.add(item.get().value());
                    }
                    boolean wanted = batch.size() == size || !dropRemainder;
                    return first.filter(_ -> wanted).map(origin -> new Item<>(origin, batch));
                }
            };
        }
    }

    /// A cursor that holds nothing of its own: its state is that of the one before.
    abstract static class Following<R> implements Stage.Cursor<R> {
        private final Stage<R> stage;
        private final Stage.Cursor<?> upstream;

        Following(Stage<R> stage, Stage.Cursor<?> upstream) {
            this.stage = stage;
            this.upstream = upstream;
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = stage.newState();
            state.set("upstream", upstream.state());
            return state;
        }

        @Override
        public void close() {
            upstream.close();
        }
    }
}
