import org.jspecify.annotations.NullMarked;

/// Tensors, automatic differentiation and CPU kernels.
@NullMarked
module io.torrefy.tensor {
    requires jdk.incubator.vector;
    requires io.torrefy.export;
    requires static org.jspecify;

    exports io.torrefy.tensor;
    exports io.torrefy.tensor.internal to
            io.torrefy.data,
            io.torrefy.nn;

    uses io.torrefy.tensor.internal.Backend;

    provides io.torrefy.tensor.internal.Backend with
            io.torrefy.tensor.internal.cpu.CpuBackend;
}
