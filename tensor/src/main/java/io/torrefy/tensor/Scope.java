package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The lifetime of tensors. A tensor belongs to the innermost open scope of the thread that made it and is freed when
/// that
/// scope closes, unless it was kept ([Tensor#keep()]) or handed to the enclosing scope ([#pass(Tensor)]).
///
/// ```java
/// try (var scope = Scope.open()) {
///     var loss = model.forward(x).square().mean();
///     loss.backward();
///     return scope.pass(loss);
/// }
/// ```
@Export(value = "tensor.Scope", since = "0.1")
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();

    private final @Nullable Scope parent;
    private final Thread thread = Thread.currentThread();
    private final List<Tensor> tensors = new ArrayList<>();
    private boolean open = true;

    private Scope(@Nullable Scope parent) {
        this.parent = parent;
    }

    /// Opens a scope inside the current one of this thread.
    public static Scope open() {
        Scope scope = new Scope(CURRENT.get());
        CURRENT.set(scope);
        return scope;
    }

    /// Runs `body` in a scope of its own and passes its result to the enclosing one.
    public static Tensor of(Supplier<Tensor> body) {
        try (Scope scope = open()) {
            return scope.pass(body.get());
        }
    }

    static @Nullable Scope current() {
        return CURRENT.get();
    }

    void add(Tensor tensor) {
        tensors.add(tensor);
    }

    /// Hands a tensor of this scope to the enclosing one; where there is none, to the garbage collector's care.
    public Tensor pass(Tensor tensor) {
        if (tensor.owner() == this) {
            tensor.moveTo(parent);
        }
        return tensor;
    }

    /// Number of tensors that this scope would free if it closed now.
    public int size() {
        int n = 0;
        for (Tensor tensor : tensors) {
            if (tensor.owner() == this && !tensor.isClosed()) {
                n++;
            }
        }
        return n;
    }

    /// Frees the scope's tensors, and closes scopes left open inside it.
    ///
    /// @throws IllegalStateException if called on another thread than the one that opened it
    @Override
    public void close() {
        if (!open) {
            return;
        }
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("[scope] expected to be closed on the thread that opened it ("
                    + thread.getName() + "); got " + Thread.currentThread().getName());
        }
        for (Scope inner = CURRENT.get(); inner != null && inner != this; inner = CURRENT.get()) {
            inner.close();
        }
        open = false;
        if (parent == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(parent);
        }
        for (int i = tensors.size() - 1; i >= 0; i--) {
            Tensor tensor = tensors.get(i);
            if (tensor.owner() == this) {
                tensor.close();
            }
        }
        tensors.clear();
    }
}
