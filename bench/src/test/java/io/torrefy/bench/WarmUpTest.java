package io.torrefy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private final List<Integer> batches = new ArrayList<>();

    /// Work whose batches take what the function says, by their number from 0.
    private double warm(IntToDoubleFunction seconds, double least, double most) throws WorkerProcess.Failure {
        return cost(seconds, least, most).typical();
    }

    private WarmUp.Cost cost(IntToDoubleFunction seconds, double least, double most) throws WorkerProcess.Failure {
        return WarmUp.run(
                times -> {
                    double[] each = new double[times];
                    Arrays.fill(each, seconds.applyAsDouble(batches.size()));
                    batches.add(times);
                    return each;
                },
                least,
                most);
    }

    @Test
    void steadyWorkIsDoneAfterOneBatchAndFiveThatAreNoBetter() throws WorkerProcess.Failure {
        assertThat(warm(_ -> 0.01, 0, 60)).isEqualTo(0.01);
        assertThat(batches).containsExactly(1, 10, 10, 10, 10, 10);
    }

    @Test
    void steadyWorkLastsItsLeastTime() throws WorkerProcess.Failure {
        warm(_ -> 0.25, 3, 60);
        assertThat(batches).hasSize(12).containsOnly(1);
    }

    @Test
    void workThatGetsFasterGoesOnUntilItNoLongerDoes() throws WorkerProcess.Failure {
        // Stands still for four batches, as when a compiler is busy, then gets faster once more.
        assertThat(warm(batch -> batch < 5 ? 0.04 : 0.02, 0, 60)).isEqualTo(0.02);
        assertThat(batches).hasSize(5 + 1 + 5);
    }

    @Test
    void onePercentIsNoProgress() throws WorkerProcess.Failure {
        warm(batch -> batch == 0 ? 0.04 : 0.0396, 0, 60);
        assertThat(batches).hasSize(6);
    }

    @Test
    void theMostTimeEndsItHoweverMuchFasterItGets() throws WorkerProcess.Failure {
        assertThat(warm(batch -> Math.pow(0.9, batch), 0, 3)).isEqualTo(Math.pow(0.9, 3));
        assertThat(batches).containsExactly(1, 1, 1, 1);
    }

    @Test
    void aTurnOfWorkTooShortToTimeIsBounded() throws WorkerProcess.Failure {
        warm(_ -> 1e-9, 0, 1e-9);
        warm(_ -> 0, 0, 1);
        assertThat(batches).hasSize(1 + 6).allMatch(times -> times <= 1_000_000);
    }

    @Test
    void theFirstRunAndTheTimeUntilItIsSteadyAreTold() throws WorkerProcess.Failure {
        WarmUp.Cost cost = cost(batch -> batch == 0 ? 1 : batch == 1 ? 0.5 : 0.25, 0, 60);
        assertThat(cost).isEqualTo(new WarmUp.Cost(0.25, 1, 1.5));
        batches.clear();
        assertThat(cost(_ -> 0.25, 0, 60)).isEqualTo(new WarmUp.Cost(0.25, 0.25, 0));
    }

    @Test
    void aFailureEndsIt() {
        assertThatThrownBy(() -> WarmUp.run(
                        _ -> {
                            throw new WorkerProcess.Failure("died");
                        },
                        0,
                        1))
                .isInstanceOf(WorkerProcess.Failure.class)
                .hasMessage("died");
    }
}
