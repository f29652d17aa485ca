package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Conv2dPlan;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImagesTest {
    private final int threads = Parallel.threads();

    @AfterEach
    void restoreThreads() {
        Parallel.threads(threads);
    }

    static Stream<Conv2dPlan> plans() {
        return Stream.of(
                plan(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1),
                plan(3, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1),
                plan(2, 8, 11, 3, 2, 2, 3, 1, 2, 1, 1),
                plan(2, 10, 9, 3, 3, 1, 2, 2, 3, 2, 2),
                plan(3, 28, 28, 14, 14, 14, 14, 0, 0, 1, 1),
                plan(1, 2, 2, 3, 3, 1, 1, 4, 4, 1, 1),
                plan(40, 60, 60, 3, 3, 1, 1, 1, 1, 1, 1));
    }

    private static Conv2dPlan plan(
            int c, int h, int w, int kh, int kw, int sh, int sw, int ph, int pw, int dh, int dw) {
        int oh = (h + 2 * ph - dh * (kh - 1) - 1) / sh + 1;
        int ow = (w + 2 * pw - dw * (kw - 1) - 1) / sw + 1;
        return new Conv2dPlan(c, h, w, kh, kw, sh, sw, ph, pw, dh, dw, oh, ow);
    }

    /// Element (c, ki, kj, oy, ox) of the columns, or -1 for padding.
    private static int source(Conv2dPlan p, int c, int tap, int pixel) {
        int iy = pixel / p.ow() * p.strideH() - p.padH() + tap / p.kw() * p.dilationH();
        int ix = pixel % p.ow() * p.strideW() - p.padW() + tap % p.kw() * p.dilationW();
        return iy < 0 || iy >= p.h() || ix < 0 || ix >= p.w() ? -1 : (c * p.h() + iy) * p.w() + ix;
    }

    @ParameterizedTest
    @MethodSource("plans")
    void unfoldsAndFoldsLikeLoops(Conv2dPlan p) {
        int taps = p.kh() * p.kw();
        int pixels = p.oh() * p.ow();
        int count = p.channels() * taps * pixels;
        float[] x = Buffers.random(p.channels() * p.h() * p.w(), 1, 1);
        float[] g = Buffers.random(count, 2, 1);
        float[] columns = new float[count];
        double[] folded = new double[x.length];
        for (int i = 0; i < count; i++) {
            int from = source(p, i / pixels / taps, i / pixels % taps, i % pixels);
            columns[i] = from < 0 ? 0 : x[from];
            if (from >= 0) {
                folded[from] += g[i];
            }
        }
        long y = Buffers.bytes(4L * count);
        Elementwise.fill(DType.F32, count, y, 9);
        Images.im2col(DType.F32, p, Buffers.of(x), y);
        assertThat(Buffers.floats(y, count)).isEqualTo(columns);
        float[] first = null;
        for (int t : new int[] {1, 2, 3, 7}) {
            Parallel.threads(t);
            long dx = Buffers.of(new float[x.length]);
            Images.col2im(DType.F32, p, Buffers.of(g), dx);
            float[] got = Buffers.floats(dx, x.length);
            first = first == null ? got : first;
            assertThat(got).isEqualTo(first);
        }
        for (int i = 0; i < x.length; i++) {
            assertThat((double) first[i]).isCloseTo(folded[i], Offset.offset(1e-4));
        }
        double[] wide = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            wide[i] = x[i];
        }
        long y64 = Buffers.bytes(8L * count);
        Images.im2col(DType.F64, p, Buffers.of(wide), y64);
        assertThat(Mem.f64(y64 + 8L * (count - 1))).isEqualTo(columns[count - 1]);
    }

    static Stream<Fixture> bicubics() {
        return Fixtures.open().ofKind("op").stream().filter(f -> f.name().startsWith("bicubic"));
    }

    @ParameterizedTest
    @MethodSource("bicubics")
    void bicubicAgreesWithTorch(Fixture fixture) {
        Map<String, Golden> tensors = fixture.tensors();
        Golden x = tensors.get("in.x");
        Golden y = tensors.get("out.y");
        Golden dy = tensors.get("dout.y");
        long planes = x.shape()[0] * x.shape()[1];
        long h = x.shape()[2];
        long w = x.shape()[3];
        long oh = y.shape()[2];
        long ow = y.shape()[3];
        long out = Buffers.bytes(8L * y.size());
        Images.bicubic(DType.F32, planes, h, w, oh, ow, Buffers.of(x.floats()), out);
        y.assertClose(Buffers.floats(out, y.size()), fixture.tolerance());
        Images.bicubic(DType.F64, planes, h, w, oh, ow, Buffers.of(x.doubles()), out);
        y.assertClose(Buffers.doubles(out, y.size()), 1e-4, 1e-5);
        long dx = Buffers.bytes(4L * x.size());
        Elementwise.fill(DType.F32, x.size(), dx, 5);
        Images.bicubicBackward(DType.F32, planes, h, w, oh, ow, Buffers.of(dy.floats()), dx);
        tensors.get("din.x").assertClose(Buffers.floats(dx, x.size()), fixture.tolerance());
    }
}
