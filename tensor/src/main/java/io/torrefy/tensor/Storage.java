package io.torrefy.tensor;

import io.torrefy.tensor.internal.Backend;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A block of device memory shared by counted references. The last release hands it back to the allocator. `version`
/// counts in-place changes, so that autograd can tell when a value it saved is no longer the one it saw.
final class Storage {
    final Device device;
    final Backend backend;
    final long address;
    final long bytes;
    private final AtomicInteger references = new AtomicInteger(1);
    private final AtomicInteger version = new AtomicInteger();
    /// Keeps foreign memory (a mapped file) alive; such memory is not the allocator's.
    private final @Nullable Object foreignOwner;

    private Storage(Device device, Backend backend, long address, long bytes, @Nullable Object foreignOwner) {
        this.device = device;
        this.backend = backend;
        this.address = address;
        this.bytes = bytes;
        this.foreignOwner = foreignOwner;
    }

    static Storage allocate(Device device, long bytes) {
        Backend backend = Backends.of(device);
        return new Storage(device, backend, Memory.allocate(backend, bytes), bytes, null);
    }

    static Storage foreign(long address, long bytes, Object owner) {
        return new Storage(Device.CPU, Backends.of(Device.CPU), address, bytes, owner);
    }

    Storage retain() {
        if (references.getAndIncrement() <= 0) {
            throw new IllegalStateException("[tensor] storage used after it was freed");
        }
        return this;
    }

    void release() {
        if (references.decrementAndGet() == 0 && foreignOwner == null) {
            Memory.free(backend, address, bytes);
        }
    }

    boolean isShared() {
        return references.get() > 1 || foreignOwner != null;
    }

    int version() {
        return version.get();
    }

    void changed() {
        version.incrementAndGet();
    }
}
