package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FlatBlocksTest {
    private static final int S = FlatBlocks.SIZE;

    static Stream<long[]> counts() {
        return Stream.of(
                new long[] {},
                new long[] {0},
                new long[] {1},
                new long[] {S},
                new long[] {S + 1},
                new long[] {0, 0, 3, 0},
                new long[] {S - 1, 1, S},
                new long[] {1, 1, 1, 3 * S + 5, 1, 0, 2 * S, 7, S - 1, S - 1, S - 1},
                new long[] {5 * S, 0, 0, 5 * S},
                new long[] {7, 5 * S - 7, 0, 1});
    }

    @ParameterizedTest
    @MethodSource("counts")
    void everyElementIsRunOnceInBlocksOfItsArray(long[] counts) {
        int[][] seen = new int[counts.length][];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = new int[(int) counts[i]];
        }
        FlatBlocks.run(counts.length, counts, (array, first, count) -> {
            assertThat(first % S).isZero();
            assertThat(count).isBetween(1, S);
            for (int i = 0; i < count; i++) {
                seen[array][(int) first + i]++;
            }
        });
        for (int[] array : seen) {
            assertThat(array).containsOnly(array.length == 0 ? new int[0] : new int[] {1});
        }
    }
}
