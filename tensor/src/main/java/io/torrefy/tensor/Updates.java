package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.export.Status;
import io.torrefy.tensor.internal.UpdatePlan;
import io.torrefy.tensor.internal.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Optimiser steps of many parameters, collected and then run as one parallel pass: a small parameter costs no launch
/// of its own. All tensors are dense F32, those of one step of one size, and are changed in place when [#run()] is
/// called; they must live until then, and what one step changes must share no memory with another. Nothing is recorded.
/// Every step is rounded as the same step in public operations is, but for Adam's, whose last bits may differ from it.
///
/// Reusable: a pass with as many steps as the one before it makes no new rows. Not for several threads at once.
@Export(value = "optim.Updates", since = "0.1", status = Status.EXPERIMENTAL)
public final class Updates {
    private final UpdatePlan plan = new UpdatePlan();
    private final List<Tensor> written = new ArrayList<>();
    private final List<Tensor> read = new ArrayList<>();

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

    /// The numbers of one step of gradient descent; see [#sgd].
    ///
    /// @param share what the gradient is multiplied by on its way into the velocity: 1 in the first step, `1 -
    ///     dampening` later
    public record SgdStep(
            double lr, double momentum, double share, boolean nesterov, double weightDecay, double gradScale) {}

    /// The numbers of one Adagrad step; see [#adagrad].
    public record AdagradStep(double lr, double eps, double weightDecay, double gradScale) {}

    /// The numbers of one RMSprop step; see [#rmsProp].
    public record RmsPropStep(
            double lr, double alpha, double eps, double weightDecay, double momentum, double gradScale) {}

    // ---- steps -----------------------------------------------------------------------------------------------------

    /// Adam or AdamW (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2; torch's order of
    /// operations) of parameter `p` with gradient `g` and moments `m`, `v`; with the running maximum of `v`,
    /// AMSGrad (Reddi, Kale and Kumar 2018).
    public void adam(Tensor p, Tensor g, Tensor m, Tensor v, @Nullable Tensor maxV, AdamStep s) {
        begin("adam", p, g);
        long first = state("adam", p, m);
        long second = state("adam", p, v);
        long top = maxV == null ? 0 : state("adam", p, maxV);
        float decay = (float) s.weightDecay;
        plan.add(UpdateRule.ADAM, p.count(), p.address(), g.address(), first, second, top)
                .number(s.gradScale)
                .number(s.decoupled ? 1 - (double) (float) s.lr * decay : 1)
                .number(s.decoupled ? 0 : decay)
                .number(s.beta1)
                .number(1 - s.beta1)
                .number(s.beta2)
                .number(1 - s.beta2)
                .number(s.eps)
                .number(s.lr / s.biasCorrection1)
                .number(Math.sqrt(s.biasCorrection2));
    }

    /// Gradient descent as `torch.optim.SGD`. The velocity starts as zeros; null for none, and then only the rate,
    /// the decay and the scale of the step count.
    public void sgd(Tensor p, Tensor g, @Nullable Tensor velocity, SgdStep s) {
        begin("sgd", p, g);
        long v = velocity == null ? 0 : state("sgd", p, velocity);
        plan.add(UpdateRule.SGD, p.count(), p.address(), g.address(), v, 0, 0)
                .number(s.gradScale)
                .number(s.weightDecay)
                .number(s.momentum)
                .number(s.share)
                .number(s.nesterov ? 1 : 0)
                .number(s.nesterov ? s.momentum : 1)
                .number(s.lr);
    }

    /// `torch.optim.Adagrad`; `sum` is that of the squares.
    public void adagrad(Tensor p, Tensor g, Tensor sum, AdagradStep s) {
        begin("adagrad", p, g);
        plan.add(UpdateRule.ADAGRAD, p.count(), p.address(), g.address(), state("adagrad", p, sum), 0, 0)
                .number(s.gradScale)
                .number(s.weightDecay)
                .number(s.eps)
                .number(s.lr);
    }

    /// `torch.optim.RMSprop` with mean square `square`; centred if there is a `mean`, with momentum if there is a
    /// `velocity`.
    public void rmsProp(
            Tensor p, Tensor g, Tensor square, @Nullable Tensor mean, @Nullable Tensor velocity, RmsPropStep s) {
        begin("rmsProp", p, g);
        long second = state("rmsProp", p, square);
        long first = mean == null ? 0 : state("rmsProp", p, mean);
        long v = velocity == null ? 0 : state("rmsProp", p, velocity);
        plan.add(UpdateRule.RMSPROP, p.count(), p.address(), g.address(), second, first, v)
                .number(s.gradScale)
                .number(s.weightDecay)
                .number(s.alpha)
                .number(1 - s.alpha)
                .number(s.eps)
                .number(s.momentum)
                .number(s.lr);
    }

    /// `velocity = momentum * velocity + (1 - momentum) * d` with `d = gradScale * g`, and into `direction` the
    /// velocity, or with nesterov `(1 - momentum) * d + momentum * velocity`: the first part of Muon.
    public void momentum(
            Tensor direction, Tensor g, Tensor velocity, double momentum, boolean nesterov, double gradScale) {
        begin("momentum", direction, g);
        long v = state("momentum", direction, velocity);
        plan.add(UpdateRule.MOMENTUM, direction.count(), direction.address(), g.address(), v, 0, 0)
                .number(gradScale)
                .number(momentum)
                .number(1 - momentum)
                .number(nesterov ? 1 - momentum : 0)
                .number(nesterov ? momentum : 1);
    }

    /// `y = a y + b x`.
    public void blend(Tensor y, double a, Tensor x, double b) {
        begin("blend", y, x);
        plan.add(UpdateRule.BLEND, y.count(), y.address(), x.address(), 0, 0, 0)
                .number(a)
                .number(b);
    }

    private void begin(String op, Tensor changed, Tensor given) {
        Kernels.flat(op, changed, changed);
        Kernels.flat(op, changed, given);
        written.add(changed);
        read.add(given);
    }

    private long state(String op, Tensor p, Tensor state) {
        Kernels.flat(op, p, state);
        written.add(state);
        return state.address();
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    /// Runs what was collected, as one pass, and forgets it.
    ///
    /// @throws IllegalStateException if a tensor was freed meanwhile; nothing is changed then
    public void run() {
        if (written.isEmpty()) {
            return;
        }
        try {
            written.forEach(t -> t.live("update"));
            read.forEach(t -> t.live("update"));
            written.getFirst().backend().update(plan);
            written.forEach(t -> t.storage.changed());
        } finally {
            clear();
        }
    }

    /// Forgets what was collected.
    public void clear() {
        plan.clear();
        written.clear();
        read.clear();
    }
}
