package io.torrefy.app;

/// What the launcher and the program agree on about the terminal.
final class Console {
    private static final String CURSOR_UP_AND_ERASE_LINE = "\u001b[1A\u001b[2K\r";

    private Console() {}

    /// The JVM has no switch against its line `WARNING: Using incubator modules: ...`, the last thing that it
    /// writes before `main`. Where `./torrefy` found that standard error is a terminal (it sets
    /// `torrefy.terminal`), the line is taken away again. Files and pipes keep it: a filter in between would lose
    /// the exit code or signals.
    static void eraseIncubatorWarning() {
        boolean warned = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (warned && Boolean.getBoolean("torrefy.terminal")) {
            System.err.print(CURSOR_UP_AND_ERASE_LINE);
            System.err.flush();
        }
    }
}
