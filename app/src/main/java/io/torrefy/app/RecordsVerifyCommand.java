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
            "Verifies every checksum, and lists the bytes that hold no sound record: with those of the records they make"
                    + " up the whole file (of a compressed file, what can be inflated of it).",
            "Exit code 1 if there are any."
        })
final class RecordsVerifyCommand implements Callable<Integer> {
    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    private long records;
    private long soundBytes;

    @Override
    public Integer call() throws IOException {
        List<Map<String, Object>> skipped = new ArrayList<>();
        files.each(common.err(), "verify", (file, progress) -> {
            var resync = TfRecordReader.Options.DEFAULT.onCorruption(OnCorruption.RESYNC);
            try (TfRecordReader reader = TfRecordReader.open(file, resync)) {
                while (reader.next()) {
                    if (reader.number() % 4096 == 0) {
                        progress.at(reader.bytesRead(), reader.number());
                    }
                }
                report(file, reader);
                reader.skipped().forEach(bytes -> skipped.add(describe(bytes)));
            }
        });
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("records", records);
        json.put("bytes", soundBytes);
        json.put("skipped", skipped);
        common.result(json);
        return skipped.isEmpty() ? 0 : 1;
    }

    private void report(Path file, TfRecordReader reader) {
        long damaged = reader.skipped().stream()
                .mapToLong(TfRecordReader.Skipped::length)
                .sum();
        records += reader.number();
        soundBytes += reader.offset() - damaged;
        common.out()
                .printf(
                        Locale.ROOT,
                        "%s: %d sound records in %d bytes, %s%n",
                        file,
                        reader.number(),
                        reader.offset() - damaged,
                        reader.skipped().isEmpty() ? "no damage" : damaged + " bytes damaged:");
        for (var bytes : reader.skipped()) {
            common.out()
                    .printf(
                            Locale.ROOT,
                            "  %d bytes from byte %d to %d: %s%n",
                            bytes.length(),
                            bytes.from(),
                            bytes.to(),
                            bytes.why());
        }
    }

    static Map<String, Object> describe(TfRecordReader.Skipped bytes) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", bytes.file().toString());
        json.put("from", bytes.from());
        json.put("to", bytes.to());
        json.put("why", bytes.why());
        return json;
    }
}
