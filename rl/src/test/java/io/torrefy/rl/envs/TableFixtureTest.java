package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.torrefy.rl.FiniteMdp;
import io.torrefy.rl.TableEnv;
import io.torrefy.testkit.Fixture;
import io.torrefy.testkit.Fixtures;
import io.torrefy.testkit.Golden;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The tables of Gymnasium's toy texts, entry by entry, and episodes that they were sampled with.
class TableFixtureTest {
    static List<Fixture> tables() {
        List<Fixture> all = Fixtures.open().ofKind("rl_table");
        assertThat(all).isNotEmpty();
        return all;
    }

    static TableEnv env(JsonNode settings) {
        return switch (settings.path("env").asText()) {
            case "FrozenLake-v1" -> {
                String map = settings.path("map_name").asText().equals("8x8") ? FrozenLake.MAP_8X8 : FrozenLake.MAP_4X4;
                yield FrozenLake.of(map, settings.path("is_slippery").asBoolean(true));
            }
            case "CliffWalking-v1" ->
                CliffWalking.of(settings.path("is_slippery").asBoolean(false));
            case "Taxi-v4" -> Taxi.of();
            default -> throw new IllegalArgumentException("no environment for " + settings);
        };
    }

    @ParameterizedTest
    @MethodSource("tables")
    void tableIsTheirs(Fixture fixture) {
        FiniteMdp mdp = env(fixture.settings()).mdp();
        Map<String, Golden> golden = fixture.tensors();
        golden.get("initial").assertClose(mdp.start(), fixture.tolerance());
        long[] shape = golden.get("prob").shape();
        assertThat(shape[0]).isEqualTo(mdp.states());
        assertThat(shape[1]).isEqualTo(mdp.actions());
        int most = (int) shape[2];
        int pairs = mdp.states() * mdp.actions();
        long[] count = new long[pairs];
        double[] probability = new double[pairs * most];
        double[] reward = new double[pairs * most];
        long[] next = new long[pairs * most];
        long[] terminal = new long[pairs * most];
        for (int pair = 0; pair < pairs; pair++) {
            int from = mdp.offsets()[pair];
            count[pair] = (long) mdp.offsets()[pair + 1] - from;
            for (int k = 0; k < count[pair]; k++) {
                probability[pair * most + k] = mdp.probability()[from + k];
                reward[pair * most + k] = mdp.reward()[from + k];
                next[pair * most + k] = mdp.next()[from + k];
                terminal[pair * most + k] = mdp.terminal()[from + k] ? 1 : 0;
            }
        }
        golden.get("count").assertEqual(count);
        golden.get("prob").assertClose(probability, fixture.tolerance());
        golden.get("reward").assertClose(reward, fixture.tolerance());
        golden.get("next_state").assertEqual(next);
        golden.get("terminated").assertEqual(terminal);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void episodesGoAsTheirsDid(Fixture fixture) {
        FiniteMdp mdp = env(fixture.settings()).mdp();
        Map<String, Golden> golden = fixture.tensors();
        long[] state = golden.get("episode.state").longs();
        long[] action = golden.get("episode.action").longs();
        long[] terminated = golden.get("episode.terminated").longs();
        double[] reward = golden.get("episode.reward").doubles();
        double[] uniform = golden.get("episode.uniform").doubles();
        int steps = 0;
        for (int i = 0; i < state.length; i++) {
            if (action[i] < 0) {
                continue; // the state that an episode ended in
            }
            int row = mdp.outcome((int) state[i], (int) action[i], uniform[i]);
            assertThat(mdp.next()[row]).as("state after %d", i).isEqualTo((int) state[i + 1]);
            assertThat(mdp.reward()[row]).as("reward of %d", i).isEqualTo(reward[i]);
            assertThat(mdp.terminal()[row]).as("end at %d", i).isEqualTo(terminated[i] == 1);
            steps++;
        }
        assertThat(steps).isPositive();
    }
}
