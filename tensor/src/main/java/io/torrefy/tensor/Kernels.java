package io.torrefy.tensor;

/// One-pass kernels in place on flat f32 storage, for optimisers and the code around them. Nothing here is recorded.
public final class Kernels {
    private Kernels() {}

    /// The numbers of one Adam step; see [#adam].
    public record AdamStep(
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled,
            double biasCorrection1,
            double biasCorrection2,
            double gradScale) {}

    private static void flat(String op, Tensor p, Tensor... others) {
        boolean fine = p.live(op).dtype == DType.F32 && p.dense;
        for (Tensor t : others) {
            fine &= t.live(op).dtype == DType.F32 && t.dense && t.count() == p.count();
        }
        if (!fine) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected dense F32 tensors of one size; got " + p.describe() + " among them");
        }
    }

    /// One Adam or AdamW step of parameter `p` with gradient `g` (scaled by `gradScale`) and moments `m`, `v`
    /// (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2; torch's order of operations).
    public static void adam(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
        adam(p, g, m, v, step, 0);
    }

    /// The AMSGrad form, with the running maximum of `v`.
    public static void amsgrad(Tensor p, Tensor g, Tensor m, Tensor v, Tensor maxV, AdamStep step) {
        flat("amsgrad", p, maxV);
        adam(p, g, m, v, step, maxV.address());
        maxV.storage.changed();
    }

    private static void adam(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep s, long maxV) {
        flat("adam", p, g, m, v);
        p.backend()
                .adam(
                        p.count(),
                        p.address(),
                        g.address(),
                        m.address(),
                        v.address(),
                        maxV,
                        (float) s.gradScale,
                        (float) s.lr,
                        (float) s.beta1,
                        (float) s.beta2,
                        (float) s.eps,
                        (float) s.weightDecay,
                        s.decoupled,
                        (float) (s.lr / s.biasCorrection1),
                        (float) Math.sqrt(s.biasCorrection2));
        p.storage.changed();
        m.storage.changed();
        v.storage.changed();
    }

    /// Sum of squares of a dense f32 tensor, added up in double over fixed blocks.
    public static double sumOfSquares(Tensor x) {
        flat("sumOfSquares", x);
        return x.backend().sumOfSquares(x.count(), x.address());
    }

    /// Whether every value of a dense f32 tensor is finite.
    public static boolean allFinite(Tensor x) {
        flat("allFinite", x);
        return x.backend().allFinite(x.count(), x.address());
    }

    /// Overwrites rows of `target` (n, width), dense: `target[rows[j]] = source[j]`, source (m, width), rows (m)
    /// I64.
    public static void copyRows(Tensor target, Tensor rows, Tensor source) {
        Tensor ids = rows.live("copyRows").contiguous();
        Tensor from = source.live("copyRows").contiguous();
        boolean fine = target.live("copyRows").dense
                && target.rank() == 2
                && from.rank() == 2
                && target.dtype == from.dtype
                && target.size(1) == from.size(1)
                && ids.dtype == DType.I64
                && ids.count() == from.size(0);
        if (!fine) {
            throw new IllegalArgumentException(
                    "[copyRows] expected a dense target (n, width), I64 rows (m) and source (m, width);" + " got "
                            + target.describe() + ", " + rows.describe() + " and " + source.describe());
        }
        long bad = target.backend().findOutOfRange(ids.count(), ids.address(), target.size(0));
        if (bad >= 0) {
            throw new IllegalArgumentException(
                    "[copyRows] expected rows below " + target.size(0) + "; got " + ids.toLongs()[(int) bad]);
        }
        target.backend()
                .indexCopy(target.dtype, target.size(1), ids.count(), from.address(), ids.address(), target.address());
        target.storage.changed();
    }
}
