package io.torrefy.export.processor;

import io.torrefy.export.ApiChange;
import io.torrefy.export.ApiListing;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// The committed listing of a module's exported names, and how the build differs from it.
record GoldenListing(Path folder, String version) {
    private static final int MOST = 20;

    /// What is wrong; empty if nothing. With `update`, the file is written, and only names that claim to be older
    /// than they are stay wrong.
    List<String> problems(ExportIndex index, boolean update) {
        Path file = folder.resolve(index.module() + ".api");
        ApiListing now = ApiListing.of(index);
        try {
            if (!Files.exists(file)) {
                return index.exports().isEmpty() ? List.of() : missing(file, now, update);
            }
            String text = Files.readString(file);
            if (text.equals(now.text())) {
                return List.of();
            }
            ApiListing before = ApiListing.parse(text, file.toString());
            List<String> backdated = backdated(before, now);
            if (!backdated.isEmpty() || !update) {
                return backdated.isEmpty() ? differences(file, before, now) : backdated;
            }
            write(file, now);
            return List.of();
        } catch (IOException | ExportException e) {
            if (update && e instanceof ExportException) {
                return rewrite(file, now);
            }
            return List.of(
                    "[export] the listing of exported names was expected in " + file + "; got " + e.getMessage());
        }
    }

    private static List<String> missing(Path file, ApiListing now, boolean update) {
        return update
                ? rewrite(file, now)
                : List.of("[export] the listing of exported names was expected in " + file
                        + "; got no such file. Hint: write it with " + ApiListing.UPDATE);
    }

    private static List<String> rewrite(Path file, ApiListing now) {
        try {
            write(file, now);
            return List.of();
        } catch (IOException e) {
            return List.of("[export] the listing could not be written to " + file + ": " + e.getMessage());
        }
    }

    /// A line each: of a longer message, builds that read the compiler's output show the first line alone.
    private static List<String> differences(Path file, ApiListing before, ApiListing now) {
        List<ApiChange> changes = ApiChange.between(List.of(before), List.of(now));
        List<String> lines = new ArrayList<>();
        changes.stream().limit(MOST).forEach(change -> lines.add(line(change)));
        if (changes.size() > MOST) {
            lines.add("[export] and " + (changes.size() - MOST) + " more");
        }
        lines.add("[export] the exported names of " + file + " were expected; got "
                + (changes.isEmpty() ? "another order or header" : changes.size() + " changed")
                + ". Hint: if it is on purpose, run " + ApiListing.UPDATE + " and commit the file.");
        return lines;
    }

    private static String line(ApiChange change) {
        StringBuilder line = new StringBuilder("[export] ");
        line.append(change.sort().name().toLowerCase(Locale.ROOT)).append(' ').append(change.name());
        line.append(change.breaks() ? " (breaks users):" : ":");
        change.before().forEach(gone -> line.append(" - ").append(gone));
        change.after().forEach(come -> line.append(" + ").append(come));
        return line.toString();
    }

    /// A name that was not there before cannot have been there since an older version.
    private List<String> backdated(ApiListing before, ApiListing now) {
        if (version.isEmpty()) {
            return List.of();
        }
        Set<String> known =
                before.endpoints().stream().map(ApiListing.Endpoint::name).collect(Collectors.toSet());
        List<String> wrong = new ArrayList<>();
        for (ApiListing.Endpoint endpoint : now.endpoints()) {
            boolean older = Versions.minor(endpoint.since()).compareTo(Versions.minor(version)) < 0;
            if (older && !known.contains(endpoint.name())) {
                wrong.add("[export] since " + Versions.minor(version) + " was expected for the new name '"
                        + endpoint.name() + "'; got " + endpoint.since()
                        + ". Hint: a new member of a type that exports its members needs an @Export of its own.");
            }
        }
        return wrong;
    }

    private static void write(Path file, ApiListing listing) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, listing.text());
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
}
