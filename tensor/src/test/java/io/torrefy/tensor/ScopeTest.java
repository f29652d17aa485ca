package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Who lives how long. Every test must leave as much memory in use as it found.
class ScopeTest {
    private long before;

    @BeforeEach
    void measure() {
        before = Memory.stats().liveBytes();
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(Memory.stats().liveBytes()).as("bytes in use").isEqualTo(before);
    }

    private static Tensor step(Tensor x, Tensor w) {
        return x.matmul(w).gelu().softmax(-1).square().mean();
    }

    @Test
    void aScopeFreesWhatWasMadeInside() {
        Tensor inside;
        try (Scope scope = Scope.open()) {
            inside = Tensor.ones(100);
            assertThat(scope.size()).isEqualTo(1);
            assertThat(Memory.stats().liveBytes()).isGreaterThanOrEqualTo(before + 400);
        }
        assertThat(inside.isClosed()).isTrue();
        assertThatIllegalStateException()
                .isThrownBy(() -> inside.add(1))
                .withMessageContaining("F32[100] that was freed with its scope")
                .withMessageContaining("Hint: keep() it");
        assertThatIllegalStateException().isThrownBy(inside::toFloats);
        assertThatIllegalStateException().isThrownBy(inside::keep);
        assertThat(inside.toString()).contains("closed");
    }

    @Test
    void everyOperationRefusesAFreedTensor() {
        try (Scope _ = Scope.open()) {
            Tensor dead = Tensor.ones(2, 4, 4, 4);
            Tensor vector = Tensor.ones(4);
            Tensor row = Tensor.ones(4);
            Tensor ids = Tensor.arange(4);
            dead.close();
            vector.close();
            List<Runnable> uses = List.of(
                    () -> Functional.layerNorm(Tensor.ones(2, 4), vector, row, 1e-5),
                    () -> Functional.rmsNorm(dead, row, 1e-5),
                    () -> Functional.swiglu(dead, Tensor.ones(2, 4, 4, 4)),
                    () -> Attention.attend(dead, dead, dead, null, Attention.Options.FULL),
                    () -> CrossEntropies.crossEntropy(dead, Tensor.zeros(DType.I64, 2, 4, 4)),
                    () -> row.matmul(dead),
                    () -> row.add(vector),
                    () -> row.copyFrom(vector),
                    () -> Functional.concat(0, row, vector),
                    () -> dead.indexSelect(0, ids),
                    () -> dead.reshape(-1),
                    () -> dead.detach(),
                    () -> dead.max(0, false),
                    () -> dead.to(DType.F64));
            for (int i = 0; i < uses.size(); i++) {
                assertThatThrownBy(uses.get(i)::run)
                        .as("use " + i)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("expected a live tensor");
            }
        }
    }

    @Test
    void keptTensorsOutliveTheScopeAndPassedOnesMoveOutByOne() {
        Tensor kept;
        try (Scope outer = Scope.open()) {
            Tensor passed;
            try (Scope inner = Scope.open()) {
                kept = Tensor.ones(3).keep();
                passed = inner.pass(Tensor.ones(5));
                assertThat(inner.size()).isZero();
            }
            assertThat(passed.isClosed()).isFalse();
            assertThat(outer.size()).isEqualTo(1);
            Tensor result = Scope.of(() -> Tensor.ones(7).add(1));
            assertThat(result.toFloats()).containsOnly(2f);
        }
        assertThat(kept.toFloats()).containsOnly(1f);
        kept.close();
        kept.close();
    }

    @Test
    void memoryGoesWithItsLastView() {
        Tensor view;
        try (Scope _ = Scope.open()) {
            view = Tensor.arange(1000).slice(0, 10, 12).keep();
        }
        assertThat(view.toLongs()).containsExactly(10, 11);
        assertThat(Memory.stats().liveBytes()).isGreaterThanOrEqualTo(before + 8000);
        view.close();
    }

    @Test
    void aGraphThatIsNeverWalkedGoesWithItsOutputs() {
        Tensor w = Tensor.ones(4, 4).keep();
        w.requiresGrad(true);
        try (Scope _ = Scope.open()) {
            step(Tensor.ones(8, 4), w);
        }
        w.close();
    }

