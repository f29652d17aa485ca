package io.torrefy.rl.envs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.rl.FiniteMdp;
import org.junit.jupiter.api.Test;

/// What the toy texts are worth, by Gymnasium's tables.
class ToyTextTest {
    private static double worth(FiniteMdp mdp, double gamma) {
        return Solve.start(mdp, Solve.optimal(mdp, gamma));
    }

    @Test
    void frozenLake() {
        FiniteMdp lake = FrozenLake.of(true).mdp();
        assertThat(worth(lake, 0.99)).isCloseTo(0.542026, within(5e-7));
        assertThat(Solve.start(lake, Solve.within(lake, 100))).isCloseTo(0.74419, within(5e-6));
        assertThat(worth(FrozenLake.of(false).mdp(), 0.95)).isCloseTo(0.773781, within(5e-7));
        FiniteMdp large = FrozenLake.of(FrozenLake.MAP_8X8, true).mdp();
        assertThat(worth(large, 0.99)).isCloseTo(0.41464, within(5e-6));
        assertThat(Solve.start(large, Solve.within(large, 200))).isCloseTo(0.91322, within(5e-6));
        assertThat(worth(FrozenLake.of(FrozenLake.MAP_8X8, 0.8).mdp(), 0.95))
                .isCloseTo(0.32901435865409023, within(1e-10));
    }

    @Test
    void cliffWalking() {
        assertThat(worth(CliffWalking.of(false).mdp(), 1)).isEqualTo(-13);
        assertThat(worth(CliffWalking.of(false).mdp(), 0.99)).isCloseTo(-12.2479, within(5e-5));
        assertThat(worth(CliffWalking.of(true).mdp(), 0.9)).isCloseTo(-9.936417277204601, within(1e-10));
        assertThat(worth(CliffWalking.of(true).mdp(), 1)).isCloseTo(-64.709, within(5e-4));
    }

    @Test
    void taxi() {
        assertThat(worth(Taxi.of().mdp(), 1)).isCloseTo(7.93, within(1e-9));
        assertThat(worth(Taxi.of().mdp(), 0.99)).isCloseTo(6.3275, within(5e-5));
        assertThat(worth(Taxi.of(0.8).mdp(), 0.9)).isCloseTo(-3.763146500302473, within(1e-10));
        assertThat(worth(Taxi.of(0.8).mdp(), 0.99)).isCloseTo(2.2476293236046194, within(1e-8));
    }

    @Test
    void badLakesSayWhatIsWrong() {
        assertThatThrownBy(() -> FrozenLake.of("SFF\nFHG\nFX F", true))
                .hasMessageContaining("got 'X' in row 3, column 2");
        assertThatThrownBy(() -> FrozenLake.of("SFF", true))
                .hasMessage("[frozenlake] expected a start S and a goal G; got 1 and 0 of them.");
        assertThatThrownBy(() -> FrozenLake.of("SH\nHG", true)).hasMessageContaining("got holes all around it");
        assertThatThrownBy(() -> FrozenLake.of(FrozenLake.MAP_4X4, 0)).hasMessageContaining("got 0.0");
        assertThatThrownBy(() -> Taxi.of(1.2)).hasMessageContaining("got 1.2");
    }
}
