package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Tensors from and to raw bytes: dense, row by row, little-endian, as files have them.
@Export(value = "tensor.RawData", since = "0.1", members = "tensor.raw_data")
public final class RawData {
    private RawData() {}

    /// A tensor with a copy of the bytes, which need no alignment.
    ///
    /// @throws IllegalArgumentException if the size of `bytes` is not that of the shape
    public static Tensor copyOf(MemorySegment bytes, DType dtype, long... shape) {
        checkSize(bytes, dtype, shape);
        Tensor y = Creation.empty(Device.CPU, dtype, shape);
        Creation.segment(y).copyFrom(bytes);
        return y;
    }

    /// A tensor that uses the bytes themselves, such as those of a mapped file, and keeps them reachable. Writing
    /// to the tensor writes to them, so a file must be mapped writable, best as a private copy; and their arena
    /// must not be closed while the tensor lives.
    ///
    /// @throws IllegalArgumentException if the segment is on the heap, of the wrong size, or not aligned to an
    ///     element
    public static Tensor mapped(MemorySegment bytes, DType dtype, long... shape) {
        checkSize(bytes, dtype, shape);
        if (!bytes.isNative() || bytes.isReadOnly() || bytes.address() % dtype.bytes() != 0) {
            throw new IllegalArgumentException(
                    "[mapped] expected native writable memory aligned to " + dtype.bytes() + " bytes; got " + bytes);
        }
        Storage storage = Storage.foreign(bytes.address(), bytes.byteSize(), bytes);
        return new Tensor(storage, 0, shape.clone(), Shapes.denseStrides(shape), dtype).owned();
    }

    /// The bytes of a dense tensor, without a copy; valid while the tensor lives.
    ///
    /// @throws IllegalArgumentException if the tensor is not dense
    public static MemorySegment of(Tensor x) {
        if (!x.live("raw").dense) {
            throw new IllegalArgumentException("[raw] expected a dense tensor; got " + x.describe() + " with strides "
                    + Arrays.toString(x.strides) + ". Hint: call contiguous().");
        }
        return Creation.segment(x).asReadOnly();
    }

    private static void checkSize(MemorySegment bytes, DType dtype, long[] shape) {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("[raw] expected a little-endian machine");
        }
        long expected = Math.multiplyExact(Shapes.count(Shapes.checkSizes("raw", shape)), (long) dtype.bytes());
        if (bytes.byteSize() != expected) {
            throw new IllegalArgumentException("[raw] expected " + expected + " bytes for " + dtype
                    + Arrays.toString(shape) + "; got " + bytes.byteSize());
        }
    }
}
