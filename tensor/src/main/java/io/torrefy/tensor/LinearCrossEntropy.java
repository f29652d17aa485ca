package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.tensor.CrossEntropies.Reduction;
import io.torrefy.tensor.CrossEntropies.TokenLogProbs;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Cross-entropy and token log-probabilities straight from hidden states (…, hidden) and the output matrix (vocabulary,
/// hidden): the logits exist for some rows at a time only. With R rows, V words and a hidden size H the plain form
/// holds two R x V matrices, which for a language model is most of a step's memory.
///
/// A summed or averaged loss computes its gradients while each chunk of logits is still in the cache, as the upstream
/// gradient is one number that can be multiplied in later (Hsu et al. 2024, "Liger Kernel", section 3.2): three
/// products of 2 R V H operations, as many as the plain form. Losses and log-probabilities of single rows keep the
/// log-sum-exp and compute the logits again in the backward pass: four products.
///
/// The values have the bits of the plain form. How rows are cut depends on the vocabulary alone, so gradients are the
/// same on any number of threads and differ from the plain form's in rounding only. Float32; other types go through the
/// plain form.
@Export(value = "nn.LinearCrossEntropy", since = "0.1")
public final class LinearCrossEntropy {
    /// What the logits of a chunk may take: they are written once and read three times, best from the cache.
    private static final long CHUNK_BYTES = 16L << 20;

    /// The least rows of a chunk: the output matrix is read once for every chunk.
    private static final long LEAST_ROWS = 128;

    private LinearCrossEntropy() {}

    static long chunkRows(long vocabulary) {
        return Math.max(LEAST_ROWS, CHUNK_BYTES / (Float.BYTES * Math.max(1, vocabulary)));
    }

    /// Mean cross-entropy over the rows whose target is not -100.
    ///
    /// @param hidden (…, hidden)
    /// @param weight (vocabulary, hidden)
    /// @param targets (…), integers
    @Export(
            value = "nn.functional.linear_cross_entropy",
            since = "0.1",
            params = {"hidden", "weight", "targets"})
    public static Tensor crossEntropy(Tensor hidden, Tensor weight, Tensor targets) {
        return crossEntropy(hidden, weight, targets, Reduction.MEAN, CrossEntropies.IGNORE, 0);
    }

    /// `CrossEntropies.crossEntropy(hidden.matmul(weight.t()), targets, …)` without its logits.
    ///
    /// @throws IllegalArgumentException if shapes do not fit or a target is no word
    @Export(
            value = "nn.functional.linear_cross_entropy",
            since = "0.1",
            params = {"hidden", "weight", "targets", "reduction=MEAN", "ignoreIndex=-100", "smoothing=0"})
    public static Tensor crossEntropy(
            Tensor hidden, Tensor weight, Tensor targets, Reduction reduction, long ignoreIndex, double smoothing) {
        return crossEntropy(hidden, weight, targets, reduction, ignoreIndex, smoothing, chunkRows(weight.size(0)));
    }

    static Tensor crossEntropy(
            Tensor hidden,
            Tensor weight,
            Tensor targets,
            Reduction reduction,
            long ignoreIndex,
            double smoothing,
            long chunk) {
        Tensor ids = CrossEntropies.checkedTargets(
                "linearCrossEntropy", shapeOfLogits(hidden, weight, targets), targets, ignoreIndex);
        if (hidden.dtype == DType.F64 || weight.dtype == DType.F64) {
            return CrossEntropies.crossEntropy(logits(hidden, weight), targets, reduction, ignoreIndex, smoothing);
        }
        Tensor x = rows(hidden);
        Tensor w = weight.to(DType.F32).contiguous();
        if (reduction == Reduction.NONE) {
            return losses(x, w, ids, ignoreIndex, smoothing, chunk).reshape(ids.shape);
        }
        double count = reduction == Reduction.MEAN ? CrossEntropies.counted(ids, ignoreIndex) : 1;
        return summedLoss(x, w, ids, ignoreIndex, smoothing, chunk, count);
    }

    /// `CrossEntropies.tokenLogProbs(hidden.matmul(weight.t()), targets, temperature)` without its logits, which
    /// are kept only where all of them are no more than one chunk.
    ///
    /// @throws IllegalArgumentException if shapes do not fit, a target is no word or the temperature is not
    ///     positive
    @Export(value = "nn.functional.linear_token_log_probs", since = "0.1")
    public static TokenLogProbs tokenLogProbs(Tensor hidden, Tensor weight, Tensor targets, double temperature) {
        long chunk = chunkRows(weight.size(0));
        return Shapes.count(targets.shape) <= chunk
                ? CrossEntropies.tokenLogProbs(logits(hidden, weight), targets, temperature)
                : tokenLogProbs(hidden, weight, targets, temperature, chunk);
    }

    static TokenLogProbs tokenLogProbs(Tensor hidden, Tensor weight, Tensor targets, double temperature, long chunk) {
        CrossEntropies.checkTemperature("linearTokenLogProbs", temperature);
        Tensor ids = CrossEntropies.checkedTargets(
                "linearTokenLogProbs", shapeOfLogits(hidden, weight, targets), targets, CrossEntropies.NONE_IGNORED);
        if (hidden.dtype == DType.F64 || weight.dtype == DType.F64) {
            return CrossEntropies.tokenLogProbs(logits(hidden, weight), targets, temperature);
        }
        Tensor x = rows(hidden);
        Tensor w = weight.to(DType.F32).contiguous();
        float inverse = (float) (1 / temperature);
        long n = w.size(0);
        Tensor logProbs = Creation.like(x, x.size(0));
        Tensor entropy = Creation.like(x, x.size(0));
        Tensor lse = Creation.like(x, x.size(0));
        forEachChunk(
                x,
                w,
                chunk,
                (z, from, count) -> z.backend()
                        .tokenLogProbs(
                                count,
                                n,
                                z.address(),
                                inverse,
                                at(ids, from),
                                at(logProbs, from),
                                at(entropy, from),
                                at(lse, from)));
        Tensor y = Node.record(
                "linearTokenLogProbs", logProbs, new Tensor[] {x, w}, new Tensor[] {x, w, ids, lse}, (c, dy) -> {
                    Tensor classes = c.saved(2);
                    if (Autograd.isEnabled()) {
                        return Functional.throughUnfused(
                                dy,
                                c,
                                2,
                                t -> CrossEntropies.unfusedLogProbs(logits(t[0], t[1]), classes, temperature)
                                        .logProbs());
                    }
                    Tensor upstream = dy.contiguous();
                    Gradients g = new Gradients(c.saved(0), c.saved(1), c.needs(0), c.needs(1));
                    forEachChunk(c.saved(0), c.saved(1), chunk, (z, from, count) -> {
                        z.backend()
                                .tokenLogProbsBackward(
                                        count,
                                        n,
                                        z.address(),
                                        inverse,
                                        at(classes, from),
                                        at(c.saved(3), from),
                                        at(upstream, from),
                                        z.address());
                        g.add(z, from, count);
                    });
                    return g.both();
                });
        return new TokenLogProbs(y.reshape(ids.shape), entropy.reshape(ids.shape));
    }

    // ---- losses ----------------------------------------------------------------------------------------------------

    /// The sum over rows divided by `count`, with the gradients made on the way.
    private static Tensor summedLoss(
            Tensor x, Tensor w, Tensor ids, long ignoreIndex, double smoothing, long chunk, double count) {
        if (!Autograd.isEnabled() || !(x.requiresGrad() || w.requiresGrad())) {
            return losses(x, w, ids, ignoreIndex, smoothing, chunk).sum().div(count);
        }
        Tensor losses = Creation.like(x, x.size(0));
        Gradients g = new Gradients(x, w, x.requiresGrad(), w.requiresGrad());
        forEachChunk(x, w, chunk, (z, from, rows) -> {
            z.backend()
                    .crossEntropyWithGradient(
                            rows,
                            z.size(1),
                            z.address(),
                            at(ids, from),
                            ignoreIndex,
                            (float) smoothing,
                            (float) (1 / count),
                            at(losses, from),
                            z.address());
            g.add(z, from, rows);
        });
        Tensor loss = losses.sum().div(count);
        @Nullable Tensor[] made = g.both();
        Tensor[] saves =
                Stream.of(x, w, ids, made[0], made[1]).filter(Objects::nonNull).toArray(Tensor[]::new);
        return Node.record("linearCrossEntropy", loss, new Tensor[] {x, w}, saves, (c, dy) -> {
            if (Autograd.isEnabled()) {
                Tensor classes = c.saved(2);
                return Functional.throughUnfused(
                        dy,
                        c,
                        2,
                        t -> CrossEntropies.unfused(logits(t[0], t[1]), classes, ignoreIndex, smoothing)
                                .sum()
                                .div(count));
            }
            int at = 3;
            Tensor dx = c.needs(0) ? CrossEntropies.scaled(c.saved(at++), dy) : null;
            return new @Nullable Tensor[] {dx, c.needs(1) ? CrossEntropies.scaled(c.saved(at), dy) : null};
        });
    }

    /// The losses of the rows.
    private static Tensor losses(Tensor x, Tensor w, Tensor ids, long ignoreIndex, double smoothing, long chunk) {
        Tensor losses = Creation.like(x, x.size(0));
        Tensor lse = Creation.like(x, x.size(0));
        forEachChunk(
                x, w, chunk, (z, from, count) -> rowLosses(z, ids, from, count, ignoreIndex, smoothing, losses, lse));
        return Node.record(
                "linearCrossEntropy", losses, new Tensor[] {x, w}, new Tensor[] {x, w, ids, lse}, (c, dy) -> {
                    Tensor classes = c.saved(2);
                    if (Autograd.isEnabled()) {
                        return Functional.throughUnfused(
                                dy,
                                c,
                                2,
                                t -> CrossEntropies.unfused(
                                        logits(t[0], t[1]), classes.reshape(-1), ignoreIndex, smoothing));
                    }
                    Tensor upstream = dy.contiguous();
                    Gradients g = new Gradients(c.saved(0), c.saved(1), c.needs(0), c.needs(1));
                    forEachChunk(c.saved(0), c.saved(1), chunk, (z, from, count) -> {
                        rowGradients(z, classes, from, count, ignoreIndex, smoothing, c.saved(3), upstream);
                        g.add(z, from, count);
                    });
                    return g.both();
                });
    }

    private static void rowLosses(
            Tensor z,
            Tensor ids,
            long from,
            long count,
            long ignoreIndex,
            double smoothing,
            Tensor losses,
            Tensor lse) {
        z.backend()
                .crossEntropy(
                        count,
                        z.size(1),
                        z.address(),
                        at(ids, from),
                        ignoreIndex,
                        (float) smoothing,
                        at(losses, from),
                        at(lse, from));
    }

    /// Overwrites the logits with their gradients.
    private static void rowGradients(
            Tensor z,
            Tensor ids,
            long from,
            long count,
            long ignoreIndex,
            double smoothing,
            Tensor lse,
            Tensor upstream) {
        z.backend()
                .crossEntropyBackward(
                        count,
                        z.size(1),
                        z.address(),
                        at(ids, from),
                        ignoreIndex,
                        (float) smoothing,
                        at(lse, from),
                        at(upstream, from),
                        z.address());
    }

    // ---- chunks ----------------------------------------------------------------------------------------------------

    /// Takes the logits z (count, vocabulary) of the rows from `from` on; may overwrite them.
    @FunctionalInterface
    private interface Chunk {
        void accept(Tensor z, long from, long count);
    }

    private static void forEachChunk(Tensor x, Tensor w, long chunk, Chunk work) {
        long rows = x.size(0);
        long n = w.size(0);
        long k = x.size(1);
        for (long from = 0; from < rows; from += chunk) {
            long count = Math.min(chunk, rows - from);
            try (Scope _ = Scope.open()) {
                Tensor z = Creation.like(x, count, n);
                gemm(false, true, count, n, k, at(x, from * k), k, w.address(), k, z, 0, false);
                work.accept(z, from, count);
            }
        }
    }

    /// The gradients of hidden states and output matrix, from those of the logits chunk by chunk.
    private static final class Gradients {
        private final Tensor x;
        private final Tensor w;
        private final @Nullable Tensor dx;
        private final @Nullable Tensor dw;

        Gradients(Tensor x, Tensor w, boolean needsX, boolean needsW) {
            this.x = x;
            this.w = w;
            this.dx = needsX ? Creation.like(x, x.shape) : null;
            // No rows, no chunks: then nothing else would write it.
            this.dw = !needsW ? null : x.size(0) == 0 ? Creation.full(w.dtype, 0, w.shape) : Creation.like(w, w.shape);
        }

        void add(Tensor dz, long from, long count) {
            long n = w.size(0);
            long k = w.size(1);
            if (dx != null) {
                gemm(false, false, count, k, n, dz.address(), n, w.address(), k, dx, from * k, false);
            }
            if (dw != null) {
                gemm(true, false, n, k, count, dz.address(), n, at(x, from * k), k, dw, 0, from > 0);
            }
        }

        @Nullable
        Tensor[] both() {
            return new @Nullable Tensor[] {dx, dw};
        }
    }

    /// c from element `at` on (m, n), dense, from row-major a and b with leading dimensions.
    private static void gemm(
            boolean ta,
            boolean tb,
            long m,
            long n,
            long k,
            long a,
            long lda,
            long b,
            long ldb,
            Tensor c,
            long at,
            boolean accumulate) {
        c.backend()
                .gemm(
                        DType.F32,
                        ta,
                        tb,
                        m,
                        n,
                        k,
                        a,
                        Math.max(1, lda),
                        0,
                        b,
                        Math.max(1, ldb),
                        0,
                        at(c, at),
                        Math.max(1, n),
                        0,
                        1,
                        accumulate);
    }

    private static long at(Tensor x, long element) {
        return x.address() + element * x.dtype.bytes();
    }

    private static Tensor rows(Tensor hidden) {
        return hidden.to(DType.F32)
                .reshape(Shapes.count(hidden.shape, 0, hidden.rank() - 1), hidden.size(-1))
                .contiguous();
    }

    private static Tensor logits(Tensor hidden, Tensor weight) {
        return hidden.matmul(weight.t());
    }

    /// The shape that the logits would have.
    private static long[] shapeOfLogits(Tensor hidden, Tensor weight, Tensor targets) {
        if (hidden.rank() == 0 || weight.rank() != 2 || hidden.size(-1) != weight.size(1)) {
            throw new IllegalArgumentException(
                    "[linearCrossEntropy] expected hidden states (…, hidden), an output matrix (vocabulary, hidden) and"
                            + " targets (…); got " + hidden.describe() + ", " + weight.describe() + " and "
                            + targets.describe());
        }
        long[] shape = hidden.shape.clone();
        shape[shape.length - 1] = weight.size(0);
        return shape;
    }
}
