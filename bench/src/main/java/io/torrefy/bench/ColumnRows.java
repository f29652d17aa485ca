package io.torrefy.bench;

import java.util.List;
import java.util.Map;

/// Feature columns. The peer needs `--python` to be an interpreter with TensorFlow.
final class ColumnRows {
    private static final Contender KERAS = Contender.python("keras", "columns");

    private ColumnRows() {}

    static List<Row> rows() {
        return List.of(
                row("columns", "Feature columns, 1 M rows at once", Map.of("rows", 1_000_000)),
                row(
                        "columns-8192",
                        "Feature columns, 1 M rows, 8192 at a time",
                        Map.of("rows", 1_000_000, "batch", 8192)));
    }

    private static Row row(String name, String title, Map<String, Integer> sizes) {
        return Row.of(name, title, "columns", sizes).against(KERAS).warmUp(10).atLeast(2);
    }
}
