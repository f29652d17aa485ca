package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Optional;

/// The elements of a stage, numbered, for a stage behind it that reads ahead of what it delivers. From time to time it
/// keeps the state of its cursor: the state at an earlier element is the last one kept before it, and how many elements
/// to pass over from there. Elements are read again rather than saved, because a record may be huge and of any type,
/// and reading is cheap.
final class Trail<T> implements AutoCloseable {
    private record Mark(long index, ObjectNode state) {}

    private final Stage.Cursor<T> cursor;
    private final int spacing;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private long index;

    /// @param spacing how many elements lie between two states that are kept
    private Trail(Stage.Cursor<T> cursor, int spacing, long index) {
        this.cursor = cursor;
        this.spacing = spacing;
        this.index = index;
    }

    static <T> Trail<T> open(Stage<T> stage, int spacing, long epoch) {
        return new Trail<>(stage.open(epoch), spacing, 0);
    }

    /// The trail at the element of which `state` was [#stateAt].
    static <T> Trail<T> resume(Stage<T> stage, int spacing, JsonNode state) {
        var trail = new Trail<>(
                stage.resume(Stage.field(state, "upstream")),
                spacing,
                Stage.field(state, "from").asLong());
        try {
            long skipped = Stage.field(state, "skip").asLong();
            for (long i = 0; i < skipped; i++) {
                trail.next();
            }
            return trail;
        } catch (RuntimeException e) {
            trail.close();
            throw e;
        }
    }

    Optional<Stage.Item<T>> next() {
        if (marks.isEmpty() || index - marks.getLast().index() >= spacing) {
            marks.add(new Mark(index, cursor.state()));
        }
        var item = cursor.next();
        if (item.isPresent()) {
            index++;
        }
        return item;
    }

    /// The cursor itself, for a stage that needs the trail only to get to a place.
    Stage.Cursor<T> cursor() {
        return cursor;
    }

    /// How many elements were read.
    long index() {
        return index;
    }

    /// Puts into `state` the place before element `at`, which is not smaller than in the call before.
    void save(ObjectNode state, long at) {
        if (at == index) {
            put(state, new Mark(index, cursor.state()), at);
            return;
        }
        forget(at);
        put(state, marks.getFirst(), at);
    }

    /// Says that no element before `at` will be asked for.
    void forget(long at) {
        while (marks.size() > 1 && second().index() <= at) {
            marks.removeFirst();
        }
    }

    private Mark second() {
        var inOrder = marks.iterator();
        inOrder.next();
        return inOrder.next();
    }

    private static void put(ObjectNode state, Mark mark, long at) {
        state.put("from", mark.index()).put("skip", at - mark.index()).set("upstream", mark.state());
    }

    @Override
    public void close() {
        cursor.close();
    }
}
