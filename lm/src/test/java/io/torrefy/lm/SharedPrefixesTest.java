package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SharedPrefixesTest {
    /// Prompts and, for each, the lengths of its continuations: around the widths of vectors and blocks, and none
    /// at all.
    private static final int[] PROMPTS = {1, 7, 17, 33, 5};
    private static final int[][] CONTINUATIONS = {{0, 1, 16}, {15, 65, 17, 31}, {33, 0}, {64, 63}, {}};

    private final List<int[]> prompts = new ArrayList<>();
    private final List<int[]> continuations = new ArrayList<>();
    private final List<Integer> promptOf = new ArrayList<>();
    /// Each continuation behind its prompt, then the prompts by themselves.
    private final List<int[]> whole = new ArrayList<>();

    SharedPrefixesTest() {
        Rng rng = Rng.of(5);
        for (int p = 0; p < PROMPTS.length; p++) {
            prompts.add(ids(PROMPTS[p], rng));
            for (int n : CONTINUATIONS[p]) {
                int[] continuation = ids(n, rng);
                continuations.add(continuation);
                promptOf.add(p);
                whole.add(IntStream.concat(Arrays.stream(prompts.get(p)), Arrays.stream(continuation))
                        .toArray());
            }
        }
        whole.addAll(prompts);
    }

    private static int[] ids(int n, Rng rng) {
        return IntStream.range(0, n).map(_ -> rng.nextInt(29)).toArray();
    }

    private TokenBatch forked() {
        return TokenBatch.fork(
                prompts,
                continuations,
                promptOf.stream().mapToInt(Integer::intValue).toArray());
    }

    static List<CausalLm> models() {
        DecoderConfig llama = DecoderConfig.llama(29, 32, 2, 4, 48, 128);
        DecoderConfig grouped = new DecoderConfig(
                DecoderConfig.Family.QWEN3, 29, 32, 2, 4, 2, 16, 48, 128, 10_000, 1e-5, false, false, true, true, 0.1);
        return List.of(CausalLm.create(llama, Rng.of(1)), CausalLm.create(grouped, Rng.of(2)));
    }

    /// Every row has the bits that it has where nothing is shared, but for continuations of one token: attention
    /// takes a sequence of one query by the kernel that decodes, which sums in another order.
    @ParameterizedTest
    @MethodSource("models")
    void rowsHaveTheBitsOfWholeSequences(CausalLm model) {
        try (Scope _ = Scope.open()) {
            float[] shared = model.forward(forked()).toFloats();
            TokenBatch packed = TokenBatch.pack(whole);
            float[] expected = model.forward(packed).toFloats();
            int[] from = forked().offsets();
            for (int c = 0; c < continuations.size(); c++) {
                int prompt = PROMPTS[promptOf.get(c)];
                for (int t = 0; t < whole.get(c).length; t++) {
                    int row = t < prompt ? from[promptOf.get(c)] + t : from[prompts.size() + c] + t - prompt;
                    boolean alone = t >= prompt && continuations.get(c).length == 1;
                    assertThat(row(shared, row))
                            .as("%d of %d", t, c)
                            .containsExactly(row(expected, packed.offsets()[c] + t), Offset.offset(alone ? 1e-5f : 0f));
                }
            }
        }
    }

    private static float[] row(float[] logits, int row) {
        return Arrays.copyOfRange(logits, row * 29, row * 29 + 29);
    }

    /// The gradient of a sum over all rows, each weighed by how many whole sequences it stands for.
    @ParameterizedTest
    @MethodSource("models")
    void gradientsAreThoseOfWholeSequences(CausalLm model) {
        Map<String, float[]> shared = new TreeMap<>();
        try (Scope _ = Scope.open()) {
            TokenBatch batch = forked();
            double[] weight = new double[batch.tokens()];
            Arrays.fill(weight, 1);
            for (int p = 0; p < prompts.size(); p++) {
                Arrays.fill(weight, batch.offsets()[p], batch.offsets()[p + 1], 1.0 + CONTINUATIONS[p].length);
            }
            Tensor w = Tensor.of(weight, weight.length, 1).to(DType.F32);
            model.forward(batch).square().mul(w).sum().backward();
            model.namedParameters().forEach((name, p) -> shared.put(name, gradient(p)));
            model.zeroGrad();
            model.forward(TokenBatch.pack(whole)).square().sum().backward();
            model.namedParameters().forEach((name, p) -> {
                float[] expected = gradient(p);
                float largest = 0;
                for (float g : expected) {
                    largest = Math.max(largest, Math.abs(g));
                }
                assertThat(shared.get(name)).as(name).containsExactly(expected, Offset.offset(1e-5f * largest));
                assertThat(largest).as(name).isPositive();
            });
        }
    }

    private static float[] gradient(Tensor parameter) {
        return parameter.grad().orElseThrow().toFloats();
    }

    @Test
    void aContinuationWithoutItsPromptIsNamed() {
        assertThatThrownBy(() -> TokenBatch.fork(prompts, continuations, new int[continuations.size() - 1]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[fork]");
        int[] beyond = new int[continuations.size()];
        beyond[2] = prompts.size();
        assertThatThrownBy(() -> TokenBatch.fork(prompts, continuations, beyond))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("below 5")
                .hasMessageContaining("[0, 0, 5");
    }
}
