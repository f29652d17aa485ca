package io.torrefy.bench;

import io.torrefy.export.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeSet;

/// Which rows `--only` means.
final class Selection {
    private static final int NEAREST = 3;

    private Selection() {}

    /// The rows of these names, suites, or beginnings of names up to a hyphen; all of them when no name is given.
    ///
    /// @throws IllegalArgumentException if a name fits none, with the nearest ones
    static List<Row> of(List<Row> rows, List<String> names) {
        if (names.isEmpty()) {
            return rows;
        }
        var problems = new ArrayList<String>();
        var chosen = new LinkedHashSet<Row>();
        for (String name : names) {
            List<Row> fit = rows.stream().filter(row -> fits(row, name)).toList();
            if (fit.isEmpty()) {
                List<String> near = nearest(rows, name);
                problems.add(
                        "'" + name + "'" + (near.isEmpty() ? "" : " (did you mean " + String.join(", ", near) + "?)"));
            }
            chosen.addAll(fit);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "[bench] expected names of rows (--list shows them); got " + String.join(" and ", problems));
        }
        return rows.stream().filter(chosen::contains).toList();
    }

    private static boolean fits(Row row, String name) {
        return row.suite().equals(name) || row.name().equals(name) || row.name().startsWith(name + "-");
    }

    private static List<String> nearest(List<Row> rows, String name) {
        var all = new TreeSet<String>();
        for (Row row : rows) {
            all.add(row.suite());
            all.add(row.name());
        }
        return Spelling.nearest(name, all, NEAREST);
    }
}
