package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.data.internal.Texts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/// Several stages as one: `cycle` of them are open at once and give `block` elements each in turn, and where one has
/// ended its next turn goes to a part that was not opened yet, as in `tf.data`. A cycle of 1 reads one after the other.
///
/// @param seed of the order in which the parts are opened, another one in every epoch; empty keeps their order
record Interleave<T>(List<Stage<T>> parts, int cycle, int block, OptionalLong seed) implements Stage<T> {
    Interleave {
        Checks.positive("interleave", "cycle", cycle);
        Checks.positive("interleave", "block", block);
        parts = List.copyOf(parts);
    }

    @Override
    public String description() {
        return "interleave(" + parts.size() + " parts, cycle " + cycle + ", block " + block
                + (seed.isPresent() ? ", seed " + seed.getAsLong() : "") + ")";
    }

    @Override
    public Cursor<T> open(long epoch) {
        return new Turns(epoch);
    }

    @Override
    public Cursor<T> restore(JsonNode state) {
        var turns = new Turns(Stage.field(state, "epoch").asLong());
        turns.restore(state);
        return turns;
    }

    private int[] order(long epoch) {
        if (seed.isPresent()) {
            return Draws.of(seed.getAsLong(), Draws.Kind.FILES, epoch).permutation(parts.size());
        }
        var order = new int[parts.size()];
        Arrays.setAll(order, i -> i);
        return order;
    }

    /// Tells the parts from others, and from themselves once a file has another size.
    private long fingerprint() {
        var crc = new CRC32C();
        parts.forEach(part -> crc.update((part.identity() + "\n").getBytes(StandardCharsets.UTF_8)));
        return crc.getValue();
    }

    private record Open<T>(int part, Cursor<T> cursor) {}

    private final class Turns implements Cursor<T> {
        private final long epoch;
        private final int[] order;
        private final long fingerprint = fingerprint();
        private final List<Optional<Open<T>>> slots = new ArrayList<>(Collections.nCopies(cycle, Optional.empty()));
        private int opened;
        private int turn;
        private int given;

        Turns(long epoch) {
            this.epoch = epoch;
            this.order = order(epoch);
        }

        @Override
        public Optional<Item<T>> next() {
            while (opened < order.length || slots.stream().anyMatch(Optional::isPresent)) {
                var item = current().flatMap(open -> open.cursor().next());
                if (item.isPresent()) {
                    given++;
                    if (given == block) {
                        advance();
                    }
                    return item;
                }
                slots.set(turn, Optional.empty())
                        .ifPresent(open -> open.cursor().close());
                advance();
            }
            return Optional.empty();
        }

        /// What is open at this turn: an empty slot takes the next part.
        private Optional<Open<T>> current() {
            if (slots.get(turn).isEmpty() && opened < order.length) {
                int part = order[opened++];
                slots.set(turn, Optional.of(new Open<>(part, parts.get(part).open(epoch))));
            }
            return slots.get(turn);
        }

        private void advance() {
            turn = (turn + 1) % cycle;
            given = 0;
        }

        @Override
        public ObjectNode state() {
            var state = newState()
                    .put("fingerprint", fingerprint)
                    .put("epoch", epoch)
                    .put("opened", opened)
                    .put("turn", turn)
                    .put("given", given);
            var cursors = state.putArray("open");
            for (int slot = 0; slot < cycle; slot++) {
                int here = slot;
                slots.get(slot)
                        .ifPresent(open -> cursors.addObject()
                                .put("slot", here)
                                .put("part", open.part())
                                .set("state", open.cursor().state()));
            }
            return state;
        }

        void restore(JsonNode state) {
            if (Stage.field(state, "fingerprint").asLong() != fingerprint) {
                throw new IllegalArgumentException("[dataset] expected the files of the saved state, in the same order"
                        + " and as long as they were; got others: "
                        + Texts.shorten(
                                parts.stream().map(Stage::identity).toList().toString()) + ".");
            }
            opened = Stage.field(state, "opened").asInt();
            turn = Stage.field(state, "turn").asInt();
            given = Stage.field(state, "given").asInt();
            for (JsonNode one : Stage.field(state, "open")) {
                int part = one.path("part").asInt();
                var open = new Open<>(part, parts.get(part).resume(one.path("state")));
                slots.set(one.path("slot").asInt(), Optional.of(open));
            }
        }

        @Override
        public void close() {
            Checks.closeAll(
                    slots.stream().flatMap(Optional::stream).map(Open::cursor).toList());
        }
    }
}
