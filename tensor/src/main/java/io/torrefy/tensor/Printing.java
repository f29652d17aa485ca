package io.torrefy.tensor;

import java.util.Arrays;
import java.util.Locale;

/// Tensors as text: all values of small ones, the edges of large ones.
final class Printing {
    private static final int EDGE = 3;
    private static final int SMALL = 1000;

    private Printing() {}

    static String print(Tensor x) {
        StringBuilder out = new StringBuilder("Tensor(");
        boolean brief = x.count() > SMALL;
        write(out, x, brief, "       ");
        return out.append(", ")
                .append(x.dtype())
                .append(Arrays.toString(x.shape))
                .append(x.requiresGrad() ? ", grad" : "")
                .append(')')
                .toString();
    }

    private static void write(StringBuilder out, Tensor x, boolean brief, String indent) {
        if (x.rank() == 0) {
            out.append(number(x));
            return;
        }
        out.append('[');
        long n = x.shape[0];
        for (long i = 0; i < n; i++) {
            if (brief && n > 2 * EDGE && i == EDGE) {
                out.append(x.rank() == 1 ? ", …" : ",\n" + indent + "…");
                i = n - EDGE;
            }
            if (i > 0) {
                out.append(x.rank() == 1 ? ", " : ",\n" + indent);
            }
            try (Scope _ = Scope.open()) {
                write(out, x.detach().select(0, i), brief, indent + " ");
            }
        }
        out.append(']');
    }

    private static String number(Tensor x) {
        return switch (x.dtype()) {
            case BOOL -> Boolean.toString(x.toBooleans()[0]);
            case I64, I32, U8 -> Long.toString(x.toLongs()[0]);
            default -> String.format(Locale.ROOT, "%.4g", x.toDoubles()[0]);
        };
    }
}
