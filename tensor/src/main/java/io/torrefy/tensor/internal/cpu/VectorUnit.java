package io.torrefy.tensor.internal.cpu;

import java.util.Locale;

/// The vector registers that the kernels were compiled for.
public final class VectorUnit {
    private VectorUnit() {}

    /// As `AVX-512, 16 floats`, or `none, scalar kernels`.
    public static String describe() {
        if (!Mem.VECTOR) {
            return "none, scalar kernels";
        }
        return name(System.getProperty("os.arch", ""), Mem.FS.vectorBitSize()) + ", " + Mem.FS.length() + " floats";
    }

    static String name(String architecture, int bits) {
        return switch (architecture.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x64" -> bits >= 512 ? "AVX-512" : bits == 256 ? "AVX2" : "SSE";
            case "aarch64", "arm64" -> bits > 128 ? "SVE" : "NEON";
            default -> bits + " bits";
        };
    }
}
