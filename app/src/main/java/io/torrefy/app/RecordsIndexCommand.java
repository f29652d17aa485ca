package io.torrefy.app;

import io.torrefy.data.TfRecordIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `torrefy records index`.
@Command(name = "index", description = "Writes FILE.idx, by which any record is found at once.")
final class RecordsIndexCommand implements Callable<Integer> {
    @Mixin
    private RecordFiles files = new RecordFiles();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        Map<String, Object> indexed = new LinkedHashMap<>();
        files.each(common.err(), "index", (file, progress) -> {
            long records = TfRecordIndex.build(file, progress::at);
            Path index = TfRecordIndex.indexFile(file);
            indexed.put(index.toString(), records);
            common.out().printf(Locale.ROOT, "%s: %d records%n", index, records);
        });
        common.result(Map.of("indexes", indexed));
        return 0;
    }
}
