package io.torrefy.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The stages that nothing comes before.
final class Sources {
    private Sources() {}

    /// The elements of a list in memory.
    record InMemory<T>(List<T> elements) implements Stage<T> {
        @Override
        public String description() {
            return "list(" + elements.size() + ")";
        }

        @Override
        public Cursor<T> open(long epoch) {
            return from(0);
        }

        @Override
        public Cursor<T> restore(JsonNode state) {
            return from(Stage.field(state, "next").asInt());
        }

        private Cursor<T> from(int start) {
            return new Cursor<>() {
                private int next = start;

                @Override
                public Optional<Item<T>> next() {
                    if (next >= elements.size()) {
                        return Optional.empty();
                    }
                    T element = elements.get(next++);
                    return Optional.of(new Item<>(new Origin("list", next), element));
                }

                @Override
                public ObjectNode state() {
                    return newState().put("next", next);
                }

                @Override
                public void close() {
                    // Nothing is open.
                }
            };
        }
    }

    /// The records of one file.
    record OneFile<T>(RecordSource<T> source, Path file) implements Stage<T> {
        @Override
        public String description() {
            return source.name() + "(" + file.getFileName() + ")";
        }

        @Override
        public Cursor<T> open(long epoch) {
            return new FileCursor<>(this, RecordSource.Position.START);
        }

        @Override
        public Cursor<T> restore(JsonNode state) {
            return new FileCursor<>(
                    this,
                    new RecordSource.Position(
                            Stage.field(state, "offset").asLong(),
                            Stage.field(state, "number").asLong()));
        }

        @Override
        public String identity() {
            try {
                return file.getFileName() + " of " + Files.size(file) + " bytes";
            } catch (IOException e) {
                throw new UncheckedIOException("[dataset] could not read " + file + ": " + e, e);
            }
        }
    }

    /// Opens its file at the first record that is asked for: a cursor over thousands of shards has few files open.
    private static final class FileCursor<T> implements Stage.Cursor<T> {
        private final OneFile<T> stage;
        private final String name;
        private RecordSource.Position position;
        private RecordSource.@Nullable Reader<T> reader;
        private boolean ended;

        FileCursor(OneFile<T> stage, RecordSource.Position from) {
            this.stage = stage;
            this.name = stage.file.toString();
            this.position = from;
        }

        @Override
        public Optional<Stage.Item<T>> next() {
            if (ended) {
                return Optional.empty();
            }
            try {
                var open = reader == null ? stage.source.open(stage.file, position) : reader;
                reader = open;
                var record = open.next();
                position = open.position();
                if (record.isEmpty()) {
                    close();
                }
                return record.map(one -> new Stage.Item<>(new Origin(name, one.number()), one.value()));
            } catch (IOException e) {
                throw new UncheckedIOException("[dataset] could not read " + stage.file + ": " + e.getMessage(), e);
            }
        }

        @Override
        public ObjectNode state() {
            return stage.newState().put("offset", position.offset()).put("number", position.number());
        }

        @Override
        public void close() {
            ended = true;
            try {
                if (reader != null) {
                    reader.close();
                    reader = null;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
