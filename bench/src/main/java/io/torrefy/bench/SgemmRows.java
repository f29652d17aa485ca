package io.torrefy.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Matrix products in f32: squares, the shapes of a transformer's layers, and one and eight rows as when it decodes.
final class SgemmRows {
    private static final Contender OPENBLAS = Contender.java("OpenBLAS", "sgemm-openblas");
    private static final Contender MKL = Contender.java("MKL", "sgemm-mkl");

    /// m, k, n.
    private static final int[][] SIZES = {
        {256, 256, 256},
        {512, 512, 512},
        {1024, 1024, 1024},
        {2048, 2048, 2048},
        {512, 768, 3072},
        {512, 3072, 768},
        {2048, 512, 32000},
        {1, 768, 3072},
        {8, 768, 3072}
    };

    private SgemmRows() {}

    static List<Row> rows() {
        var all = new ArrayList<Row>();
        for (int[] size : SIZES) {
            for (String op : List.of("NN", "NT", "TN")) {
                all.add(row(op, size[0], size[1], size[2]));
            }
        }
        return all;
    }

    private static Row row(String op, int m, int k, int n) {
        String size = m == k && k == n ? Integer.toString(m) : m + "x" + k + "x" + n;
        return Row.of(
                        "sgemm-" + op.toLowerCase(Locale.ROOT) + "-" + size,
                        "SGEMM " + op + " " + size,
                        "sgemm",
                        Map.of("op", op, "m", m, "k", k, "n", n))
                .in("sgemm")
                .against(OPENBLAS, MKL)
                .atLeast(0.88);
    }
}
