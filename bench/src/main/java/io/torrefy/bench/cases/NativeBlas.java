package io.torrefy.bench.cases;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// `cblas_sgemm` of a native library found in a jar on the class path, called without a wrapper library.
public final class NativeBlas {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;
    private static final Linker LINKER = Linker.nativeLinker();

    private final MethodHandle sgemm;
    private final MethodHandle setThreads;

    private NativeBlas(SymbolLookup library, String setThreads) {
        var i = ValueLayout.JAVA_INT;
        var f = ValueLayout.JAVA_FLOAT;
        var p = ValueLayout.ADDRESS;
        this.sgemm = LINKER.downcallHandle(
                library.findOrThrow("cblas_sgemm"),
                FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        this.setThreads = LINKER.downcallHandle(library.findOrThrow(setThreads), FunctionDescriptor.ofVoid(i));
    }

    /// @throws IOException if its jar is not on the class path
    public static NativeBlas openBlas() throws IOException {
        return new NativeBlas(
                load("openblas", "libopenblas.so.0", List.of("libquadmath.so.0", "libgfortran.so.5")),
                "openblas_set_num_threads");
    }

    /// @throws IOException if its jar is not on the class path
    public static NativeBlas mkl() throws IOException {
        return new NativeBlas(
                load(
                        "mkl",
                        "libmkl_rt.so.2",
                        List.of(
                                "libiomp5.so",
                                "libmkl_core.so.2",
                                "libmkl_intel_lp64.so.2",
                                "libmkl_intel_thread.so.2",
                                "libmkl_avx512.so.2",
                                "libmkl_avx2.so.2",
                                "libmkl_def.so.2")),
                "MKL_Set_Num_Threads");
    }

    /// Unpacks the library and those it needs into one directory, where its run path finds them.
    private static SymbolLookup load(String artifact, String library, List<String> needed) throws IOException {
        String base = "/org/bytedeco/" + artifact + "/linux-x86_64/";
        if (NativeBlas.class.getResource(base + library) == null) {
            throw new IOException("no jar of org.bytedeco:" + artifact + " for linux-x86_64 on the class path");
        }
        Path directory = Path.of(System.getProperty("java.io.tmpdir"), "torrefy-bench-" + artifact);
        Files.createDirectories(directory);
        for (String each : needed) {
            unpack(base + each, directory.resolve(each));
        }
        unpack(base + library, directory.resolve(library));
        return SymbolLookup.libraryLookup(directory.resolve(library), Arena.global());
    }

    private static void unpack(String resource, Path to) throws IOException {
        if (Files.exists(to)) {
            return;
        }
        // Moved into its place when whole: a worker that is killed meanwhile leaves no half of a library.
        Path part = Files.createTempFile(to.getParent(), "part", "");
        try (InputStream in = NativeBlas.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("no " + resource + " on the class path");
            }
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, to, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    void threads(int n) throws Exception {
        call(() -> {
            setThreads.invokeExact(n);
        });
    }

    /// `c = op(a) op(b)`, all contiguous row-major: c is m x n, op(a) m x k, op(b) k x n.
    void sgemm(boolean ta, boolean tb, int m, int n, int k, MemorySegment a, MemorySegment b, MemorySegment c)
            throws Exception {
        int opA = ta ? TRANSPOSE : NO_TRANSPOSE;
        int opB = tb ? TRANSPOSE : NO_TRANSPOSE;
        int lda = ta ? m : k;
        int ldb = tb ? k : n;
        call(() -> {
            sgemm.invokeExact(ROW_MAJOR, opA, opB, m, n, k, 1f, a, lda, b, ldb, 0f, c, n);
        });
    }

    /// A call whose statement form gives the handle its exact type, `void`.
    private interface Call {
        void run() throws Throwable;
    }

    private static void call(Call call) throws Exception {
        try {
            call.run();
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
