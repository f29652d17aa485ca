package io.torrefy.app;

import io.torrefy.data.UnfinishedFiles;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.ExportRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy api docs`.
@Command(name = "docs", description = "Writes the page of all exported names, from the indexes.")
final class ApiDocsCommand implements Callable<Integer> {
    @Option(names = "--out", paramLabel = "FILE", description = "Default: docs/api.md of the checkout.")
    private Optional<Path> out = Optional.empty();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        Path file = out.orElseGet(() -> Home.folder().resolve("docs").resolve("api.md"));
        List<ExportIndex> indexes = ExportRegistry.standard().indexes();
        UnfinishedFiles.write(file, unfinished -> {
            Files.writeString(unfinished, ApiPage.of(indexes));
            return indexes.size();
        });
        common.out().println("Written: " + file);
        common.result(Map.of("file", file.toString()));
        return 0;
    }
}
