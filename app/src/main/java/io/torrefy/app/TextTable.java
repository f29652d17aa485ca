package io.torrefy.app;

import java.util.ArrayList;
import java.util.List;

/// A table for a terminal.
final class TextTable {
    private TextTable() {}

    /// The lines, columns as wide as their widest cell.
    ///
    /// @param rows with as many cells as `columns`
    static List<String> lines(List<String> columns, List<List<String>> rows) {
        List<List<String>> all = new ArrayList<>(rows);
        all.addFirst(columns);
        int[] widths = new int[columns.size()];
        for (List<String> row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return all.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            text.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
        }
        return text.toString().stripTrailing();
    }
}
