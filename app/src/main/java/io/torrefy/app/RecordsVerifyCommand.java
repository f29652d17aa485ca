package io.torrefy.app;

import io.torrefy.data.TfRecordReader;
import io.torrefy.data.TfRecordReader.OnCorruption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy records verify`.
@Command(
        name = "verify",
        description = {
            "Verifies every checksum, and lists the bytes that hold no sound record.",
            "Exit code 1 if there are any."
        })
final class RecordsVerifyCommand implements Callable<Integer> {
    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        long records = 0;
        List<Map<String, Object>> skipped = new ArrayList<>();
        for (Path file : files.all()) {
            var progress = new RecordFiles.Progress(common.err(), file);
            var resync = TfRecordReader.Options.DEFAULT.onCorruption(OnCorruption.RESYNC);
            try (TfRecordReader reader = TfRecordReader.open(file, resync)) {
                while (reader.next()) {
                    if (reader.number() % 4096 == 0) {
                        progress.at(reader.offset(), reader.number());
                    }
                }
                records += reader.number();
                report(file, reader);
                reader.skipped().forEach(bytes -> skipped.add(describe(bytes)));
            }
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("records", records);
        json.put("skipped", skipped);
        common.result(json);
        return skipped.isEmpty() ? 0 : 1;
    }

    private void report(Path file, TfRecordReader reader) {
        common.out()
                .printf(
                        Locale.ROOT,
                        "%s: %d sound records, %s%n",
                        file,
                        reader.number(),
                        reader.skipped().isEmpty() ? "no damage" : "damaged:");
        for (var bytes : reader.skipped()) {
            common.out().printf(Locale.ROOT, "  bytes %d to %d: %s%n", bytes.from(), bytes.to(), bytes.why());
        }
    }

    private static Map<String, Object> describe(TfRecordReader.Skipped bytes) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", bytes.file().toString());
        json.put("from", bytes.from());
        json.put("to", bytes.to());
        json.put("why", bytes.why());
        return json;
    }
}
