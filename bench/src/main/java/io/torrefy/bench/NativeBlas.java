package io.torrefy.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `cblas_sgemm` of a native library found in a jar on the class path, called without a wrapper library.
final class NativeBlas {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;
    private static final Linker LINKER = Linker.nativeLinker();

    private final String name;
    private final MethodHandle sgemm;
    private final MethodHandle setThreads;

    private NativeBlas(String name, SymbolLookup library, String setThreads) {
        this.name = name;
        var i = ValueLayout.JAVA_INT;
        var f = ValueLayout.JAVA_FLOAT;
        var p = ValueLayout.ADDRESS;
        this.sgemm = LINKER.downcallHandle(
                library.findOrThrow("cblas_sgemm"),
                FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        this.setThreads = LINKER.downcallHandle(library.findOrThrow(setThreads), FunctionDescriptor.ofVoid(i));
    }

    static Optional<NativeBlas> openBlas() {
        return load("openblas", "libopenblas.so.0", List.of("libquadmath.so.0", "libgfortran.so.5"))
                .map(library -> {
                    var name = LINKER.downcallHandle(
                            library.findOrThrow("openblas_get_corename"), FunctionDescriptor.of(ValueLayout.ADDRESS));
                    try {
                        var core = ((MemorySegment) name.invokeExact())
                                .reinterpret(100)
                                .getString(0);
                        return new NativeBlas("OpenBLAS " + core, library, "openblas_set_num_threads");
                    } catch (Throwable t) {
                        throw new IllegalStateException(t);
                    }
                });
    }

    static Optional<NativeBlas> mkl() {
        return load(
                        "mkl",
                        "libmkl_rt.so.2",
                        List.of(
                                "libiomp5.so",
                                "libmkl_core.so.2",
                                "libmkl_intel_lp64.so.2",
                                "libmkl_intel_thread.so.2",
                                "libmkl_avx512.so.2",
                                "libmkl_avx2.so.2",
                                "libmkl_def.so.2"))
                .map(library -> new NativeBlas("MKL", library, "MKL_Set_Num_Threads"));
    }

    /// Unpacks the library and those it needs into one directory, where its run path finds them.
    private static Optional<SymbolLookup> load(String artifact, String library, List<String> needed) {
        try {
            String base = "/org/bytedeco/" + artifact + "/linux-x86_64/";
            if (NativeBlas.class.getResource(base + library) == null) {
                return Optional.empty();
            }
            Path directory = Path.of(System.getProperty("java.io.tmpdir"), "torrefy-bench-" + artifact);
            Files.createDirectories(directory);
            for (String each : needed) {
                unpack(base + each, directory.resolve(each));
            }
            unpack(base + library, directory.resolve(library));
            return Optional.of(SymbolLookup.libraryLookup(directory.resolve(library), Arena.global()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unpack(String resource, Path to) throws IOException {
        if (!Files.exists(to)) {
            try (InputStream in = NativeBlas.class.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new IOException("no " + resource + " on the class path");
                }
                Files.copy(in, to);
            }
        }
    }

    String name() {
        return name;
    }

    void threads(int n) {
        try {
            setThreads.invokeExact(n);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    void sgemm(boolean ta, boolean tb, int m, int n, int k, MemorySegment a, MemorySegment b, MemorySegment c) {
        try {
            sgemm.invokeExact(
                    ROW_MAJOR,
                    ta ? TRANSPOSE : NO_TRANSPOSE,
                    tb ? TRANSPOSE : NO_TRANSPOSE,
                    m,
                    n,
                    k,
                    1f,
                    a,
                    ta ? m : k,
                    b,
                    tb ? k : n,
                    0f,
                    c,
                    n);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
