package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;

/// An n-dimensional array with automatic differentiation. Shape, dtype and device never change; views (`reshape`,
/// `permute`, `slice`, `expand`) share memory with their source. The semantics are PyTorch's; names are Java's.
///
/// Lifetime: see [Scope]. A tensor made outside any scope is safe too, but the garbage collector frees it late.
@Export(value = "tensor.Tensor", since = "0.1", members = "tensor")
public final class Tensor extends Handle {
    /// Takes over one reference to `storage`.
    Tensor(Storage storage, long offset, long[] shape, long[] strides, DType dtype) {
        super(storage, offset, shape, strides, dtype);
    }

    // ---- lifetime and graph -----------------------------------------------------------------------------------------

    /// Puts a new tensor under the innermost scope, or the garbage collector's care.
    Tensor owned() {
        moveTo(Scope.current());
        return this;
    }

    /// Removes the tensor from its scope: it lives until `close()`, or until nothing refers to it any more. For
    /// parameters,
    /// optimiser state and everything else that outlives a step.
    public Tensor keep() {
        live("keep");
        owner = null;
        collect(false);
        return this;
    }

    /// Like `keep`, but without the collector's safety net: the caller must close it.
    Tensor unmanaged() {
        owner = null;
        return this;
    }

    Tensor live(String op) {
        if (closed) {
            throw new IllegalStateException("[" + op + "] expected a live tensor; got " + describe()
                    + " that was freed with its scope. Hint: keep() it, or pass it out with scope.pass(tensor).");
        }
        return this;
    }

    /// Marks a leaf as one whose gradient is wanted.
    ///
    /// @throws IllegalArgumentException if the dtype is not a floating-point type
    /// @throws IllegalStateException if it is set to false on a tensor that an operation computed
    public Tensor requiresGrad(boolean wanted) {
        if (wanted && !dtype.isFloating()) {
            throw new IllegalArgumentException("[requiresGrad] expected a floating-point tensor; got " + describe());
        }
        if (!wanted && gradFn != null) {
            throw new IllegalStateException(
                    "[requiresGrad] expected a leaf; got the result of '" + gradFn.name() + "'. Hint: use detach().");
        }
        requiresGrad = wanted;
        return this;
    }

    /// Gradients of this scalar with respect to every leaf, added to their `grad()`; frees the graph as it walks.
    public void backward() {
        Autograd.backward(List.of(this), List.of(), false, false);
    }

    /// The same from an upstream gradient of this tensor's shape.
    public void backward(Tensor upstream) {
        Autograd.backward(List.of(this), List.of(upstream), false, false);
    }

    /// The same, keeping the graph for another backward if asked.
    public void backward(boolean retainGraph) {
        Autograd.backward(List.of(this), List.of(), retainGraph, false);
    }

    /// The same values and memory without history.
    public Tensor detach() {
        live("detach");
        return new Tensor(storage.retain(), offset, shape, strides, dtype).owned();
    }

    /// Makes `backward` add to `grad()` of a tensor that is not a leaf too.
    public Tensor retainGrad() {
        if (gradFn != null) {
            // Weakly: the node holds the hook, and the tensor holds the node.
            WeakReference<Tensor> self = new WeakReference<>(this);
            registerHook(g -> {
                Tensor y = self.get();
                if (y != null && !y.closed) {
                    Tensor old = y.gradOrNull();
                    y.grad((old == null ? g.copy() : old.add(g)).keep());
                }
                return g;
            });
        } else if (!requiresGrad) {
            throw new IllegalStateException("[retainGrad] expected a tensor that requires grad; got " + describe());
        }
        return this;
    }

    // ---- creation -------------------------------------------------------------------------------

    /// Uninitialised.
    public static Tensor empty(DType dtype, long... shape) {
        return Creation.empty(Device.CPU, dtype, shape);
    }

    /// Of zeros, F32 unless a dtype is given.
    public static Tensor zeros(long... shape) {
        return Creation.full(DType.F32, 0, shape);
    }

    public static Tensor zeros(DType dtype, long... shape) {
        return Creation.full(dtype, 0, shape);
    }

    /// Of ones, F32.
    public static Tensor ones(long... shape) {
        return Creation.full(DType.F32, 1, shape);
    }

    /// Of one value.
    public static Tensor full(DType dtype, double value, long... shape) {
        return Creation.full(dtype, value, shape);
    }

    /// A tensor of no dimensions.
    public static Tensor scalar(double value) {
        return Creation.full(DType.F32, value);
    }

