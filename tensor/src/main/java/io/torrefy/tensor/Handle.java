package io.torrefy.tensor;

import io.torrefy.tensor.internal.Backend;
import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What a tensor is before it can compute: counted memory with a shape, a lifetime and a place in the graph.
abstract sealed class Handle implements AutoCloseable permits Tensor {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    final Storage storage;
    final long offset;
    final long[] shape;
    final long[] strides;
    final DType dtype;
    final boolean dense;

    boolean requiresGrad;

    @Nullable
    Node gradFn;

    private @Nullable Node accumulator;
    private @Nullable Tensor grad;

    boolean closed;

    @Nullable
    Scope owner;

    private @Nullable Cleanup cleanup;
    private Cleaner.@Nullable Cleanable cleanable;

    /// Takes over one reference to `storage`.
    Handle(Storage storage, long offset, long[] shape, long[] strides, DType dtype) {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape;
        this.strides = strides;
        this.dtype = dtype;
        this.dense = Shapes.isDense(shape, strides);
    }

    // ---- lifetime ---------------------------------------------------------------------------------------------------
    void moveTo(@Nullable Scope scope) {
        owner = scope;
        if (scope != null) {
            scope.add((Tensor) this);
        } else {
            collect(true);
        }
    }

    @Nullable
    Scope owner() {
        return owner;
    }

    void collect(boolean warn) {
        if (cleanup == null) {
            cleanup = new Cleanup(storage, warn);
            cleanup.node = gradFn;
            cleanable = CLEANER.register(this, cleanup);
        } else {
            cleanup.warn = cleanup.warn && warn;
        }
    }

