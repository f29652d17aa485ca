package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Function;

/// Packs sequences of tokens into rows of `length`, window by window. A sequence is never cut.
///
/// @param window how many sequences are packed together
record Pack<T>(Stage<T> upstream, Function<? super T, int[]> tokensOf, int length, int padding, int window)
        implements Stage<Packed<T>> {
    Pack {
        Checks.positive("pack", "length", length);
        Checks.positive("pack", "window", window);
    }

    @Override
    public String description() {
        return "pack(" + length + ", window " + window + ")";
    }

    @Override
    public Cursor<Packed<T>> open(long epoch) {
        return new Rows(upstream.open(epoch), 0);
    }

    /// Packs the window again, and leaves out the rows that were given.
    @Override
    public Cursor<Packed<T>> restore(JsonNode state) {
        return new Rows(
                upstream.resume(Stage.field(state, "upstream")),
                Stage.field(state, "given").asInt());
    }

    private final class Rows implements Cursor<Packed<T>> {
        private final Cursor<T> cursor;
        private final Queue<Item<Packed<T>>> rows = new ArrayDeque<>();
        private ObjectNode windowStart;
        private int given;

        Rows(Cursor<T> cursor, int given) {
            this.cursor = cursor;
            this.windowStart = cursor.state();
            if (given > 0) {
                packWindow();
                for (int i = 0; i < given; i++) {
                    rows.remove();
                }
            }
            this.given = given;
        }

        @Override
        public Optional<Item<Packed<T>>> next() {
            if (rows.isEmpty()) {
                windowStart = cursor.state();
                given = 0;
                packWindow();
            }
            var row = Optional.ofNullable(rows.poll());
            given += row.isPresent() ? 1 : 0;
            return row;
        }

        private void packWindow() {
            var items = new ArrayList<Item<T>>();
            for (int i = 0; i < window; i++) {
                var item = cursor.next();
                if (item.isEmpty()) {
                    break;
                }
                items.add(item.get());
            }
            var lengths = items.stream().mapToInt(this::lengthOf).toArray();
            for (List<Integer> bin : BinPacking.pack(lengths, length)) {
                var parts = bin.stream().map(i -> items.get(i).value()).toList();
                rows.add(new Item<>(items.get(bin.getFirst()).origin(), Packed.of(parts, tokensOf, length, padding)));
            }
        }

        private int lengthOf(Item<T> item) {
            int size = Transforms.call(description(), tokensOf, item).length;
            if (size > length) {
                throw new DatasetException(
                        "[pack] expected at most " + length + " tokens in " + item.origin() + "; got " + size
                                + ". Hint: filter or shorten longer ones before, since packing cuts nothing.");
            }
            return size;
        }

        @Override
        public ObjectNode state() {
            ObjectNode state = newState().put("given", rows.isEmpty() ? 0 : given);
            state.set("upstream", rows.isEmpty() ? cursor.state() : windowStart);
            return state;
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
