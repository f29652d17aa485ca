package io.torrefy.tensor;

import io.torrefy.tensor.internal.BinaryOp;
import io.torrefy.tensor.internal.CompareOp;
import io.torrefy.tensor.internal.UnaryOp;
import org.jspecify.annotations.Nullable;

/// Element-wise operations: each is a kernel and a gradient rule in public operations. Broadcast gradients are summed
/// back
/// to their input's shape by the reverse walk, once for all ([Node#apply]).
final class Pointwise {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    private Pointwise() {}

    // ---- one argument ----------------------------------------------------------------------------------------------

    /// A rule with the input and the output at hand.
    private interface UnaryRule {
        Tensor dx(Tensor x, Tensor y, Tensor dy);
    }

    private static Tensor compute(UnaryOp op, Tensor x, double p0, double p1) {
        Tensor in = x.contiguous();
        Tensor y = Creation.like(x, x.shape);
        y.backend().unary(op, x.dtype, x.count(), in.address(), y.address(), p0, p1);
        return y;
    }

    /// What a rule reads: only that is saved.
    private enum Save {
        NOTHING,
        INPUT,
        OUTPUT
    }

    private static Tensor unary(String name, UnaryOp op, Tensor x, double p0, double p1, Save save, UnaryRule rule) {
        x.live(name);
        if (x.dtype.isHalf()) {
            return unary(name, op, x.to(DType.F32), p0, p1, save, rule).to(x.dtype);
        }
        if (!x.dtype.isFloating()
                && op != UnaryOp.NEG
                && op != UnaryOp.ABS
                && op != UnaryOp.SIGN
                && op != UnaryOp.SQUARE
                && op != UnaryOp.CLAMP
                && op != UnaryOp.ADD_SCALAR
                && op != UnaryOp.MUL_SCALAR) {
            return unary(name, op, x.to(DType.F32), p0, p1, save, rule);
        }
        if (x.dtype == DType.U8 || x.dtype == DType.BOOL) {
            return unary(name, op, x.to(DType.I64), p0, p1, save, rule);
        }
        Tensor y;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            y = scope.pass(compute(op, x, p0, p1));
        }
        Tensor[] saves = switch (save) {
            case NOTHING -> new Tensor[0];
            case INPUT -> new Tensor[] {x};
            case OUTPUT -> new Tensor[] {y};
        };
        // The rule must not capture y: what the node holds, holds the node.
        return Node.record(name, y, new Tensor[] {x}, saves, (context, dy) -> {
            Tensor s = save == Save.NOTHING ? dy : context.saved(0);
            return new Tensor[] {rule.dx(s, s, dy)};
        });
    }

    static Tensor neg(Tensor x) {
        return unary("neg", UnaryOp.NEG, x, 0, 0, Save.NOTHING, (_, _, dy) -> dy.neg());
    }

    static Tensor abs(Tensor x) {
        return unary("abs", UnaryOp.ABS, x, 0, 0, Save.INPUT, (a, _, dy) -> dy.mul(a.sign()));
    }

    static Tensor sign(Tensor x) {
        return unary("sign", UnaryOp.SIGN, x, 0, 0, Save.NOTHING, (_, _, dy) -> dy.mul(0));
    }

    static Tensor square(Tensor x) {
        return unary(
                "square",
                UnaryOp.SQUARE,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> dy.mul(a).mul(2));
    }

    static Tensor sqrt(Tensor x) {
        return unary("sqrt", UnaryOp.SQRT, x, 0, 0, Save.OUTPUT, (_, y, dy) -> dy.div(y.mul(2)));
    }

    static Tensor rsqrt(Tensor x) {
        return unary(
                "rsqrt",
                UnaryOp.RSQRT,
                x,
                0,
                0,
                Save.OUTPUT,
                (_, y, dy) -> dy.mul(y.mul(y.square())).mul(-0.5));
    }

    static Tensor reciprocal(Tensor x) {
        return unary(
                "reciprocal",
                UnaryOp.RECIPROCAL,
                x,
                0,
                0,
                Save.OUTPUT,
                (_, y, dy) -> dy.mul(y.square()).neg());
    }

    static Tensor exp(Tensor x) {
        return unary("exp", UnaryOp.EXP, x, 0, 0, Save.OUTPUT, (_, y, dy) -> dy.mul(y));
    }

    static Tensor expm1(Tensor x) {
        return unary("expm1", UnaryOp.EXPM1, x, 0, 0, Save.OUTPUT, (_, y, dy) -> dy.mul(y.add(1)));
    }

    static Tensor log(Tensor x) {
        return unary("log", UnaryOp.LOG, x, 0, 0, Save.INPUT, (a, _, dy) -> dy.div(a));
    }

    static Tensor log1p(Tensor x) {
        return unary("log1p", UnaryOp.LOG1P, x, 0, 0, Save.INPUT, (a, _, dy) -> dy.div(a.add(1)));
    }

    static Tensor sin(Tensor x) {
        return unary("sin", UnaryOp.SIN, x, 0, 0, Save.INPUT, (a, _, dy) -> dy.mul(a.cos()));
    }

    static Tensor cos(Tensor x) {
        return unary(
                "cos",
                UnaryOp.COS,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> dy.mul(a.sin()).neg());
    }

    static Tensor erf(Tensor x) {
        return unary(
                "erf",
                UnaryOp.ERF,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> dy.mul(a.square().neg().exp()).mul(TWO_OVER_SQRT_PI));
    }

    static Tensor tanh(Tensor x) {
        return unary(
                "tanh",
                UnaryOp.TANH,
                x,
                0,
                0,
                Save.OUTPUT,
                (_, y, dy) -> fused(
                        BinaryOp.TANH_GRAD, y, dy, () -> dy.mul(y.square().neg().add(1))));
    }

    static Tensor sigmoid(Tensor x) {
        return unary(
                "sigmoid",
                UnaryOp.SIGMOID,
                x,
                0,
                0,
                Save.OUTPUT,
                (_, y, dy) -> fused(
                        BinaryOp.SIGMOID_GRAD, y, dy, () -> dy.mul(y.mul(y.neg().add(1)))));
    }

    static Tensor logSigmoid(Tensor x) {
        return unary(
                "logSigmoid",
                UnaryOp.LOG_SIGMOID,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> dy.mul(a.neg().sigmoid()));
    }

    static Tensor relu(Tensor x) {
        return unary(
                "relu",
                UnaryOp.RELU,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) ->
                        fused(BinaryOp.RELU_GRAD, a, dy, () -> dy.mul(a.gt(0).to(dy.dtype))));
    }

    static Tensor silu(Tensor x) {
        return unary(
                "silu",
                UnaryOp.SILU,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> fused(BinaryOp.SILU_GRAD, a, dy, () -> {
                    Tensor s = a.sigmoid();
                    return dy.mul(s.add(a.mul(s).mul(s.neg().add(1))));
                }));
    }

    static Tensor geluTanh(Tensor x) {
        return unary("geluTanh", UnaryOp.GELU_TANH, x, 0, 0, Save.INPUT, (a, _, dy) -> geluTanhGradient(a, dy));
    }

    /// The gradient of `geluTanh` at `a`.
    static Tensor geluTanhGradient(Tensor a, Tensor dy) {
        return fused(BinaryOp.GELU_TANH_GRAD, a, dy, () -> {
            double c = Math.sqrt(2 / Math.PI);
            Tensor t = a.add(a.mul(a.square()).mul(0.044715)).mul(c).tanh();
            Tensor inner = a.square().mul(3 * 0.044715).add(1).mul(c);
            Tensor slope = t.add(1)
                    .mul(0.5)
                    .add(a.mul(0.5).mul(t.square().neg().add(1)).mul(inner));
            return dy.mul(slope);
        });
    }

    static Tensor geluErf(Tensor x) {
        return unary(
                "gelu",
                UnaryOp.GELU_ERF,
                x,
                0,
                0,
                Save.INPUT,
                (a, _, dy) -> fused(BinaryOp.GELU_ERF_GRAD, a, dy, () -> {
                    Tensor cdf = a.mul(Math.sqrt(0.5)).erf().add(1).mul(0.5);
                    Tensor pdf = a.square().mul(-0.5).exp().mul(1 / Math.sqrt(2 * Math.PI));
                    return dy.mul(cdf.add(a.mul(pdf)));
                }));
    }

    static Tensor softplus(Tensor x, double beta, double threshold) {
        return unary(
                "softplus",
                UnaryOp.SOFTPLUS,
                x,
                beta,
                threshold,
                Save.INPUT,
                (a, _, dy) ->
                        a.mul(beta).gt(threshold).where(dy, dy.mul(a.mul(beta).sigmoid())));
    }

    static Tensor clamp(Tensor x, double min, double max) {
        return unary("clamp", UnaryOp.CLAMP, x, min, max, Save.INPUT, (a, _, dy) -> {
            Tensor lo = Creation.constant(a, min);
            Tensor hi = Creation.constant(a, max);
            return dy.mul(a.ge(lo).and(a.le(hi)).to(dy.dtype));
        });
    }

    static Tensor pow(Tensor x, double exponent) {
        return unary(
                "pow",
                UnaryOp.POW,
                x,
                exponent,
                0,
                Save.INPUT,
                (a, _, dy) ->
                        exponent == 0 ? dy.mul(0) : dy.mul(a.pow(exponent - 1)).mul(exponent));
    }

    static Tensor add(Tensor x, double value) {
        return unary("add", UnaryOp.ADD_SCALAR, whole(x, value), value, 0, Save.NOTHING, (_, _, dy) -> dy);
    }

    static Tensor mul(Tensor x, double value) {
        return unary("mul", UnaryOp.MUL_SCALAR, whole(x, value), value, 0, Save.NOTHING, (_, _, dy) -> dy.mul(value));
    }

    /// An integer tensor meeting a fraction becomes f32, as in PyTorch.
    private static Tensor whole(Tensor x, double value) {
        return !x.dtype.isFloating() && value != Math.rint(value) ? x.to(DType.F32) : x;
    }

    static Tensor round(Tensor x) {
        return unary("round", UnaryOp.ROUND, x, 0, 0, Save.NOTHING, (_, _, dy) -> dy.mul(0));
    }

    static Tensor floor(Tensor x) {
        return unary("floor", UnaryOp.FLOOR, x, 0, 0, Save.NOTHING, (_, _, dy) -> dy.mul(0));
    }

    static Tensor ceil(Tensor x) {
        return unary("ceil", UnaryOp.CEIL, x, 0, 0, Save.NOTHING, (_, _, dy) -> dy.mul(0));
    }

    static Tensor not(Tensor x) {
        Tensor in = x.live("not").to(DType.BOOL).contiguous();
        Tensor y = Creation.like(in, in.shape);
        y.backend().unary(UnaryOp.NOT, DType.BOOL, in.count(), in.address(), y.address(), 0, 0);
        return y;
    }

    // ---- two arguments ---------------------------------------------------------------------------------------------

    static DType promote(DType a, DType b) {
        if (a == b) {
            return a;
        }
        if (a.isFloating() != b.isFloating()) {
            return a.isFloating() ? a : b;
        }
        if (a.isFloating()) {
            return a == DType.F64 || b == DType.F64 ? DType.F64 : DType.F32;
        }
        return a == DType.I64 || b == DType.I64 ? DType.I64 : a == DType.I32 || b == DType.I32 ? DType.I32 : DType.U8;
    }

    private static void sameDevice(String op, Tensor a, Tensor b) {
        a.live(op);
        b.live(op);
        if (!a.device().equals(b.device())) {
            throw new IllegalArgumentException(
                    "[" + op + "] expected tensors on one device; got " + a.describe() + " and " + b.describe());
        }
    }

    private static Tensor compute(BinaryOp op, Tensor a, Tensor b, long[] shape) {
        Tensor y = Creation.like(a, shape);
        y.backend()
                .binary(
                        op,
                        a.dtype,
                        shape,
                        a.address(),
                        Shapes.broadcastStrides(a.shape, a.strides, shape),
                        b.address(),
                        Shapes.broadcastStrides(b.shape, b.strides, shape),
                        y.address());
        return y;
    }

    /// The one-pass gradient kernel, or the rule in public operations when the walk itself is recorded.
    private static Tensor fused(BinaryOp op, Tensor saved, Tensor dy, java.util.function.Supplier<Tensor> publicForm) {
        return Autograd.isEnabled() ? publicForm.get() : compute(op, saved.contiguous(), dy, dy.shape);
    }

    private static Tensor binary(String name, BinaryOp op, Tensor a, Tensor b, boolean save, Node.Rule rule) {
        sameDevice(name, a, b);
        DType type = promote(a.dtype, b.dtype);
        if (op == BinaryOp.DIV && !type.isFloating()) {
            type = DType.F32;
        }
        DType computed = type.isHalf() ? DType.F32 : type == DType.U8 || type == DType.BOOL ? DType.I64 : type;
        if (a.dtype != computed || b.dtype != computed) {
            Tensor y = binary(name, op, a.to(computed), b.to(computed), save, rule);
            return type.isHalf() ? y.to(type) : y;
        }
        long[] shape = Shapes.broadcast(name, a.shape, b.shape);
        Tensor y = compute(op, a, b, shape);
        return Node.record(name, y, new Tensor[] {a, b}, save ? new Tensor[] {a, b} : new Tensor[0], rule);
    }

    static Tensor add(Tensor a, Tensor b) {
        return binary("add", BinaryOp.ADD, a, b, false, (_, dy) -> new Tensor[] {dy, dy});
    }

    static Tensor sub(Tensor a, Tensor b) {
        return binary(
                "sub", BinaryOp.SUB, a, b, false, (c, dy) -> new @Nullable Tensor[] {dy, c.needs(1) ? dy.neg() : null});
    }

    static Tensor mul(Tensor a, Tensor b) {
        return binary(
                "mul", BinaryOp.MUL, a, b, true, (c, dy) -> new @Nullable Tensor[] {
                    c.needs(0) ? dy.mul(c.saved(1)) : null, c.needs(1) ? dy.mul(c.saved(0)) : null
                });
    }

    static Tensor div(Tensor a, Tensor b) {
        return binary("div", BinaryOp.DIV, a, b, true, (c, dy) -> new @Nullable Tensor[] {
            c.needs(0) ? dy.div(c.saved(1)) : null,
            c.needs(1) ? dy.mul(c.saved(0)).div(c.saved(1).square()).neg() : null
        });
    }

    static Tensor pow(Tensor a, Tensor b) {
        return binary("pow", BinaryOp.POW, a, b, true, (c, dy) -> {
            Tensor x = c.saved(0);
            Tensor e = c.saved(1);
            Tensor zero = Creation.constant(x, 0);
            return new @Nullable Tensor[] {
                c.needs(0) ? e.eq(0).where(zero, dy.mul(e).mul(x.pow(e.sub(1)))) : null,
                // 0 to the power of e >= 0 does not depend on e.
                c.needs(1)
                        ? x.eq(0).and(e.ge(zero)).where(zero, dy.mul(x.pow(e)).mul(x.log()))
                        : null
            };
        });
    }

    static Tensor remainder(Tensor a, Tensor b) {
        return binary("remainder", BinaryOp.REMAINDER, a, b, true, (c, dy) -> new @Nullable Tensor[] {
            dy, c.needs(1) ? dy.mul(c.saved(0).div(c.saved(1)).floor()).neg() : null
        });
    }

    static Tensor maximum(Tensor a, Tensor b) {
        return binary("maximum", BinaryOp.MAXIMUM, a, b, true, (c, dy) -> split(c.saved(0), c.saved(1), dy));
    }

    static Tensor minimum(Tensor a, Tensor b) {
        return binary("minimum", BinaryOp.MINIMUM, a, b, true, (c, dy) -> split(c.saved(1), c.saved(0), dy));
    }

    /// The gradient to `a` where p > q, to `b` where p < q; equal ones share. For the maximum p is `a`, for the
    /// minimum `b`.
    private static Tensor[] split(Tensor p, Tensor q, Tensor dy) {
        Tensor half = p.eq(q).to(dy.dtype).mul(0.5);
        return new Tensor[] {
            dy.mul(p.gt(q).to(dy.dtype).add(half)), dy.mul(p.lt(q).to(dy.dtype).add(half))
        };
    }

    // ---- comparison and choice -------------------------------------------------------------------------------------

    private static Tensor compare(String name, CompareOp op, Tensor a, Tensor b) {
        sameDevice(name, a, b);
        DType type = promote(a.dtype, b.dtype);
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor x = a.to(type);
            Tensor z = b.to(type);
            long[] shape = Shapes.broadcast(name, a.shape, b.shape);
            Tensor y = Creation.empty(a.device(), DType.BOOL, shape);
            y.backend()
                    .compare(
                            op,
                            type,
                            shape,
                            x.address(),
                            Shapes.broadcastStrides(x.shape, x.strides, shape),
                            z.address(),
                            Shapes.broadcastStrides(z.shape, z.strides, shape),
                            y.address());
            return scope.pass(y);
        }
    }

    static Tensor eq(Tensor a, Tensor b) {
        return compare("eq", CompareOp.EQ, a, b);
    }

    static Tensor ne(Tensor a, Tensor b) {
        return compare("ne", CompareOp.NE, a, b);
    }

    static Tensor lt(Tensor a, Tensor b) {
        return compare("lt", CompareOp.LT, a, b);
    }

    static Tensor le(Tensor a, Tensor b) {
        return compare("le", CompareOp.LE, a, b);
    }

    static Tensor gt(Tensor a, Tensor b) {
        return compare("gt", CompareOp.GT, a, b);
    }

    static Tensor ge(Tensor a, Tensor b) {
        return compare("ge", CompareOp.GE, a, b);
    }

    static Tensor and(Tensor a, Tensor b) {
        return compare("and", CompareOp.AND, a.to(DType.BOOL), b.to(DType.BOOL));
    }

    static Tensor or(Tensor a, Tensor b) {
        return compare("or", CompareOp.OR, a.to(DType.BOOL), b.to(DType.BOOL));
    }

    static Tensor where(Tensor condition, Tensor a, Tensor b) {
        sameDevice("where", a, b);
        sameDevice("where", condition, a);
        DType type = promote(a.dtype, b.dtype);
        if (a.dtype != type || b.dtype != type) {
            return where(condition, a.to(type), b.to(type));
        }
        Tensor c = condition.to(DType.BOOL);
        long[] shape = Shapes.broadcast("where", c.shape, Shapes.broadcast("where", a.shape, b.shape));
        Tensor y = Creation.like(a, shape);
        y.backend()
                .where(
                        type,
                        shape,
                        c.address(),
                        Shapes.broadcastStrides(c.shape, c.strides, shape),
                        a.address(),
                        Shapes.broadcastStrides(a.shape, a.strides, shape),
                        b.address(),
                        Shapes.broadcastStrides(b.shape, b.strides, shape),
                        y.address());
        return Node.record("where", y, new Tensor[] {a, b}, new Tensor[] {c}, (context, dy) -> {
            Tensor chosen = context.saved(0);
            Tensor zero = Creation.constant(dy, 0);
            return new @Nullable Tensor[] {
                context.needs(0) ? chosen.where(dy, zero) : null, context.needs(1) ? chosen.where(zero, dy) : null
            };
        });
    }

    static Tensor maskedFill(Tensor x, Tensor mask, double value) {
        return where(mask, Creation.constant(x, value), x);
    }
}
