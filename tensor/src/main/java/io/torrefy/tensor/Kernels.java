package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.export.Status;
import java.lang.ref.Reference;
import java.util.List;

/// One-pass kernels on flat storage, for what is around an optimiser's [Updates]. Nothing here is recorded.
@Export(value = "tensor.Kernels", since = "0.1", members = "tensor.kernels", status = Status.EXPERIMENTAL)
public final class Kernels {
    private Kernels() {}

    /// Refuses a tensor that is not dense F32 of `p`'s size on its device.
    static void flat(String op, Tensor p, Tensor t) {
        if (t.live(op).dtype != DType.F32
                || !t.dense
                || t.count() != p.count()
                || !t.device().equals(p.device())) {
            throw new IllegalArgumentException("[" + op + "] expected dense F32 tensors of one size; got "
                    + t.describe() + (t == p ? "" : " beside " + p.describe()));
        }
    }

    /// Sum of squares of a dense f32 tensor, added up in double over fixed blocks.
    public static double sumOfSquares(Tensor x) {
        return sumsOfSquares(List.of(x))[0];
    }

    /// The same of every tensor of a list, in one parallel pass over all of them; each sum is what it is alone.
    public static double[] sumsOfSquares(List<Tensor> tensors) {
        double[] sums = new double[tensors.size()];
        if (sums.length > 0) {
            long[] counts = new long[sums.length];
            long[] addresses = new long[sums.length];
            for (int i = 0; i < sums.length; i++) {
                Tensor x = tensors.get(i);
                flat("sumOfSquares", x, x);
                counts[i] = x.count();
                addresses[i] = x.address();
            }
            tensors.getFirst().backend().sumsOfSquares(sums.length, counts, addresses, sums);
            Reference.reachabilityFence(tensors);
        }
        return sums;
    }

    /// Whether every value of a dense f32 tensor is finite.
    public static boolean allFinite(Tensor x) {
        flat("allFinite", x, x);
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
