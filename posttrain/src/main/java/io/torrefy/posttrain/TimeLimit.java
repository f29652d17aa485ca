package io.torrefy.posttrain;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Runs code of others that may never come back.
final class TimeLimit {
    private TimeLimit() {}

    /// What the code gives or throws. Where it takes longer, its thread is interrupted and left to itself: Java
    /// cannot end one that does not listen.
    ///
    /// @throws Hung if it takes longer
    static <T> T within(Duration limit, String name, Supplier<T> code) throws Hung {
        var task = new FutureTask<T>(code::get);
        Thread thread = Thread.ofPlatform().daemon().name(name).start(task);
        try {
            return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            String at = place(thread.getStackTrace());
            thread.interrupt();
            throw new Hung(at);
        } catch (InterruptedException _) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("[" + name + "] was interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException thrown) {
                throw thrown;
            }
            if (e.getCause() instanceof Error thrown) {
                throw thrown;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /// The innermost call that is not Java's own.
    private static String place(StackTraceElement[] stack) {
        Optional<StackTraceElement> own = Arrays.stream(stack)
                .filter(frame -> Optional.ofNullable(frame.getModuleName())
                        .filter(module -> module.startsWith("java."))
                        .isEmpty())
                .findFirst();
        return own.map(StackTraceElement::toString).orElse("an unknown place");
    }

    /// Code did not come back.
    static final class Hung extends Exception {
        private static final long serialVersionUID = 1;

        /// @param at where it is
        Hung(String at) {
            super(at);
        }
    }
}
