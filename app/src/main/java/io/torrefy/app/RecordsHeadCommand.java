package io.torrefy.app;

import io.torrefy.data.ExampleException;
import io.torrefy.data.ExampleRows;
import io.torrefy.data.JsonLinesFormat;
import io.torrefy.data.TfRecordReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy records head`.
@Command(
        name = "head",
        description = "Shows the first records: Examples and SequenceExamples as JSON, others by their first bytes.")
final class RecordsHeadCommand implements Callable<Integer> {
    private static final int MOST_BYTES = 32;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            description = "Records of each file. Default: ${DEFAULT-VALUE}.")
    private int count = 5;

    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.check(count >= 1, "--count", "at least 1", count);
        List<Map<String, Object>> shown = new ArrayList<>();
        for (Path file : files.all()) {
            try (TfRecordReader reader = TfRecordReader.open(file)) {
                for (int i = 0; i < count && reader.next(); i++) {
                    Map<String, Object> record = describe(reader);
                    shown.add(record);
                    common.out().println(reader.offset() + "  " + reader.length() + " bytes  " + content(record));
                }
            }
        }
        common.result(Map.of("records", shown));
        return 0;
    }

    /// Every message without known fields is an Example without features, other kinds of records too.
    private static boolean isExample(Map<String, ?> row, byte[] data) {
        return !row.isEmpty() || data.length <= 2;
    }

    private static Map<String, Object> describe(TfRecordReader reader) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("file", reader.file().toString());
        record.put("record", reader.number());
        record.put("offset", reader.offset());
        record.put("bytes", reader.length());
        byte[] data = reader.record();
        try {
            Map<String, ?> row = ExampleRows.toRow(data);
            if (isExample(row, data)) {
                Map<String, Object> example = new LinkedHashMap<>();
                row.forEach((name, value) -> example.put(name, JsonLinesFormat.json(value)));
                record.put("example", example);
                return record;
            }
        } catch (ExampleException _) {
            // shown by its bytes
        }
        record.put("hex", HexFormat.of().formatHex(data, 0, Math.min(data.length, MOST_BYTES)));
        return record;
    }

    private static String content(Map<String, Object> record) {
        Object example = record.get("example");
        String end = (int) Objects.requireNonNull(record.get("bytes")) > MOST_BYTES ? "..." : "";
        return example == null ? record.get("hex") + end : Json.line(example);
    }
}
