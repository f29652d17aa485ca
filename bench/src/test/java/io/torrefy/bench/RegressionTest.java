package io.torrefy.bench;

import static io.torrefy.bench.Made.result;
import static io.torrefy.bench.Made.row;
import static io.torrefy.bench.Made.speeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegressionTest {
    private static final Row ROW = row("r");

    private static Run run(Result... results) {
        return run("cpu", false, results);
    }

    private static Run run(String cpu, boolean quick, Result... results) {
        return Made.run(
                cpu, quick, List.of(results).stream().map(Run.Measured::of).toList());
    }

    /// Ours alone.
    private static Run alone(double speed) {
        return run(result(ROW, 2, speeds(speed), null, null));
    }

    /// Ours over BLAS is the ratio, on a machine whose speed is the other number.
    private static Run ratio(double ratio, double speed) {
        return run(result(ROW, 2, speeds(ratio * speed), speeds(speed), null));
    }

    private static Regression.Verdict of(Run now, Run... past) {
        return Regression.of(now, List.of(past));
    }

    @Test
    void fivePercentIsNoise() {
        assertThat(of(alone(95.1), alone(100)).worse()).isEmpty();
        assertThat(of(alone(94.9), alone(100)).worse()).singleElement().satisfies(change -> {
            assertThat(change.row()).isEqualTo("r");
            assertThat(change.threads()).isEqualTo(2);
            assertThat(change.runs()).isEqualTo(1);
            assertThat(change.peer()).isNull();
            assertThat(change.unit()).isEqualTo("flops");
            assertThat(change.then().median()).isEqualTo(100);
            assertThat(change.now().median()).isEqualTo(94.9);
        });
    }

    @Test
    void fasterIsNoRegression() {
        assertThat(of(alone(200), alone(100)).worse()).isEmpty();
    }

    /// Quartiles 98 to 102 of 100 then and 83.3 to 86.7 of 85 now: 5 + 4 + 4 per cent.
    @Test
    void theSpreadOfBothIsNoiseToo() {
        Run then = run(result(ROW, 2, speeds(96, 98, 100, 102, 104), null, null));
        Run now = run(result(ROW, 2, speeds(81.6, 83.3, 85, 86.7, 88.4), null, null));
        assertThat(of(now, then).worse())
                .singleElement()
                .satisfies(change -> assertThat(change.noise()).isCloseTo(0.13, within(1e-3)));
        Run better = run(result(ROW, 2, speeds(84.48, 86.24, 88, 89.76, 91.52), null, null));
        assertThat(of(better, then).worse()).isEmpty();
    }

    @Test
    void aSlowerMachineIsNoRegressionWhereThereIsAPeer() {
        assertThat(of(ratio(1.5, 10), ratio(1.5, 100)).worse()).isEmpty();
        assertThat(of(ratio(1.2, 100), ratio(1.5, 10)).worse()).singleElement().satisfies(change -> {
            assertThat(change.peer()).isEqualTo("BLAS");
            assertThat(change.then().median()).isEqualTo(1.5);
            assertThat(change.now().median()).isEqualTo(1.2);
        });
    }

    /// The best peer then was BLAS, now it is torch, and torch ran then too.
    @Test
    void theSamePeerIsCompared() {
        Run then = run(result(ROW, 2, speeds(100), speeds(90), speeds(50)));
        Run now = run(result(ROW, 2, speeds(100), null, speeds(60)));
        assertThat(of(now, then).worse()).singleElement().satisfies(change -> {
            assertThat(change.peer()).isEqualTo("torch");
            assertThat(change.then().median()).isEqualTo(2.0);
            assertThat(change.now().median()).isEqualTo(1.667);
        });
    }

    @Test
    void withoutTheSamePeerOurSpeedIsCompared() {
        Run then = run(result(ROW, 2, speeds(100), speeds(90), null));
        Run now = run(result(ROW, 2, speeds(80), null, speeds(60)));
        assertThat(of(now, then).worse()).singleElement().satisfies(change -> {
            assertThat(change.peer()).isNull();
            assertThat(change.then().median()).isEqualTo(100);
            assertThat(change.now().median()).isEqualTo(80);
        });
    }

    @Test
    void theLastFiveRunsCount() {
        var past = new ArrayList<Run>();
        for (double speed : new double[] {500, 500, 500, 500, 500, 100, 100, 100, 100, 100}) {
            past.add(alone(speed));
        }
        assertThat(Regression.of(alone(98), past).worse()).isEmpty();
        assertThat(Regression.of(alone(90), past).worse())
                .singleElement()
                .satisfies(change -> assertThat(change.runs()).isEqualTo(5));
    }

    /// One lucky run does not make the next one a regression: medians 100, 100, 120 have quartiles 100 to 110.
    @Test
    void whatRunsDifferByAmongThemselvesIsNoise() {
        assertThat(of(alone(94), alone(100), alone(120), alone(100)).worse()).isEmpty();
        assertThat(of(alone(84), alone(100), alone(120), alone(100)).worse()).hasSize(1);
    }

    @Test
    void otherProcessorsThreadsRowsAndQuickRunsAreNotCompared() {
        Result fast = result(ROW, 2, speeds(1000), null, null);
        Run[] past = {
            run("another", false, fast),
            run("cpu", true, fast),
            run(result(ROW, 1, speeds(1000), null, null)),
            run(result(row("other"), 2, speeds(1000), null, null)),
            run(result(ROW, 2, null, speeds(1000), null)),
            run()
        };
        assertThat(of(alone(10), past)).isEqualTo(new Regression.Verdict(List.of(), 0, 1));
        assertThat(of(run("cpu", true, result(ROW, 2, speeds(10), null, null)), run(fast)))
                .isEqualTo(new Regression.Verdict(List.of(), 0, 1));
    }

    @Test
    void aRowThatFailedNowIsNotCompared() {
        assertThat(of(run(result(ROW, 2, null, speeds(10), null)), alone(100)))
                .isEqualTo(new Regression.Verdict(List.of(), 0, 0));
    }

    @Test
    void moreMemoryIsWorse() {
        Row memory = row("m").memoryAtMost(1);
        Run then = run(Made.memory(memory, 2, 500_000_000, 1_000_000_000));
        assertThat(of(run(Made.memory(memory, 2, 300_000_000, 1_000_000_000)), then)
                        .worse())
                .isEmpty();
        assertThat(of(run(Made.memory(memory, 2, 540_000_000, 1_000_000_000)), then)
                        .worse())
                .singleElement()
                .satisfies(change -> {
                    assertThat(change.memory()).isTrue();
                    assertThat(change.peer()).isEqualTo("BLAS");
                    assertThat(change.now().median()).isEqualTo(0.54);
                });
        assertThat(of(run(Made.memory(memory, 2, 540_000_000, 0)), then).worse())
                .singleElement()
                .satisfies(change -> {
                    assertThat(change.peer()).isNull();
                    assertThat(change.now().median()).isEqualTo(540e6);
                });
    }
}