    /// Frees this handle now; the memory goes when no view and no graph holds it. Closing twice is harmless.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        owner = null;
        Tensor g = grad;
        grad = null;
        if (g != null) {
            g.close();
        }
        if (cleanup != null && cleanable != null) {
            cleanup.warn = false;
            cleanable.clean();
        } else {
            storage.release();
            if (gradFn != null) {
                gradFn.release();
            }
        }
    }

    /// Whether the tensor was freed.
    public boolean isClosed() {
        return closed;
    }

    private static final class Cleanup implements Runnable {
        final Storage storage;
        volatile boolean warn;
        volatile @Nullable Node node;

        Cleanup(Storage storage, boolean warn) {
            this.storage = storage;
            this.warn = warn;
        }

        @Override
        public void run() {
            if (warn) {
                Memory.countLate();
                if (WARNED.compareAndSet(false, true)) {
                    System.getLogger("io.torrefy.tensor")
                            .log(
                                    System.Logger.Level.WARNING,
                                    "[scope] a tensor made outside any scope was freed by the garbage collector. Hint: open a"
                                            + " Scope around the work, or keep() what must live. (Said once.)");
                }
            }
            storage.release();
            Node n = node;
            if (n != null) {
                n.release();
            }
        }
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /// A copy of the shape.
    public long[] shape() {
        return shape.clone();
    }

    /// Size of a dimension; negative ones count from the end.
    public long size(int dim) {
        return shape[Shapes.dim("size", dim, shape.length)];
    }

    /// Number of dimensions.
    public int rank() {
        return shape.length;
    }

    /// Number of elements.
    public long count() {
        return Shapes.count(shape);
    }

    /// A copy of the strides, in elements.
    public long[] strides() {
        return strides.clone();
    }

    /// The type of its elements.
    public DType dtype() {
        return dtype;
    }

    /// Where its storage is.
    public Device device() {
        return storage.device;
    }

    /// Whether the elements lie row by row without gaps.
    public boolean isContiguous() {
        return dense;
    }

    Backend backend() {
        return storage.backend;
    }

    long address() {
        if (closed) {
            throw new IllegalStateException("[tensor] expected a live tensor; got " + describe()
                    + " that was freed with its scope. Hint: keep() it, or pass it out with scope.pass(tensor).");
        }
        return storage.address + offset * dtype.bytes();
    }

    String describe() {
        return dtype + Arrays.toString(shape) + (device().equals(Device.CPU) ? "" : " on " + device());
    }

    // ---- autograd ---------------------------------------------------------------------------------------------------

    /// Whether gradients flow to it.
    public boolean requiresGrad() {
        return requiresGrad;
    }

    /// Whether no recorded operation computed this tensor.
    public boolean isLeaf() {
        return gradFn == null;
    }

    /// The graph node that computed this tensor, absent for leaves.
    public Optional<Node> gradFn() {
        return Optional.ofNullable(gradFn);
    }

    @Nullable
    Node node() {
        return gradFn;
    }

    /// The node that gradients of this tensor flow to: its own, or for a leaf the one that accumulates into
    /// `grad()`.
    @Nullable
    Node gradientEdge() {
        if (gradFn != null) {
            return gradFn;
        }
        if (!requiresGrad) {
            return null;
        }
        synchronized (this) {
            if (accumulator == null) {
                accumulator = Node.accumulator((Tensor) this);
            }
            return accumulator;
        }
    }

    /// Makes this the output of `node`, or an alias of a leaf whose accumulator `node` is.
    void attach(Node node) {
        requiresGrad = true;
        if (node.isAccumulator()) {
            accumulator = node;
        } else {
            gradFn = node.retain();
            if (cleanup != null) {
                cleanup.node = node;
            }
        }
    }

    /// The gradient accumulated by `backward`, absent before the first and after `zeroGrad`.
    public Optional<Tensor> grad() {
        return Optional.ofNullable(grad);
    }

    @Nullable
    Tensor gradOrNull() {
        return grad;
    }

    /// Replaces the gradient; null clears it.
    void grad(@Nullable Tensor value) {
        Tensor old = grad;
        grad = value;
        if (old != null && old != value) {
            old.close();
        }
    }

    /// Forgets the gradient.
    public void zeroGrad() {
        grad(null);
    }

    /// Calls `hook` with the gradient of this tensor whenever it has been computed in full; what it returns takes
    /// the gradient's place. The gradient lives as long as the call: copy() what is to be kept.
    ///
    /// @return closing it removes the hook
    public Hook registerHook(UnaryOperator<Tensor> hook) {
        Node edge = gradientEdge();
        if (edge == null) {
            throw new IllegalStateException("[registerHook] expected a tensor that requires grad; got " + describe());
        }
        return edge.addPreHook(hook);
    }

    /// Calls `hook` with this leaf's `grad()` each time a backward has added to it: when the last gradient of a
    /// step arrives is known to who counts them (a bucket of an all-reduce, an optimiser that steps at once).
    ///
    /// @return closing it removes the hook
    /// @throws IllegalStateException if this is not a leaf that requires grad
    public Hook registerAccumulateHook(Consumer<Tensor> hook) {
        Node edge = gradientEdge();
        if (edge == null || !edge.isAccumulator()) {
            throw new IllegalStateException(
                    "[registerAccumulateHook] expected a leaf that requires grad; got " + describe());
        }
        return edge.addAccumulateHook(hook);
    }

    // ---- reading --------------------------------------------------------------------------------

    /// The values row by row.
    public float[] toFloats() {
        return Creation.toFloats((Tensor) this);
    }

    /// The values row by row.
    public double[] toDoubles() {
        return Creation.toDoubles((Tensor) this);
    }

    /// The values row by row.
    public long[] toLongs() {
        return Creation.toLongs((Tensor) this);
    }

    /// The values row by row.
    public boolean[] toBooleans() {
        return Creation.toBooleans((Tensor) this);
    }

    /// The only value.
    ///
    /// @throws IllegalArgumentException if there is more than one element, or none
    public double item() {
        if (count() != 1) {
            throw new IllegalArgumentException("[item] expected one element; got " + describe());
        }
        return toDoubles()[0];
    }
}
