package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.rl.Step;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import io.torrefy.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Gymnasium's classic control: each step from the state that was stored, and whole trajectories from their start.
class TrajectoryFixtureTest {
    static List<Fixture> trajectories() {
        List<Fixture> all = Fixtures.open().ofKind("rl_trajectory");
        assertThat(all).isNotEmpty();
        return all;
    }

    /// The environment of a case, with its recorded actions.
    private record Recorded<A>(Classic<A> env, List<A> actions) {
        Step<float[]> step(int i) {
            return env.step(actions.get(i));
        }
    }

    private static Recorded<?> recorded(JsonNode settings, Golden action) {
        return switch (settings.path("env").asText()) {
            case "CartPole-v1" ->
                new Recorded<>(new CartPole(settings.path("sutton_barto_reward").asBoolean(false)), numbers(action));
            case "MountainCar-v0" -> new Recorded<>(new MountainCar(), numbers(action));
            case "MountainCarContinuous-v0" -> new Recorded<>(new MountainCarContinuous(), forces(action));
            case "Acrobot-v1" -> new Recorded<>(new Acrobot(), numbers(action));
            case "Pendulum-v1" -> new Recorded<>(new Pendulum(settings.path("g").asDouble(10)), forces(action));
            default -> throw new IllegalArgumentException("no environment for " + settings);
        };
    }

    private static List<Integer> numbers(Golden action) {
        return Arrays.stream(action.longs()).mapToObj(Math::toIntExact).toList();
    }

    private static List<float[]> forces(Golden action) {
        List<float[]> forces = new ArrayList<>();
        for (float force : action.floats()) {
            forces.add(new float[] {force});
        }
        return forces;
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void everyStepFromTheStoredState(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        Recorded<?> recorded = recorded(fixture.settings(), golden.get("action"));
        var oneStep = new Tolerance(0, fixture.tolerances().path("one_step").asDouble());
        for (int i = 0; i < recorded.actions().size(); i++) {
            recorded.env().resetTo(golden.get("state").slice(i).doubles());
            Step<float[]> step = recorded.step(i);
            golden.get("state").slice(i + 1).assertClose(recorded.env().state(), oneStep);
            assertStep(golden, i, step, oneStep);
        }
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void wholeTrajectory(Fixture fixture) {
        Map<String, Golden> golden = fixture.tensors();
        Recorded<?> recorded = recorded(fixture.settings(), golden.get("action"));
        recorded.env().resetTo(golden.get("state").slice(0).doubles());
        for (int i = 0; i < recorded.actions().size(); i++) {
            Step<float[]> step = recorded.step(i);
            golden.get("state").slice(i + 1).assertClose(recorded.env().state(), fixture.tolerance());
            assertStep(golden, i, step, fixture.tolerance());
        }
    }

    /// Observations are floats of numbers up to 30, so they may also differ by a rounding: 2e-6.
    private static void assertStep(Map<String, Golden> golden, int i, Step<float[]> step, Tolerance tolerance) {
        golden.get("obs").slice(i).assertClose(step.observation(), 0, tolerance.atol() + 2e-6);
        assertThat(step.terminated())
                .as("end at %d", i)
                .isEqualTo(golden.get("terminated").longs()[i] == 1);
        assertThat(step.truncated()).isFalse();
        double reward = golden.get("reward").doubles()[i];
        assertThat(Math.abs(step.reward() - reward)).as("reward of %d", i).isLessThanOrEqualTo(100 * tolerance.atol());
    }
}
