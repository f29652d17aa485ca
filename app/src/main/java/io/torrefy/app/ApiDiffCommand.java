package io.torrefy.app;

import io.torrefy.export.ApiChange;
import io.torrefy.export.ApiListing;
import io.torrefy.posttrain.RunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `torrefy api diff`.
@Command(
        name = "diff",
        description = {
            "Compares two versions of the committed listings: api/NAME.api, or the whole folder.",
            "Exit code 1 if something of a stable name is gone or differs without having been deprecated before."
        })
final class ApiDiffCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "OLD", description = "A listing, or a folder of them.")
    private Path old = Path.of("");

    @Parameters(index = "1", paramLabel = "NEW", description = "A listing, or a folder of them.")
    private Path fresh = Path.of("");

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        List<ApiChange> changes = ApiChange.between(read(old), read(fresh));
        changes.forEach(this::show);
        boolean breaks = changes.stream().anyMatch(ApiChange::breaks);
        common.out()
                .println(
                        changes.isEmpty()
                                ? "No difference."
                                : changes.size() + " changed, "
                                        + changes.stream()
                                                .filter(ApiChange::breaks)
                                                .count() + " of them break users.");
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("breaks", breaks);
        json.put("changes", changes.stream().map(ApiDiffCommand::json).toList());
        common.result(json);
        return breaks ? 1 : 0;
    }

    private void show(ApiChange change) {
        String sort = change.sort().name().toLowerCase(Locale.ROOT);
        common.out().printf(Locale.ROOT, "%-8s %s%s%n", sort, change.name(), change.breaks() ? "  (breaks users)" : "");
        change.before().forEach(line -> common.out().println("  - " + line));
        change.after().forEach(line -> common.out().println("  + " + line));
    }

    private static Map<String, Object> json(ApiChange change) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", change.name());
        map.put("sort", change.sort().name().toLowerCase(Locale.ROOT));
        map.put("breaks", change.breaks());
        map.put("before", change.before());
        map.put("after", change.after());
        return map;
    }

    private static List<ApiListing> read(Path place) throws IOException {
        List<Path> files = List.of(place);
        if (Files.isDirectory(place)) {
            try (Stream<Path> all = Files.list(place)) {
                files = all.filter(file -> file.toString().endsWith(".api"))
                        .sorted()
                        .toList();
            }
        }
        if (files.isEmpty() || !Files.exists(place)) {
            throw new RunException("[api] a listing, or a folder with files *.api, was expected; got " + place
                    + ". Hint: api/ has them.");
        }
        List<ApiListing> listings = new ArrayList<>();
        for (Path file : files) {
            listings.add(ApiListing.parse(Files.readString(file), file.toString()));
        }
        return listings;
    }
}
