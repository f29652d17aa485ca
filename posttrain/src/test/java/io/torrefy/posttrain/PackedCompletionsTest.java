package io.torrefy.posttrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.torrefy.lm.CausalLm;
import io.torrefy.lm.TokenBatch;
import io.torrefy.tensor.CrossEntropies;
import io.torrefy.tensor.Scope;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.Close;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackedCompletionsTest {
    private static final int[] A = {5, 9, 2};
    private static final int[] B = {7};

    /// Each token's log-probability is that of the whole sequence read alone.
    @Test
    void sharingAPromptChangesNothing() {
        List<int[]> prompts = List.of(A, A, B, A);
        List<int[]> completions = List.of(new int[] {4, 8}, new int[] {1}, new int[] {3, 3, 6}, new int[] {2, 2});
        try (CausalLm model = TinyBase.model(1);
                Scope _ = Scope.open()) {
            double[] expected = new double[8];
            int at = 0;
            for (int i = 0; i < prompts.size(); i++) {
                int[] all = Tokens.joined(prompts.get(i), completions.get(i));
                Tensor logits = model.forward(TokenBatch.pack(List.of(all)));
                long[] next = new long[all.length];
                for (int t = 0; t + 1 < all.length; t++) {
                    next[t] = all[t + 1];
                }
                double[] logProbs = CrossEntropies.tokenLogProbs(logits, Tensor.of(next, next.length), 0.7)
                        .logProbs()
                        .toDoubles();
                for (int t = prompts.get(i).length - 1; t + 1 < all.length; t++) {
                    expected[at++] = logProbs[t];
                }
            }
            PackedCompletions packed = PackedCompletions.of(prompts, completions);
            assertThat(packed.lengths()).containsExactly(2, 1, 3, 2);
            Close.check(
                    "log-probabilities", packed.logProbs(model, 0.7).logProbs().toDoubles(), expected, 1e-6, 1e-6);
        }
    }

    @Test
    void microBatchesKeepOrderAndCountASharedPromptOnce() {
        List<int[]> prompts = List.of(A, A, A, B);
        List<int[]> completions = List.of(new int[2], new int[2], new int[2], new int[9]);
        int[] all = {0, 1, 2, 3};
        assertThat(PackedCompletions.microBatches(prompts, completions, all, 1))
                .containsExactly(new int[] {0}, new int[] {1}, new int[] {2}, new int[] {3});
        // 5 tokens and 2 more; a third has room for 5 by its own count only.
        assertThat(PackedCompletions.microBatches(prompts, completions, all, 11))
                .containsExactly(new int[] {0, 1}, new int[] {2}, new int[] {3});
        assertThat(PackedCompletions.microBatches(prompts, completions, new int[] {3, 0}, 100))
                .containsExactly(new int[] {3, 0});
        assertThat(PackedCompletions.microBatches(prompts, completions, new int[0], 100))
                .isEmpty();
    }

    @Test
    void whatHasNoTokenIsNamed() {
        try (Scope _ = Scope.open()) {
            assertThatThrownBy(() -> PackedCompletions.of(List.of(A, B), List.of(B, new int[0])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 and 0 in row 1");
            assertThatThrownBy(() -> PackedCompletions.of(List.of(A), List.of()))
                    .hasMessageContaining("each of 0 completions; got 1");
        }
    }
}
