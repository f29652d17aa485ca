package io.torrefy.bench.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.bench.Case;
import io.torrefy.data.Compression;
import io.torrefy.data.Example;
import io.torrefy.data.ExampleBatches;
import io.torrefy.data.ExampleParser;
import io.torrefy.data.Feature;
import io.torrefy.data.FeatureSpec;
import io.torrefy.data.TfRecordReader;
import io.torrefy.data.TfRecordWriter;
import io.torrefy.data.TfRecords;
import io.torrefy.data.ValueKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Reads a file of Examples of 13 floats, 26 strings and an integer, and parses them where the row says so. The file
/// has the same bytes as that of `bench/peers/tfrecord.py`.
public final class Records implements Case {
    private static final int FLOATS = 13;
    private static final int FEATURES = 40;

    private final Path file;
    private final int records;
    private final int batch;
    private final boolean parse;
    private final int threads;
    private final ExampleParser parser;

    public Records(JsonNode args, int threads) throws IOException {
        this.records = args.path("records").asInt();
        this.batch = args.path("batch").asInt();
        this.parse = args.path("what").asText().equals("parse");
        this.threads = threads;
        this.parser = ExampleParser.of(specs());
        this.file = Files.createTempFile("torrefy-records-", ".tfrecord");
        TfRecordWriter.write(file, Compression.NONE, sink -> {
            for (int row = 0; row < records; row++) {
                sink.write(example(row).toBytes());
            }
        });
    }

    private static Example example(int row) {
        Map<String, Feature> features = new LinkedHashMap<>();
        for (int i = 0; i < FEATURES; i++) {
            long n = (long) row * FEATURES + i;
            String name = "f" + i;
            if (i < FLOATS) {
                features.put(name, Feature.of(n % 1000 / 8f));
            } else if (i < FEATURES - 1) {
                features.put(name, Feature.of(String.format(Locale.ROOT, "%07x", n * 2_654_435_761L % (1 << 28))));
            } else {
                features.put(name, Feature.of(row % 2));
            }
        }
        return Example.of(features);
    }

    private static Map<String, FeatureSpec> specs() {
        Map<String, FeatureSpec> specs = new LinkedHashMap<>();
        for (int i = 0; i < FEATURES; i++) {
            specs.put(
                    "f" + i,
                    i < FLOATS
                            ? FeatureSpec.fixedLen(ValueKind.FLOAT32)
                            : i < FEATURES - 1
                                    ? FeatureSpec.varLenSparse(ValueKind.STRING)
                                    : FeatureSpec.fixedLen(ValueKind.INT64));
        }
        return specs;
    }

    @Override
    public Work work() {
        return new Work(records, "records");
    }

    @Override
    public void run() throws IOException {
        long read = parse ? parsed() : counted();
        if (read != records) {
            throw new IOException("[records] expected " + records + " records; got " + read);
        }
    }

    private long counted() throws IOException {
        try (TfRecordReader reader = TfRecordReader.open(file)) {
            while (reader.next()) {
                // verified by next()
            }
            return reader.number();
        }
    }

    private long parsed() throws IOException {
        long rows = 0;
        try (ExampleBatches batches =
                ExampleBatches.of(TfRecords.open(List.of(file), TfRecords.Options.DEFAULT), parser, batch, threads)) {
            for (var next = batches.next(); next.isPresent(); next = batches.next()) {
                rows += next.get().rows();
            }
        }
        return rows;
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
