package io.torrefy.tensor.internal.cpu;

import static io.torrefy.tensor.internal.cpu.KernelMemory.normal;
import static io.torrefy.tensor.internal.cpu.KernelMemory.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.tensor.internal.UpdatePlan;
import io.torrefy.tensor.internal.UpdateRule;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimTest {
    static Stream<Fixture> adamCases() {
        return Fixtures.open().ofKind("optim").stream()
                .filter(f -> f.settings().path("optimizer").asText().startsWith("Adam"));
    }

    /// Ten steps of torch's optimiser from its own gradients.
    @ParameterizedTest
    @MethodSource("adamCases")
    void replaysTorch(Fixture fixture) {
        Map<String, Golden> tensors = fixture.tensors();
        double[] rates = tensors.get("lr").doubles();
        for (String name : tensors.keySet()) {
            if (name.startsWith("params.")) {
                Golden gradients = tensors.get("grads." + name.substring(7));
                replay(fixture, tensors.get(name), gradients, rates, true);
                replay(fixture, tensors.get(name), gradients, rates, false);
            }
        }
    }

    private static void replay(Fixture fixture, Golden params, Golden gradients, double[] rates, boolean vector) {
        JsonNode settings = fixture.settings();
        boolean decoupled = settings.path("optimizer").asText().equals("AdamW");
        double beta1 = settings.path("betas").path(0).asDouble(0.9);
        double beta2 = settings.path("betas").path(1).asDouble(0.999);
        double eps = settings.path("eps").asDouble(1e-8);
        double decay = settings.path("weight_decay").asDouble(decoupled ? 0.01 : 0);
        int n = params.slice(0).size();
        UpdatePlan plan = new UpdatePlan();
        try (KernelMemory memory = new KernelMemory()) {
            long p = memory.of(params.slice(0).floats());
            long m = memory.of(new float[n]);
            long v = memory.of(new float[n]);
            long maxV = settings.path("amsgrad").asBoolean() ? memory.of(new float[n]) : 0;
            for (int t = 0; t < rates.length; t++) {
                long g = memory.of(gradients.slice(t).floats());
                double lr = rates[t];
                double keep = decoupled ? 1 - lr * decay : 1;
                double pull = decoupled ? 0 : decay;
                double step = lr / (1 - Math.pow(beta1, t + 1));
                double bias = Math.sqrt(1 - Math.pow(beta2, t + 1));
                if (vector) {
                    plan.clear();
                    plan.add(UpdateRule.ADAM, n, p, g, m, v, maxV)
                            .number(1)
                            .number(keep)
                            .number(pull)
                            .number(beta1)
                            .number(1 - beta1)
                            .number(beta2)
                            .number(1 - beta2)
                            .number(eps)
                            .number(step)
                            .number(bias);
                    Optim.update(plan);
                } else {
                    OptimAdam.scalar(
                            n,
                            p,
                            g,
                            m,
                            v,
                            maxV,
                            1f,
                            (float) keep,
                            (float) pull,
                            (float) beta1,
                            (float) (1 - beta1),
                            (float) beta2,
                            (float) (1 - beta2),
                            (float) eps,
                            (float) step,
                            (float) bias);
                }
                params.slice(t + 1).assertClose(read(p, n), fixture.tolerance());
            }
        }
    }

    @Test
    void gradientScaleActsBeforeEverything() {
        int n = 70;
        double[] g = normal(n, 1, 1);
        float[] scaled = new float[n];
        for (int i = 0; i < n; i++) {
            scaled[i] = (float) g[i] * 0.25f;
        }
        try (KernelMemory memory = new KernelMemory()) {
            long[] a = {memory.of(normal(n, 2, 1)), memory.of(g), memory.of(new float[n]), memory.of(new float[n])};
            long[] b = {memory.of(normal(n, 2, 1)), memory.of(scaled), memory.of(new float[n]), memory.of(new float[n])
            };
            step(n, a, 0.25f);
            step(n, b, 1f);
            for (int k = 0; k < 4; k++) {
                if (k != 1) {
                    assertThat(read(a[k], n)).isEqualTo(read(b[k], n));
                }
            }
            assertThat(read(a[1], n)).as("gradients stay").isEqualTo(KernelMemory.narrow(g));
        }
    }

    private static void step(int n, long[] at, float gradScale) {
        UpdatePlan plan = new UpdatePlan();
        plan.add(UpdateRule.ADAM, n, at[0], at[1], at[2], at[3], 0)
                .number(gradScale)
                .number(1)
                .number(0.1)
                .number(0.9)
                .number(0.1)
                .number(0.999)
                .number(0.001)
                .number(1e-8)
                .number(0.1)
                .number(0.03);
        Optim.update(plan);
    }

    private static double sumOfSquares(int n, long x) {
        double[] sum = new double[1];
        Optim.sumsOfSquares(1, new long[] {n}, new long[] {x}, sum);
        return sum[0];
    }

    static IntStream sizes() {
        int l = Mem.FS.length();
        return IntStream.of(0, 1, l - 1, l, l + 1, 4 * l + 3, 65536, 65536 * 2 + 37);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void sumOfSquaresIsThatOfFloat64(int n) {
        double[] x = normal(n, n, 2);
        double expected = Arrays.stream(x).map(v -> v * v).sum();
        try (KernelMemory memory = new KernelMemory()) {
            assertThat(sumOfSquares(n, memory.of(x))).isCloseTo(expected, within(1e-13 * expected));
        }
    }

    @Test
    void sumOfSquaresDoesNotOverflowAsFloatsWould() {
        float[] x = new float[100];
        Arrays.fill(x, 1e30f);
        try (KernelMemory memory = new KernelMemory()) {
            assertThat(sumOfSquares(100, memory.of(x))).isCloseTo(1e62, within(1e56));
        }
    }

    /// Short arrays share a task and long ones are cut, and still each sum is what it is alone, on any threads.
    @Test
    void sumsOfManyArraysAreThoseOfEach() {
        int[] sizes = Stream.of(sizes(), IntStream.of(5, 0, 40000, 40000, 65535, 65537))
                .flatMapToInt(s -> s)
                .toArray();
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long[] counts = Arrays.stream(sizes).asLongStream().toArray();
            long[] at = IntStream.range(0, sizes.length)
                    .mapToLong(i -> memory.of(normal(sizes[i], i, 1)))
                    .toArray();
            double[] sums = new double[sizes.length];
            Optim.sumsOfSquares(sizes.length, counts, at, sums);
            for (int i = 0; i < sizes.length; i++) {
                assertThat(sums[i]).isEqualTo(sumOfSquares(sizes[i], at[i]));
                double expected =
                        Arrays.stream(normal(sizes[i], i, 1)).map(v -> v * v).sum();
                assertThat(sums[i]).isCloseTo(expected, within(1e-13 * expected));
            }
            return KernelMemory.narrow(sums);
        });
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void oneBadValueAnywhereIsFound(int n) {
        float[] x = KernelMemory.narrow(normal(n, n, 1e30));
        try (KernelMemory memory = new KernelMemory()) {
            long at = memory.of(x);
            assertThat(Optim.allFinite(n, at)).isTrue();
            float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
            for (int i = 0; i < n; i += Math.max(1, n / 13)) {
                Mem.f32(at + 4L * i, bad[i % 3]);
                assertThat(Optim.allFinite(n, at)).as("bad value at %d", i).isFalse();
                Mem.f32(at + 4L * i, Float.MAX_VALUE);
            }
            assertThat(Optim.allFinite(n, at)).isTrue();
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        int n = 65536 * 3 + 17;
        KernelMemory.assertSameOnAnyThreads(memory -> {
            long[] at = {
                memory.of(normal(n, 1, 1)), memory.of(normal(n, 2, 1)), memory.of(new float[n]), memory.of(new float[n])
            };
            step(n, at, 0.5f);
            double sum = sumOfSquares(n, at[0]);
            return KernelMemory.join(read(at[0], n), read(at[3], n), new float[] {(float) sum, (float) (sum * 1e-9)});
        });
    }
}
