package io.torrefy.tensor;

import io.torrefy.export.Export;
import io.torrefy.tensor.internal.Backend;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// The caching allocator behind all tensors: freed storage is kept by size class and given out again, so a training
/// loop stops asking the system for memory after its first step.
///
/// Size classes are an eighth of a power of two apart, so at most an eighth of a block is unused. Work whose sizes
/// change from step to step would leave blocks of every class behind: beyond a quarter more than the most that tensors
/// held at once, the classes unused for longest go back to the system.
@Export(value = "tensor.Memory", since = "0.1", members = "tensor.memory")
public final class Memory {
    /// In the order of use, the class unused for longest first.
    private static final Map<Class, ArrayDeque<Long>> CACHE = new LinkedHashMap<>(64, 0.75f, true);

    private static final long HEADROOM = 64L << 20;
    private static final long SMALLEST = 256;

    private static long live;
    private static long peak;
    private static long cached;
    private static long storages;
    private static long allocations;
    private static long reused;
    private static long late;

    private record Class(Backend backend, long bytes) {}

    private Memory() {}

    /// The allocator's figures now.
    public static synchronized MemoryStats stats() {
        return new MemoryStats(live, peak, cached, storages, allocations, reused, late);
    }

    /// Starts measuring the peak anew.
    public static synchronized void resetPeak() {
        peak = live;
    }

    /// Gives cached blocks back to the system.
    public static synchronized void emptyCache() {
        CACHE.forEach((key, blocks) -> blocks.forEach(address -> key.backend.release(address, key.bytes)));
        CACHE.clear();
        cached = 0;
    }

    static long sizeClass(long bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long step = Long.highestOneBit(bytes - 1) >> 3;
        return (bytes + step - 1) / step * step;
    }

    static synchronized long allocate(Backend backend, long bytes) {
        long size = sizeClass(bytes);
        allocations++;
        storages++;
        live += size;
        peak = Math.max(peak, live);
        ArrayDeque<Long> blocks = CACHE.get(new Class(backend, size));
        if (blocks != null && !blocks.isEmpty()) {
            reused++;
            cached -= size;
            return blocks.pop();
        }
        try {
            return backend.allocate(size);
        } catch (OutOfMemoryError e) {
            emptyCache();
            try {
                return backend.allocate(size);
            } catch (OutOfMemoryError again) {
                live -= size;
                storages--;
                throw again;
            }
        }
    }

    static synchronized void free(Backend backend, long address, long bytes) {
        long size = sizeClass(bytes);
        storages--;
        live -= size;
        cached += size;
        CACHE.computeIfAbsent(new Class(backend, size), _ -> new ArrayDeque<>()).push(address);
        if (live + cached > peak + peak / 4 + HEADROOM) {
            trim(peak + HEADROOM);
        }
    }

    /// Gives blocks back until `most` bytes are left, in use and cached.
    private static void trim(long most) {
        Iterator<Map.Entry<Class, ArrayDeque<Long>>> classes = CACHE.entrySet().iterator();
        while (live + cached > most && classes.hasNext()) {
            Map.Entry<Class, ArrayDeque<Long>> entry = classes.next();
            Class key = entry.getKey();
            while (live + cached > most && !entry.getValue().isEmpty()) {
                key.backend.release(entry.getValue().removeLast(), key.bytes);
                cached -= key.bytes;
            }
            if (entry.getValue().isEmpty()) {
                classes.remove();
            }
        }
    }

    static synchronized void countLate() {
        late++;
    }
}
