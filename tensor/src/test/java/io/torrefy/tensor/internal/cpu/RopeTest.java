package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.differences;
import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.Close;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RopeTest {
    private static final int TABLE = 9;

    private static double angle(long position, int k, int dim) {
        return position * Math.pow(10000, -2.0 * k / dim);
    }

    /// The rotation of one head in float64, by the definition.
    private static double[] rotate(double[] x, long position, boolean interleaved, double sign) {
        int half = x.length / 2;
        double[] y = new double[x.length];
        for (int k = 0; k < half; k++) {
            int a = interleaved ? 2 * k : k;
            int b = interleaved ? 2 * k + 1 : k + half;
            double c = Math.cos(angle(position, k, x.length));
            double s = sign * Math.sin(angle(position, k, x.length));
            y[a] = x[a] * c - x[b] * s;
            y[b] = x[b] * c + x[a] * s;
        }
        return y;
    }

    private static double[] table(int dim, boolean cos) {
        double[] out = new double[TABLE * dim / 2];
        for (int i = 0; i < out.length; i++) {
            double a = angle(i / (dim / 2), i % (dim / 2), dim);
            out[i] = cos ? Math.cos(a) : Math.sin(a);
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 6, 8, 16, 18, 32, 34, 48, 64, 80, 128, 134})
    void bothLayoutsAndDirectionsAgreeWithFloat64(int dim) {
        int tokens = 5;
        int heads = 3;
        int headStride = dim + 2;
        int tokenStride = heads * headStride + 1;
        long[] positions = {8, 0, 3, 3, 1};
        double[] x = normal(tokens * tokenStride, dim, 1);
        for (boolean interleaved : new boolean[] {false, true}) {
            for (float sign : new float[] {1, -1}) {
                double[] expected = new double[tokens * heads * dim];
                for (int t = 0; t < tokens; t++) {
                    for (int h = 0; h < heads; h++) {
                        int at = t * tokenStride + h * headStride;
                        double[] y = rotate(Arrays.copyOfRange(x, at, at + dim), positions[t], interleaved, sign);
                        System.arraycopy(y, 0, expected, (h * tokens + t) * dim, dim); // written head-major
                    }
                }
                try (KernelMemory memory = new KernelMemory()) {
                    long px = memory.of(x);
                    long cos = memory.of(table(dim, true));
                    long sin = memory.of(table(dim, false));
                    long at = memory.of(positions);
                    long y = memory.floats(tokens * heads * dim);
                    Rope.rope(
                            tokens,
                            heads,
                            dim,
                            interleaved,
                            px,
                            tokenStride,
                            headStride,
                            cos,
                            sin,
                            at,
                            sign,
                            y,
                            dim,
                            (long) tokens * dim);
                    Close.check("y", read(y, tokens * heads * dim), expected, 1e-6, 5e-7);
                    Rope.rope(
                            tokens,
                            heads,
                            dim,
                            interleaved,
                            px,
                            tokenStride,
                            headStride,
                            cos,
                            sin,
                            at,
                            sign,
                            px,
                            tokenStride,
                            headStride);
                    float[] inPlace = read(px, tokens * tokenStride);
                    int last = 4 * tokenStride + 2 * headStride;
                    assertThat(Arrays.copyOfRange(inPlace, last, last + dim))
                            .isEqualTo(read(y + 4L * (2 * tokens + 4) * dim, dim));
                    assertThat(inPlace[last + dim]).as("between heads").isEqualTo((float) x[last + dim]);
                    int step = interleaved ? 2 : 1;
                    long head = memory.of(Arrays.copyOfRange(x, 0, dim));
                    long row = 8L * (dim / 2) * 4;
                    Rope.scalar(dim / 2, step, interleaved ? 1 : dim / 2, head, cos + row, sin + row, sign, head);
                    Close.check("scalar", read(head, dim), Arrays.copyOf(expected, dim), 1e-6, 5e-7);
                }
            }
        }
    }

    /// The backward pass is the rotation the other way.
    @Test
    void inverseIsTheGradient() {
        double[] x = normal(12, 1, 1);
        double[] dy = normal(12, 2, 1);
        for (boolean interleaved : new boolean[] {false, true}) {
            double[] numeric = differences(v -> KernelMemory.dot(rotate(v, 5, interleaved, 1), dy), x);
            try (KernelMemory memory = new KernelMemory()) {
                long dx = memory.floats(12);
                Rope.rope(
                        1,
                        1,
                        12,
                        interleaved,
                        memory.of(dy),
                        12,
                        12,
                        memory.of(table(12, true)),
                        memory.of(table(12, false)),
                        memory.of(new long[] {5}),
                        -1f,
                        dx,
                        12,
                        12);
                Close.check("dx", read(dx, 12), numeric, 1e-5, 1e-6);
            }
        }
    }

    @Test
    void fixtures() {
        List<Fixture> cases = Fixtures.open().ops("rope").stream()
                .filter(f -> !f.settings().path("layout").asText().contains("re-ordered"))
                .toList();
        assertThat(cases).isNotEmpty();
        for (Fixture fixture : cases) {
            check(fixture, fixture.tensors());
        }
    }

    private static void check(Fixture fixture, Map<String, Golden> tensors) {
        Golden x = tensors.get("in.x"); // (B, H, T, D)
        int dim = (int) x.shape()[x.shape().length - 1];
        int tokens = (int) x.shape()[x.shape().length - 2];
        int planes = x.size() / dim / tokens;
        double theta = fixture.settings().path("theta").asDouble(10000);
        long[] positions = tensors.get("in.positions").longs();
        int limit = (int) Arrays.stream(positions).max().orElse(0) + 1;
        double[] cos = new double[limit * dim / 2];
        double[] sin = new double[limit * dim / 2];
        for (int i = 0; i < cos.length; i++) {
            double a = i / (dim / 2) * Math.pow(theta, -2.0 * (i % (dim / 2)) / dim);
            cos[i] = Math.cos(a);
            sin[i] = Math.sin(a);
        }
        try (KernelMemory memory = new KernelMemory()) {
            long y = memory.floats(x.size());
            boolean interleaved = fixture.settings().path("layout").asText().startsWith("interleaved");
            Rope.rope(
                    tokens,
                    planes,
                    dim,
                    interleaved,
                    memory.of(x.floats()),
                    dim,
                    (long) tokens * dim,
                    memory.of(cos),
                    memory.of(sin),
                    memory.of(positions),
                    1f,
                    y,
                    dim,
                    (long) tokens * dim);
            tensors.get("out.y").assertClose(read(y, x.size()), fixture.tolerance());
            long dx = memory.floats(x.size());
            Rope.rope(
                    tokens,
                    planes,
                    dim,
                    interleaved,
                    memory.of(tensors.get("dout.y").floats()),
                    dim,
                    (long) tokens * dim,
                    memory.of(cos),
                    memory.of(sin),
                    memory.of(positions),
                    -1f,
                    dx,
                    dim,
                    (long) tokens * dim);
            tensors.get("din.x").assertClose(read(dx, x.size()), fixture.tolerance());
        }
    }
}
