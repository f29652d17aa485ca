package io.torrefy.bench;

import static io.torrefy.bench.Made.result;
import static io.torrefy.bench.Made.row;
import static io.torrefy.bench.Made.speeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SuiteTest {
    private static final Row A = row("a").in("s");
    private static final Row B = row("b").in("s");
    private static final Row MEMORY = row("m").in("s").memoryAtMost(1);
    private static final List<Row> TABLE = List.of(A, B, MEMORY, row("alone"));

    private static List<Suite> suites(double target, Result... results) {
        return Suite.of(List.of(results), TABLE, Map.of("s", target));
    }

    @Test
    void theMeanIsOfTheRatiosToTheBestPeer() {
        // 2 / 1 and 8 / 10: the square root of 1.6.
        Result a = result(A, 1, speeds(2), speeds(0.5), speeds(1));
        Result b = result(B, 1, speeds(8), speeds(10), speeds(9));
        for (double target : new double[] {1.26, 1.27}) {
            assertThat(suites(target, a, b)).singleElement().satisfies(suite -> {
                assertThat(suite.ratio()).isEqualTo(Math.sqrt(1.6), org.assertj.core.api.Assertions.within(1e-12));
                assertThat(suite.rounded(Run::rounded))
                        .isEqualTo(new Suite("s", 1, 2, 2, 1.265, target, target == 1.26));
            });
        }
    }

    @Test
    void everyNumberOfThreadsHasItsOwn() {
        var all = suites(
                0.9,
                result(A, 1, speeds(2), speeds(1)),
                result(A, 2, speeds(3), speeds(1)),
                result(B, 1, speeds(2), speeds(1)),
                result(B, 2, speeds(3), speeds(1)));
        assertThat(all).extracting(Suite::threads).containsExactly(1, 2);
        assertThat(all.get(1).rounded(Run::rounded).ratio()).isEqualTo(3.0);
    }

    @Test
    void aPartOfASuiteDoesNotMeetItsTarget() {
        Result a = result(A, 1, speeds(2), speeds(1));
        Result failed = result(B, 1, speeds(2), null, null);
        assertThat(suites(0.9, a, failed)).singleElement().satisfies(suite -> {
            assertThat(suite.rows()).isEqualTo(1);
            assertThat(suite.of()).isEqualTo(2);
            assertThat(suite.met()).isNull();
        });
        assertThat(suites(0.9, failed, failed))
                .singleElement()
                .satisfies(suite -> assertThat(suite.ratio()).isNull());
    }

    @Test
    void oneRowAndRowsOfMemoryHaveNoMean() {
        assertThat(suites(0.9, result(A, 1, speeds(2), speeds(1)), Made.memory(MEMORY, 1, 1, 2)))
                .isEmpty();
    }
}