    /// 0, 1, …, n-1 as I64.
    public static Tensor arange(long n) {
        return Creation.arange(n);
    }

    /// The identity matrix.
    public static Tensor eye(long n) {
        return Creation.eye(n);
    }

    /// An F32 vector.
    public static Tensor of(float[] values) {
        return Creation.of(values, values.length);
    }

    /// F32 of the given shape.
    public static Tensor of(float[] values, long... shape) {
        return Creation.of(values, shape);
    }

    /// An F64 vector.
    public static Tensor of(double[] values) {
        return Creation.of(values, values.length);
    }

    /// F64.
    public static Tensor of(double[] values, long... shape) {
        return Creation.of(values, shape);
    }

    /// An I64 vector.
    public static Tensor of(long[] values) {
        return Creation.of(values, values.length);
    }

    /// I64.
    public static Tensor of(long[] values, long... shape) {
        return Creation.of(values, shape);
    }

    /// An I64 vector from int ids.
    public static Tensor of(int[] values) {
        return of(values, values.length);
    }

    /// I64 from int ids.
    public static Tensor of(int[] values, long... shape) {
        return Creation.of(Arrays.stream(values).asLongStream().toArray(), shape);
    }

    /// A BOOL vector.
    public static Tensor of(boolean[] values) {
        return Creation.of(values, values.length);
    }

    /// BOOL.
    public static Tensor of(boolean[] values, long... shape) {
        return Creation.of(values, shape);
    }

    /// In another dtype; itself if it has it. Gradients flow through between floating-point types.
    public Tensor to(DType type) {
        return Views.to(this, type);
    }

    /// A dense tensor of the same values: itself if it is dense, otherwise a copy.
    public Tensor contiguous() {
        return dense ? this : Views.copy(this);
    }

    /// A dense copy. Gradients flow through.
    public Tensor copy() {
        return Views.copy(this);
    }

    // ---- views ----------------------------------------------------------------------------------

    /// The same elements in another shape; one size may be -1. A view where the strides allow, otherwise a copy.
    public Tensor reshape(long... sizes) {
        return Views.reshape(this, sizes);
    }

    /// Dimensions in another order.
    public Tensor permute(int... dims) {
        return Views.permute(this, dims);
    }

    /// Two dimensions exchanged.
    public Tensor transpose(int a, int b) {
        return Views.transpose(this, a, b);
    }

    /// The last two dimensions exchanged.
    public Tensor t() {
        return Views.transpose(this, -2, -1);
    }

    /// Elements `from`, `from + step`, … before `to` of a dimension; negative bounds count from the end, bounds
    /// outside are
    /// clamped, the step is positive.
    public Tensor slice(int dim, long from, long to, long step) {
        return Views.slice(this, dim, from, to, step);
    }

    /// Elements `from` to `to - 1` of a dimension.
    public Tensor slice(int dim, long from, long to) {
        return Views.slice(this, dim, from, to, 1);
    }

    /// One element of a dimension, which disappears.
    public Tensor select(int dim, long index) {
        return Views.select(this, dim, index);
    }

    /// Repeats dimensions of size 1 without a copy; -1 keeps a size.
    public Tensor expand(long... sizes) {
        return Views.expand(this, sizes);
    }

    /// Removes a dimension of size 1.
    public Tensor squeeze(int dim) {
        return Views.squeeze(this, dim);
    }

    /// Inserts a dimension of size 1.
    public Tensor unsqueeze(int dim) {
        return Views.unsqueeze(this, dim);
    }

    /// Joins dimensions `from` to `to` into one.
    public Tensor flatten(int from, int to) {
        return Views.flatten(this, from, to);
    }

    /// Views of consecutive sizes along a dimension.
    public List<Tensor> split(int dim, long... sizes) {
        return Views.split(this, dim, sizes);
    }

    /// `n` views of equal size (the last may be smaller).
    public List<Tensor> chunk(int dim, int n) {
        return Views.chunk(this, dim, n);
    }

    // ---- arithmetic -----------------------------------------------------------------------------

    /// Sum, with broadcasting.
    public Tensor add(Tensor other) {
        return Pointwise.add(this, other);
    }

    public Tensor add(double value) {
        return Pointwise.add(this, value);
    }

    /// Difference, with broadcasting.
    public Tensor sub(Tensor other) {
        return Pointwise.sub(this, other);
    }

    public Tensor sub(double value) {
        return Pointwise.add(this, -value);
    }

    /// Product element by element, with broadcasting.
    public Tensor mul(Tensor other) {
        return Pointwise.mul(this, other);
    }

