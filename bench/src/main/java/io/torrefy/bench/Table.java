package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The rows of the table. Each family of work has a class of its own.
public final class Table {
    private static final Contender OPENBLAS = Contender.java("OpenBLAS", "sgemm-openblas");
    private static final Contender MKL = Contender.java("MKL", "sgemm-mkl");

    private static final Contender TORCH = Contender.python("torch", "kernels");

    private Table() {}

    /// All of them, in the order they are run and shown.
    public static List<Row> rows() {
        var all = new ArrayList<Row>();
        all.add(sgemm("NN", 512, 512, 512));
        all.addAll(TrainingRows.rows());
        all.addAll(DecodeRows.rows());
        all.addAll(PosttrainRows.rows());
        return all;
    }

    private static Row sgemm(String op, int m, int k, int n) {
        String size = m == k && k == n ? Integer.toString(m) : m + "x" + k + "x" + n;
        return Row.of(
                        "sgemm-" + op.toLowerCase(java.util.Locale.ROOT) + "-" + size,
                        "SGEMM " + op + " " + size,
                        "sgemm",
                        Map.of("op", op, "m", m, "k", k, "n", n))
                .in("sgemm")
                .against(OPENBLAS, MKL, TORCH)
                .atLeast(0.88);
    }
}
