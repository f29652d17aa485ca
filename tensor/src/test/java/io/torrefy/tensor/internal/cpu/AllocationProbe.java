package io.torrefy.tensor.internal.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;

/// Prints for every kernel the heap that a call takes on the calling thread once C2 has compiled it, and what it may
/// take: `bytes most threads name`. The main class of a JVM of its own, so that C2 knows of the kernels what these
/// calls taught it, whatever other tests did before.
public final class AllocationProbe {
    private static final int CALLS = 50;

    /// The lambdas of a call and what they hold; transposing copies lay out two small nests of loops.
    private static final long ALONE = 384;

    /// The job that threads share, and the tasks' lambdas inside it.
    private static final long SHARED = 128;

    /// About twenty vectors that C2 boxes in some runs, before it compiles attention anew.
    private static final long ATTENTION = 2048;

    /// For a kernel whose calls allocate more than they may: C2 may not be done with it.
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private static final MethodHandle ALLOCATED = allocationCounter();

    private AllocationProbe() {}

    public static void main(String[] arguments) {
        Map<String, Runnable> calls = KernelCalls.of(new CpuBackend());
        for (int threads = 1; threads <= 2; threads++) {
            Parallel.threads(threads);
            for (var call : calls.entrySet()) {
                long most =
                        ALONE + (threads > 1 ? SHARED : 0) + (call.getKey().startsWith("attention") ? ATTENTION : 0);
                long bytes = bytes(call.getValue(), most);
                System.out.println(bytes + " " + most + " " + threads + " " + call.getKey());
            }
        }
    }

    /// The average of the first batch of calls that stays below `most`, or of the last in the time that there is.
    private static long bytes(Runnable kernel, long most) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            long before = allocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                kernel.run();
            }
            long bytes = (allocatedBytes() - before) / CALLS;
            if (bytes <= most || System.nanoTime() > end) {
                return bytes;
            }
        }
    }

    /// `ThreadMXBean.getCurrentThreadAllocatedBytes` without a module dependency.
    private static MethodHandle allocationCounter() {
        try {
            Class<?> type = Class.forName("com.sun.management.ThreadMXBean");
            Object bean = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            return MethodHandles.publicLookup()
                    .findVirtual(type, "getCurrentThreadAllocatedBytes", MethodType.methodType(long.class))
                    .bindTo(bean)
                    .asType(MethodType.methodType(long.class));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static long allocatedBytes() {
        try {
            return (long) ALLOCATED.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
