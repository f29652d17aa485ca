package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class VectorMathTest {
    private static final int LANES = Mem.FS.length();

    private static FloatVector of(float x) {
        return FloatVector.broadcast(Mem.FS, x);
    }

    private static void close(float actual, double x, DoubleUnaryOperator f, double ulps) {
        float expected = (float) f.applyAsDouble(x);
        double allowed = Math.max(Float.MIN_NORMAL, ulps * Math.ulp(expected));
        assertThat((double) actual).as("at %s", x).isCloseTo(expected, Offset.offset(allowed));
    }

    @Test
    void expIsCloseToTheDoubleFunction() {
        for (float x = -90f; x < 88.7f; x += 0.0637f) {
            float y = VectorMath.exp(of(x)).lane(LANES - 1);
            close(y, x, Math::exp, 1.5);
            assertThat(VectorMath.exp(x)).isEqualTo(y);
        }
    }

    @Test
    void exp2IsCloseToTheDoubleFunction() {
        for (float x = -130f; x <= 0f; x += 0.0413f) {
            float y = VectorMath.exp2(of(x)).lane(0);
            close(y, x, v -> Math.pow(2, v), 1.5);
            assertThat(VectorMath.exp2(x)).isEqualTo(y);
        }
        assertThat(VectorMath.exp2(of(0f)).lane(0)).isEqualTo(1f);
    }

    @Test
    void logIsCloseToTheDoubleFunction() {
        for (float x = 1e-30f; x < 1e30f; x *= 1.037f) {
            close(VectorMath.log(of(x)).lane(0), x, Math::log, 1.5);
        }
        assertThat(VectorMath.log(of(1f)).lane(0)).isEqualTo(0f);
    }

    @Test
    void edges() {
        float infinity = Float.POSITIVE_INFINITY;
        float[] in = {0f, -0f, 88.72283f, 88.73f, 1e30f, infinity, -87.34f, -1e30f, -infinity};
        float[] out = {1f, 1f, (float) Math.exp(88.72283f), infinity, infinity, infinity, 0f, 0f, 0f};
        for (int i = 0; i < in.length; i++) {
            assertThat(VectorMath.exp(of(in[i])).lane(0))
                    .as("exp(%s)", in[i])
                    .isCloseTo(out[i], Percentage.withPercentage(1e-4));
            assertThat(VectorMath.exp(in[i]))
                    .isEqualTo(VectorMath.exp(of(in[i])).lane(0));
        }
        assertThat(VectorMath.exp(of(Float.NaN)).lane(0)).isNaN();
        assertThat(VectorMath.exp(Float.NaN)).isNaN();
        assertThat(VectorMath.exp2(of(Float.NaN)).lane(0)).isNaN();
        assertThat(VectorMath.exp2(of(Float.NEGATIVE_INFINITY)).lane(0)).isZero();
    }
}
