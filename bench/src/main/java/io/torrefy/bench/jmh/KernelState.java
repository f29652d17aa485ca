package io.torrefy.bench.jmh;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Backend;
import io.torrefy.tensor.internal.UnaryOp;
import java.util.ServiceLoader;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What every benchmark of a kernel starts from: the CPU's kernels, called as the tensors call them, and memory, which
/// goes with the process.
@State(Scope.Thread)
public abstract class KernelState {
    private static final int ALIGNMENT = 64;

    final Backend backend = ServiceLoader.load(Backend.class, Backend.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.name().equals("cpu"))
            .findFirst()
            .orElseThrow();

    /// Threads of the kernels; `-p threads=1,2` asks for more.
    @Param("1")
    public int threads;

    private int streams;

    @Setup
    public final void setUp() {
        backend.threads(threads);
        prepare();
    }

    /// Makes the operands.
    abstract void prepare();

    /// Memory of uniform values between -1 and 1.
    final long floats(long n) {
        long address = room(DType.F32, n);
        backend.uniform(DType.F32, n, 1, ++streams, 0, address);
        backend.unary(UnaryOp.MUL_SCALAR, DType.F32, n, address, address, 2, 0);
        backend.unary(UnaryOp.ADD_SCALAR, DType.F32, n, address, address, -1, 0);
        return address;
    }

    /// Memory of uniform indices below `limit`.
    final long indices(long n, long limit) {
        long uniform = floats(n);
        long address = room(DType.I64, n);
        backend.unary(UnaryOp.ABS, DType.F32, n, uniform, uniform, 0, 0);
        backend.unary(UnaryOp.MUL_SCALAR, DType.F32, n, uniform, uniform, 0.999 * limit, 0);
        long[] shape = {n};
        long[] dense = {1};
        backend.copy(DType.F32, DType.I64, shape, uniform, dense, address, dense);
        return address;
    }

    final long room(DType type, long n) {
        return bytes(type.bytes() * n);
    }

    final long bytes(long n) {
        return backend.allocate(Math.max(n, ALIGNMENT));
    }
}
