package io.torrefy.bench;

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
                problems.add("'" + name + "' (did you mean " + String.join(", ", nearest(rows, name)) + "?)");
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
        return all.stream()
                .sorted(java.util.Comparator.comparingInt(each -> distance(each, name)))
                .limit(NEAREST)
                .toList();
    }

    /// Levenshtein's: insertions, deletions and replacements that make one of the other.
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
