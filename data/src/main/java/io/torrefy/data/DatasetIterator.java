package io.torrefy.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.torrefy.export.Export;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/// Walks over a [Dataset]; [#close] frees its files and threads. Not thread-safe.
///
/// After a failure the iterator gives nothing more; a new one goes on from a state that was saved before.
@Export(value = "data.DatasetIterator", since = "0.1")
public final class DatasetIterator<T> implements Iterator<T>, AutoCloseable {
    /// Elements between two states kept for a [#state] after a [#hasNext], which has to read ahead.
    private static final int SPACING = 256;

    private final Trail<T> trail;
    private Optional<Stage.Item<T>> ahead = Optional.empty();
    private Optional<Origin> origin = Optional.empty();
    private boolean usable = true;

    DatasetIterator(Stage<T> stage, long epoch) {
        this.trail = Trail.open(stage, SPACING, epoch);
    }

    DatasetIterator(Stage<T> stage, DatasetState state) {
        this.trail = Trail.resume(stage, SPACING, state.tree());
    }

    /// Whether there is another element; makes it, to know.
    ///
    /// @throws DatasetException where a stage fails, naming it and the record
    /// @throws MalformedDataException where a file is damaged
    @Override
    public boolean hasNext() {
        if (ahead.isEmpty()) {
            requireUsable();
            usable = false;
            trail.forget(trail.index());
            ahead = trail.next();
            usable = true;
        }
        return ahead.isPresent();
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException("[dataset] expected an element; got the end.");
        }
        var item = ahead.orElseThrow();
        ahead = Optional.empty();
        origin = Optional.of(item.origin());
        return item.value();
    }

    /// Where the element that [#next] gave last came from.
    public Optional<Origin> origin() {
        return origin;
    }

    /// The place after the element that [#next] gave last, to be saved with a checkpoint.
    public DatasetState state() {
        requireUsable();
        ObjectNode state = JsonNodeFactory.instance.objectNode().put("version", 1);
        trail.save(state, trail.index() - (ahead.isPresent() ? 1 : 0));
        return new DatasetState(state);
    }

    private void requireUsable() {
        if (!usable) {
            throw new IllegalStateException("[dataset] expected an open iterator that has not failed."
                    + " Hint: make a new one from the state saved last.");
        }
    }

    @Override
    public void close() {
        usable = false;
        ahead = Optional.empty();
        trail.close();
    }
}
