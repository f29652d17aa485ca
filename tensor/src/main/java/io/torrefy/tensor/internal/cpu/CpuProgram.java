package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.TokenChoice;
import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.PackedMatrix;
import io.torrefy.tensor.internal.StepProgram;
import java.util.ArrayList;
import java.util.List;

/// A [StepProgram] as one job of many phases: each kernel is cut into tasks of rows, of columns or of heads, and a
/// kernel begins when the one before has ended. All kernels are those of the operations themselves, one row or range at
/// a time.
final class CpuProgram extends Phases implements StepProgram {
    /// Multiply-adds of a task of a product, so that taking it costs little beside it.
    private static final long PRODUCT_TASK = 400_000;
    /// Rows of a task of a product with many rows.
    private static final int PRODUCT_ROWS = 48;
    /// Elements of a task that goes by rows.
    private static final int ROW_TASK = 4096;
    /// Multiply-adds of a token below which its kernels are too short to share.
    private static final long SHARED = 200_000;

    private final Rows rows;
    private final List<Step> steps = new ArrayList<>();
    private int[] tasks = {};
    private long work;
    private int count;
    private TokenChoice choice = TokenChoice.GREEDY;

    CpuProgram(int most) {
        rows = Rows.of(most);
    }

    /// A kernel of the program.
    private interface Step {
        int tasks(int count);

        void run(int task, int count);
    }

    /// A kernel that goes row by row.
    private interface ByRow {
        void row(int r);
    }

    private void byRow(long n, ByRow kernel) {
        int block = (int) Math.clamp(ROW_TASK / n, 1, 64);
        steps.add(new Step() {
            @Override
            public int tasks(int count) {
                return Math.ceilDiv(count, block);
            }

            @Override
            public void run(int task, int count) {
                int end = Math.min(count, (task + 1) * block);
                for (int r = task * block; r < end; r++) {
                    kernel.row(r);
                }
            }
        });
    }

    @Override
    public void embed(long width, long table, boolean byPosition, boolean add, long y) {
        int[] index = byPosition ? rows.positions() : rows.ids();
        byRow(width, r -> {
            long from = table + 4 * width * index[r];
            long to = y + 4 * width * r;
            if (add) {
                BinaryKernels.vv(BinaryOp.ADD, (int) width, to, from, to);
            } else {
                Mem.copy(4 * width, from, to);
            }
        });
    }

    @Override
    public void rmsNorm(long n, long x, long w, float eps, long y) {
        byRow(n, r -> Norms.rmsRow(x + 4 * n * r, w, (int) n, eps, y + 4 * n * r));
    }

    @Override
    public void layerNorm(long n, long x, long w, long b, float eps, long y) {
        byRow(n, r -> Norms.layerRow(x + 4 * n * r, w, b, (int) n, eps, y + 4 * n * r));
    }

    @Override
    public void scaledAdd(long n, long x, float scale, long y, long stride) {
        byRow(n, r -> {
            long from = x + 4 * n * r;
            long to = y + 4 * stride * r;
            BinaryKernels.vs(BinaryOp.MUL, (int) n, from, scale, from);
            BinaryKernels.vv(BinaryOp.ADD, (int) n, to, from, to);
        });
    }

    @Override
    public void add(long n, long x, long y) {
        byRow(n, r -> BinaryKernels.vv(BinaryOp.ADD, (int) n, y + 4 * n * r, x + 4 * n * r, y + 4 * n * r));
    }

    @Override
    public void swiglu(long n, long x, long y) {
        byRow(n, r -> Swiglu.row(x + 8 * n * r, x + 8 * n * r + 4 * n, (int) n, y + 4 * n * r));
    }

    @Override
    public void choose(long n, long logits) {
        byRow(n, r -> TokenRows.choose(rows, r, (int) n, logits + 4 * n * r, choice));
    }

    @Override
    public void linear(long k, long x, PackedMatrix[] weights, long[] biases, Ending ending, long scratch, long y) {
        Product product = new Product((int) k, x, weights, biases, ending, scratch, y);
        long perRow = k * product.width();
        int units = product.units();
        work += perRow;
        steps.add(new Step() {
            private int across(int count) {
                long unit = Math.max(1, perRow * Math.min(count, PRODUCT_ROWS) / units);
                int wanted = (int) Math.ceilDiv(units, Math.clamp(PRODUCT_TASK / unit, 1, units));
                return Math.max(wanted, Math.min(units, Parallel.threads()));
            }

            @Override
            public int tasks(int count) {
                return across(count) * Math.ceilDiv(count, PRODUCT_ROWS);
            }

            @Override
            public void run(int task, int count) {
                int across = across(count);
                int column = task % across;
                int first = (int) ((long) units * column / across);
                int end = (int) ((long) units * (column + 1) / across);
                int row = task / across * PRODUCT_ROWS;
                product.run(row, Math.min(PRODUCT_ROWS, count - row), first, end);
            }
        });
    }

    @Override
    public void attend(CachedAttention step) {
        steps.add(new Step() {
            private int each(int count) {
                return Math.max(1, count * step.kvHeads() / (8 * Parallel.threads()));
            }

            @Override
            public int tasks(int count) {
                return Math.ceilDiv(count * step.kvHeads(), each(count));
            }

            @Override
            public void run(int task, int count) {
                int each = each(count);
                int end = Math.min(count * step.kvHeads(), (task + 1) * each);
                for (int i = task * each; i < end; i++) {
                    CachedHeads.run(step, rows, i / step.kvHeads(), i % step.kvHeads());
                }
            }
        });
    }

    @Override
    public Rows rows() {
        return rows;
    }

    @Override
    public void run(int count, TokenChoice choice) {
        this.count = count;
        this.choice = choice;
        if (tasks.length != steps.size()) {
            tasks = new int[steps.size()];
        }
        for (int i = 0; i < tasks.length; i++) {
            tasks[i] = steps.get(i).tasks(count);
        }
        if (work * count < SHARED) {
            runAlone();
        } else {
            Parallel.run(this);
        }
    }

    @Override
    int phases() {
        return tasks.length;
    }

    @Override
    int tasks(int phase) {
        return tasks[phase];
    }

    @Override
    void task(int phase, int task) {
        steps.get(phase).run(task, count);
    }
}