    @Test
    void aGraphLivesAsLongAsItsOutput() {
        Tensor w = Tensor.of(new float[] {3}).keep().requiresGrad(true);
        Tensor loss;
        try (Scope _ = Scope.open()) {
            loss = w.mul(w).exp().mul(w).sum().keep();
        }
        loss.backward();
        double e = Math.exp(9);
        assertThat(w.grad().orElseThrow().item()).isEqualTo(e + 3 * 6 * e, org.assertj.core.data.Offset.offset(0.5));
        loss.close();
        w.close();
    }

    @Test
    void backwardFreesWhatTheGraphSaved() {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.ones(1000).requiresGrad(true);
            Tensor loss = Scope.of(() -> x.exp().exp().exp().sum());
            long full = Memory.stats().liveBytes();
            loss.backward();
            x.zeroGrad();
            assertThat(Memory.stats().liveBytes()).isLessThanOrEqualTo(full - 3 * 4000);
        }
    }

    @Test
    void anExceptionInTheMiddleLeaksNothing() {
        Tensor w = Tensor.ones(4, 4).keep().requiresGrad(true);
        assertThatThrownBy(() -> {
                    try (Scope _ = Scope.open()) {
                        Tensor h = step(Tensor.ones(8, 4), w);
                        Scope.open(); // left open by mistake
                        Tensor.ones(100);
                        h.matmul(Tensor.ones(3));
                    }
                })
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Scope.current()).isNull();
        w.close();
    }

    @Test
    void anExceptionInTheMiddleOfABackwardLeaksNothing() {
        Tensor w = Tensor.ones(4, 4).keep().requiresGrad(true);
        for (boolean ofGrad : new boolean[] {false, true}) {
            try (Scope _ = Scope.open()) {
                Tensor x = Tensor.ones(8, 4).requiresGrad(true);
                Tensor h = x.matmul(w);
                Tensor late = h.gelu();
                h.registerHook(g -> {
                    throw new UnsupportedOperationException("stop");
                });
                Tensor loss = late.mul(x).sum();
                assertThatThrownBy(() -> {
                            if (ofGrad) {
                                Autograd.grad(List.of(loss), List.of(late, x), List.of(), true, true);
                            } else {
                                Autograd.backward(List.of(loss, late.sum()), List.of(), false, false);
                            }
                        })
                        .hasMessage("stop");
                assertThatThrownBy(() -> Autograd.backward(List.of(loss, late), List.of(), false, false))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            w.zeroGrad();
            assertThat(Memory.stats().liveBytes()).isEqualTo(before + 256);
        }
        w.close();
    }

    @Test
    void secondDerivativesLeakNothing() {
        Tensor w = Tensor.ones(4, 4).keep().requiresGrad(true);
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.ones(8, 4).requiresGrad(true);
            Tensor g = Autograd.grad(step(x, w), x, true);
            g.square().sum().backward();
            Autograd.backward(List.of(step(x, w)), List.of(), false, true);
        }
        w.close();
    }

    @Test
    void memoryIsFlatOverATrainingLoop() {
        Tensor w = Tensor.ones(8, 8).keep().requiresGrad(true);
        long inUse = 0;
        long allocated = 0;
        for (int i = 0; i < 1000; i++) {
            try (Scope _ = Scope.open()) {
                step(Tensor.ones(4, 8), w).backward();
                try (Autograd.Mode _ = Autograd.noGrad()) {
                    w.addInPlace(w.grad().orElseThrow().mul(-0.1));
                }
                w.zeroGrad();
            }
            MemoryStats stats = Memory.stats();
            if (i == 10) {
                inUse = stats.liveBytes();
                allocated = stats.liveBytes() + stats.cachedBytes();
            } else if (i > 10) {
                assertThat(stats.liveBytes()).isEqualTo(inUse);
                assertThat(stats.liveBytes() + stats.cachedBytes()).isEqualTo(allocated);
            }
        }
        w.close();
    }

    @Test
    void aScopeClosesOnItsOwnThreadOnly() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (Scope scope = Scope.open()) {
            Thread other = new Thread(() -> {
                try {
                    scope.close();
                } catch (IllegalStateException e) {
                    thrown.set(e);
                }
            });
            other.start();
            other.join();
        }
        assertThat(thrown.get()).hasMessageContaining("[scope] expected to be closed on the thread that opened it");
    }
}
