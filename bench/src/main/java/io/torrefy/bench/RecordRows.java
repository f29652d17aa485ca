package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Reading TFRecord files, with checksums, and parsing their Examples. The peer needs an interpreter with TensorFlow.
final class RecordRows {
    private static final int RECORDS = 50_000;

    private RecordRows() {}

    static List<Row> rows() {
        return List.of(
                row("read", "Read TFRecords of 40 features, verified")
                        .atLeast(4)
                        .onThreads(1),
                row("parse", "Read and parse Examples of 40 features").atLeast(2));
    }

    private static Row row(String what, String title) {
        return Row.of("records-" + what, title, "records", Map.of("what", what, "records", RECORDS, "batch", 1024))
                .against(Contender.python("tensorflow", "tfrecord"));
    }
}
