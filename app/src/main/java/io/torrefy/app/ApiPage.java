package io.torrefy.app;

import io.torrefy.export.ExportIndex;
import io.torrefy.export.Exported;
import io.torrefy.export.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// The page of all exported names, `docs/api.md`: a section a prefix, a line a name.
final class ApiPage {
    private ApiPage() {}

    static String of(List<ExportIndex> indexes) {
        SortedMap<String, List<Exported>> sections = new TreeMap<>();
        for (ExportIndex index : indexes) {
            for (Exported exported : index.exports()) {
                sections.computeIfAbsent(prefix(exported.name()), _ -> new ArrayList<>())
                        .add(exported);
            }
        }
        StringBuilder page = new StringBuilder("""
                # Exported names

                Names that configurations, recipes, the command line and saved models may use. `torrefy api show NAME`
                shows one with its members. All are stable unless it says otherwise: they change only after a minor
                release in which they were deprecated.

                This page is made by `torrefy api docs`.
                """);
        sections.forEach((prefix, exports) -> {
            page.append("\n## ").append(prefix).append("\n\n");
            exports.stream()
                    .sorted((a, b) -> a.name().compareTo(b.name()))
                    .forEach(exported -> page.append(line(exported)));
        });
        return page.toString();
    }

    private static String prefix(String name) {
        return name.substring(0, name.lastIndexOf('.'));
    }

    private static String line(Exported e) {
        StringBuilder line = new StringBuilder("- **`" + e.name() + "`** `" + e.signature() + "`, since " + e.since());
        if (e.status() != Status.STABLE) {
            line.append(", ").append(e.status().toString().toLowerCase(java.util.Locale.ROOT));
        }
        e.names().stream()
                .skip(1)
                .forEach(other -> line.append(", also `").append(other).append('`'));
        e.oldNames()
                .forEach(old -> line.append(", once `")
                        .append(old.name())
                        .append("` (until ")
                        .append(old.remove())
                        .append(")"));
        return line.append(". ").append(e.summary()).append('\n').toString();
    }
}