    public Tensor mul(double value) {
        return Pointwise.mul(this, value);
    }

    /// Quotient, with broadcasting; integers become F32.
    public Tensor div(Tensor other) {
        return Pointwise.div(this, other);
    }

    public Tensor div(double value) {
        return Pointwise.mul(dtype.isFloating() ? this : to(DType.F32), 1 / value);
    }

    /// Remainder with the divisor's sign, as Python's `%`: a - b * floor(a / b).
    public Tensor remainder(Tensor other) {
        return Pointwise.remainder(this, other);
    }

    /// Power element by element.
    public Tensor pow(double exponent) {
        return Pointwise.pow(this, exponent);
    }

    public Tensor pow(Tensor exponent) {
        return Pointwise.pow(this, exponent);
    }

    /// The larger of two, element by element; ties share the gradient.
    public Tensor maximum(Tensor other) {
        return Pointwise.maximum(this, other);
    }

    /// The smaller of two, element by element; ties share the gradient.
    public Tensor minimum(Tensor other) {
        return Pointwise.minimum(this, other);
    }

    /// -x.
    public Tensor neg() {
        return Pointwise.neg(this);
    }

    /// |x|.
    public Tensor abs() {
        return Pointwise.abs(this);
    }

    /// -1, 0 or 1; no gradient.
    public Tensor sign() {
        return Pointwise.sign(this);
    }

    /// x².
    public Tensor square() {
        return Pointwise.square(this);
    }

    /// √x.
    public Tensor sqrt() {
        return Pointwise.sqrt(this);
    }

    /// 1 / √x.
    public Tensor rsqrt() {
        return Pointwise.rsqrt(this);
    }

    /// 1 / x.
    public Tensor reciprocal() {
        return Pointwise.reciprocal(this);
    }

    /// eˣ.
    public Tensor exp() {
        return Pointwise.exp(this);
    }

    /// eˣ - 1, exact near 0.
    public Tensor expm1() {
        return Pointwise.expm1(this);
    }

    /// Natural logarithm.
    public Tensor log() {
        return Pointwise.log(this);
    }

    /// log(1 + x), exact near 0.
    public Tensor log1p() {
        return Pointwise.log1p(this);
    }

    /// Sine of radians.
    public Tensor sin() {
        return Pointwise.sin(this);
    }

    /// Cosine of radians.
    public Tensor cos() {
        return Pointwise.cos(this);
    }

    /// Hyperbolic tangent.
    public Tensor tanh() {
        return Pointwise.tanh(this);
    }

    /// The error function.
    public Tensor erf() {
        return Pointwise.erf(this);
    }

    /// 1 / (1 + e⁻ˣ).
    @Export(value = "nn.functional.sigmoid", since = "0.1")
    public Tensor sigmoid() {
        return Pointwise.sigmoid(this);
    }

    /// log(sigmoid(x)).
    @Export(value = "nn.functional.log_sigmoid", since = "0.1")
    public Tensor logSigmoid() {
        return Pointwise.logSigmoid(this);
    }

    /// max(x, 0).
    @Export(value = "nn.functional.relu", since = "0.1")
    public Tensor relu() {
        return Pointwise.relu(this);
    }

    /// x * sigmoid(x).
    @Export(value = "nn.functional.silu", since = "0.1")
    public Tensor silu() {
        return Pointwise.silu(this);
    }

    /// GELU by erf, as PyTorch's default.
    @Export(value = "nn.functional.gelu", since = "0.1")
    public Tensor gelu() {
        return Pointwise.geluErf(this);
    }

    /// GELU by the tanh approximation.
    @Export(value = "nn.functional.gelu_tanh", since = "0.1")
    public Tensor geluTanh() {
        return Pointwise.geluTanh(this);
    }

    /// log(1 + exp(beta x)) / beta, linear where beta x > threshold.
    public Tensor softplus(double beta, double threshold) {
        return Pointwise.softplus(this, beta, threshold);
    }

    public Tensor softplus() {
        return Pointwise.softplus(this, 1, 20);
    }

    /// Limits values to [min, max]; the gradient is 1 inside and on the bounds, 0 outside.
    public Tensor clamp(double min, double max) {
        return Pointwise.clamp(this, min, max);
    }

    /// Round half to even, down, up; no gradient.
    public Tensor round() {
        return Pointwise.round(this);
    }

    /// Down to a whole number; no gradient.
    public Tensor floor() {
        return Pointwise.floor(this);
    }

    /// Up to a whole number; no gradient.
    public Tensor ceil() {
        return Pointwise.ceil(this);
    }

