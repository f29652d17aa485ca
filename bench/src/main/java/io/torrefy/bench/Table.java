package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;

/// The rows of the table. Each family of work has a class of its own.
public final class Table {
    private Table() {}

    /// All of them, in the order they are run and shown.
    public static List<Row> rows() {
        var all = new ArrayList<Row>();
        all.addAll(SgemmRows.rows());
        all.addAll(KernelRows.rows());
        all.addAll(TrainingRows.rows());
        all.addAll(DecodeRows.rows());
        all.addAll(PosttrainRows.rows());
        return all;
    }
}
