package io.torrefy.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// Whole files of a format as lists and streams.
final class Records {
    private Records() {}

    static <T> List<T> read(RecordSource<T> source, Path file) throws IOException {
        try (var records = stream(source, file)) {
            return records.toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    static <T> Stream<T> stream(RecordSource<T> source, Path file) throws IOException {
        var reader = source.open(file, RecordSource.Position.START);
        return StreamSupport.stream(spliterator(reader), false).onClose(() -> close(reader));
    }

    private static <T> Spliterator<T> spliterator(RecordSource.Reader<T> reader) {
        return new Spliterators.AbstractSpliterator<>(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
            @Override
            public boolean tryAdvance(Consumer<? super T> action) {
                try {
                    var record = reader.next();
                    record.ifPresent(one -> action.accept(one.value()));
                    return record.isPresent();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }

    private static void close(RecordSource.Reader<?> reader) {
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
