package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/// The stages before, again and again; every time is an epoch of its own, with another random order.
///
/// @param times how often; 0 without end
record Repeat<T>(Stage<T> upstream, long times) implements Stage<T> {
    Repeat {
        Checks.notNegative("repeat", "times", times);
    }

    @Override
    public String description() {
        return times == 0 ? "repeat()" : "repeat(" + times + ")";
    }

    @Override
    public Cursor<T> open(long epoch) {
        long first = times == 0 ? epoch << 32 : epoch * times;
        return new Epochs(first, 0, 0, upstream.open(first));
    }

    @Override
    public Cursor<T> restore(JsonNode state) {
        return new Epochs(
                Stage.field(state, "first").asLong(),
                Stage.field(state, "done").asLong(),
                Stage.field(state, "given").asLong(),
                upstream.resume(Stage.field(state, "upstream")));
    }

    private final class Epochs implements Cursor<T> {
        private final long first;
        private long done;
        private long given;
        private Cursor<T> current;

        /// @param first the number of the first epoch here
        /// @param done how many are over
        /// @param given how many elements the current one gave
        Epochs(long first, long done, long given, Cursor<T> current) {
            this.first = first;
            this.done = done;
            this.given = given;
            this.current = current;
        }

        @Override
        public Optional<Item<T>> next() {
            while (true) {
                var item = current.next();
                if (item.isPresent()) {
                    given++;
                    return item;
                }
                if (done + 1 == times) {
                    return item;
                }
                if (given == 0 && times == 0) {
                    throw new DatasetException("[repeat] expected at least one element in an epoch, to repeat without"
                            + " end; got none in epoch " + (first + done) + ".");
                }
                current.close();
                done++;
                given = 0;
                current = upstream.open(first + done);
            }
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = newState().put("first", first).put("done", done).put("given", given);
            state.set("upstream", current.state());
            return state;
        }

        @Override
        public void close() {
            current.close();
        }
    }
}
