package io.torrefy.nn;

import io.torrefy.export.Export;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.CrossEntropies.Reduction;
import io.torrefy.tensor.DType;
import io.torrefy.tensor.Tensor;
import java.util.Arrays;

/// Losses, with PyTorch's formulas and defaults: without a [Reduction] the mean. Inputs and targets have one shape;
/// they do not broadcast, because (n) against (n, 1) is a mistake more often than a wish.
@Export(value = "nn.Losses", since = "0.1", members = "nn.losses")
public final class Losses {
    private Losses() {}

    private static Tensor reduce(Tensor losses, Reduction reduction) {
        return switch (reduction) {
            case NONE -> losses;
            case SUM -> losses.sum();
            case MEAN -> losses.mean();
        };
    }

    private static void sameShape(String loss, Tensor input, Tensor target) {
        if (!Arrays.equals(input.shape(), target.shape())) {
            throw new IllegalArgumentException("[" + loss + "] expected an input and a target of one shape; got "
                    + Arrays.toString(input.shape()) + " and " + Arrays.toString(target.shape())
                    + ". Hint: reshape or expand one of them.");
        }
    }

    // ---- regression ------------------------------------------------------------------------------------------------

    /// Mean of (input - target)^2.
    public static Tensor mse(Tensor input, Tensor target) {
        return mse(input, target, Reduction.MEAN);
    }

    public static Tensor mse(Tensor input, Tensor target, Reduction reduction) {
        sameShape("mse", input, target);
        return reduce(input.sub(target).square(), reduction);
    }

    /// Mean of |input - target|; the gradient is 0 where they are equal.
    public static Tensor l1(Tensor input, Tensor target) {
        return l1(input, target, Reduction.MEAN);
    }

    public static Tensor l1(Tensor input, Tensor target, Reduction reduction) {
        sameShape("l1", input, target);
        return reduce(input.sub(target).abs(), reduction);
    }

    /// Mean of d^2 / 2 where d = |input - target| is at most `delta`, and delta (d - delta / 2) beyond (Huber
    /// 1964). This is PyTorch's `huber_loss`; its `smooth_l1_loss` is this over `delta`.
    public static Tensor huber(Tensor input, Tensor target, double delta) {
        return huber(input, target, delta, Reduction.MEAN);
    }

    public static Tensor huber(Tensor input, Tensor target, double delta, Reduction reduction) {
        sameShape("huber", input, target);
        if (!(delta > 0)) {
            throw new IllegalArgumentException("[huber] expected delta > 0; got " + delta);
        }
        Tensor d = input.sub(target).abs();
        Tensor inner = d.clamp(0, delta);
        return reduce(inner.square().mul(0.5).add(d.sub(inner).mul(delta)), reduction);
    }

    // ---- two classes -----------------------------------------------------------------------------------------------

    /// Mean of -(t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))) for targets `t` in [0, 1], without overflow.
    public static Tensor bceWithLogits(Tensor logits, Tensor target) {
        return bceWithLogits(logits, target, Reduction.MEAN);
    }

    public static Tensor bceWithLogits(Tensor logits, Tensor target, Reduction reduction) {
        sameShape("bceWithLogits", logits, target);
        // log(1 - sigmoid(x)) = logSigmoid(x) - x
        Tensor t = target.to(logits.dtype());
        return reduce(logits.sub(t.mul(logits)).sub(logits.logSigmoid()), reduction);
    }

    /// The same with positive examples weighted by `posWeight`, which broadcasts to the targets.
    public static Tensor bceWithLogits(Tensor logits, Tensor target, Tensor posWeight, Reduction reduction) {
        sameShape("bceWithLogits", logits, target);
        Tensor t = target.to(logits.dtype());
        Tensor weight = posWeight.sub(1).mul(t).add(1);
        return reduce(logits.sub(t.mul(logits)).sub(weight.mul(logits.logSigmoid())), reduction);
    }

    // ---- many classes ----------------------------------------------------------------------------------------------

    /// Mean cross-entropy of logits (…, classes) over the target classes (…) that are not -100.
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return CrossEntropies.crossEntropy(logits, targets);
    }

    /// The same; see [CrossEntropies] for class weights and target probabilities.
    public static Tensor crossEntropy(Tensor logits, Tensor targets, Reduction reduction, double smoothing) {
        return CrossEntropies.crossEntropy(logits, targets, reduction, CrossEntropies.IGNORE, smoothing);
    }

    /// Mean of -logProbs[target] for log-probabilities (…, classes) over the target classes (…) that are not -100.
    public static Tensor nll(Tensor logProbs, Tensor targets) {
        return nll(logProbs, targets, Reduction.MEAN);
    }

    public static Tensor nll(Tensor logProbs, Tensor targets, Reduction reduction) {
        Tensor kept = kept("nll", logProbs, targets);
        Tensor safe = targets.to(DType.I64).maskedFill(kept.not(), 0);
        Tensor losses =
                kept.where(logProbs.gather(-1, safe.unsqueeze(-1)).squeeze(-1).neg(), Tensor.full(logProbs.dtype(), 0));
        return reduction == Reduction.MEAN
                ? losses.sum().div(kept.to(logProbs.dtype()).sum())
                : reduce(losses, reduction);
    }

    /// Mean of logsumexp(logits)^2 over the rows whose target is not -100: times a small coefficient (1e-4 in PaLM,
    /// Chowdhery et al. 2022, section 5) it keeps logits from drifting.
    public static Tensor zLoss(Tensor logits, Tensor targets) {
        Tensor kept = kept("zLoss", logits, targets);
        Tensor squares = logits.logsumexp(new int[] {-1}, false).square();
        Tensor counts = kept.to(logits.dtype());
        return squares.mul(counts).sum().div(counts.sum());
    }

    private static Tensor kept(String loss, Tensor rows, Tensor targets) {
        long[] lead = Arrays.copyOf(rows.shape(), Math.max(0, rows.rank() - 1));
        if (rows.rank() == 0
                || !Arrays.equals(lead, targets.shape())
                || targets.dtype().isFloating()) {
            throw new IllegalArgumentException("[" + loss + "] expected rows (…, classes) and integer targets (…); got "
                    + Arrays.toString(rows.shape()) + " and " + targets.dtype() + Arrays.toString(targets.shape()));
        }
        return targets.ne(CrossEntropies.IGNORE);
    }

    /// Mean over all elements of target (log target - logProbs), for log-probabilities as input and probabilities
    /// as target; 0 where the target is 0. As in PyTorch, where the divergence of distributions is the *sum* over
    /// their last dimension: use SUM and divide by the number of rows (its `batchmean`).
    public static Tensor klDiv(Tensor logProbs, Tensor target) {
        return klDiv(logProbs, target, Reduction.MEAN);
    }

    public static Tensor klDiv(Tensor logProbs, Tensor target, Reduction reduction) {
        sameShape("klDiv", logProbs, target);
        Tensor log = target.maskedFill(target.eq(0), 1).log();
        return reduce(target.mul(log.sub(logProbs)), reduction);
    }
}
