package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cross-entropy and token log-probabilities over rows of logits, fused: the softmax is never stored, the backward pass
/// recomputes it from the kept log-sum-exp.
@Export(value = "nn.CrossEntropies", since = "0.1", members = "nn.functional")
public final class CrossEntropies {
    /// PyTorch's default for targets that do not count.
    @Export(value = "nn.functional.IGNORE_INDEX", since = "0.1")
    public static final long IGNORE = -100;

    static final long NONE_IGNORED = Long.MIN_VALUE;

    private CrossEntropies() {}

    /// What to do with the losses of the rows.
    public enum Reduction {
        NONE,
        SUM,
        MEAN
    }

    private static Tensor targets(String op, Tensor logits, Tensor targets, long ignoreIndex) {
        return checkedTargets(op, logits.shape, targets, ignoreIndex);
    }

    /// The targets as dense I64, each a class of logits of the given shape (…, classes) or to be ignored.
    static Tensor checkedTargets(String op, long[] logits, Tensor targets, long ignoreIndex) {
        long[] lead = Arrays.copyOf(logits, Math.max(0, logits.length - 1));
        if (logits.length == 0 || !Arrays.equals(lead, targets.shape) || targets.dtype.isFloating()) {
            throw new IllegalArgumentException("[" + op + "] expected logits (…, classes) and integer targets (…); got "
                    + "logits " + Arrays.toString(logits) + " and " + targets.describe());
        }
        Tensor ids = targets.to(DType.I64).contiguous();
        long classes = logits[logits.length - 1];
        long bad = outside(ids, classes);
        if (bad >= 0 && ignoreIndex != NONE_IGNORED) {
            try (Scope _ = Scope.open()) {
                bad = outside(ids.maskedFill(ids.eq(ignoreIndex), 0), classes);
            }
        }
        if (bad >= 0) {
            throw new IllegalArgumentException("[" + op + "] expected targets in [0, " + classes + ")"
                    + (ignoreIndex == NONE_IGNORED ? "" : " or " + ignoreIndex) + "; got "
                    + ids.reshape(-1).slice(0, bad, bad + 1).toLongs()[0] + " at position " + bad);
        }
        return ids;
    }

    private static long outside(Tensor ids, long classes) {
        return ids.backend().findOutOfRange(ids.count(), ids.address(), classes);
    }

