package io.torrefy.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {
    static List<Fixture> cases() {
        return Fixtures.open().ofKind("schedule");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsTransformers(Fixture fixture) {
        Golden expected = OptimizerCases.require(fixture.tensors(), "lr");
        Schedule schedule = schedule(fixture.settings());
        double[] actual = new double[expected.size()];
        for (int step = 0; step < actual.length; step++) {
            actual[step] = schedule.at(step);
        }
        expected.assertClose(actual, fixture.tolerance());
    }

    private static Schedule schedule(JsonNode s) {
        double lr = s.path("base_lr").asDouble();
        long warmup = s.path("num_warmup_steps").asLong(0);
        long total = s.path("num_training_steps").asLong(0);
        return switch (s.path("scheduler").asText()) {
            case "constant" -> Schedule.constant(lr);
            case "constant_with_warmup" -> Schedule.constantWithWarmup(lr, warmup);
            case "linear" -> Schedule.linear(lr, warmup, total);
            case "cosine" -> Schedule.cosine(lr, warmup, total);
            case "cosine_with_restarts" ->
                Schedule.cosineWithRestarts(
                        lr, warmup, total, s.path("num_cycles").asInt());
            case "cosine_with_min_lr" ->
                Schedule.cosineWithMinLr(
                        lr, warmup, total, s.path("min_lr_rate").asDouble());
            case "polynomial" ->
                Schedule.polynomial(
                        lr,
                        warmup,
                        total,
                        s.path("lr_end").asDouble(),
                        s.path("power").asDouble());
            case "inverse_sqrt" -> Schedule.inverseSqrt(lr, warmup);
            case "warmup_stable_decay" -> {
                assertThat(s.path("warmup_type").asText()).isEqualTo("linear");
                yield Schedule.wsd(
                        lr,
                        warmup,
                        total,
                        s.path("num_decay_steps").asLong(),
                        switch (s.path("decay_type").asText()) {
                            case "linear" -> Schedule.Decay.LINEAR;
                            case "cosine" -> Schedule.Decay.COSINE;
                            case "1-sqrt" -> Schedule.Decay.ONE_MINUS_SQRT;
                            default -> throw new AssertionError("unknown decay in " + s);
                        },
                        s.path("min_lr_ratio").asDouble());
            }
            default -> throw new AssertionError("unknown schedule in " + s);
        };
    }

    @Test
    void thereMayBeNoStepsBeyondTheWarmup() {
        for (Schedule s : List.of(
                Schedule.linear(1, 3, 3),
                Schedule.cosine(1, 3, 3),
                Schedule.cosineWithMinLr(1, 3, 3, 0.5),
                Schedule.polynomial(1, 3, 3, 0.1, 1),
                Schedule.wsd(1, 3, 3, 0, Schedule.Decay.LINEAR, 0))) {
            for (long step = 0; step < 6; step++) {
                assertThat(s.at(step)).isBetween(0.0, 1.0);
            }
        }
    }

    @Test
    void refusesImpossiblePhases() {
        assertThatThrownBy(() -> Schedule.linear(1, 5, 4)).hasMessageContaining("warmup 5, total 4");
        assertThatThrownBy(() -> Schedule.linear(-1, 0, 4)).hasMessageContaining("learningRate >= 0");
        assertThatThrownBy(() -> Schedule.wsd(1, 3, 10, 8, Schedule.Decay.COSINE, 0))
                .hasMessageContaining("3 + 8 > 10");
        assertThatThrownBy(() -> Schedule.polynomial(1, 0, 4, 1, 2)).hasMessageContaining("below 1.0");
    }
}
