package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.PackedMatrix;
import io.torrefy.tensor.internal.StepProgram.Ending;
import io.torrefy.tensor.internal.UnaryOp;

/// Rows times packed matrices, of which a task does some rows and some columns, with what follows on them: biases, then
/// the ending. Columns go by units, which start anew in each matrix.
final class Product {
    /// Columns of a unit.
    private static final int UNIT = GemmPacked.PANEL;

    private final int k;
    private final long x;
    private final PackedMatrix[] weights;
    private final GemmPacked.Job[] jobs;
    private final long[] biases;
    private final Ending ending;
    private final long scratch;
    private final long y;
    /// The first column and unit of each matrix, and the number of all.
    private final int[] column;

    private final int[] unit;

    Product(int k, long x, PackedMatrix[] weights, long[] biases, Ending ending, long scratch, long y) {
        this.k = k;
        this.x = x;
        this.weights = weights;
        jobs = new GemmPacked.Job[weights.length];
        this.biases = biases;
        this.ending = ending;
        this.scratch = scratch;
        this.y = y;
        column = new int[weights.length + 1];
        unit = new int[weights.length + 1];
        for (int i = 0; i < weights.length; i++) {
            column[i + 1] = column[i] + weights[i].n();
            unit[i + 1] = unit[i] + Math.ceilDiv(weights[i].n(), UNIT);
        }
        for (int i = 0; i < weights.length; i++) {
            PackedMatrix w = weights[i];
            jobs[i] = GemmPacked.Job.of(w.format(), w.n(), k, w.address(), k, width());
        }
    }

    /// Columns of all matrices.
    int width() {
        return column[weights.length];
    }

    /// Units to share out. SwiGLU's two matrices go side by side: a unit is one of each.
    int units() {
        return ending == Ending.SWIGLU ? unit[1] : unit[weights.length];
    }

    void run(int row, int rows, int firstUnit, int endUnit) {
        for (int i = 0; i < weights.length; i++) {
            int from = ending == Ending.SWIGLU ? 0 : unit[i];
            int first = Math.max(0, firstUnit - from) * UNIT;
            int end = Math.min(weights[i].n(), (endUnit - from) * UNIT);
            if (first < end) {
                matrix(i, row, rows, first, end);
            }
        }
        if (ending == Ending.SWIGLU) {
            int first = firstUnit * UNIT;
            int n = Math.min(weights[0].n(), endUnit * UNIT) - first;
            for (int r = row; r < row + rows; r++) {
                long gate = scratch + 4L * ((long) r * width() + first);
                Swiglu.row(gate, gate + 4L * column[1], n, y + 4L * ((long) r * column[1] + first));
            }
        }
    }

    private void matrix(int i, int row, int rows, int first, int end) {
        boolean aside = ending == Ending.ADD || ending == Ending.SWIGLU;
        long width = width();
        long at = 4 * (row * width + column[i] + first);
        long to = (aside ? scratch : y) + at;
        jobs[i].cell(rows, first, end, x + 4L * row * k, to - 4L * first);
        int n = end - first;
        for (int r = 0; r < rows; r++) {
            long z = to + 4 * width * r;
            if (biases[i] != 0) {
                BinaryKernels.vv(BinaryOp.ADD, n, z, biases[i] + 4L * first, z);
            }
            if (ending == Ending.ADD) {
                long sum = y + at + 4 * width * r;
                BinaryKernels.vv(BinaryOp.ADD, n, sum, z, sum);
            } else if (ending == Ending.GELU) {
                UnaryKernels.run(UnaryOp.GELU_TANH, n, z, z, 0, 0);
            }
        }
    }
}
