package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/// A buffer of elements from which one is drawn at random, to be followed by the next from upstream, as in `tf.data`.
/// An element comes out at most `size - 1` places earlier than it went in; how much later is a matter of chance, on
/// average as many.
///
/// A state holds the numbers of the elements in the buffer, and a place of the stage before from which they are read
/// again: records themselves may be large and of any type.
record Shuffle<T>(Stage<T> upstream, int size, long seed) implements Stage<T> {
    Shuffle {
        Checks.positive("shuffle", "size", size);
    }

    @Override
    public String description() {
        return "shuffle(" + size + ", seed " + seed + ")";
    }

    private int spacing() {
        return Math.max(64, size / 4);
    }

    @Override
    public Cursor<T> open(long epoch) {
        return new Buffer(epoch, Trail.open(upstream, spacing(), epoch), 0, new ArrayList<>());
    }

    @Override
    public Cursor<T> restore(JsonNode state) {
        long epoch = Stage.field(state, "epoch").asLong();
        long pulled = Stage.field(state, "pulled").asLong();
        var trail = Trail.resume(upstream, spacing(), state);
        try {
            var buffered = readAgain(trail, Stage.field(state, "buffered"), pulled);
            return new Buffer(epoch, trail, Stage.field(state, "drawn").asLong(), buffered);
        } catch (RuntimeException e) {
            trail.close();
            throw e;
        }
    }

    /// The elements of the buffer in their places; the trail, which stands at the oldest, goes on to number
    /// `pulled`.
    private List<Slot<T>> readAgain(Trail<T> trail, JsonNode indices, long pulled) {
        var wanted = new HashMap<Long, Integer>();
        for (JsonNode index : indices) {
            wanted.put(index.asLong(), wanted.size());
        }
        var slots = new ArrayList<Optional<Slot<T>>>();
        wanted.forEach((_, _) -> slots.add(Optional.empty()));
        while (trail.index() < pulled) {
            long index = trail.index();
            var item = trail.next();
            if (item.isEmpty()) {
                break;
            }
            if (wanted.containsKey(index)) {
                slots.set(wanted.get(index), Optional.of(new Slot<>(index, item.get())));
            }
        }
        if (trail.index() < pulled || slots.contains(Optional.<Slot<T>>empty())) {
            throw new DatasetException("[shuffle] expected " + pulled + " elements upstream, as when the state was"
                    + " saved; got " + trail.index() + ". Hint: the stages before must give the same again.");
        }
        return new ArrayList<>(slots.stream().map(Optional::orElseThrow).toList());
    }

    private record Slot<T>(long index, Item<T> item) {}

    private final class Buffer implements Cursor<T> {
        private final long epoch;
        private final Draws draws;
        private final Trail<T> trail;
        private final List<Slot<T>> slots;
        private long drawn;
        private boolean ended;

        Buffer(long epoch, Trail<T> trail, long drawn, List<Slot<T>> slots) {
            this.epoch = epoch;
            this.draws = Draws.of(seed, Draws.Kind.SHUFFLE, epoch);
            this.trail = trail;
            this.drawn = drawn;
            this.slots = slots;
        }

        @Override
        public Optional<Item<T>> next() {
            fill();
            if (slots.isEmpty()) {
                return Optional.empty();
            }
            int place = draws.below(drawn++, slots.size());
            var item = slots.get(place).item();
            var last = slots.removeLast();
            if (place < slots.size()) {
                slots.set(place, last);
            }
            return Optional.of(item);
        }

        private void fill() {
            while (slots.size() < size && !ended) {
                long index = trail.index();
                var item = trail.next();
                ended = item.isEmpty();
                item.ifPresent(one -> slots.add(new Slot<>(index, one)));
                if (trail.index() % spacing() == 0) {
                    trail.forget(oldest());
                }
            }
        }

        private long oldest() {
            return slots.stream().mapToLong(Slot::index).min().orElse(trail.index());
        }

        @Override
        public ObjectNode state() {
            ObjectNode state =
                    newState().put("epoch", epoch).put("drawn", drawn).put("pulled", trail.index());
            var indices = state.putArray("buffered");
            slots.forEach(slot -> indices.add(slot.index()));
            trail.save(state, oldest());
            return state;
        }

        @Override
        public void close() {
            trail.close();
        }
    }
}