    /// Mean cross-entropy over the rows whose target is not -100.
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return crossEntropy(logits, targets, Reduction.MEAN, IGNORE, 0);
    }

    /// Cross-entropy of logits (…, classes) with target classes (…); rows with `ignoreIndex` give 0 and do not
    /// count in the mean
    /// (which is NaN when no row counts, as in PyTorch). Label smoothing as torch's.
    public static Tensor crossEntropy(
            Tensor logits, Tensor targets, Reduction reduction, long ignoreIndex, double smoothing) {
        Tensor ids = targets("crossEntropy", logits, targets, ignoreIndex);
        if (reduction != Reduction.NONE && logits.dtype != DType.F64) {
            return reduced(logits.to(DType.F32), ids, reduction, ignoreIndex, smoothing);
        }
        Tensor losses = logits.dtype == DType.F32
                ? fused(logits, ids, ignoreIndex, smoothing)
                : logits.dtype.isHalf()
                        ? fused(logits.to(DType.F32), ids, ignoreIndex, smoothing)
                        : unfused(logits, ids, ignoreIndex, smoothing);
        return switch (reduction) {
            case NONE -> losses;
            case SUM -> losses.sum();
            case MEAN -> losses.sum().div(ids.ne(ignoreIndex).to(losses.dtype).sum());
        };
    }

    /// Cross-entropy with class weights (classes): the mean is over the weights of the targets.
    public static Tensor crossEntropy(
            Tensor logits, Tensor targets, Tensor weight, Reduction reduction, long ignoreIndex, double smoothing) {
        Tensor ids = targets("crossEntropy", logits, targets, ignoreIndex);
        Tensor logProbs = logits.logSoftmax(-1);
        Tensor counts = ids.ne(ignoreIndex).to(logits.dtype);
        Tensor safe = ids.maskedFill(ids.eq(ignoreIndex), 0);
        Tensor w = weight.indexSelect(0, safe.reshape(-1)).reshape(safe.shape).mul(counts);
        Tensor nll = logProbs.gather(-1, safe.unsqueeze(-1)).squeeze(-1).neg().mul(w);
        Tensor smooth = logProbs.mul(weight).sum(-1).neg().mul(counts).mul(smoothing / logits.size(-1));
        Tensor losses = nll.mul(1 - smoothing).add(smooth);
        return switch (reduction) {
            case NONE -> losses;
            case SUM -> losses.sum();
            case MEAN -> losses.sum().div(w.sum());
        };
    }

    /// Cross-entropy with target probabilities of the logits' shape; the mean is over rows.
    public static Tensor crossEntropySoft(Tensor logits, Tensor probabilities, Reduction reduction) {
        Tensor losses = logits.logSoftmax(-1).mul(probabilities).sum(-1).neg();
        return switch (reduction) {
            case NONE -> losses;
            case SUM -> losses.sum();
            case MEAN -> losses.mean();
        };
    }

    private static long rows(Tensor x) {
        return Shapes.count(x.shape, 0, x.rank() - 1);
    }

    /// How many rows count in a mean.
    static double counted(Tensor ids, long ignoreIndex) {
        return ids.ne(ignoreIndex).to(DType.F64).sum().item();
    }

    /// Sum or mean in one pass over the logits, which makes their gradient on the way when one is wanted: the
    /// factor of every row is known before, but for what comes after the loss, and that is mostly 1.
    private static Tensor reduced(Tensor logits, Tensor ids, Reduction reduction, long ignoreIndex, double smoothing) {
        Tensor in = logits.contiguous();
        double rows = reduction == Reduction.MEAN ? counted(ids, ignoreIndex) : 1;
        if (!Autograd.isEnabled() || !logits.requiresGrad()) {
            return fused(in, ids, ignoreIndex, smoothing).sum().div(rows);
        }
        Tensor losses = Creation.like(in, ids.shape);
        Tensor gradient = Creation.like(in, in.shape);
        in.backend()
                .crossEntropyWithGradient(
                        rows(in),
                        in.size(-1),
                        in.address(),
                        ids.address(),
                        ignoreIndex,
                        (float) smoothing,
                        (float) (1 / rows),
                        losses.address(),
                        gradient.address());
        Tensor loss = losses.sum().div(rows);
        return Node.record("crossEntropy", loss, new Tensor[] {in}, new Tensor[] {in, ids, gradient}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                Tensor classes = c.saved(1);
                return Functional.throughUnfused(
                        dy,
                        c,
                        1,
                        t -> unfused(t[0], classes, ignoreIndex, smoothing)
                                .sum()
                                .div(rows));
            }
            return new Tensor[] {scaled(c.saved(2), dy)};
        });
    }

    /// A saved gradient times what comes after the loss. Times 1 it is the saved one itself: storage that a graph
    /// still holds is shared, and nothing adds to shared storage in place.
    static Tensor scaled(Tensor saved, Tensor upstream) {
        return upstream.item() == 1 ? saved : saved.mul(upstream);
    }

    private static Tensor fused(Tensor logits, Tensor ids, long ignoreIndex, double smoothing) {
        Tensor in = logits.contiguous();
        long n = in.size(-1);
        Tensor loss = Creation.like(in, ids.shape);
        Tensor lse = Creation.like(in, ids.shape);
        loss.backend()
                .crossEntropy(
                        rows(in),
                        n,
                        in.address(),
                        ids.address(),
                        ignoreIndex,
                        (float) smoothing,
                        loss.address(),
                        lse.address());
        return Node.record("crossEntropy", loss, new Tensor[] {in}, new Tensor[] {in, ids, lse}, (c, dy) -> {
            Tensor x = c.saved(0);
            if (Autograd.isEnabled()) {
                Tensor classes = c.saved(1);
                return Functional.throughUnfused(dy, c, 1, t -> unfused(t[0], classes, ignoreIndex, smoothing));
            }
            Tensor scale = dy.contiguous();
            Tensor dx = Creation.like(x, x.shape);
            dx.backend()
                    .crossEntropyBackward(
                            rows(x),
                            n,
                            x.address(),
                            c.saved(1).address(),
                            ignoreIndex,
                            (float) smoothing,
                            c.saved(2).address(),
                            scale.address(),
                            dx.address());
            return new Tensor[] {dx};
        });
    }

    static Tensor unfused(Tensor logits, Tensor ids, long ignoreIndex, double smoothing) {
        Tensor logProbs = logits.logSoftmax(-1);
        Tensor counts = ids.ne(ignoreIndex).to(logits.dtype);
        Tensor safe = ids.maskedFill(ids.eq(ignoreIndex), 0);
        Tensor nll = logProbs.gather(-1, safe.unsqueeze(-1)).squeeze(-1).neg();
        return nll.mul(1 - smoothing).add(logProbs.mean(-1).mul(-smoothing)).mul(counts);
    }

    /// Log-probability and entropy of each row.
    ///
    /// @param logProbs of the targets, (…), differentiable
    /// @param entropy in nats, (…), for metrics: no gradient
    public record TokenLogProbs(Tensor logProbs, Tensor entropy) {}

    static void checkTemperature(String op, double temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("[" + op + "] expected a positive temperature; got " + temperature);
        }
    }

    /// log softmax(logits / temperature) at the targets, and the entropy of that distribution. Every target counts.
    public static TokenLogProbs tokenLogProbs(Tensor logits, Tensor targets, double temperature) {
        checkTemperature("tokenLogProbs", temperature);
        Tensor ids = targets("tokenLogProbs", logits, targets, NONE_IGNORED);
        if (logits.dtype != DType.F32) {
            return logits.dtype.isHalf()
                    ? tokenLogProbs(logits.to(DType.F32), targets, temperature)
                    : unfusedLogProbs(logits, ids, temperature);
        }
        Tensor in = logits.contiguous();
        long n = in.size(-1);
        float inverse = (float) (1 / temperature);
        Tensor logProbs = Creation.like(in, ids.shape);
        Tensor entropy = Creation.like(in, ids.shape);
        Tensor lse = Creation.like(in, ids.shape);
        in.backend()
                .tokenLogProbs(
                        rows(in),
                        n,
                        in.address(),
                        inverse,
                        ids.address(),
                        logProbs.address(),
                        entropy.address(),
                        lse.address());
        Tensor y = Node.record("tokenLogProbs", logProbs, new Tensor[] {in}, new Tensor[] {in, ids, lse}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                Tensor classes = c.saved(1);
                return Functional.throughUnfused(dy, c, 1, t -> unfusedLogProbs(t[0], classes, temperature).logProbs);
            }
            Tensor x = c.saved(0);
            Tensor g = dy.contiguous();
            Tensor dx = Creation.like(x, x.shape);
            dx.backend()
                    .tokenLogProbsBackward(
                            rows(x),
                            n,
                            x.address(),
                            inverse,
                            c.saved(1).address(),
                            c.saved(2).address(),
                            g.address(),
                            dx.address());
            return new @Nullable Tensor[] {dx};
        });
        return new TokenLogProbs(y, entropy);
    }

    static TokenLogProbs unfusedLogProbs(Tensor logits, Tensor ids, double temperature) {
        Tensor all = logits.div(temperature).logSoftmax(-1);
        Tensor entropy = all.exp().mul(all).sum(-1).neg().detach();
        return new TokenLogProbs(all.gather(-1, ids.unsqueeze(-1)).squeeze(-1), entropy);
    }
}
