package io.torrefy.rl.planning;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.envs.GridWorld;
import io.torrefy.tensor.SplitMix;
import io.torrefy.tensor.Threads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Large grids swept as shifted copies have the bits of the plain sweep, on any number of threads.
class StencilTest {
    private final int threads = Threads.count();

    @AfterEach
    void restore() {
        Threads.use(threads);
    }

    private static GridWorld.Builder large(int rows, int columns) {
        var random = new SplitMix(7, 0);
        GridWorld.Builder grid =
                GridWorld.of(rows, columns).target(rows / 2, columns / 3).target(3, 3);
        for (int i = 0; i < rows * columns / 10; i++) {
            grid.forbid(1 + random.below(rows), 1 + random.below(columns));
        }
        return grid.target(rows / 2, columns / 3).forbiddenReward(-3.3).stepReward(-0.01);
    }

    @ParameterizedTest
    @CsvSource({
        "129, 131, false, false, true",
        "200, 173, true, false, true",
        // Too many states beside walls that throw back, or at the edge.
        "150, 150, false, true, false",
        "3, 7001, false, false, false"
    })
    void sameBits(int rows, int columns, boolean terminates, boolean bounces, boolean shifted) {
        GridWorld.Builder grid = large(rows, columns).forbiddenBounces(bounces);
        FiniteMdp mdp = grid.targetTerminates(terminates).build().mdp();
        assertThat(Stencil.of(mdp, 0.9, new double[mdp.states()]).isPresent()).isEqualTo(shifted);
        double[] plain = ValueIteration.byRows(mdp, 0.9, Stop.sweeps(60)).values();
        for (int n : new int[] {1, 2, 3}) {
            Threads.use(n);
            Plan plan = ValueIteration.of(mdp, 0.9, Stop.sweeps(60));
            assertThat(plan.values()).containsExactly(plain);
        }
    }

    /// Six doubles a state, and little for the edge.
    @Test
    void memoryIsCounted() {
        FiniteMdp mdp = large(1000, 1000).build().mdp();
        long bytes =
                Stencil.of(mdp, 0.9, new double[mdp.states()]).orElseThrow().bytes();
        assertThat(bytes).isBetween(48_000_000L, 48_100_000L);
    }

    @Test
    void chanceIsSweptByRows() {
        FiniteMdp mdp = large(150, 150).slip(0.1).build().mdp();
        assertThat(Stencil.of(mdp, 0.9, new double[mdp.states()])).isEmpty();
        Threads.use(1);
        Plan one = ValueIteration.of(mdp, 0.9, Stop.sweeps(20));
        Threads.use(3);
        Plan three = ValueIteration.of(mdp, 0.9, Stop.sweeps(20));
        assertThat(three.values()).containsExactly(one.values());
        assertThat(three.residuals()).containsExactly(one.residuals());
    }
}
