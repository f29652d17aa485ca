package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The rows of the table. Each family of work has a class of its own.
public final class Table {
    /// What the geometric mean of a suite's ratios has to be at least, beside the target of each row.
    static final Map<String, Double> SUITE_TARGETS = Map.of("sgemm", 0.97);

    private Table() {}

    /// All of them, in the order they are run and shown.
    public static List<Row> rows() {
        var all = new ArrayList<Row>();
        all.addAll(SgemmRows.rows());
        all.addAll(KernelRows.rows());
        all.addAll(TrainingRows.rows());
        all.addAll(DecodeRows.rows());
        all.addAll(PosttrainRows.rows());
        all.addAll(RecordRows.rows());
        all.addAll(ColumnRows.rows());
        all.addAll(TabularRows.rows());
        all.addAll(EnvironmentRows.rows());
        all.addAll(StartRows.rows());
        return all;
    }
}
