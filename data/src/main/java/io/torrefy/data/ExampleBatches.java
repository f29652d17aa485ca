package io.torrefy.data;

import io.torrefy.export.Export;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Reads records and parses them in batches. Batches are cut by their number of records alone and come in their order,
/// so any number of threads gives the same ones. Reading happens on the caller's thread; close ends the others, and the
/// records.
@Export(value = "data.ExampleBatches", since = "0.1")
public final class ExampleBatches implements AutoCloseable {
    private final TfRecords records;
    private final ExampleParser parser;
    private final int rows;
    private final int ahead;
    private final Optional<ExecutorService> threads;
    private final ArrayDeque<Future<FeatureBatch>> parsing = new ArrayDeque<>();

    private ExampleBatches(
            TfRecords records, ExampleParser parser, int rows, int ahead, Optional<ExecutorService> threads) {
        this.records = records;
        this.parser = parser;
        this.rows = rows;
        this.ahead = ahead;
        this.threads = threads;
    }

    /// @param rows records of a batch; the last one may have fewer
    /// @param threads how many parse at once; with 1 the caller's does
    public static ExampleBatches of(TfRecords records, ExampleParser parser, int rows, int threads) {
        if (rows < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "[batches] expected at least 1 row and 1 thread; got " + rows + " and " + threads + ".");
        }
        Optional<ExecutorService> pool = threads == 1
                ? Optional.empty()
                : Optional.of(Executors.newFixedThreadPool(
                        threads,
                        Thread.ofPlatform().daemon().name("examples-", 0).factory()));
        return new ExampleBatches(records, parser, rows, 2 * threads, pool);
    }

    /// The next batch; empty at the end.
    ///
    /// @throws DataLossException at damage in a file
    /// @throws ExampleException where a record is no example, or not as specified
    public Optional<FeatureBatch> next() throws IOException {
        if (threads.isEmpty()) {
            List<TfRecords.Entry> entries = read();
            return entries.isEmpty() ? Optional.empty() : Optional.of(parser.parseEntries(entries));
        }
        while (parsing.size() < ahead) {
            List<TfRecords.Entry> entries = read();
            if (entries.isEmpty()) {
                break;
            }
            parsing.add(threads.get().submit(() -> parser.parseEntries(entries)));
        }
        return parsing.isEmpty() ? Optional.empty() : Optional.of(result(parsing.remove()));
    }

    private List<TfRecords.Entry> read() throws IOException {
        var entries = new ArrayList<TfRecords.Entry>(rows);
        while (entries.size() < rows) {
            Optional<TfRecords.Entry> entry = records.next();
            if (entry.isEmpty()) {
                break;
            }
            entries.add(entry.get());
        }
        return entries;
    }

    private static FeatureBatch result(Future<FeatureBatch> batch) throws IOException {
        try {
            return batch.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IOException("[batches] could not parse: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("[batches] interrupted while parsing.", e);
        }
    }

    @Override
    public void close() throws IOException {
        threads.ifPresent(ExecutorService::shutdownNow);
        records.close();
    }
}
