package io.torrefy.tensor.internal.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Memory from the C library's `malloc`. A block carries the address `malloc` gave in the eight bytes before its
/// 64-byte aligned start, and at least 64 unused bytes after its end, so that a full vector may be read at the last
/// element.
///
/// The kernel is asked to back the inside of large blocks with huge pages: a fresh page costs a fault of its own, and
/// 2 MiB of it one fault instead of 512; a stream over gigabytes of small pages also misses the translation cache all
/// the time. Linux does so only for those who ask (`transparent_hugepage/enabled` is `madvise` by default);
/// `-Dtorrefy.hugePages=false` leaves it.
final class Native {
    private static final long ALIGNMENT = 64;
    private static final long HUGE_PAGE = 2 << 20;
    private static final int MADV_HUGEPAGE = 14;
    private static final MethodHandle MALLOC =
            function("malloc", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

    private static final @Nullable MethodHandle MADVISE = madvise();

    private Native() {}

    /// Linux's `madvise`, or null where there is none or it is not wanted.
    private static @Nullable MethodHandle madvise() {
        boolean wanted = Boolean.parseBoolean(System.getProperty("torrefy.hugePages", "true"));
        return wanted && System.getProperty("os.name").equals("Linux")
                ? function(
                        "madvise",
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT))
                : null;
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError("[native] expected the C library to export " + name));
        return linker.downcallHandle(symbol, type);
    }

    /// Uninitialised memory.
    ///
    /// @throws OutOfMemoryError if the system has no such block
    static long allocate(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("[allocate] expected a size >= 0; got " + bytes);
        }
        long block = bytes > Long.MAX_VALUE - 3 * ALIGNMENT ? 0 : malloc(bytes + 3 * ALIGNMENT);
        if (block == 0) {
            throw new OutOfMemoryError(String.format(
                    Locale.ROOT,
                    "[allocate] expected %,d bytes (%.1f MiB) of native memory; the system has no such block. "
                            + "Hint: use a smaller batch, close scopes earlier, or give the machine more memory; "
                            + "-Xmx bounds the Java heap only.",
                    bytes,
                    bytes / 1048576.0));
        }
        long address = (block + 2 * ALIGNMENT - 1) & -ALIGNMENT;
        Mem.i64(address - Long.BYTES, block);
        adviseHugePages(address, bytes);
        return address;
    }

    /// Advice only: a kernel that knows no huge pages says so, and all is as before.
    private static void adviseHugePages(long address, long bytes) {
        long start = (address + HUGE_PAGE - 1) & -HUGE_PAGE;
        long end = (address + bytes) & -HUGE_PAGE;
        MethodHandle madvise = MADVISE;
        if (madvise == null || start >= end) {
            return;
        }
        try {
            int _ = (int) madvise.invokeExact(start, end - start, MADV_HUGEPAGE);
        } catch (Throwable t) {
            throw new IllegalStateException("[allocate] madvise failed", t);
        }
    }

    /// Gives back a block of `allocate`; `bytes` is its size.
    static void release(long address, long bytes) {
        free(Mem.i64(address - Long.BYTES));
    }

    private static long malloc(long bytes) {
        try {
            return (long) MALLOC.invokeExact(bytes);
        } catch (Throwable t) {
            throw new IllegalStateException("[allocate] malloc failed", t);
        }
    }

    private static void free(long block) {
        try {
            FREE.invokeExact(block);
        } catch (Throwable t) {
            throw new IllegalStateException("[release] free failed", t);
        }
    }
}