    // ---- comparison and choice ------------------------------------------------------------------

    /// Whether equal, as Bool.
    public Tensor eq(Tensor other) {
        return Pointwise.eq(this, other);
    }

    public Tensor eq(double value) {
        return Pointwise.eq(this, Creation.number(this, value));
    }

    /// Whether not equal, as Bool.
    public Tensor ne(Tensor other) {
        return Pointwise.ne(this, other);
    }

    public Tensor ne(double value) {
        return Pointwise.ne(this, Creation.number(this, value));
    }

    /// Whether less, as Bool.
    public Tensor lt(Tensor other) {
        return Pointwise.lt(this, other);
    }

    public Tensor lt(double value) {
        return Pointwise.lt(this, Creation.number(this, value));
    }

    /// Whether less or equal, as Bool.
    public Tensor le(Tensor other) {
        return Pointwise.le(this, other);
    }

    public Tensor le(double value) {
        return Pointwise.le(this, Creation.number(this, value));
    }

    /// Whether greater, as Bool.
    public Tensor gt(Tensor other) {
        return Pointwise.gt(this, other);
    }

    public Tensor gt(double value) {
        return Pointwise.gt(this, Creation.number(this, value));
    }

    /// Whether greater or equal, as Bool.
    public Tensor ge(Tensor other) {
        return Pointwise.ge(this, other);
    }

    public Tensor ge(double value) {
        return Pointwise.ge(this, Creation.number(this, value));
    }

    /// Whether both are true.
    public Tensor and(Tensor other) {
        return Pointwise.and(this, other);
    }

    /// Whether either is true.
    public Tensor or(Tensor other) {
        return Pointwise.or(this, other);
    }

    /// Whether it is false.
    public Tensor not() {
        return Pointwise.not(this);
    }

    /// This BOOL chooses: `this ? a : b`, broadcasting.
    public Tensor where(Tensor a, Tensor b) {
        return Pointwise.where(this, a, b);
    }

    /// `value` where the BOOL mask is set.
    public Tensor maskedFill(Tensor mask, double value) {
        return Pointwise.maskedFill(this, mask, value);
    }

    // ---- reductions -----------------------------------------------------------------------------

    /// Over the given dimensions, or all.
    public Tensor sum(int... dims) {
        return Reduce.sum(this, dims, false);
    }

    public Tensor sum(int[] dims, boolean keepDim) {
        return Reduce.sum(this, dims, keepDim);
    }

    /// Mean over the given dimensions, or all.
    public Tensor mean(int... dims) {
        return Reduce.mean(this, dims, false);
    }

    public Tensor mean(int[] dims, boolean keepDim) {
        return Reduce.mean(this, dims, keepDim);
    }

    /// Sum of squared deviations over n - correction.
    public Tensor var(int[] dims, double correction, boolean keepDim) {
        return Reduce.var(this, dims, correction, keepDim);
    }

    /// Square root of `var`.
    public Tensor std(int[] dims, double correction, boolean keepDim) {
        return Reduce.std(this, dims, correction, keepDim);
    }

    /// Product along a dimension.
    public Tensor prod(int dim, boolean keepDim) {
        return Reduce.prod(this, dim, keepDim);
    }

    /// Largest value along a dimension and where it is; the gradient goes to that one.
    public ValuesAndIndices max(int dim, boolean keepDim) {
        return Reduce.extreme(this, dim, keepDim, true);
    }

    /// Smallest value along a dimension and where it is; the gradient goes to that one.
    public ValuesAndIndices min(int dim, boolean keepDim) {
        return Reduce.extreme(this, dim, keepDim, false);
    }

    /// Largest value of all; ties share the gradient.
    public Tensor max() {
        return Reduce.amax(this, new int[0], false);
    }

    public Tensor min() {
        return Reduce.amin(this, new int[0], false);
    }

    /// Largest values over dimensions; ties share the gradient evenly.
    public Tensor amax(int[] dims, boolean keepDim) {
        return Reduce.amax(this, dims, keepDim);
    }

    /// Smallest values over dimensions; ties share the gradient evenly.
    public Tensor amin(int[] dims, boolean keepDim) {
        return Reduce.amin(this, dims, keepDim);
    }

    /// Position of the first largest value along a dimension, I64.
    public Tensor argmax(int dim, boolean keepDim) {
        return Reduce.arg(this, dim, keepDim, true);
    }

    /// Position of the first smallest value along a dimension, I64.
    public Tensor argmin(int dim, boolean keepDim) {
        return Reduce.arg(this, dim, keepDim, false);
    }

