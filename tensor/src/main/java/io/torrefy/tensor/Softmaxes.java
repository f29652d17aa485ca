package io.torrefy.tensor;

import java.util.function.BiFunction;
import java.util.function.Function;

/// Softmax and log-softmax: row kernels for f32, public operations for the rest and for recorded walks.
final class Softmaxes {
    private Softmaxes() {}

    static Tensor softmax(Tensor x, int dim) {
        return along("softmax", x, dim, Softmaxes::softmaxLast);
    }

    static Tensor logSoftmax(Tensor x, int dim) {
        return along("logSoftmax", x, dim, Softmaxes::logSoftmaxLast);
    }

    private static Tensor along(String name, Tensor x, int dim, Function<Tensor, Tensor> last) {
        if (!x.live(name).dtype.isFloating() || x.dtype.isHalf()) {
            Tensor y = along(name, x.to(DType.F32), dim, last);
            return x.dtype.isHalf() ? y.to(x.dtype) : y;
        }
        int d = Shapes.dim(name, dim, x.rank());
        if (x.rank() == 0) {
            return along(name, x.reshape(1), 0, last).reshape();
        }
        return d == x.rank() - 1
                ? last.apply(x)
                : last.apply(x.transpose(d, -1)).transpose(d, -1);
    }

    private static long columns(Tensor x) {
        return x.shape[x.rank() - 1];
    }

    private static long rows(Tensor x) {
        return Shapes.count(x.shape, 0, x.rank() - 1);
    }

    private static Tensor softmaxLast(Tensor x) {
        if (x.dtype != DType.F32) {
            return unfusedSoftmax(x);
        }
        Tensor in = x.contiguous();
        Tensor y = Creation.like(x, x.shape);
        y.backend().softmax(rows(x), columns(x), in.address(), y.address());
        return Node.record("softmax", y, new Tensor[] {in}, new Tensor[] {y}, (c, dy) -> new Tensor[] {
            backward(c.saved(0), dy, (p, g) -> p.mul(g.sub(p.mul(g).sum(new int[] {-1}, true))), true)
        });
    }

    private static Tensor logSoftmaxLast(Tensor x) {
        if (x.dtype != DType.F32) {
            return unfusedLogSoftmax(x);
        }
        Tensor in = x.contiguous();
        Tensor y = Creation.like(x, x.shape);
        y.backend().logSoftmax(rows(x), columns(x), in.address(), y.address());
        return Node.record(
                "logSoftmax", y, new Tensor[] {in}, new Tensor[] {y}, (c, dy) -> new Tensor[] {
                    backward(c.saved(0), dy, (l, g) -> g.sub(l.exp().mul(g.sum(new int[] {-1}, true))), false)
                });
    }

    private static Tensor backward(Tensor y, Tensor dy, BiFunction<Tensor, Tensor, Tensor> publicForm, boolean plain) {
        if (Autograd.isEnabled()) {
            return publicForm.apply(y, dy);
        }
        Tensor g = dy.contiguous();
        Tensor dx = Creation.like(y, y.shape);
        if (plain) {
            dx.backend().softmaxBackward(rows(y), columns(y), y.address(), g.address(), dx.address());
        } else {
            dx.backend().logSoftmaxBackward(rows(y), columns(y), y.address(), g.address(), dx.address());
        }
        return dx;
    }

    /// The unfused form: exp(x - max) over its sum.
    static Tensor unfusedSoftmax(Tensor x) {
        Tensor e = x.sub(top(x)).exp();
        return e.div(e.sum(new int[] {-1}, true));
    }

    static Tensor unfusedLogSoftmax(Tensor x) {
        Tensor z = x.sub(top(x));
        return z.sub(z.exp().sum(new int[] {-1}, true).log());
    }

    private static Tensor top(Tensor x) {
        return columns(x) == 0 ? Creation.constant(x, 0) : x.detach().amax(new int[] {-1}, true);
    }
}
