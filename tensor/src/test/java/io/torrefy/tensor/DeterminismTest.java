package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The same bits on any number of threads, and with other threads at work.
class DeterminismTest {
    private static final int BATCH = 3;
    private static final int WIDTH = 96;
    private static final int HEADS = 4;
    private static final int CLASSES = 211;

    /// The loss of one transformer block over tokens, the gradients of its parameters and its dropped activations.
    private static List<float[]> block(long seed, int time) {
        try (Scope _ = Scope.open()) {
            Rng rng = Rng.of(seed);
            Map<String, Tensor> p = new LinkedHashMap<>();
            p.put("table", rng.normal(CLASSES, WIDTH).mul(0.1));
            p.put("norm", rng.uniform(WIDTH));
            p.put("qkv", rng.normal(3 * WIDTH, WIDTH).mul(0.1));
            p.put("out", rng.normal(WIDTH, WIDTH).mul(0.1));
            p.put("scale", rng.uniform(WIDTH));
            p.put("shift", rng.uniform(WIDTH));
            p.put("gate", rng.normal(2 * WIDTH, WIDTH).mul(0.1));
            p.put("up", rng.normal(2 * WIDTH, WIDTH).mul(0.1));
            p.put("down", rng.normal(WIDTH, 2 * WIDTH).mul(0.1));
            p.values().forEach(t -> t.requiresGrad(true));

            Tensor ids = rng.uniform(BATCH * time).mul(CLASSES).floor().to(DType.I64);
            Tensor x = Functional.embedding(ids, p.get("table")); // (B T, D)
            Tensor h = Functional.linear(Functional.rmsNorm(x, p.get("norm"), 1e-5), p.get("qkv"), null);
            long dim = WIDTH / HEADS;
            List<Tensor> heads = h.reshape(BATCH * time, 3 * HEADS, dim).split(1, HEADS, HEADS, HEADS);
            Tensor angle = Tensor.arange(time)
                    .unsqueeze(1)
                    .mul(Tensor.arange(dim / 2).add(1).to(DType.F32).reciprocal());
            Tensor at = Tensor.arange(time).repeat(BATCH);
            Tensor q = Functional.rope(heads.get(0), angle.cos(), angle.sin(), at, false);
            Tensor k = Functional.rope(heads.get(1), angle.cos(), angle.sin(), at, false);
            Tensor y = Attention.attend(apart(q), apart(k), apart(heads.get(2)), null, Attention.Options.CAUSAL);
            x = x.add(Functional.linear(y.permute(0, 2, 1, 3).reshape(BATCH * time, WIDTH), p.get("out"), null));
            Tensor n = Functional.layerNorm(x, p.get("scale"), p.get("shift"), 1e-5);
            Tensor inner = Functional.swiglu(
                    Functional.linear(n, p.get("gate"), null),
                    Functional.linear(n, p.get("up"), null).gelu());
            Tensor dropped = Functional.dropout(inner, 0.1, rng);
            x = x.add(Functional.linear(dropped, p.get("down"), null));
            Tensor logits = Functional.linear(x, p.get("table"), null);
            Tensor loss = CrossEntropies.crossEntropy(logits, ids.roll(1, 0))
                    .add(logits.logsumexp(new int[] {-1}, false).square().mean().mul(1e-3));
            loss.backward();

            List<float[]> bits = new ArrayList<>(List.of(loss.toFloats(), dropped.toFloats(), logits.toFloats()));
            p.values().forEach(t -> bits.add(t.grad().orElseThrow().toFloats()));
            return bits;
        }
    }

    private static Tensor apart(Tensor x) {
        return x.reshape(BATCH, x.size(0) / BATCH, HEADS, WIDTH / HEADS).permute(0, 2, 1, 3);
    }

    private static List<float[]> on(int threads, long seed) {
        int before = Threads.count();
        Threads.use(threads);
        try {
            return block(seed, 67);
        } finally {
            Threads.use(before);
        }
    }

    private static void same(List<float[]> actual, List<float[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i)).as("tensor " + i).containsExactly(expected.get(i));
        }
    }

    @Test
    void theNumberOfThreadsChangesNoBit() {
        List<float[]> one = on(1, 5);
        assertThat(one.getFirst()[0]).isBetween(4f, 8f);
        for (int threads : new int[] {2, 3, 7}) {
            same(on(threads, 5), one);
        }
    }

    @Test
    void threadsWithScopesOfTheirOwnDoNotDisturbEachOther() throws InterruptedException {
        List<float[]> first = block(1, 9);
        List<float[]> second = block(2, 9);
        long before = Memory.stats().liveBytes();
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            long seed = 1L + i % 2;
            threads.add(new Thread(() -> {
                for (int n = 0; n < 2; n++) {
                    same(block(seed, 9), seed == 1 ? first : second);
                }
            }));
        }
        for (Thread t : threads) {
            t.setUncaughtExceptionHandler((_, e) -> {
                synchronized (failures) {
                    failures.add(e);
                }
            });
            t.start();
        }
        for (Thread t : threads) {
            t.join();
        }
        assertThat(failures).isEmpty();
        assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }

    @Test
    void threadsThatShareAParameterLoseNoGradient() throws InterruptedException {
        try (Scope _ = Scope.open()) {
            Tensor w = Tensor.ones(1000).requiresGrad(true);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                threads.add(new Thread(() -> {
                    for (int n = 0; n < 200; n++) {
                        try (Scope _ = Scope.open()) {
                            w.mul(2).sum().backward();
                        }
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread t : threads) {
                t.join();
            }
            assertThat(w.grad().orElseThrow().toFloats()).containsOnly(4 * 200 * 2f);
        }
    }
}
