package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.export.Status;
import io.torrefy.tensor.internal.Backend;
import io.torrefy.tensor.internal.PackedMatrix;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The weights of a linear layer laid out for products with few rows, as when tokens are decoded: a row then streams
/// through them once, at the speed of memory. A pack is a copy: it is made once, refreshed after every change of the
/// weight, and closed at the end; it belongs to no [Scope].
///
/// A product is for inference and records nothing. Its bits depend neither on the number of threads nor on the other
/// rows, and with [Format#F32] they are those of `x.matmul(weight.t())`.
///
/// ```java
/// try (var pack = PackedWeights.of(weight, PackedWeights.Format.BF16)) {
///     var logits = pack.product(hidden); // (rows, in) -> (rows, out)
/// }
/// ```
@Export(value = "tensor.PackedWeights", since = "0.1", status = Status.EXPERIMENTAL)
public final class PackedWeights implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    /// How a weight is kept. Sums are f32 in every format.
    public enum Format {
        /// As it is.
        F32,
        /// Rounded to the nearest bf16: the product is the one with the rounded weight.
        BF16,
        /// Signed bytes and one scale a row of the weight, the row's greatest magnitude / 127: the product with
        /// the bytes, times the scale.
        INT8
    }

    private final Format format;
    private final long out;
    private final long in;
    private final Storage storage;
    private final long address;
    private final Cleaner.Cleanable cleanable;
    /// Whose memory this is, where it is not its own.
    private final @Nullable Tensor owner;
    private volatile boolean closed;

    private PackedWeights(Format format, Device device, long out, long in, @Nullable Slab slab) {
        this.format = format;
        this.out = out;
        this.in = in;
        long bytes = Backends.of(device).packedBytes(format, out, in);
        if (slab == null) {
            this.storage = Storage.allocate(device, bytes);
            this.address = storage.address;
        } else {
            Slab.Piece piece = slab.take(bytes);
            this.storage = piece.storage();
            this.address = piece.address();
        }
        this.cleanable = CLEANER.register(this, storage::release);
        this.owner = null;
    }

    private PackedWeights(Format format, long out, long in, Tensor bytes) {
        this.format = format;
        this.out = out;
        this.in = in;
        this.storage = bytes.storage.retain();
        this.address = bytes.address();
        this.cleanable = CLEANER.register(this, storage::release);
        this.owner = bytes;
        cleanable.clean(); // the tensor alone decides how long the memory lives
    }

    /// Weights that are packed in a tensor which [#memory] gave, or which holds a copy of one: the memory is the
    /// tensor's, and closing this leaves it.
    ///
    /// @param bytes dense U8 (bytes)
    /// @throws IllegalArgumentException if the tensor does not hold as many bytes as such weights have
    public static PackedWeights over(Tensor bytes, Format format, long out, long in) {
        long expected = Backends.of(bytes.live("PackedWeights").device()).packedBytes(format, out, in);
        if (bytes.dtype != DType.U8 || !bytes.dense || bytes.count() != expected) {
            throw new IllegalArgumentException("[PackedWeights] expected dense U8 of " + expected + " bytes for " + out
                    + " x " + in + " in " + format + "; got " + bytes.describe());
        }
        return new PackedWeights(format, out, in, bytes);
    }

    /// The memory of these weights as a tensor, U8 (bytes), which keeps it alive by itself. Its layout depends on
    /// the width of the machine's vectors: it is for the process that made it.
    ///
    /// @throws IllegalStateException if the memory is shared with other weights
    public Tensor memory() {
        live();
        if (owner != null) {
            return owner;
        }
        if (storage.address != address) {
            throw new IllegalStateException("[PackedWeights] expected weights in memory of their own; got a slab's");
        }
        return new Tensor(storage.retain(), 0, new long[] {bytes()}, new long[] {1}, DType.U8).owned();
    }

    /// Some rows of the weight, F32 (to - from, in): the values that a product is with.
    public Tensor rows(long from, long to) {
        live();
        if (from < 0 || to < from || to > out) {
            throw new IllegalArgumentException(
                    "[rows] expected rows within 0 to " + out + "; got " + from + " to " + to);
        }
        Tensor rows = Creation.empty(storage.device, DType.F32, to - from, in);
        backend().unpack(format, out, in, address, from, to, rows.address());
        Reference.reachabilityFence(this);
        return rows;
    }

    /// Packs a weight (out, in) of a floating dtype; a transposed view of (in, out) is read in place.
    public static PackedWeights of(Tensor weight, Format format) {
        return of(List.of(weight), format);
    }

    /// Packs the rows of several weights of one `in`, below each other: one product does the work of several layers
    /// that read the same x.
    public static PackedWeights of(List<Tensor> weights, Format format) {
        return of(weights, format, null);
    }

    /// The same in memory of a slab.
    static PackedWeights of(List<Tensor> weights, Format format, @Nullable Slab slab) {
        long out = rows(weights);
        Tensor first = weights.getFirst();
        PackedWeights pack = new PackedWeights(format, first.device(), out, first.size(1), slab);
        pack.fill(weights);
        return pack;
    }

    private static long rows(List<Tensor> weights) {
        long out = 0;
        boolean fine = !weights.isEmpty();
        for (Tensor w : weights) {
            Tensor first = weights.getFirst();
            fine &= w.live("PackedWeights").rank() == 2
                    && w.dtype.isFloating()
                    && w.size(1) == first.size(1)
                    && w.device().equals(first.device());
            out += fine ? w.size(0) : 0;
        }
        if (!fine) {
            throw new IllegalArgumentException(
                    "[PackedWeights] expected weights (out, in) of a floating dtype, one `in` and one device; got "
                            + weights.stream().map(Tensor::describe).toList());
        }
        return out;
    }

    /// Packs the weight again, after it has changed. No product may run meanwhile.
    ///
    /// @throws IllegalArgumentException if its shape is another
    public void refresh(Tensor weight) {
        refresh(List.of(weight));
    }

    /// The same for several weights.
    public void refresh(List<Tensor> weights) {
        live();
        long rows = rows(weights);
        Tensor first = weights.getFirst();
        if (rows != out || first.size(1) != in || !first.device().equals(storage.device)) {
            throw new IllegalArgumentException("[PackedWeights] expected weights of " + out + " x " + in
                    + " together on " + storage.device + ", as packed before; got "
                    + weights.stream().map(Tensor::describe).toList());
        }
        fill(weights);
    }

    private void fill(List<Tensor> weights) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            List<Tensor> floats = weights.stream().map(w -> w.to(DType.F32)).toList();
            Tensor w = floats.size() == 1 ? floats.getFirst() : Joins.concat(0, floats.toArray(Tensor[]::new));
            Products.Operand from = Products.Operand.of(w);
            backend().pack(format, from.transposed(), out, in, from.tensor().address(), from.leading(), address);
        }
    }

    /// `x` (…, in) times the weight's transpose: (…, out), F32.
    ///
    /// @throws IllegalStateException if recording is on and x requires grad
    public Tensor product(Tensor x) {
        check(x);
        long[] shape = x.shape();
        shape[shape.length - 1] = out;
        Tensor y = Creation.like(x, shape);
        multiply(x, y);
        return y;
    }

    /// The same into a dense F32 tensor (…, out) that exists already.
    public void product(Tensor x, Tensor y) {
        check(x);
        long[] shape = x.shape();
        shape[shape.length - 1] = out;
        if (y.live("product").dtype != DType.F32 || !y.dense || !Arrays.equals(y.shape, shape)) {
            throw new IllegalArgumentException(
                    "[product] expected a dense F32 result " + Arrays.toString(shape) + "; got " + y.describe());
        }
        multiply(x, y);
        y.storage.changed();
    }

    private void check(Tensor x) {
        live();
        if (x.live("product").rank() < 1
                || x.size(-1) != in
                || x.dtype != DType.F32
                || !x.device().equals(storage.device)) {
            throw new IllegalArgumentException(
                    "[product] expected F32 x (…, " + in + ") on " + storage.device + "; got " + x.describe());
        }
        if (x.requiresGrad && Autograd.isEnabled()) {
            throw new IllegalStateException("[product] expected x without a gradient, as packed weights are for"
                    + " inference; got " + x.describe() + " that requires one. Hint: Autograd.noGrad().");
        }
    }

    private void multiply(Tensor x, Tensor y) {
        boolean rows = x.dense || (x.rank() == 2 && x.strides[1] == 1 && x.strides[0] >= in);
        if (!rows) {
            try (Tensor copy = Views.copyOf(x)) {
                multiply(copy, y);
            }
            return;
        }
        long leading = x.dense ? in : x.strides[0];
        long m = in == 0 ? Shapes.count(x.shape, 0, x.rank() - 1) : x.count() / in;
        backend().packedProduct(format, m, out, in, x.address(), leading, address, y.address(), out);
        Reference.reachabilityFence(this);
    }

    private Backend backend() {
        return storage.backend;
    }

    private void live() {
        if (closed) {
            throw new IllegalStateException("[PackedWeights] expected an open pack; got one that was closed");
        }
        if (owner != null) {
            owner.live("PackedWeights");
        }
    }

    /// What a [Program] takes of it; valid while this is open.
    PackedMatrix matrix() {
        live();
        return new PackedMatrix(format, Math.toIntExact(out), Math.toIntExact(in), address);
    }

    public Format format() {
        return format;
    }

    /// Rows of the weight.
    public long out() {
        return out;
    }

    /// Columns of the weight.
    public long in() {
        return in;
    }

    /// Bytes of memory it holds outside the heap.
    public long bytes() {
        return backend().packedBytes(format, out, in);
    }

    /// Gives the memory back. Closing twice is harmless.
    @Override
    public void close() {
        closed = true;
        cleanable.clean();
    }
}
