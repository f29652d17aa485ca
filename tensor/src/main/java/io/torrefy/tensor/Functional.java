package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.tensor.internal.Conv2dPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Operations on several tensors and the layers' functions. Fused ones have a kernel for f32; their unfused forms in
/// public operations are here too (`unfused…`), serve the other dtypes, and are differentiated when a backward is
/// recorded.
@Export(value = "nn.Functional", since = "0.1", members = "nn.functional")
public final class Functional {
    private static final Tensor[] NONE = {};

    private Functional() {}

    /// Joins along a dimension.
    public static Tensor concat(int dim, Tensor... parts) {
        return Joins.concat(dim, parts);
    }

    public static Tensor concat(int dim, List<Tensor> parts) {
        return Joins.concat(dim, parts.toArray(Tensor[]::new));
    }

    /// Joins along a new dimension.
    public static Tensor stack(int dim, Tensor... parts) {
        return Joins.stack(dim, parts);
    }

    /// x W^T + b with W of (out, in); `bias` may be null.
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        Tensor w = weight.t();
        return bias == null ? x.matmul(w) : Products.affine(x, w, bias);
    }

    /// x W + b with W of (in, out), as GPT-2 stores it.
    public static Tensor affine(Tensor x, Tensor weight, Tensor bias) {
        return Products.affine(x, weight, bias);
    }

    /// `gelu(x) W + b` with the tanh form of GELU and W of (in, out): the second half of GPT-2's feed-forward. Only
    /// x is kept for the backward pass, which computes the activation again: a few operations an element, where the
    /// product takes `out` of them.
    public static Tensor geluAffine(Tensor x, Tensor weight, Tensor bias) {
        if (!fusable(x, weight, bias) || x.rank() != 2) {
            return Products.affine(x.geluTanh(), weight, bias);
        }
        Tensor y;
        try (Scope scope = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            y = scope.pass(Products.affine(x.geluTanh(), weight, bias));
        }
        Tensor[] inputs = {x, weight, bias};
        return Node.record("geluAffine", y, inputs, new Tensor[] {x, weight}, (c, dy) -> {
            Tensor a = c.saved(0);
            Tensor w = c.saved(1);
            if (c.needs(0) && c.needs(1) && !Autograd.isEnabled()) {
                return geluAffineGradients(a, w, dy);
            }
            return new @Nullable Tensor[] {
                c.needs(0) ? Scope.of(() -> Pointwise.geluTanhGradient(a, dy.matmul(w.t()))) : null,
                c.needs(1) ? Scope.of(() -> Products.rightGradient(a.geluTanh(), w, dy)) : null,
                c.needs(2) ? dy : null
            };
        });
    }

    /// The activation and its slope share an exponential; the slope takes the place of what it is multiplied with.
    private static @Nullable Tensor[] geluAffineGradients(Tensor x, Tensor w, Tensor dy) {
        Tensor a = x.contiguous();
        Tensor dx = dy.matmul(w.t());
        Tensor dw = Scope.of(() -> {
            Tensor y = Creation.like(a, a.shape);
            a.backend().geluTanhWithGradient(a.count(), a.address(), dx.address(), dx.address(), y.address());
            return Products.rightGradient(y, w, dy);
        });
        return new @Nullable Tensor[] {dx, dw, dy};
    }

    /// 1 at the index, in a new last dimension, I64.
    public static Tensor oneHot(Tensor indices, long classes) {
        Tensor flat = indices.reshape(-1);
        Tensor eye = Tensor.zeros(DType.I64, flat.count(), classes);
        long[] shape = Arrays.copyOf(indices.shape, indices.rank() + 1);
        shape[indices.rank()] = classes;
        return eye.scatterAdd(1, flat.unsqueeze(1), Tensor.full(DType.I64, 1, flat.count(), 1))
                .reshape(shape);
    }

    /// Rows of `table` (n, d) named by ids of any shape. The row `paddingIndex` (none: -1) gets no gradient.
    public static Tensor embedding(Tensor ids, Tensor table, long paddingIndex) {
        long[] shape = Arrays.copyOf(ids.shape, ids.rank() + 1);
        shape[ids.rank()] = table.size(1);
        Tensor source = table;
        if (paddingIndex >= 0) {
            Tensor keep = Tensor.arange(table.size(0)).ne(paddingIndex).unsqueeze(1);
            source = keep.where(table, table.detach());
        }
        return source.indexSelect(0, ids.reshape(-1)).reshape(shape);
    }

    public static Tensor embedding(Tensor ids, Tensor table) {
        return embedding(ids, table, -1);
    }

    /// How `embeddingBag` joins the rows of a bag.
    public enum Bag {
        SUM,
        MEAN,
        MAX
    }

    /// Sums, averages or takes the maximum of the rows of each bag; bag `b` is `ids[offsets[b] .. offsets[b+1])`,
    /// the last to the end. An empty bag gives zeros. Rows of `paddingIndex` (none: -1) do not count. `weights` go
    /// with SUM only.
    public static Tensor embeddingBag(
            Tensor ids, Tensor offsets, Tensor table, Bag mode, @Nullable Tensor weights, long paddingIndex) {
        long[] id = ids.toLongs();
        long[] start = offsets.toLongs();
        if (weights != null && mode != Bag.SUM) {
            throw new IllegalArgumentException("[embeddingBag] expected weights with mode SUM only; got mode " + mode);
        }
        Tensor[] bags = new Tensor[start.length];
        for (int b = 0; b < bags.length; b++) {
            int from = (int) start[b];
            int to = b + 1 < start.length ? (int) start[b + 1] : id.length;
            int[] kept = java.util.stream.IntStream.range(from, to)
                    .filter(i -> id[i] != paddingIndex)
                    .toArray();
            if (kept.length == 0) {
                bags[b] = Tensor.zeros(table.dtype, table.size(1));
                continue;
            }
            Tensor at = Tensor.of(kept, kept.length);
            Tensor rows = table.indexSelect(0, ids.indexSelect(0, at));
            if (weights != null) {
                rows = rows.mul(weights.indexSelect(0, at).unsqueeze(1));
            }
            bags[b] = switch (mode) {
                case SUM -> rows.sum(0);
                case MEAN -> rows.mean(0);
                case MAX -> rows.max(0, false).values();
            };
        }
        return bags.length == 0 ? Tensor.zeros(table.dtype, 0, table.size(1)) : stack(0, bags);
    }

    /// Zeroes elements with probability `p` and scales the rest by 1 / (1 - p).
    public static Tensor dropout(Tensor x, double p, Rng rng) {
        if (p < 0 || p > 1) {
            throw new IllegalArgumentException("[dropout] expected a probability in [0, 1]; got " + p);
        }
        if (p == 0) {
            return x;
        }
        if (p == 1) {
            return x.mul(0);
        }
        Tensor keep = rng.uniform(x.shape).ge(Tensor.scalar(p));
        return x.mul(keep.to(x.dtype).mul(1 / (1 - p)));
    }

    // ---- fused forms -----------------------------------------------------------------------------------------------

    /// Gradients for a recorded walk: differentiates the unfused form of the operation.
    static @Nullable Tensor[] throughUnfused(
            Tensor dy, Node.Context context, int inputs, Function<Tensor[], Tensor> unfused) {
        Tensor[] x = new Tensor[inputs];
        int wanted = 0;
        for (int i = 0; i < inputs; i++) {
            x[i] = context.saved(i);
            wanted += context.needs(i) ? 1 : 0;
        }
        Tensor[] asked = new Tensor[wanted];
        for (int i = 0, n = 0; i < inputs; i++) {
            if (context.needs(i)) {
                // A fresh handle so that the gradient is with respect to this use alone.
                x[i] = x[i].mul(1);
                asked[n++] = x[i];
            }
        }
        Tensor y = unfused.apply(x);
        List<Optional<Tensor>> found = Autograd.grad(List.of(y), List.of(asked), List.of(dy), true, true);
        @Nullable Tensor[] result = new Tensor[inputs];
        for (int i = 0, n = 0; i < inputs; i++) {
            if (context.needs(i)) {
                result[i] = found.get(n++).orElse(null);
            }
        }
        return result;
    }

    private static long rows(Tensor x) {
        return Shapes.count(x.shape, 0, x.rank() - 1);
    }

    private static boolean fusable(Tensor... tensors) {
        for (Tensor t : tensors) {
            if (t.dtype != DType.F32) {
                return false;
            }
        }
        return true;
    }

    private static Tensor flatTail(Tensor x, int dims) {
        return dims == 1 ? x : x.flatten(-dims, -1);
    }

    /// The weight of a norm that has none: `value` over the last dimension.
    private static Tensor plain(Tensor x, double value) {
        return Tensor.full(x.dtype, value, x.size(-1));
    }

    private static void checkTail(String op, Tensor x, Tensor weight) {
        int d = weight.rank();
        boolean fits = d >= 1 && x.rank() >= d;
        for (int i = 1; fits && i <= d; i++) {
            fits = x.size(-i) == weight.size(-i);
        }
        if (!fits) {
            throw new IllegalArgumentException("[" + op + "] expected a weight of the shape of the last dimensions of "
                    + x.describe() + "; got " + weight.describe());
        }
    }

    /// x / sqrt(mean(x^2) + eps) * weight over the last dimensions, those of `weight` (Zhang and Sennrich 2019, eq.
    /// 4). A null weight stands for ones over the last dimension.
    public static Tensor rmsNorm(Tensor x, @Nullable Tensor weight, double eps) {
        if (weight == null) {
            return rmsNorm(x, plain(x, 1), eps);
        }
        checkTail("rmsNorm", x, weight);
        if (weight.rank() > 1) {
            return rmsNorm(flatTail(x, weight.rank()), weight.reshape(-1), eps).reshape(x.shape);
        }
        if (!fusable(x, weight)) {
            return unfusedRmsNorm(x, weight, eps);
        }
        Tensor in = x.contiguous();
        Tensor w = weight.contiguous();
        long n = x.size(-1);
        Tensor y = Creation.like(x, x.shape);
        Tensor rstd = Creation.like(x, rows(x));
        y.backend().rmsNorm(rows(x), n, in.address(), w.address(), (float) eps, y.address(), rstd.address());
        return Node.record("rmsNorm", y, new Tensor[] {in, w}, new Tensor[] {in, w, rstd}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                return throughUnfused(dy, c, 2, t -> unfusedRmsNorm(t[0], t[1], eps));
            }
            Tensor g = dy.contiguous();
            Tensor a = c.saved(0);
            Tensor dx = Creation.like(a, a.shape);
            Tensor dw = Creation.like(a, n);
            dx.backend()
                    .rmsNormBackward(
                            rows(a),
                            n,
                            a.address(),
                            c.saved(1).address(),
                            c.saved(2).address(),
                            g.address(),
                            dx.address(),
                            c.needs(1) ? dw.address() : 0);
            return new @Nullable Tensor[] {dx, c.needs(1) ? dw : null};
        });
    }

    static Tensor unfusedRmsNorm(Tensor x, Tensor weight, double eps) {
        return x.mul(x.square().mean(new int[] {-1}, true).add(eps).rsqrt()).mul(weight);
    }

    /// (x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, those of `weight`. A null weight
    /// stands for ones over the last dimension, a null bias for zeros.
    public static Tensor layerNorm(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
        if (weight == null || bias == null) {
            Tensor w = weight == null ? plain(x, 1) : weight;
            return layerNorm(x, w, bias == null ? Tensor.full(w.dtype, 0, w.shape) : bias, eps);
        }
        checkTail("layerNorm", x, weight);
        checkTail("layerNorm", x, bias);
        if (weight.rank() > 1) {
            return layerNorm(flatTail(x, weight.rank()), weight.reshape(-1), bias.reshape(-1), eps)
                    .reshape(x.shape);
        }
        if (!fusable(x, weight, bias)) {
            return unfusedLayerNorm(x, weight, bias, eps);
        }
        Tensor in = x.contiguous();
        Tensor w = weight.contiguous();
        Tensor b = bias.contiguous();
        long n = x.size(-1);
        Tensor y = Creation.like(x, x.shape);
        Tensor mean = Creation.like(x, rows(x));
        Tensor rstd = Creation.like(x, rows(x));
        y.backend()
                .layerNorm(
                        rows(x),
                        n,
                        in.address(),
                        w.address(),
                        b.address(),
                        (float) eps,
                        y.address(),
                        mean.address(),
                        rstd.address());
        return Node.record("layerNorm", y, new Tensor[] {in, w, b}, new Tensor[] {in, w, b, mean, rstd}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                return throughUnfused(dy, c, 3, t -> unfusedLayerNorm(t[0], t[1], t[2], eps));
            }
            Tensor g = dy.contiguous();
            Tensor a = c.saved(0);
            Tensor dx = Creation.like(a, a.shape);
            Tensor dw = Creation.like(a, n);
            Tensor db = Creation.like(a, n);
            dx.backend()
                    .layerNormBackward(
                            rows(a),
                            n,
                            a.address(),
                            c.saved(1).address(),
                            c.saved(3).address(),
                            c.saved(4).address(),
                            g.address(),
                            dx.address(),
                            dw.address(),
                            db.address());
            return new @Nullable Tensor[] {dx, dw, db};
        });
    }

    static Tensor unfusedLayerNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
        Tensor centred = x.sub(x.mean(new int[] {-1}, true));
        Tensor rstd = centred.square().mean(new int[] {-1}, true).add(eps).rsqrt();
        return centred.mul(rstd).mul(weight).add(bias);
    }

    /// silu(gate) * up, of one shape (Shazeer 2020, "GLU variants improve transformer").
    public static Tensor swiglu(Tensor gate, Tensor up) {
        if (!Arrays.equals(gate.shape, up.shape)) {
            throw new IllegalArgumentException(
                    "[swiglu] expected gate and up of one shape; got " + gate.describe() + " and " + up.describe());
        }
        if (!fusable(gate, up) || gate.rank() == 0) {
            return gate.silu().mul(up);
        }
        Tensor a = gate.contiguous();
        Tensor b = up.contiguous();
        long n = a.size(-1);
        Tensor y = Creation.like(a, a.shape);
        y.backend().swiglu(rows(a), n, a.address(), n, b.address(), n, y.address());
        return Node.record("swiglu", y, new Tensor[] {a, b}, new Tensor[] {a, b}, (c, dy) -> {
            if (Autograd.isEnabled()) {
                return throughUnfused(dy, c, 2, t -> t[0].silu().mul(t[1]));
            }
            Tensor g = dy.contiguous();
            Tensor x = c.saved(0);
            Tensor da = Creation.like(x, x.shape);
            Tensor db = Creation.like(x, x.shape);
            da.backend()
                    .swigluBackward(
                            rows(x),
                            n,
                            x.address(),
                            n,
                            c.saved(1).address(),
                            n,
                            g.address(),
                            da.address(),
                            n,
                            db.address(),
                            n);
            return new Tensor[] {da, db};
        });
    }

    /// Rotary position embedding of x (tokens, heads, dim).
    ///
    /// @param cos cosines (positions, dim / 2), and `sin` likewise
    /// @param positions the position of each token, I64
    /// @param interleaved pairs (2k, 2k+1) instead of (k, k + dim/2)
    public static Tensor rope(Tensor x, Tensor cos, Tensor sin, Tensor positions, boolean interleaved) {
        if (x.rank() != 3 || x.size(2) % 2 != 0 || cos.size(1) * 2 != x.size(2) || positions.count() != x.size(0)) {
            throw new IllegalArgumentException(
                    "[rope] expected x (tokens, heads, dim), tables (positions, dim/2) and a position"
                            + " for each token; got " + x.describe() + ", " + cos.describe() + " and "
                            + positions.describe());
        }
        Tensor at = positions.to(DType.I64).contiguous();
        long bad = at.backend().findOutOfRange(at.count(), at.address(), cos.size(0));
        if (bad >= 0) {
            throw new IllegalArgumentException(
                    "[rope] expected positions below " + cos.size(0) + "; got " + at.toLongs()[(int) bad]
                            + ". Hint: the sequence is longer than the tables (max_position_embeddings).");
        }
        if (!fusable(x, cos, sin)) {
            return unfusedRope(x, cos, sin, at, interleaved);
        }
        return rotate(x, cos.contiguous(), sin.contiguous(), at, interleaved, 1);
    }

    private static Tensor rotate(Tensor x, Tensor cos, Tensor sin, Tensor at, boolean interleaved, float sign) {
        Tensor in = x.strides[2] == 1 ? x : x.contiguous();
        long heads = x.size(1);
        long dim = x.size(2);
        Tensor y = Creation.like(x, x.shape);
        y.backend()
                .rope(
                        x.size(0),
                        heads,
                        dim,
                        interleaved,
                        in.address(),
                        in.strides[0],
                        in.strides[1],
                        cos.address(),
                        sin.address(),
                        at.address(),
                        sign,
                        y.address(),
                        heads * dim,
                        dim);
        return Node.record("rope", y, new Tensor[] {in}, new Tensor[] {cos, sin, at}, (c, dy) ->
                new Tensor[] {rotate(dy, c.saved(0), c.saved(1), c.saved(2), interleaved, -sign)});
    }

    static Tensor unfusedRope(Tensor x, Tensor cos, Tensor sin, Tensor at, boolean interleaved) {
        long half = x.size(2) / 2;
        Tensor c = cos.indexSelect(0, at).unsqueeze(1).to(x.dtype);
        Tensor s = sin.indexSelect(0, at).unsqueeze(1).to(x.dtype);
        Tensor a = interleaved ? x.slice(2, 0, 2 * half, 2) : x.slice(2, 0, half);
        Tensor b = interleaved ? x.slice(2, 1, 2 * half, 2) : x.slice(2, half, 2 * half);
        Tensor first = a.mul(c).sub(b.mul(s));
        Tensor second = b.mul(c).add(a.mul(s));
        return interleaved ? stack(3, first, second).flatten(2, 3) : concat(2, first, second);
    }

    // ---- images ----------------------------------------------------------------------------------------------------

    /// 2-D convolution of x (batch, channels, h, w) with weight (out, channels / groups, kh, kw); `bias` (out) may
    /// be null.
    /// `stride`, `padding` and `dilation` are (vertical, horizontal). By unfolding and a matrix product.
    public static Tensor conv2d(
            Tensor x, Tensor weight, @Nullable Tensor bias, int[] stride, int[] padding, int[] dilation, int groups) {
        return Convolution.conv2d(x, weight, bias, stride, padding, dilation, groups);
    }

    /// Bicubic interpolation of x (batch, channels, h, w) to (oh, ow): Keys' kernel with a = -0.75, half-pixel
    /// centres, clamped indices, no antialiasing; torch's `interpolate(mode="bicubic", align_corners=False)`.
    public static Tensor interpolateBicubic(Tensor x, long oh, long ow) {
        if (x.rank() != 4 || oh < 1 || ow < 1 || x.size(2) < 1 || x.size(3) < 1) {
            throw new IllegalArgumentException(
                    "[interpolateBicubic] expected (batch, channels, h, w) and positive sizes; got " + x.describe()
                            + " to " + oh + " x " + ow);
        }
        if (x.dtype.isHalf()) {
            return interpolateBicubic(x.to(DType.F32), oh, ow).to(x.dtype);
        }
        return bicubic(x, oh, ow);
    }

    private static Tensor bicubic(Tensor x, long oh, long ow) {
        Tensor in = x.contiguous();
        long planes = x.size(0) * x.size(1);
        long h = x.size(2);
        long w = x.size(3);
        Tensor y = Creation.like(x, x.size(0), x.size(1), oh, ow);
        y.backend().bicubic(x.dtype, planes, h, w, oh, ow, in.address(), y.address());
        return Node.record("bicubic", y, new Tensor[] {in}, NONE, (_, dy) -> new Tensor[] {bicubicBack(dy, h, w)});
    }

    private static Tensor bicubicBack(Tensor dy, long h, long w) {
        Tensor g = dy.contiguous();
        Tensor dx = Creation.like(g, g.size(0), g.size(1), h, w);
        dx.backend()
                .bicubicBackward(g.dtype, g.size(0) * g.size(1), h, w, g.size(2), g.size(3), g.address(), dx.address());
        long oh = dy.size(2);
        long ow = dy.size(3);
        return Node.record("bicubicBackward", dx, new Tensor[] {g}, NONE, (_, u) -> new Tensor[] {bicubic(u, oh, ow)});
    }

    static Conv2dPlan plan(Tensor x, Tensor weight, int[] stride, int[] padding, int[] dilation, int groups) {
        int kh = (int) weight.size(2);
        int kw = (int) weight.size(3);
        int h = (int) x.size(2);
        int w = (int) x.size(3);
        int oh = Math.floorDiv(h + 2 * padding[0] - dilation[0] * (kh - 1) - 1, stride[0]) + 1;
        int ow = Math.floorDiv(w + 2 * padding[1] - dilation[1] * (kw - 1) - 1, stride[1]) + 1;
        return new Conv2dPlan(
                (int) x.size(1) / groups,
                h,
                w,
                kh,
                kw,
                stride[0],
                stride[1],
                padding[0],
                padding[1],
                dilation[0],
                dilation[1],
                oh,
                ow);
    }
}
