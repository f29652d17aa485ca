package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/// The stages that choose elements by their number: the first few, all but the first few, every so manieth.
sealed interface Counted<T> extends Stage<T> {
    Stage<T> upstream();

    /// What to do with element `number` (from 0).
    Choice choice(long number);

    /// What becomes of an element.
    enum Choice {
        GIVE,
        PASS_OVER,
        END
    }

    /// The first `count`.
    record Take<T>(Stage<T> upstream, long count) implements Counted<T> {
        public Take {
            Checks.notNegative("take", "count", count);
        }

        @Override
        public String description() {
            return "take(" + count + ")";
        }

        @Override
        public Choice choice(long number) {
            return number < count ? Choice.GIVE : Choice.END;
        }
    }

    /// All but the first `count`.
    record Skip<T>(Stage<T> upstream, long count) implements Counted<T> {
        public Skip {
            Checks.notNegative("skip", "count", count);
        }

        @Override
        public String description() {
            return "skip(" + count + ")";
        }

        @Override
        public Choice choice(long number) {
            return number < count ? Choice.PASS_OVER : Choice.GIVE;
        }
    }

    /// Those of one of `world` ranks: elements `rank`, `rank + world`, ….
    record Shard<T>(Stage<T> upstream, int rank, int world) implements Counted<T> {
        public Shard {
            Checks.positive("shard", "world", world);
            if (rank < 0 || rank >= world) {
                throw new IllegalArgumentException(
                        "[shard] expected a rank of 0 to " + (world - 1) + "; got " + rank + ".");
            }
        }

        @Override
        public String description() {
            return "shard(" + rank + " of " + world + ")";
        }

        @Override
        public Choice choice(long number) {
            return number % world == rank ? Choice.GIVE : Choice.PASS_OVER;
        }
    }

    @Override
    default Cursor<T> open(long epoch) {
        return cursor(upstream().open(epoch), 0);
    }

    @Override
    default Cursor<T> restore(JsonNode state) {
        return cursor(
                upstream().resume(Stage.field(state, "upstream")),
                Stage.field(state, "number").asLong());
    }

    private Cursor<T> cursor(Cursor<T> upstream, long start) {
        return new Cursor<>() {
            private long number = start;

            @Override
            public Optional<Item<T>> next() {
                while (true) {
                    Choice choice = choice(number);
                    var item = choice == Choice.END ? Optional.<Item<T>>empty() : upstream.next();
                    if (item.isEmpty()) {
                        return item;
                    }
                    number++;
                    if (choice == Choice.GIVE) {
                        return item;
                    }
                }
            }

            @Override
            public ObjectNode state() {
                ObjectNode state = newState().put("number", number);
                state.set("upstream", upstream.state());
                return state;
            }

            @Override
            public void close() {
                upstream.close();
            }
        };
    }
}
