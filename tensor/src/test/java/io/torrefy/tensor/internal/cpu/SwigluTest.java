package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.differences;
import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;

import io.torrefy.testkit.Close;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SwigluTest {
    static IntStream columns() {
        return KernelMemory.columns();
    }

    private static double value(double gate, double up) {
        return gate / (1 + Math.exp(-gate)) * up;
    }

    /// Gate and up are the halves of one projection, as a fused layer gives them, and one more column apart.
    @ParameterizedTest
    @MethodSource("columns")
    void stridedRowsAgreeWithFloat64(int n) {
        int rows = 3;
        int stride = 2 * n + 1;
        double[] x = normal(rows * stride, n, 3);
        double[] dy = normal(rows * n, n + 1, 1);
        double[] y = new double[rows * n];
        double[] dx = new double[rows * stride];
        java.util.Arrays.fill(dx, Double.NaN); // the column between rows stays as it was
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < n; i++) {
                int g = r * stride + i;
                int k = r * n + i;
                double s = 1 / (1 + Math.exp(-x[g]));
                y[k] = value(x[g], x[g + n]);
                dx[g] = dy[k] * x[g + n] * s * (1 + x[g] * (1 - s));
                dx[g + n] = dy[k] * x[g] * s;
                double[] numeric = differences(v -> dy[k] * value(v[0], v[1]), new double[] {x[g], x[g + n]});
                Close.check("differences", new double[] {dx[g], dx[g + n]}, numeric, 1e-6, 1e-8);
            }
        }
        try (KernelMemory memory = new KernelMemory()) {
            long gate = memory.of(x);
            long up = gate + 4L * n;
            long out = memory.floats(rows * n);
            long dGate = memory.floats(rows * stride);
            long dUp = dGate + 4L * n;
            long pdy = memory.of(dy);
            Swiglu.swiglu(rows, n, gate, stride, up, stride, out);
            Swiglu.swigluBackward(rows, n, gate, stride, up, stride, pdy, dGate, stride, dUp, stride);
            Close.check("y", read(out, rows * n), y, 1e-6, 1e-30);
            Close.check("dx", read(dGate, rows * stride), dx, 1e-6, 2e-6);
            for (int r = 0; r < rows; r++) {
                long at = 4L * r * stride;
                long k = 4L * r * n;
                Swiglu.scalarRow(gate + at, up + at, n, out + k);
                Swiglu.scalarRowBackward(gate + at, up + at, pdy + k, n, dGate + at, dUp + at);
            }
            Close.check("scalar y", read(out, rows * n), y, 1e-6, 1e-30);
            Close.check("scalar dx", read(dGate, rows * stride), dx, 1e-6, 1e-7);
        }
    }

    @Test
    void saturatedGates() {
        try (KernelMemory memory = new KernelMemory()) {
            long gate = memory.of(-1000f, -100f, 0f, 100f, 1e30f);
            long up = memory.of(2f, 2f, 2f, 2f, 2f);
            long y = memory.floats(5);
            long dGate = memory.floats(5);
            long dUp = memory.floats(5);
            Swiglu.swiglu(1, 5, gate, 5, up, 5, y);
            double tiny = 1e-37; // subnormal results may be flushed
            Close.check("y", read(y, 5), new double[] {0, 0, 0, 200, 2e30f}, 0, tiny);
            Swiglu.swigluBackward(1, 5, gate, 5, up, 5, memory.of(1f, 1f, 1f, 1f, 1f), dGate, 5, dUp, 5);
            Close.check("dGate", read(dGate, 5), new double[] {0, 0, 1, 2, 2}, 0, tiny);
            Close.check("dUp", read(dUp, 5), new double[] {0, 0, 0, 100, 1e30f}, 0, tiny);
            Swiglu.swiglu(0, 5, 0, 5, 0, 5, 0);
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        int rows = 300;
        int n = 333;
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long gate = memory.of(normal(rows * n, 1, 4));
            long up = memory.of(normal(rows * n, 2, 1));
            long y = memory.floats(rows * n);
            Swiglu.swiglu(rows, n, gate, n, up, n, y);
            return read(y, rows * n);
        });
    }
}
