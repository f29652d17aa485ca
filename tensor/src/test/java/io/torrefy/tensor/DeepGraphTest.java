package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Graphs deeper than any stack, and graphs whose paths double at every step.
class DeepGraphTest {
    private static final int DEEP = 100_000;

    private static Tensor chain(Tensor x) {
        Tensor y = x;
        for (int i = 0; i < DEEP; i++) {
            y = y.mul(x);
        }
        return y.sum();
    }

    @Test
    void aChainOfAHundredThousandIsWalkedAndFreed() {
        long before = Memory.stats().liveBytes();
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.of(new double[] {1, -1}).requiresGrad(true);
            chain(x).backward();
            // d x^(n+1) / dx = (n + 1) x^n
            assertThat(x.grad().orElseThrow().toDoubles()).containsExactly(DEEP + 1, DEEP + 1);
        }
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }

    @Test
    void aChainThatIsNeverWalkedIsFreedFromItsEnd() {
        long before = Memory.stats().liveBytes();
        Tensor kept;
        try (Scope _ = Scope.open()) {
            kept = chain(Tensor.of(new double[] {1}).requiresGrad(true)).keep();
        }
        assertThat(Memory.stats().liveBytes()).isGreaterThan(before + DEEP * 8L);
        kept.close();
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }

    @Test
    void aGradientIsWalkedOncePerNodeNotOncePerPath() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.of(new double[] {1}).requiresGrad(true);
            Tensor y = x;
            for (int i = 0; i < 60; i++) {
                y = y.add(y);
            }
            y.backward();
            assertThat(x.grad().orElseThrow().item()).isEqualTo(0x1p60);
        }
    }

    @Test
    void aWalkToALateTensorStopsThere() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.of(new double[] {2}).requiresGrad(true);
            Tensor early = x.exp();
            int[] walked = new int[1];
            early.gradFn().orElseThrow().registerHook(_ -> walked[0]++);
            early.registerHook(g -> {
                walked[0]++;
                return g;
            });
            Tensor late = early.mul(3);
            Tensor y = late.square().add(early).sum();
            List<Tensor> g = Autograd.grad(List.of(y), List.of(late), List.of(), true, false).stream()
                    .map(o -> o.orElseThrow())
                    .toList();
            assertThat(g.getFirst().item()).isEqualTo(6 * Math.exp(2), org.assertj.core.data.Offset.offset(1e-12));
            assertThat(walked[0]).isZero();
            y.backward();
            assertThat(walked[0]).isEqualTo(2);
            double e = Math.exp(2);
            assertThat(x.grad().orElseThrow().item())
                    .isEqualTo(18 * e * e + e, org.assertj.core.data.Offset.offset(1e-9));
        }
    }
}
