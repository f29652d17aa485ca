package io.torrefy.app;

import io.torrefy.data.Compression;
import io.torrefy.data.TfRecordIndex;
import io.torrefy.data.TfRecordReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy records count`.
@Command(
        name = "count",
        description = "Counts records: by the index where there is one, else by reading and verifying the file.")
final class RecordsCountCommand implements Callable<Integer> {
    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        Map<String, Object> counts = new LinkedHashMap<>();
        long[] total = {0};
        int[] read = {0};
        files.each(common.err(), "count", (file, progress) -> {
            long count = count(file, progress);
            total[0] += count;
            read[0]++;
            counts.put(file.toString(), count);
            common.out().printf(Locale.ROOT, "%12d  %s%n", count, file);
        });
        if (read[0] > 1) {
            common.out().printf(Locale.ROOT, "%12d  total%n", total[0]);
        }
        common.result(Map.of("records", total[0], "files", counts));
        return 0;
    }

    private static long count(Path file, FileProgress progress) throws IOException {
        if (Files.exists(TfRecordIndex.indexFile(file))
                && Files.isRegularFile(file)
                && Compression.detect(file) == Compression.NONE) {
            try (TfRecordIndex index = TfRecordIndex.open(file)) {
                return index.count();
            }
        }
        try (TfRecordReader reader = TfRecordReader.open(file)) {
            while (reader.next()) {
                if (reader.number() % 4096 == 0) {
                    progress.at(reader.bytesRead(), reader.number());
                }
            }
            return reader.number();
        }
    }
}
