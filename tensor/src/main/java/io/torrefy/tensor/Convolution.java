package io.torrefy.tensor;

import io.torrefy.tensor.internal.Conv2dPlan;
import org.jspecify.annotations.Nullable;

/// 2-D convolution as unfolding and matrix products, in public operations: so its gradients, first and second, follow.
final class Convolution {
    private Convolution() {}

    static Tensor conv2d(
            Tensor x, Tensor weight, @Nullable Tensor bias, int[] stride, int[] padding, int[] dilation, int groups) {
        check(x, weight, bias, groups);
        if (x.dtype.isHalf()) {
            return conv2d(
                            x.to(DType.F32),
                            weight.to(DType.F32),
                            bias == null ? null : bias.to(DType.F32),
                            stride,
                            padding,
                            dilation,
                            groups)
                    .to(x.dtype);
        }
        Conv2dPlan plan = Functional.plan(x, weight, stride, padding, dilation, groups);
        if (plan.oh() < 1 || plan.ow() < 1) {
            throw new IllegalArgumentException("[conv2d] expected a kernel that fits into the padded image; got "
                    + weight.describe() + " over " + x.describe());
        }
        long batch = x.size(0);
        long out = weight.size(0) / groups;
        long depth = weight.size(1) * plan.kh() * plan.kw();
        // (B, G, C/G*kh*kw, oh*ow)
        Tensor columns = unfold(x.reshape(batch * groups, plan.channels(), plan.h(), plan.w()), plan)
                .reshape(batch, groups, depth, (long) plan.oh() * plan.ow());
        Tensor y =
                weight.reshape(groups, out, depth).matmul(columns).reshape(batch, weight.size(0), plan.oh(), plan.ow());
        return bias == null ? y : y.add(bias.reshape(-1, 1, 1));
    }

    private static void check(Tensor x, Tensor weight, @Nullable Tensor bias, int groups) {
        boolean fits = x.rank() == 4
                && weight.rank() == 4
                && groups >= 1
                && x.size(1) == weight.size(1) * groups
                && weight.size(0) % groups == 0
                && (bias == null || (bias.rank() == 1 && bias.size(0) == weight.size(0)));
        if (!fits) {
            throw new IllegalArgumentException(
                    "[conv2d] expected x (batch, channels, h, w), weight (out, channels / groups, kh,"
                            + " kw) and bias (out); got " + x.describe() + ", " + weight.describe() + ", "
                            + (bias == null ? "no bias" : bias.describe()) + " and " + groups + " groups");
        }
    }

    private static Tensor unfold(Tensor x, Conv2dPlan plan) {
        Tensor in = x.contiguous();
        long depth = (long) plan.channels() * plan.kh() * plan.kw();
        long places = (long) plan.oh() * plan.ow();
        Tensor y = Creation.like(x, x.size(0), depth, places);
        long image = (long) plan.channels() * plan.h() * plan.w() * x.dtype.bytes();
        for (long i = 0; i < x.size(0); i++) {
            y.backend()
                    .im2col(
                            x.dtype,
                            plan,
                            in.address() + i * image,
                            y.address() + i * depth * places * x.dtype.bytes());
        }
        return Node.record("unfold", y, new Tensor[] {in}, new Tensor[0], (_, dy) -> new Tensor[] {fold(dy, plan)});
    }

    private static Tensor fold(Tensor columns, Conv2dPlan plan) {
        Tensor in = columns.contiguous();
        Tensor y = Tensor.zeros(in.dtype, in.size(0), plan.channels(), plan.h(), plan.w());
        long image = (long) plan.channels() * plan.h() * plan.w() * in.dtype.bytes();
        long each = in.size(1) * in.size(2) * in.dtype.bytes();
        for (long i = 0; i < in.size(0); i++) {
            y.backend().col2im(in.dtype, plan, in.address() + i * each, y.address() + i * image);
        }
        return Node.record("fold", y, new Tensor[] {in}, new Tensor[0], (_, dy) -> new Tensor[] {unfold(dy, plan)});
    }
}
