package io.torrefy.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;

/// New tensors, and the values of tensors as arrays.
final class Creation {
    private Creation() {}

    static Tensor empty(Device device, DType dtype, long... shape) {
        long bytes = Math.multiplyExact(Shapes.count(Shapes.checkSizes("empty", shape)), (long) dtype.bytes());
        return new Tensor(Storage.allocate(device, bytes), 0, shape.clone(), Shapes.denseStrides(shape), dtype).owned();
    }

    static Tensor like(Tensor x, long... shape) {
        return empty(x.device(), x.dtype, shape);
    }

    static Tensor full(DType dtype, double value, long... shape) {
        Tensor y = empty(Device.CPU, dtype, shape);
        y.backend().fill(dtype, y.count(), y.address(), value);
        return y;
    }

    static Tensor constant(Tensor like, double value) {
        Tensor y = empty(like.device(), like.dtype);
        y.backend().fill(like.dtype, 1, y.address(), value);
        return y;
    }

    /// A number that `like` is compared with: of its dtype, unless that would cut off a fraction.
    static Tensor number(Tensor like, double value) {
        return like.dtype.isFloating() || value == Math.rint(value) ? constant(like, value) : full(DType.F64, value);
    }

    static Tensor arange(long n) {
        long[] values = new long[Math.toIntExact(n)];
        Arrays.setAll(values, i -> i);
        return of(values, n);
    }

    static Tensor eye(long n) {
        float[] values = new float[Math.toIntExact(n * n)];
        for (int i = 0; i < n; i++) {
            values[(int) (i * n + i)] = 1;
        }
        return of(values, n, n);
    }

    private static long[] shapeFor(int length, long[] shape) {
        if (Shapes.count(Shapes.checkSizes("of", shape)) != length) {
            throw new IllegalArgumentException("[of] expected " + Shapes.count(shape) + " values for shape "
                    + Arrays.toString(shape) + "; got " + length);
        }
        return shape;
    }

    /// The memory of a dense tensor; the tensor must stay reachable while it is used.
    static MemorySegment segment(Tensor x) {
        return MemorySegment.ofAddress(x.address()).reinterpret(x.count() * x.dtype.bytes());
    }

    static Tensor of(float[] values, long... shape) {
        Tensor y = empty(Device.CPU, DType.F32, shapeFor(values.length, shape));
        MemorySegment.copy(values, 0, segment(y), JAVA_FLOAT_UNALIGNED, 0, values.length);
        return y;
    }

    static Tensor of(double[] values, long... shape) {
        Tensor y = empty(Device.CPU, DType.F64, shapeFor(values.length, shape));
        MemorySegment.copy(values, 0, segment(y), JAVA_DOUBLE_UNALIGNED, 0, values.length);
        return y;
    }

    static Tensor of(long[] values, long... shape) {
        Tensor y = empty(Device.CPU, DType.I64, shapeFor(values.length, shape));
        MemorySegment.copy(values, 0, segment(y), JAVA_LONG_UNALIGNED, 0, values.length);
        return y;
    }

    static Tensor of(boolean[] values, long... shape) {
        Tensor y = empty(Device.CPU, DType.BOOL, shapeFor(values.length, shape));
        MemorySegment segment = segment(y);
        for (int i = 0; i < values.length; i++) {
            segment.set(JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
        }
        return y;
    }

    static float[] toFloats(Tensor x) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor y = x.live("toFloats").to(DType.F32).contiguous();
            float[] out = y.count() == 0 ? new float[0] : segment(y).toArray(JAVA_FLOAT_UNALIGNED);
            Reference.reachabilityFence(x);
            return out;
        }
    }

    static double[] toDoubles(Tensor x) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor y = x.live("toDoubles").to(DType.F64).contiguous();
            double[] out = y.count() == 0 ? new double[0] : segment(y).toArray(JAVA_DOUBLE_UNALIGNED);
            Reference.reachabilityFence(x);
            return out;
        }
    }

    static long[] toLongs(Tensor x) {
        try (Scope _ = Scope.open();
                Autograd.Mode _ = Autograd.noGrad()) {
            Tensor y = x.live("toLongs").to(DType.I64).contiguous();
            long[] out = y.count() == 0 ? new long[0] : segment(y).toArray(JAVA_LONG_UNALIGNED);
            Reference.reachabilityFence(x);
            return out;
        }
    }

    static boolean[] toBooleans(Tensor x) {
        long[] values = toLongs(x.to(DType.BOOL));
        boolean[] out = new boolean[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i] != 0;
        }
        return out;
    }
}