    /// Euclidean norm over dimensions, or all.
    public Tensor norm(int... dims) {
        return Reduce.norm(this, dims, false);
    }

    /// Running sum along a dimension.
    public Tensor cumsum(int dim) {
        return Reduce.cumsum(this, dim);
    }

    /// Running product along a dimension.
    public Tensor cumprod(int dim) {
        return Reduce.cumprod(this, dim);
    }

    /// log(sum(exp(x))) over dimensions.
    public Tensor logsumexp(int[] dims, boolean keepDim) {
        return Reduce.logsumexp(this, dims, keepDim);
    }

    /// Stable; NaN sorts as the largest.
    public ValuesAndIndices sort(int dim, boolean descending) {
        return Reduce.sort(this, dim, descending);
    }

    /// The k largest (or smallest) along a dimension, in order.
    public ValuesAndIndices topk(long k, int dim, boolean largest) {
        return Reduce.topk(this, k, dim, largest);
    }

    /// exp(x) over its sum along a dimension.
    @Export(value = "nn.functional.softmax", since = "0.1")
    public Tensor softmax(int dim) {
        return Softmaxes.softmax(this, dim);
    }

    /// Logarithm of `softmax`.
    @Export(value = "nn.functional.log_softmax", since = "0.1")
    public Tensor logSoftmax(int dim) {
        return Softmaxes.logSoftmax(this, dim);
    }

    // ---- products -------------------------------------------------------------------------------

    /// Matrix product with broadcasting of leading dimensions; vectors as in `torch.matmul`. Transposed views cost
    /// no copy.
    public Tensor matmul(Tensor other) {
        return Products.matmul(this, other);
    }

    // ---- indexing -------------------------------------------------------------------------------

    /// Rows (or slices of `dim`) named by a vector of I64 indices.
    public Tensor indexSelect(int dim, Tensor indices) {
        return Indexed.indexSelect(this, dim, indices);
    }

    /// A copy with `source` slices added at the indices; repeats add up, in order.
    public Tensor indexAdd(int dim, Tensor indices, Tensor source) {
        return Indexed.indexAdd(this, dim, indices, source);
    }

    /// Elements along a dimension named by an index tensor of the result's shape.
    public Tensor gather(int dim, Tensor indices) {
        return Indexed.gather(this, dim, indices);
    }

    /// A copy with elements of `source` added at the indices along a dimension; repeats add up, in order.
    public Tensor scatterAdd(int dim, Tensor indices, Tensor source) {
        return Indexed.scatterAdd(this, dim, indices, source);
    }

    /// Lower triangle of the last two dimensions, from `diagonal` down.
    public Tensor tril(long diagonal) {
        return Indexed.tril(this, diagonal);
    }

    /// Upper triangle of the last two dimensions, from `diagonal` up.
    public Tensor triu(long diagonal) {
        return Indexed.triu(this, diagonal);
    }

    /// Reversed along dimensions.
    public Tensor flip(int... dims) {
        return Indexed.flip(this, dims);
    }

    /// Shifted along a dimension; what leaves at the end comes in at the start.
    public Tensor roll(long shift, int dim) {
        return Indexed.roll(this, shift, dim);
    }

    /// Whole copies side by side, as torch's `repeat`.
    public Tensor repeat(long... repeats) {
        return Indexed.repeat(this, repeats);
    }

    /// Each slice of a dimension several times.
    public Tensor repeatInterleave(long repeats, int dim) {
        return Indexed.repeatInterleave(this, repeats, dim);
    }

    /// Pads (or, with negative sizes, crops) as torch's `pad`: last dimension's left and right first.
    public Tensor pad(long[] sizes, double value) {
        return Indexed.pad(this, sizes, value);
    }

    // ---- in place -------------------------------------------------------------------------------

    /// Overwrites with `source`'s values (broadcast, cast). For values outside the graph, or under `noGrad`.
    public Tensor copyFrom(Tensor source) {
        return InPlace.copyFrom(this, source);
    }

    /// Overwrites with one value.
    public Tensor fillInPlace(double value) {
        return InPlace.fill(this, value);
    }

    /// Adds in place, with broadcasting.
    public Tensor addInPlace(Tensor other) {
        return InPlace.add(this, other);
    }

    /// Multiplies in place.
    public Tensor mulInPlace(double value) {
        return InPlace.mul(this, value);
    }

    @Override
    public String toString() {
        return closed ? "Tensor(closed " + describe() + ")" : Printing.print(this);
    }
}
